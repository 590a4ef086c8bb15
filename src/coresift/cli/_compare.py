"""``coresift compare``: methods side by side."""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from coresift._errors import ParameterError
from coresift._files import whole_file
from coresift._text import plain
from coresift.cli._help import DEFAULT_MODEL
from coresift.cli._options import AsJson, Groups, Threads, amount, n_threads, names
from coresift.cli._output import print_comparison, progress_bars
from coresift.cli._reading import Reading, reads

if TYPE_CHECKING:
    from coresift.experiments import Comparison


@reads(label=True)
def compare(
    reading: Reading,
    *,
    budget: Annotated[str, typer.Option(help="One or more, such as 0.001,0.01,500.")] = "0.01",
    methods: Annotated[
        str,
        typer.Option(
            help="Of {methods}, full; uniform and full always take part, and with networks also "
            "uniform-each-epoch, which may be named for logistic, svm and lasso too, and "
            "gradients-each-epoch."
        ),
    ] = "fastcore",
    seeds: Annotated[int, typer.Option(min=1, help="Runs of each method.")] = 5,
    seed: Annotated[int, typer.Option(min=0, help="First seed.")] = 0,
    model: Annotated[
        str,
        typer.Option(
            help="One or more of {models}, on the same selections; or of {networks}, which select "
            "as they train."
        ),
    ] = DEFAULT_MODEL,
    warm_up: Annotated[
        int | None, typer.Option(min=0, help="Networks: epochs on all rows first (20).")
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Networks: epochs on each coreset (20).")
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(min=1, help="Networks: coresets, one after the other (10).")
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option(min=1, help="Networks: rows of a step (128).")
    ] = None,
    wrt: Annotated[
        str | None, typer.Option(help="Networks: gradients by the last layer's weights or logits.")
    ] = None,
    l2: Annotated[
        float | None, typer.Option(help="logistic-l2: penalty on the mean loss (1e-4).")
    ] = None,
    tune: Annotated[
        bool, typer.Option("--tune", help="Tune learning rate and batch size in each run.")
    ] = False,
    weight: Annotated[
        str | None, typer.Option(help="Column of prior weights; 2 counts as the row twice.")
    ] = None,
    test: Annotated[str | None, typer.Option(help="File of test rows.")] = None,
    test_size: Annotated[float, typer.Option(help="Share put aside where no --test.")] = 0.25,
    groups: Groups = None,
    threads: Threads = None,
    time_limit: Annotated[float | None, typer.Option(help="Seconds for a run.")] = None,
    resume: Annotated[
        Path | None, typer.Option(help="File that keeps each run; runs in it are not repeated.")
    ] = None,
    csv: Annotated[Path | None, typer.Option(help="CSV file to write.")] = None,
    report: Annotated[Path | None, typer.Option(help="HTML page to write.")] = None,
    as_json: AsJson = False,
) -> None:
    """Run methods side by side: time, memory, accuracy."""
    reading.check_outputs({"--csv": csv, "--report": report, "--resume": resume}, test)
    budgets = [amount(text) for text in budget.split(",")]
    networks = {
        "warm_up": warm_up,
        "epochs": epochs,
        "rounds": rounds,
        "batch_size": batch_size,
        "wrt": wrt,
    }
    from coresift.experiments import compare as run_comparison
    from coresift.report import check_drawing, write_html

    if report is not None:
        check_drawing()

    rows = reading.rows(weight=weight, groups=groups)
    with progress_bars(as_json) as progress:
        found = run_comparison(
            rows,
            budget=budgets,
            methods=names(methods),
            seeds=range(seed, seed + seeds),
            model=_models(names(model), tune, l2, networks),
            test=None if test is None else reading.rows(test, rows, weight),
            test_size=test_size,
            split_seed=seed,
            groups=reading.column(groups),
            n_threads=n_threads(threads),
            time_limit=time_limit,
            resume=resume,
            progress=progress,
        )
    print_comparison(found, as_json)  # first: what cannot be written is not lost
    if csv is not None:
        with whole_file(csv) as file:
            file.write(found.to_csv().encode())
    if report is not None:
        write_html(found, report)
    _check_any(found)


def _check_any(found: Comparison) -> None:
    """End with an exit status where there is not one good run."""
    if not any(run["status"] == "ok" for run in found.runs):
        print(
            f"coresift: none of {len(found.runs)} runs ended well; the first: "
            f"{plain(found.runs[0]['error'])}",
            file=sys.stderr,
        )
        raise typer.Exit(1)


def _models(
    given: list[str], tune: bool, l2: float | None, networks: dict[str, Any]
) -> dict[str, Any]:
    """Return what is trained, by the names for the tables."""
    from coresift.core.parameters import check_choice
    from coresift.experiments import NETWORKS, L2Logistic
    from coresift.torch import NetworkClassifier

    options = {name: value for name, value in networks.items() if value is not None}
    for option in options:
        _check_meaning(option, given, NETWORKS)
    check_choice("wrt", options.get("wrt", "weights"), ("weights", "logits"))
    if l2 is not None:
        _check_meaning("l2", given, ["logistic-l2"])
        if not 0 < l2 < math.inf:
            raise ParameterError(f"--l2 {l2}: must be above 0, such as 1e-4")
    if tune:
        return {f"{name} (tuned)": _tuned(name) for name in given}
    models: dict[str, Any] = {name: name for name in given}
    for name in given:
        if name in NETWORKS:
            models[name] = NetworkClassifier(name, **options)
        if name == "logistic-l2" and l2 is not None:
            models[name] = L2Logistic(l2)
    return models


def _check_meaning(option: str, given: list[str], models: Sequence[str]) -> None:
    """Refuse an option that no model has."""
    if not set(given) & set(models):
        raise ParameterError(
            f"--{option.replace('_', '-')} has no meaning for --model {','.join(given)}: it is for "
            f"{' and '.join(models)}, so leave it out"
        )


def _tuned(name: str) -> Any:
    from coresift.experiments import MODELS
    from coresift.torch import LinearClassifier

    known = {other: make for other, make in MODELS.items() if type(make()) is LinearClassifier}
    if name not in known:
        raise ParameterError(
            f"--tune has no meaning for --model {name!r}: use one of {', '.join(known)}"
        )
    return known[name]().set_params(learning_rate="tuned", batch_size="tuned")
