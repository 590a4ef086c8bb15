"""Several models on one selection: selected once, kept, taken up, reported one by one."""

from __future__ import annotations

import csv
import gc
import io
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from coresift import FormatError
from coresift.experiments import Comparison, compare
from coresift.experiments._selection import Selection
from coresift.report import rich_table
from troubled import Counted, DiesInFit, Fails, FailsToFit, SleepsInFit

MODELS = {"logistic": "sklearn-logistic", "bayes": GaussianNB()}


def quick(**options: Any) -> Comparison:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 400)
    X = rng.normal(size=(400, 5)) + y[:, None]
    common = {"methods": {"counted": Counted()}, "budget": 30, "seeds": 2, "isolate": False}
    return compare(X, y, **{**common, "model": MODELS, **options})


@pytest.fixture(autouse=True)
def selections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[str]]:
    """The seeds of the selections of `Counted` so far."""
    path = tmp_path / "selections.txt"
    path.touch()
    monkeypatch.setenv("SELECTIONS", str(path))
    return lambda: path.read_text().split()


def test_each_run_selects_once_for_all_models(selections: Callable[[], list[str]]) -> None:
    found = quick()
    assert selections() == ["0", "1"]
    assert [(r.model, r.method, r.runs) for r in found.results] == [
        ("logistic", "counted", 2),
        ("logistic", "uniform", 2),
        ("logistic", "full", 1),
        ("bayes", "counted", 2),
        ("bayes", "uniform", 2),
        ("bayes", "full", 1),
    ]
    keys = [(run["method"], run["seed"], run["model"]) for run in found.runs]
    assert len(set(keys)) == len(keys) == 10
    one, other = (found.result("counted", model=model) for model in MODELS)
    for name in ("select_seconds", "score"):
        assert one.figures[name] == other.figures[name]
    assert one.figures["accuracy"] != other.figures["accuracy"]


def test_each_model_has_the_figures_that_it_has_alone() -> None:
    found = quick()
    for name, model in MODELS.items():
        alone = quick(model=model)
        for method in ("counted", "uniform", "full"):
            for figure in ("score", "accuracy", "log_loss"):
                expected = alone.result(method).figures[figure]
                assert found.result(method, model=name).figures[figure] == expected


def test_a_random_model_trains_on_everything_with_each_seed() -> None:
    found = quick(model=["sklearn-logistic", DecisionTreeClassifier()])
    runs = {name: found.result("full", model=name).runs for name in found.models}
    assert runs == {"sklearn-logistic": 1, "DecisionTreeClassifier()": 2}


def test_the_same_model_twice_is_one() -> None:
    assert quick(model=("sklearn-logistic", "sklearn-logistic")).models == ("sklearn-logistic",)


def test_a_model_that_fails_leaves_the_others(selections: Callable[[], list[str]]) -> None:
    found = quick(model=[FailsToFit(), GaussianNB()], seeds=1)
    assert {(r.model, r.status, r.error) for r in found.results} == {
        ("FailsToFit()", "failed", "ValueError: no solution"),
        ("GaussianNB()", "ok", None),
    }
    assert selections() == ["0"]


def test_a_selection_that_fails_is_the_failure_of_each_model() -> None:
    found = quick(methods={"broken": Fails()}, seeds=1)
    for model in MODELS:
        assert found.result("broken", model=model).error == "RuntimeError: nothing works"
        assert found.result("uniform", model=model).status == "ok"


def test_another_model_takes_up_the_selection(
    tmp_path: Path, selections: Callable[[], list[str]]
) -> None:
    kept = tmp_path / "runs.jsonl"
    first = quick(model="sklearn-logistic", resume=kept)
    assert selections() == ["0", "1"]
    later = quick(resume=kept)
    assert selections() == ["0", "1"]  # not again
    whole = quick()
    for method in ("counted", "uniform"):
        bayes = later.result(method, model="bayes")
        for name in ("select_seconds", "score"):
            assert bayes.figures[name] == first.result(method).figures[name]
        accuracy = whole.result(method, model="bayes").figures["accuracy"]
        assert bayes.figures["accuracy"] == accuracy
    # What was kept for a model counts under the name that it has now.
    assert later.result("counted", model="logistic").figures == first.result("counted").figures
    assert len(kept.read_text().splitlines()) == 10
    folder = tmp_path / "runs.jsonl.selections"
    assert len(list(folder.iterdir())) == 4  # two methods, two seeds; none for all rows
    assert {path.suffix for path in folder.iterdir()} == {".npz"}


def test_what_decides_the_selection_decides_its_file(
    tmp_path: Path, selections: Callable[[], list[str]]
) -> None:
    kept = tmp_path / "runs.jsonl"
    options = [{}, {"budget": 40}, {"n_threads": 1}, {"split_seed": 1}]
    options += [{"methods": {"other": Counted(weights="assignment")}}]
    for number, option in enumerate(options, start=1):
        quick(resume=kept, seeds=1, **option)
        assert len(selections()) == number
    quick(resume=kept, seeds=1, model=LogisticRegression(C=0.1))
    quick(resume=kept, seeds=1, model="sklearn-logistic", methods={"name": Counted()})
    assert len(selections()) == len(options)


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:200])


def _of_another(path: Path) -> None:
    other = next(one for one in path.parent.iterdir() if one != path)
    shutil.copy(other, path)


def _changed(**arrays: Any) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        with np.load(path) as kept:
            np.savez(path, **{**kept, **arrays})

    return change


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_cut, ""),
        (lambda path: path.write_text("notes"), ""),
        (lambda path: path.write_bytes(b""), ""),
        (lambda path: np.savez(path, rows=np.arange(3)), "facts"),
        (_of_another, "belongs to another run"),
        (_changed(rows=np.arange(30.0)), "int64"),
        (_changed(rows=np.arange(29)), "shapes"),
        (_changed(rows=np.arange(30)[::-1]), "ascend"),
        (_changed(rows=np.arange(30) + 271), "at most 299"),
        (_changed(weights=np.zeros(30)), "above 0"),
        (_changed(facts=np.array("[]")), ""),
        (_changed(facts=np.array('{"key": 1}')), ""),
    ],
)
def test_a_file_that_is_not_the_selection_is_refused_and_left_alone(
    tmp_path: Path, damage: Callable[[Path], None], message: str
) -> None:
    kept = tmp_path / "runs.jsonl"
    quick(model="sklearn-logistic", resume=kept, seeds=1)
    lines = kept.read_text()
    path = sorted((tmp_path / "runs.jsonl.selections").iterdir())[0]
    damage(path)
    bytes_ = path.read_bytes()
    with pytest.raises(FormatError, match=f"{path.stem}.*{message}.*remove it") as caught:
        quick(resume=kept, seeds=1)
    assert "\n" not in str(caught.value)
    assert (kept.read_text(), path.read_bytes()) == (lines, bytes_)
    del caught
    gc.collect()  # a file that was left open would warn now, and warnings are errors
    # Nothing has to be selected, so nothing is read.
    assert quick(model="sklearn-logistic", resume=kept, seeds=1).results[0].status == "ok"
    path.unlink()
    assert {r.status for r in quick(resume=kept, seeds=1).results} == {"ok"}


def test_a_file_in_the_place_of_the_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs.jsonl.selections").touch()
    with pytest.raises(FormatError, match="is not a folder of selections"):
        quick(resume=tmp_path / "runs.jsonl")


def test_a_selection_comes_back_as_it_was_saved(tmp_path: Path) -> None:
    saved = Selection(
        np.array([1, 4]), np.array([2.0, 3.5]), 1.25, None, None, {"weigh": 1.0}, 0.1, 5
    )
    saved.save(tmp_path / "folder" / "key.npz")
    found = Selection.load(tmp_path / "folder" / "key.npz", 5)
    assert found.rows.tolist() == [1, 4]
    assert found.weights.tolist() == [2.0, 3.5]
    facts = (found.seconds, found.peak_mib, found.stages, found.score, found.score_rows)
    assert facts == (1.25, None, {"weigh": 1.0}, 0.1, 5)
    assert [path.name for path in (tmp_path / "folder").iterdir()] == ["key.npz"]


def test_json_csv_and_table_name_the_model() -> None:
    found = quick(seeds=1)
    whole = json.loads(found.to_json())
    assert whole["models"] == ["logistic", "bayes"]
    names = ["logistic"] * 3 + ["bayes"] * 3
    assert [result["model"] for result in whole["results"]] == names
    assert {run["model"] for run in whole["runs"]} == set(MODELS)
    assert [line["model"] for line in csv.DictReader(io.StringIO(found.to_csv()))] == names
    several, one = rich_table(found), rich_table(quick(model="sklearn-logistic", seeds=1))
    assert [column.header for column in several.columns][:3] == ["model", "method", "budget"]
    assert [column.header for column in one.columns][:2] == ["method", "budget"]
    console = Console(width=200, file=io.StringIO(), record=True)
    console.print(several)
    text = console.export_text()
    assert "models logistic, bayes" in text
    assert text.count("│ counted") == 2


@pytest.mark.slow
@pytest.mark.usefixtures("own_starts")
def test_a_process_that_dies_or_is_late_loses_one_model_and_no_selection(
    selections: Callable[[], list[str]], tmp_path: Path
) -> None:
    models = {"dies": DiesInFit(), "bayes": GaussianNB(), "sleeps": SleepsInFit()}
    options: dict[str, Any] = {"budget": 100, "seeds": 1, "isolate": True}
    options["resume"] = tmp_path / "runs.jsonl"
    found = quick(model=models, time_limit=4, **options)
    for method in ("counted", "uniform", "full"):
        dies, bayes, sleeps = (found.result(method, model=name) for name in models)
        assert dies.status == "failed"
        assert "signal 9" in str(dies.error)
        assert bayes.status == "ok"
        assert bayes.mean("peak_mib")
        assert (sleeps.status, sleeps.error) == ("time limit", "passed the time limit of 4 s")
    assert selections() == ["0"]
    again = quick(model=MODELS, **options)
    assert {r.status for r in again.results} == {"ok"}
    assert selections() == ["0"]
    # The process that trained did not select; its record holds what the selection took.
    seconds = [found.result("counted", model="bayes"), again.result("counted", model="logistic")]
    assert seconds[0].figures["select_seconds"] == seconds[1].figures["select_seconds"]
