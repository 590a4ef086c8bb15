"""The self-test of a coreset: what models lose on rows held out, and the sentence that sums up."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from typer.testing import CliRunner

from coresift import CoresiftError, FastCore, Uniform, compare
from coresift.cli._app import app
from coresift.experiments import Comparison, Figure, Result
from coresift.gradients import sentence
from coresift.report import rich_table, sentences, write_html
from coresift.selectors import METHODS
from strategies import Array

N_ROWS = 1200
QUICK = {"deepfool": {"epochs": 2, "update_every": 1}, "glister": {"epochs": 2, "update_every": 1}}
each_method = pytest.mark.parametrize("name", METHODS)
each_target = pytest.mark.parametrize("numbers", [False, True], ids=["classes", "numbers"])


def table(numbers: bool = False, n_rows: int = N_ROWS) -> tuple[Array, Array]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 4)).astype(np.float32)
    y = 100 + 10 * (X @ [1.0, -2.0, 0.5, 0.0] + rng.normal(size=n_rows))
    return X, y if numbers else (y > 100).astype(int)


def fitted(name: str, numbers: bool, **more: Any) -> Any:
    selector = METHODS[name](budget=40, random_state=0)
    return selector.set_params(**QUICK.get(name, {})).fit(*table(numbers), **more)


@each_target
@each_method
def test_every_method_is_checked_and_the_check_changes_nothing(name: str, numbers: bool) -> None:
    plain, found = fitted(name, numbers), fitted(name, numbers, check=True)
    assert found.sample_indices_.tolist() == plain.sample_indices_.tolist()
    assert found.sample_weight_.tolist() == plain.sample_weight_.tolist()
    check = found.report_["check"]
    assert set(check["losses"]) == {"coreset", "uniform", "uniform_spread", "pilot"}
    assert check["loss"] == ("mean squared error" if numbers else "log-loss")
    assert 0 < check["effective_sample_size"] <= 1
    assert check["largest_weight"] >= 1
    assert check["gradient_error"]["uniform"] > 0
    assert 500 < check["held_out_rows"] <= 600
    assert "check" in found.report_["seconds"]
    if numbers:  # the noise has a variance of 100, in the units of y
        assert 80 < check["losses"]["pilot"] < 130
    else:
        assert 0.2 < check["losses"]["pilot"] < 0.5


@each_target
def test_a_balanced_coreset_is_worth_it(numbers: bool) -> None:
    selector = FastCore(20, representative="balanced", weights="calibrated", random_state=0)
    check = selector.fit(*table(numbers), check=True).report_["check"]
    errors, losses = check["gradient_error"], check["losses"]
    assert errors["coreset"] < 0.2 * errors["uniform"]
    assert losses["coreset"] < losses["uniform"]
    assert ": worth it" in check["sentence"]
    assert check["use"] == "balanced"


def test_uniform_rows_are_as_good_as_uniform_rows() -> None:
    check = Uniform(40, random_state=0).fit(*table(), check=True).report_["check"]
    assert check["sentence"].endswith(("are as good.", "are better.", "is as good."))


@pytest.mark.parametrize(
    ("own", "uniform", "pilot", "verdict"),
    [
        (0.5, (0.9, 0.1), 0.6, "worth it, it is better than uniform samples and than the pilot"),
        (0.5, (0.9, 0.1), 0.5, "else train on the rows of the pilot, which is as good"),
        (0.5, (0.9, 0.1), 0.505, "else train on the rows of the pilot, which is as good"),
        (0.85, (0.9, 0.1), 0.5, "not worth it here, uniform samples are as good"),
        (1.0, (0.9, 0.1), 0.5, "not worth it here, uniform samples are as good"),
        (1.2, (0.9, 0.1), 0.5, "not worth it here, uniform samples are better"),
        (0.0, (0.0, 0.0), 0.0, "not worth it here, uniform samples are as good"),
    ],
)
def test_the_sentence(own: float, uniform: tuple[float, float], pilot: float, verdict: str) -> None:
    said = sentence(own, uniform, pilot, 0.01, 1000, 20_000)
    assert said.startswith("On rows held out a model of this coreset loses ")
    assert said.endswith(f"{verdict}.")


def test_weighted_rows_are_checked() -> None:
    weights = np.random.default_rng(1).integers(0, 3, N_ROWS) / 2
    check = Uniform(40, random_state=0).fit(*table(), weights, check=True).report_["check"]
    assert check["losses"]["uniform"] < 1
    assert check["gradient_error"]["coreset"] < 1


def test_few_rows_leave_none_to_hold_out() -> None:
    check = Uniform(10).fit(*table(n_rows=60), check=True).report_["check"]
    assert check["sentence"].startswith("Too few rows to hold some out")
    assert "losses" not in check


def test_one_class_cannot_be_checked() -> None:
    with pytest.raises(CoresiftError, match="1 class leaves a pilot nothing to tell apart"):
        Uniform(10).fit(table()[0], check=True)


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_line_says_it(as_json: bool, tmp_path: Path) -> None:
    X, y = table()
    rows = tmp_path / "rows.csv"
    pd.DataFrame(X, columns=list("abcd")).assign(y=y).to_csv(rows, index=False)
    call = ["select", str(rows), "--label", "y", "--budget", "40", "--check"]
    call += ["-o", str(tmp_path / "out.csv"), *(["--json"] if as_json else [])]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    if as_json:
        assert json.loads(done.output)["check"]["loss"] == "log-loss"
        return
    lines = [line for line in done.output.splitlines() if line.strip()]
    assert lines[-1].startswith("On rows held out a model of this coreset loses")
    for text in ("gradient error at the pilot: ", "effective sample size: ", "largest weight: "):
        assert any(line.startswith(text) for line in lines[-5:])
    assert any("of uniform samples of its size" in line for line in lines[-5:-1])
    dry = CliRunner().invoke(app, [*call[:-2], "--dry-run", "--json"])
    assert json.loads(dry.output)["passes"] == 4


# Comparisons


def compared(own: tuple[float, float], uniform: tuple[float, float], name: str) -> Comparison:
    def line(method: str, figure: tuple[float, float] | None) -> Result:
        figures = {} if figure is None else {name: Figure(*figure)}
        budget = None if method == "full" else 0.01
        return Result(method, budget, "m", "ok", None, 2, 2, 30, figures)

    lines = line("fastcore", own), line("uniform", uniform), line("full", (0.5, 0.0))
    return Comparison({}, ("m",), lines, ())


@pytest.mark.parametrize(
    ("own", "uniform", "name", "end"),
    [
        ((0.6, 0.01), (0.9, 0.1), "log_loss", "worth it, it makes up for 75% of what uniform"),
        ((0.4, 0.01), (0.9, 0.1), "log_loss", "makes up for 100% of what uniform rows lose."),
        ((0.85, 0.01), (0.9, 0.1), "log_loss", "not worth it here, uniform rows are as good."),
        ((1.2, 0.01), (0.9, 0.1), "log_loss", "not worth it here, uniform rows are better."),
        ((0.6, 0.01), (0.4, 0.01), "accuracy", "worth it, it makes up for 100% of"),
        ((0.3, 0.01), (0.4, 0.01), "r2", "not worth it here, uniform rows are better."),
        ((0.55, 0.01), (0.6, 0.01), "mae", "worth it, it makes up for 50% of"),
    ],
)
def test_a_comparison_is_summed_up(
    own: tuple[float, float], uniform: tuple[float, float], name: str, end: str
) -> None:
    (said,) = sentences(compared(own, uniform, name))
    assert said.startswith("m, 30 rows: the best coreset, fastcore, has a")
    assert f"{own[0]:.4f} ± {own[1]:.4f}" in said
    assert end in said


@pytest.mark.parametrize(
    ("each", "end"),
    [
        (
            (0.55, 0.01),
            "all rows 0.5000: not worth it here, uniform rows of each epoch are better.",
        ),
        ((0.8, 0.01), "it makes up for 67% of what uniform rows of each epoch lose."),
        ((0.95, 0.01), "it makes up for 75% of what uniform rows lose."),
    ],
)
def test_rows_drawn_in_each_epoch_are_no_coreset_and_have_to_be_beaten(
    each: tuple[float, float], end: str
) -> None:
    found = compared((0.6, 0.01), (0.9, 0.01), "log_loss")
    drawn = replace(
        found.results[1], method="uniform-each-epoch", figures={"log_loss": Figure(*each)}
    )
    (said,) = sentences(replace(found, results=(drawn, *found.results)))
    assert said.startswith("m, 30 rows: the best coreset, fastcore, has a log-loss of 0.6000")
    assert said.endswith(end)
    without = tuple(one for one in found.results if one.method != "fastcore")
    assert sentences(replace(found, results=(drawn, *without))) == []


def test_nothing_is_said_without_figures() -> None:
    found = compared((0.6, 0.0), (0.9, 0.0), "log_loss")
    lines = tuple(one for one in found.results if one.method != "uniform")
    assert sentences(Comparison({}, ("m",), lines, ())) == []


def test_page_and_table_say_it(tmp_path: Path) -> None:
    X, y = table(numbers=True, n_rows=400)
    found = compare(X, y, methods="fastcore", budget=40, seeds=1, model=Ridge(), isolate=False)
    (said,) = sentences(found)
    assert "has an R2 of" in said
    write_html(found, tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert page.index(said) < page.index("<table")
    assert str(rich_table(found).caption) == said
