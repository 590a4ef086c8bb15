"""Tables and figures from runs on tiny generated tables."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import coresift
import published
from coresift import FormatError, MissingDataError, ParameterError
from coresift.cli import run
from coresift.reproduce import NAMES, _cells, reproduce, write_into, write_page
from coresift.reproduce._cells import GENERATED
from coresift.reproduce._experiment import Experiment
from coresift.reproduce._machine import code_digest
from coresift.reproduce._registry import experiment, names_of
from coresift.reproduce._run import NO_TIME, TOO_SLOW, Outcome, run_experiments
from coresift.reproduce._settings import PAPER, QUICK, SETTINGS, Scale
from coresift.reproduce.table1 import ShapeCell
from coresift.reproduce.table2 import BoundCell

pytest.importorskip("torch")
pytest.importorskip("matplotlib")

TINY = replace(
    QUICK,
    epochs=3,
    batch_size=32,
    schedule={"warm_up": 1, "epochs": 1, "rounds": 1, "batch_size": 16},
    most_rows=dict.fromkeys(SETTINGS, 400),
    least_coreset=40,
    varied=tuple(SETTINGS),
)
# One small set each, and few methods: what is tried is the way from runs to files.
SETS = {"fig8": "covtype", "fig9": "covtype", "table6": "imdb"}
METHODS = {"full", "uniform", "fastcore", "ours-balanced", "craig", "uniform-each-epoch"}


def few(found: Experiment) -> Experiment:
    """Return an experiment with some of its cells."""

    def cells(scale: Scale) -> Iterable[Any]:
        for cell in found.cells(scale):
            chosen = cell.data == SETS.get(found.name, "brazil")
            if chosen and getattr(cell, "method", "full") in METHODS:
                yield cell

    return replace(found, cells=cells)


def run_few(names: Iterable[str], out: Path, **options: Any) -> list[Outcome]:
    chosen = [few(experiment(name)) for name in names]
    return run_experiments(chosen, out, TINY, n_threads=1, download=False, **options)


@pytest.fixture(autouse=True)
def no_real_data(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CORESIFT_DATA", str(tmp_path / "none"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "none"))


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[Outcome]]:
    out = tmp_path_factory.mktemp("out")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CORESIFT_DATA", str(out / "real"))
        patch.setenv("XDG_CACHE_HOME", str(out / "none"))
        (out / "real").mkdir()
        published.place_covtype(out / "real", 400)
        return out, run_few(NAMES, out)


def facts_of(out: Path, name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / f"{name}.json").read_bytes())
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_each_writes_figures_a_picture_and_a_table(
    everything: tuple[Path, list[Outcome]], name: str
) -> None:
    out, outcomes = everything
    outcome = next(one for one in outcomes if one.name == name)
    too_few = "cannot hold one row of each"  # a thousandth of 300 rows
    assert all(too_few in reason for _, reason in outcome.missing)
    assert bool(outcome.missing) == (name == "fig10")
    assert {path.suffix for path in outcome.files} == {".json", ".csv", ".md", ".png"}
    facts = facts_of(out, name)
    with (out / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.reader(file))
    assert lines[0] == facts["columns"]
    assert len(lines) == 1 + len(facts["lines"]) > 1
    assert (out / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    text = (out / f"{name}.md").read_text(encoding="utf-8")
    assert text.startswith(f"# {facts['title']}")
    assert ("(generated)" in text) == (name not in ("fig8", "fig9"))
    assert facts["about"]["machine"] in text
    assert coresift.__version__ in text
    for verdict in facts["verdicts"]:
        assert verdict["verdict"] in ("holds", "holds in part", "does not hold", "not measured")
        assert verdict["claim"] in text


@pytest.mark.slow
def test_what_is_there_is_not_run_again(
    everything: tuple[Path, list[Outcome]], monkeypatch: pytest.MonkeyPatch
) -> None:
    out, _ = everything
    before = {name: facts_of(out, name)["rows"] for name in ("fig5", "fig12", "table4")}
    monkeypatch.setattr(_cells, "compare", None)  # calling it fails
    run_few(before, out)
    assert {name: facts_of(out, name)["rows"] for name in before} == before


@pytest.mark.slow
def test_figures_5_and_6_share_their_runs(everything: tuple[Path, list[Outcome]]) -> None:
    out, _ = everything
    assert facts_of(out, "fig5")["rows"] == facts_of(out, "fig6")["rows"]
    kept = (out / "cells.jsonl").read_text(encoding="utf-8").splitlines()
    keys = [json.loads(line)["key"] for line in kept]
    assert len(keys) == len(set(keys))


@pytest.mark.slow
def test_the_page_holds_all_results_and_says_that_they_are_quick(
    everything: tuple[Path, list[Outcome]], tmp_path: Path
) -> None:
    out, _ = everything
    path = write_page(out, tmp_path / "results.md")
    text = path.read_text(encoding="utf-8")
    for name in NAMES:
        assert f"## {facts_of(out, name)['title']}" in text
    pictures = re.findall(r"\]\((results_pictures/\w+\.png)\)", text)
    assert len(pictures) == len(NAMES)
    assert all((tmp_path / picture).is_file() for picture in pictures)
    assert "These are quick runs" in text
    assert re.search(r"Verdicts on \d+ claims of the paper: ", text)


def test_seconds_of_runs_are_kept_and_told_once(tmp_path: Path) -> None:
    cells = [BoundCell("brazil"), ShapeCell("brazil")]
    both = [
        replace(experiment("table2"), cells=lambda _, cells=cells[:n]: cells, draw=lambda *_: None,
                grid=lambda _: (["a"], [[1]]), name=name, claims=())
        for name, n in (("table1", 2), ("table2", 1))
    ]  # fmt: skip
    for _ in range(2):  # measured, then kept
        run_experiments(both, tmp_path, TINY, download=False)
        taken = [facts_of(tmp_path, name)["seconds"] for name in ("table1", "table2")]
        assert [len(one) for one in taken] == [2, 1]
        assert taken[1].items() < taken[0].items()
        assert min(taken[0].values()) > 0
    lines = [json.loads(line) for line in (tmp_path / "cells.jsonl").read_text().splitlines()]
    assert [line["seconds"] for line in lines] == list(taken[0].values())
    for name, seconds in (("table1", {"a": 7000, "b": 9.6}), ("table2", {"a": 7000, "c": 7200})):
        told = result(name) | {"seconds": seconds}
        (tmp_path / f"{name}.json").write_text(json.dumps(told))
    text = write_page(tmp_path, tmp_path / "page.md").read_text()
    assert "The runs took 3.9 h, one after the other." in text
    assert "batches of 32. The runs took 117 min. Data: none." in text
    for name in ("table1", "table2"):  # of a version that told no seconds
        (tmp_path / f"{name}.json").write_text(json.dumps(result(name)))
    assert "runs took" not in write_page(tmp_path, tmp_path / "page.md").read_text()


def test_no_time_is_told_and_the_rest_is_written(tmp_path: Path) -> None:
    (outcome,) = run_few(["table1"], tmp_path, minutes=1e-9)
    assert outcome.done == 0
    assert outcome.missing == (("Brazil", NO_TIME),)
    assert f"Not run (1), since {NO_TIME}: Brazil." in (tmp_path / "table1.md").read_text()
    (again,) = run_few(["table1"], tmp_path)
    assert (again.done, again.missing) == (1, ())


def test_real_rows_are_called_real(tmp_path: Path) -> None:
    published.place_olist(tmp_path)
    run_few(["table1"], tmp_path / "out", data_home=tmp_path)
    (row,) = facts_of(tmp_path / "out", "table1")["rows"]
    assert (row["origin"], row["of_rows"]) == ("real", 3)


def test_a_set_without_a_stand_in_is_listed(tmp_path: Path) -> None:
    found = experiment("table1")
    chosen = replace(
        found, cells=lambda scale: [cell for cell in found.cells(scale) if cell.data == "movies"]
    )
    (outcome,) = run_experiments([chosen], tmp_path, TINY, download=False)
    ((name, reason),) = outcome.missing
    assert name == "movies"
    assert "place movies.csv" in reason
    assert "Nothing was run." in (tmp_path / "table1.md").read_text()


def test_networks_are_not_trained_on_generated_rows(tmp_path: Path) -> None:
    found = experiment("fig8")
    chosen = replace(
        found, cells=lambda scale: [cell for cell in found.cells(scale) if cell.data == "imdb"]
    )
    (outcome,) = run_experiments([chosen], tmp_path, TINY, download=False)
    assert outcome.done == 0
    assert {reason for _, reason in outcome.missing} == {GENERATED}
    assert (tmp_path / "fig8.md").read_text().count("networks are not trained on generated") == 1


def test_a_cell_says_how_many_copies_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    least = BoundCell.copies * 4 * 400 * SETTINGS["brazil"].features
    monkeypatch.setattr(_cells, "total_memory", lambda: least)
    cells = [BoundCell("brazil"), _cells.CompareCell("brazil")]
    chosen = replace(experiment("table2"), cells=lambda _: cells, draw=lambda *_: None)
    (outcome,) = run_experiments([chosen], tmp_path, TINY, download=False)
    assert outcome.done == 1
    ((name, reason),) = outcome.missing
    assert name == cells[1].name
    assert "GiB of memory" in reason


def test_a_set_that_does_not_fit_is_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cells, "total_memory", lambda: 1000)
    (outcome,) = run_few(["table1"], tmp_path)
    assert "GiB of memory" in outcome.missing[0][1]


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        (
            '{"version": "0.0.1", "scale": "quick"}',
            r"quick runs of coresift 0.0.1 \(code unknown\)",
        ),
        (
            json.dumps({"version": coresift.__version__, "code": code_digest(), "scale": "paper"}),
            "holds paper runs",
        ),
        (
            json.dumps({"version": coresift.__version__, "code": "0123456789", "scale": "quick"}),
            r"\(code 0123456789\), and these are",
        ),
        ("[1]", "is not what coresift wrote"),
        ("{", "is not what coresift wrote"),
    ],
)
def test_a_folder_of_other_runs_is_refused(tmp_path: Path, kept: str, message: str) -> None:
    (tmp_path / "reproduce.json").write_text(kept)
    with pytest.raises(FormatError, match=message):
        run_few(["table1"], tmp_path)
    assert (tmp_path / "reproduce.json").read_text() == kept


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(FormatError, match="cannot be used as a folder"):
        run_few(["table1"], tmp_path / "file")


def test_a_line_that_was_being_written_is_run_again(tmp_path: Path) -> None:
    run_few(["table1"], tmp_path)
    kept = tmp_path / "cells.jsonl"
    whole = kept.read_text()
    kept.write_text(whole + '{"key": "half')
    run_few(["table1"], tmp_path)
    assert kept.read_text() == whole
    kept.write_text("no line of ours\n" + whole)
    with pytest.raises(FormatError, match="line 1 of"):
        run_few(["table1"], tmp_path)


def test_names_and_minutes_are_checked() -> None:
    assert names_of("all") == NAMES
    with pytest.raises(ParameterError, match="'table3' is no table or figure") as caught:
        reproduce("table3", "nowhere")
    assert "fig12" in str(caught.value)
    with pytest.raises(ParameterError, match="minutes=-1"):
        reproduce("table1", "nowhere", minutes=-1)


@pytest.mark.parametrize("name", ["fig5", "fig7", "fig10", "fig11", "fig12", "table6"])
def test_repetitions_come_last(name: str) -> None:
    cells = [(cell.data, getattr(cell, "seed", None)) for cell in experiment(name).cells(PAPER)]
    assert {seed for data, seed in cells if data == "imdb-large"} <= {0}  # it takes hours
    seeds = [seed for data, seed in cells if data != "imdb-large"]
    third = len(seeds) // 3
    assert seeds == [0] * third + [1] * third + [2] * third


@pytest.mark.parametrize("name", ["fig5", "fig8"])
def test_each_data_set_has_its_quick_methods_before_any_has_its_slow_ones(name: str) -> None:
    cells = [(cell.data, getattr(cell, "method", "")) for cell in experiment(name).cells(QUICK)]
    assert len(set(cells)) == len(cells)
    quick = [place for place, (_, method) in enumerate(cells) if method == "fastcore"]
    slow = [place for place, (_, method) in enumerate(cells) if method in ("glister", "craig")]
    assert max(quick) < min(slow)
    sets = {data for data, _ in cells}
    assert len(slow) == 2 * len(quick) == 2 * len(sets)
    assert sets == (set(SETTINGS) if name == "fig5" else {"covtype", "mnist", "movies"})


def test_a_page_needs_results(tmp_path: Path) -> None:
    with pytest.raises(MissingDataError, match="holds no results"):
        write_page(tmp_path, tmp_path / "page.md")
    (tmp_path / "table1.json").write_text('{"name": 1}')
    with pytest.raises(FormatError, match="no result of coresift reproduce"):
        write_page(tmp_path, tmp_path / "page.md")


def test_papers_settings_are_the_defaults() -> None:
    assert PAPER.epochs == 40
    assert PAPER.schedule == {"warm_up": 20, "epochs": 20, "rounds": 10}
    assert {name: SETTINGS[name].budget for name in ("covtype", "imdb-large", "mnist")} == {
        "covtype": 0.01,
        "imdb-large": 0.001,
        "mnist": 0.1,
    }
    assert [SETTINGS[name].planes for name in SETTINGS][:5] == [48, 64, 48, 48, 64]
    assert [SETTINGS[name].subspaces for name in SETTINGS][:5] == [3, 3, 4, 4, 4]


def called(*arguments: object, capsys: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    status = run(["reproduce", *map(str, arguments)])
    printed = capsys.readouterr()
    return status, printed.out, printed.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("table3",), "'table3' is no table or figure"),
        (("table1", "--minutes", "0"), "minutes=0"),
        (("table1", "--page", "page.md"), "--page has no meaning"),
        (("table1", "--data", "nowhere"), "'nowhere' holds no file of a data set"),
        (("table1", "--into", "page.md"), "--into has no meaning"),
        (("table1", "--also", "other"), "--also has no meaning"),
        (("page",), "--page is missing"),
        (("page", "--page", "page.md"), "holds no results"),
    ],
)
def test_the_command_line_tells_in_one_line(
    arguments: tuple[str, ...],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    status, _, error = called(*arguments, "--out", tmp_path, capsys=capsys)
    assert status == 2
    assert message in error
    assert error.count("\n") == 1


def test_the_command_line_writes_and_makes_the_page(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("coresift.reproduce._run.QUICK", TINY)
    out = tmp_path / "out"
    given = ("table1", "--quick", "--offline", "--out", out)
    status, printed, _ = called(*given, "--json", capsys=capsys)
    assert status == 0
    (facts,) = json.loads(printed)["outcomes"]
    assert (facts["name"], facts["done"]) == ("table1", 5)
    status, printed, _ = called(*given, capsys=capsys)
    assert printed.startswith("table1: 5 runs, 1 not run; ")
    assert "\ntable1: Not run (1), since " in printed
    page, other = tmp_path / "page.md", tmp_path / "other.md"
    other.write_text(f"Before.\n\n{MARKS.format('table1')}\nAfter.\n")
    pages = ("--page", page, "--into", other)
    status, printed, _ = called("page", "--out", out, *pages, capsys=capsys)
    assert status == 0
    assert printed.split() == [str(page), str(other)]
    assert "Table 1" in page.read_text()
    assert "| Brazil (generated) | tabular |" in other.read_text()


def result(name: str, *words: str) -> dict[str, Any]:
    """Return what a file of JSON holds that the page and its cuts read."""
    about = {"date": "2026-01-02", "commit": "0123abcdef", "machine": "a machine", "load": 1.0}
    about |= {"threads": 1, "coresift": "0", "python": "3", "packages": {}}
    verdicts = [{"section": "8", "claim": "c", "verdict": word, "figure": "1"} for word in words]
    facts = {"name": name, "title": name, "paper": "", "scale": "quick", "epochs": 1, "seeds": [0]}
    facts |= {"batch_size": 32, "data": [], "missing": [], "columns": ["a"], "lines": [[0.5]]}
    return {**facts, "about": about, "verdicts": verdicts}


MARKS = "<!-- results: {} -->\nstale\n<!-- end of results -->\n"


def test_results_stand_between_the_marks_of_a_page(tmp_path: Path) -> None:
    for name, words in (("table2", ["holds"]), ("fig5", ["holds", "does not hold"])):
        (tmp_path / f"{name}.json").write_text(json.dumps(result(name, *words)))
    page = tmp_path / "page.md"
    page.write_text(f"# Title\n\n{MARKS.format('verdicts')}\nBetween.\n\n{MARKS.format('table2')}")
    write_into(tmp_path, page)
    text = page.read_text()
    assert "stale" not in text
    assert "Verdicts on 3 claims of the paper: holds 2, does not hold 1." in text
    assert "Machine: a machine. Commit 0123abcdef. 2026-01-02." in text
    assert "| a |\n| --- |\n| 0.5000 |" in text
    assert re.findall(r"^(#.*|Between.*|<!--.*)$", text, re.MULTILINE) == [
        "# Title", "<!-- results: verdicts -->", "<!-- end of results -->", "Between.",
        "<!-- results: table2 -->", "<!-- end of results -->",
    ]  # fmt: skip
    write_into(tmp_path, page)
    assert page.read_text() == text


def test_a_mark_may_name_a_data_set(tmp_path: Path) -> None:
    lines = [["CovType", 0.7], ["Brazil (generated)", 0.3]]
    facts = {"rows": 9, "of_rows": 9, "source": "s"}
    data = [
        {**facts, "data": name, "origin": origin}
        for name, origin in (("covtype", "real"), ("brazil", "generated"))
    ]
    known = result("fig5", "holds") | {"columns": ["data set", "accuracy"], "lines": lines}
    (tmp_path / "fig5.json").write_text(json.dumps(known | {"data": data}))
    page = tmp_path / "page.md"
    page.write_text(MARKS.format("fig5 brazil"))
    write_into(tmp_path, page)
    text = page.read_text()
    assert "| accuracy |\n| --- |\n| 0.3000 |\n\nScale" in text
    assert "brazil: generated, 9 of 9 rows" in text
    assert "covtype" not in text


def test_a_page_shows_rows_as_the_present_version_does(tmp_path: Path) -> None:
    facts = {"method": "full", "model": "logistic", "status": "ok", "error": None, "seed": 0}
    rows = [
        {**facts, "data": "covtype", "origin": "real", "accuracy": 0.7},
        {**facts, "data": "covtype", "origin": "real", "accuracy": 0.8},
    ]
    (tmp_path / "fig5.json").write_text(json.dumps(result("fig5", "holds") | {"rows": rows}))
    page = tmp_path / "page.md"
    write_page(tmp_path, page)
    text = page.read_text()
    assert "| CovType | Full | 0.7500 | 0.0707 |" in text  # and its spread
    assert "Training on all rows is the most accurate. | **not measured**" in text
    rows[0].pop("data")
    (tmp_path / "fig5.json").write_text(json.dumps(result("fig5", "holds") | {"rows": rows}))
    with pytest.raises(FormatError, match="is no result of coresift reproduce"):
        write_page(tmp_path, page)


def placed(folder: Path, *results: dict[str, Any]) -> Path:
    folder.mkdir()
    for facts in results:
        (folder / f"{facts['name']}.json").write_text(json.dumps(facts))
        (folder / f"{facts['name']}.png").write_bytes(folder.name.encode())
    return folder


def test_other_folders_stand_in_for_what_is_lacking(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = {"scale": "paper", "lines": [[7]]}
    full = placed(
        tmp_path / "full",
        result("table2", "holds") | here | {"title": "Table 2: bounds"},
        result("fig5", "not measured") | {"scale": "paper", "lines": []},  # not a row of it
        result("fig6", "not measured") | {"scale": "paper", "lines": [], "title": "Figure 6: t"},
    )
    quick = placed(
        tmp_path / "quick",
        result("table2", "does not hold"),
        result("fig5", "holds") | {"title": "Figure 5: accuracy"},
        result("table4", "holds") | {"title": "Table 4: planes"},
    )
    last = placed(tmp_path / "last", *(result(name) for name in ("table4", "fig5", "fig12")))
    page, other = tmp_path / "page.md", tmp_path / "other.md"
    other.write_text(MARKS.format("verdicts") + MARKS.format("fig5"))
    also = ("--also", quick, "--also", last)
    status, *_ = called(
        "page", "--out", full, "--page", page, "--into", other, *also, capsys=capsys
    )
    assert status == 0
    text = page.read_text()
    pictures = {path.stem: path.read_text() for path in (tmp_path / "page_pictures").iterdir()}
    assert pictures == {
        "table2": "full", "table4": "quick", "fig5": "quick", "fig6": "full", "fig12": "last"
    }  # fmt: skip
    assert "**Table 4, Figure 5 and fig12: quick runs, the others at the paper's size.**" in text
    assert "Verdicts on 4 claims of the paper: holds 3, not measured 1." in text
    assert "Scale: paper, but quick for Table 4, Figure 5 and fig12. Machine" in other.read_text()
    assert "Scale: quick. Seeds: 0." in other.read_text()  # of the figure itself
    write_page(full, page)
    assert "quick runs" not in page.read_text()
    (tmp_path / "none").mkdir()
    with pytest.raises(MissingDataError, match="none' holds no results"):
        write_page(full, page, also=[tmp_path / "none"])


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        (None, FormatError, "cannot be read as a page"),
        ("# Title\n", FormatError, "has no place for results"),
        (MARKS.format("table3"), ParameterError, "'table3': use one of table1"),
        (MARKS.format("fig5"), MissingDataError, "fig5 was not run"),
        (MARKS.format("table2 table3"), ParameterError, "data set 'table3': use brazil"),
        (MARKS.format("table2 covtype"), MissingDataError, "not run on 'covtype'"),
    ],
)
def test_a_page_that_cannot_be_filled_is_left_alone(
    text: str | None, error: type[Exception], message: str, tmp_path: Path
) -> None:
    (tmp_path / "table2.json").write_text(json.dumps(result("table2")))
    page = tmp_path / "page.md"
    if text is not None:
        page.write_text(text)
    with pytest.raises(error, match=message):
        write_into(tmp_path, page)
    assert text is None or page.read_text() == text


def test_a_method_that_is_too_slow_is_not_tried_with_every_seed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def measure(cell: _cells.CompareCell, *_: object) -> list[dict[str, Any]]:
        tried.append(cell.seed)
        late = {"method": cell.method, "model": cell.model, "status": "time limit", "error": "late"}
        return [{**late, "seed": cell.seed, "budget": 0.1, "curve": []}]

    monkeypatch.setattr(_cells.CompareCell, "measure", measure)
    found = experiment("fig5")
    chosen = replace(
        found,
        cells=lambda _: [_cells.CompareCell("brazil", method="craig", seed=n) for n in range(3)],
    )
    (outcome,) = run_experiments([chosen], tmp_path, TINY, download=False)
    assert tried == [0]
    assert [reason for _, reason in outcome.missing] == [TOO_SLOW, TOO_SLOW]
    assert "| Brazil (generated) | Craig |" in (tmp_path / "fig5.md").read_text()


def test_what_the_limit_of_minutes_cut_short_is_not_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    late = {"method": "craig", "model": "logistic", "status": "time limit", "error": "late"}
    monkeypatch.setattr(_cells.CompareCell, "measure", lambda *_: [late])
    cell = _cells.CompareCell("brazil", method="craig")
    chosen = replace(experiment("fig5"), cells=lambda _: [cell])
    limited = replace(TINY, time_limit=900.0)
    (outcome,) = run_experiments([chosen], tmp_path, limited, minutes=1, download=False)
    assert outcome.missing == ((cell.name, NO_TIME),)
    assert not (tmp_path / "cells.jsonl").exists()
