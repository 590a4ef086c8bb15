"""The comparison engine: figures, processes, limits, what is kept."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import numba
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, log_loss
from sklearn.neighbors import KNeighborsClassifier

from coresift import BudgetError, ColumnError, FastCore, FormatError, LabelError, ParameterError
from coresift.experiments import Comparison, compare
from coresift.experiments._selection import Selection, coreset_score
from coresift.experiments._split import Split
from coresift.selectors import Uniform
from coresift.sources import as_source
from coresift.torch import LinearClassifier
from troubled import Compiles, Dies, Fails, Hoards, Sleeps


def table(n_rows: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 3, n_rows)
    return rng.normal(size=(n_rows, 5)) + y[:, None], y


def quick(**options: Any) -> Comparison:
    X, y = table()
    return compare(X, y, **{"budget": 30, "seeds": 2, "isolate": False, **options})


def test_uniform_and_full_always_take_part() -> None:
    found = quick()
    assert [(r.method, r.rows, r.runs) for r in found.results] == [
        ("fastcore", 30, 2),
        ("uniform", 30, 2),
        ("full", 300, 1),  # the default model ignores the seed: once is enough
    ]
    assert quick(methods=["full", "uniform"]).results[0].method == "uniform"
    assert found.data == {"n_train": 300, "n_test": 100, "n_features": 5, "n_classes": 3}


def test_figures_are_those_of_the_run_made_by_hand() -> None:
    X, y = table()
    X_test, y_test = table(150, seed=1)
    found = compare(X, y, budget=40, seeds=[7], test=(X_test, y_test), isolate=False)
    split = Split.of(X, y, (X_test, y_test), 0.5, 0)
    selector = Uniform(40, random_state=7).fit(split.X, split.y)
    rows = selector.sample_indices_
    model = LogisticRegression(max_iter=1000)
    model.fit(split.X[rows], split.y[rows], sample_weight=selector.sample_weight_)
    result = found.result("uniform")
    expected = accuracy_score(split.y_test, model.predict(split.X_test))
    assert result.mean("accuracy") == expected
    probabilities = model.predict_proba(split.X_test).astype(float)
    probabilities /= probabilities.sum(axis=1, keepdims=True)
    assert result.mean("log_loss") == pytest.approx(log_loss(split.y_test, probabilities))
    nearest = [
        min(np.linalg.norm(split.X[i] - split.X[j]) for j in rows if split.y[i] == split.y[j])
        for i in range(len(split.X))
    ]
    assert result.mean("score") == pytest.approx(np.mean(nearest), rel=1e-5)
    assert found.result("full").mean("score") == 0


def test_runs_tell_the_seconds_of_each_stage() -> None:
    for run in quick(seeds=1).runs:
        assert (run["stages"] == {}) == (run["method"] == "full")
        assert sum(run["stages"].values()) <= run["select_seconds"] + 0.01


def test_mean_and_spread_are_over_the_seeds() -> None:
    found = quick(seeds=3)
    accuracies = [run["accuracy"] for run in found.runs if run["method"] == "uniform"]
    assert len(accuracies) == 3
    figure = found.result("uniform").figures["accuracy"]
    assert figure == (pytest.approx(np.mean(accuracies)), pytest.approx(np.std(accuracies)))


def test_several_budgets_give_a_line_each_and_full_one() -> None:
    found = quick(budget=[10, 0.2], seeds=1)
    lines = [(r.method, r.budget, r.rows) for r in found.results]
    assert lines == [
        ("fastcore", 10, 10),
        ("uniform", 10, 10),
        ("fastcore", 0.2, 60),
        ("uniform", 0.2, 60),
        ("full", None, 300),
    ]


def test_linear_models_draw_rows_in_each_epoch_where_it_is_named(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    model, kept = LinearClassifier(epochs=3, batch_size=16), tmp_path / "runs.jsonl"
    options: dict[str, Any] = {"model": {"own": model}, "n_threads": 1, "resume": kept}
    found = quick(methods=["uniform-each-epoch"], **options)
    assert [(r.method, r.rows, r.status) for r in found.results] == [
        ("uniform-each-epoch", 30, "ok"), ("uniform", 30, "ok"), ("full", 300, "ok")
    ]  # fmt: skip
    X, y = table()
    split = Split.of(X, y, None, 0.25, 0)
    for run in (run for run in found.runs if run["method"] == "uniform-each-epoch"):
        by_hand = clone(model).set_params(budget=30, random_state=run["seed"])
        by_hand.fit(split.X, split.y, watch=(split.X_test, split.y_test))
        assert run["accuracy"] == by_hand.score(split.X_test, split.y_test)
        assert run["curve"] == [list(point) for point in by_hand.curve_]
        assert run["curve"][-1][0] == 3 * 2  # as many steps as on 30 rows
        assert (run["score"], run["select_seconds"], run["stages"]) == (None, 0, {})
        assert run["train_seconds"] > 0
    again = quick(methods=["uniform-each-epoch"], **options)
    assert again.to_json() == found.to_json()  # seconds and all: nothing has run
    assert not any("each-epoch" in r.method for r in quick(**options).results)


def test_prior_weights_count_for_rows_drawn_in_each_epoch() -> None:
    pytest.importorskip("torch")
    X, y = table()
    weights = np.random.default_rng(0).uniform(0.5, 20, len(X))
    model = LinearClassifier(epochs=3, batch_size=16)
    found = compare(
        X, y, budget=0.1, methods=["uniform-each-epoch"], seeds=[2], model={"own": model},
        sample_weight=weights, isolate=False,
    )  # fmt: skip
    split = Split.of(X, y, None, 0.25, 0, weights)
    own = clone(model).set_params(budget=0.1, random_state=2)
    own.fit(split.X, split.y, split.weights)
    expected = np.average(own.predict(split.X_test) == split.y_test, weights=split.weights_test)
    assert found.result("uniform-each-epoch").mean("accuracy") == expected


@pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled")
def test_a_selection_that_compiles_is_measured_again(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = table()
    split = Split.of(X, y, None, 0.25, 0)
    monkeypatch.setattr(Compiles, "fits", 0)
    for fits in (2, 3):
        found = Selection.of(Compiles(40, random_state=0), split, 1, isolate=False)
        assert (len(found.rows), Compiles.fits) == (40, fits)
        assert found.score == coreset_score(split, found.rows, 1)[0]


def test_a_selector_of_ones_own_takes_part_under_its_name() -> None:
    found = quick(methods={"few planes": FastCore(n_planes=4), "again": "uniform"}, seeds=1)
    assert [r.method for r in found.results] == ["few planes", "again", "uniform", "full"]
    assert found.result("again").figures["score"] == found.result("uniform").figures["score"]


def test_the_same_call_gives_the_same_figures() -> None:
    def exact(found: Comparison) -> list[tuple[Any, ...]]:
        return [(run["method"], run["score"], run["accuracy"], run["rows"]) for run in found.runs]

    assert exact(quick()) == exact(quick())


def test_a_method_that_fails_is_reported_and_the_others_run() -> None:
    found = quick(methods={"broken": Fails(), "fastcore": "fastcore"})
    broken = found.result("broken")
    assert (broken.status, broken.runs, broken.seeds) == ("failed", 0, 2)
    assert broken.error == "RuntimeError: nothing works"
    assert broken.rows is None
    assert broken.as_dict()["accuracy"] is None
    assert {r.status for r in found.results if r.method != "broken"} == {"ok"}


@pytest.mark.slow
def test_processes_isolate_time_memory_and_death() -> None:
    X, y = table()
    methods = {"sleeps": Sleeps(), "dies": Dies(), "hoards": Hoards()}
    found = compare(X, y, budget=30, seeds=1, methods=methods, time_limit=4)
    assert found.result("sleeps").status == "time limit"
    assert "4 s" in str(found.result("sleeps").error)
    assert found.result("dies").status == "failed"
    assert "signal 9" in str(found.result("dies").error)
    assert found.result("uniform").status == found.result("full").status == "ok"
    hoards, uniform = (found.result(name).mean("peak_mib") for name in ("hoards", "uniform"))
    assert hoards is not None
    assert uniform is not None
    assert 380 < hoards - uniform < 450
    hoarded = found.result("hoards").mean("select_mib")
    assert hoarded is None or 380 < hoarded < 450
    inside = compare(X, y, budget=30, seeds=1, methods=["uniform"], isolate=False)
    for name in ("score", "accuracy", "log_loss"):
        assert found.result("uniform").mean(name) == inside.result("uniform").mean(name)


def test_resume_runs_only_what_is_missing_or_failed(tmp_path: Path) -> None:
    kept = tmp_path / "runs.jsonl"
    first = quick(resume=kept, seeds=1)
    lines = kept.read_text().splitlines()
    assert len(lines) == 3
    assert all(json.loads(line)["status"] == "ok" for line in lines)
    second = quick(resume=kept, seeds=2)
    assert len(kept.read_text().splitlines()) == 5
    assert kept.read_text().splitlines()[:3] == lines  # not run again: the times are the same
    assert second.result("full").figures == first.result("full").figures
    X, y = table(seed=5)
    compare(X, y, budget=30, seeds=1, isolate=False, resume=kept)
    assert len(kept.read_text().splitlines()) == 8  # other rows are other runs
    quick(methods={"broken": Fails()}, resume=kept, seeds=1)
    quick(methods={"broken": Fails()}, resume=kept, seeds=1)
    assert len(kept.read_text().splitlines()) == 9
    assert {path.name for path in tmp_path.iterdir()} == {"runs.jsonl", "runs.jsonl.selections"}


def test_a_run_stopped_by_the_limit_is_tried_again_only_with_more_time() -> None:
    from coresift.experiments._series import _is_due

    late = {"status": "time limit", "time_limit": 5.0}
    assert not _is_due(late, 5.0)
    assert _is_due(late, 6.0)
    assert _is_due(late, None)
    assert not _is_due({"status": "ok"}, None)
    assert _is_due(None, None)


def test_a_file_of_other_things_is_refused_and_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "notes.txt"
    kept.write_text("{}\n")
    with pytest.raises(FormatError, match=r"line 1 of .* is not a run"):
        quick(resume=kept)
    assert kept.read_text() == "{}\n"


def test_json_and_csv_hold_the_results() -> None:
    found = quick(seeds=1)
    assert json.loads(found.to_json())["results"] == [r.as_dict() for r in found.results]
    lines = list(csv.DictReader(io.StringIO(found.to_csv())))
    assert [line["method"] for line in lines] == ["fastcore", "uniform", "full"]
    assert float(lines[0]["accuracy"]) == found.results[0].mean("accuracy")


def test_a_file_and_its_test_file_are_read(tmp_path: Path) -> None:
    X, y = table()
    frame = pd.DataFrame(X, columns=list("abcde")).assign(color=np.where(y > 1, "red", "blue"), y=y)
    frame.iloc[:300].to_parquet(tmp_path / "train.parquet")
    frame.iloc[300:].to_parquet(tmp_path / "test.parquet")
    options: dict[str, Any] = {"budget": 30, "seeds": 1, "isolate": False}
    found = compare(tmp_path / "train.parquet", "y", test=str(tmp_path / "test.parquet"), **options)
    assert found.data == {"n_train": 300, "n_test": 100, "n_features": 7, "n_classes": 3}
    frame.iloc[300:].drop(columns="a").to_parquet(tmp_path / "other.parquet")
    with pytest.raises(ColumnError, match="no column 'a'"):
        compare(tmp_path / "train.parquet", "y", test=tmp_path / "other.parquet", **options)


def test_test_rows_go_by_names_and_may_have_unseen_levels(tmp_path: Path) -> None:
    X, y = table()
    color = np.where(X[:, 0] > 1, "red", "blue")
    frame = pd.DataFrame(X, columns=list("abcde")).assign(color=color, y=y)
    other = frame.iloc[300:, ::-1].assign(more="text").replace({"color": {"red": "green"}})
    options: dict[str, Any] = {"budget": 30, "seeds": 1, "isolate": False}
    found = compare(frame.iloc[:300], "y", test=other, **options)
    assert found.data == {"n_train": 300, "n_test": 100, "n_features": 7, "n_classes": 3}
    split = Split.of(frame.iloc[:300], "y", other, 0.25, 0)
    seen = color[300:] == "blue"
    assert split.X_test[:, 5].tolist() == seen.astype(float).tolist()
    assert not split.X_test[:, 6].any()
    whole = Split.of(frame.iloc[:300], "y", frame.iloc[300:], 0.25, 0)
    assert (whole.X_test[:, :5] == split.X_test[:, :5]).all()


def test_missing_values_are_filled_alike_in_test_rows() -> None:
    X, y = table()
    frame = pd.DataFrame(X, columns=list("abcde")).assign(y=y)
    frame.loc[3, "a"] = np.nan
    train = as_source(frame.iloc[:300], label="y", missing="impute")
    split = Split.of(train, None, (frame.iloc[300:].drop(columns="y"), y[300:]), 0.25, 0)
    assert split.X.shape == (300, 6)
    assert split.X_test.shape == (100, 6)
    assert not split.X_test[:, 5].any()


def test_rows_are_scaled_by_the_training_rows() -> None:
    X, y = table()
    split = Split.of(X, y, None, 0.25, 0)
    assert split.X.min(axis=0).tolist() == [0] * 5
    assert split.X.max(axis=0).tolist() == [1] * 5
    assert len(split.X_test) == 100


def test_the_score_of_many_pairs_is_taken_on_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    X, y = table()
    split = Split.of(X, y, None, 0.25, 0)
    rows = Uniform(30, random_state=0).fit(split.X, split.y).sample_indices_
    whole, n_rows = coreset_score(split, rows, 1)
    assert n_rows == 300
    monkeypatch.setattr("coresift.experiments._selection._MOST_PAIRS", 30 * 150)
    part, n_rows = coreset_score(split, rows, 1)
    assert n_rows == 150
    assert part == pytest.approx(whole, rel=0.2)


def test_rows_that_leave_out_a_class_have_no_score(tmp_path: Path) -> None:
    X, y = table()
    split = Split.of(X, y, None, 0.25, 0)
    rows = np.flatnonzero(split.class_ids == 0)[:5]
    assert coreset_score(split, rows, 1) == (None, 300)
    other = np.sort([*rows, *(np.flatnonzero(split.class_ids == c)[0] for c in (1, 2))])
    assert coreset_score(split, other, 1)[0] > 0
    kept, methods = tmp_path / "runs.jsonl", {"plain": Uniform(stratify=False)}
    options = {"budget": 3, "seeds": [0, 1, 2], "isolate": False, "resume": kept}
    found = compare(X, y, methods=methods, **options)
    assert None in [run["score"] for run in found.runs if run["method"] == "plain"]
    assert found.result("plain").mean("score") is None
    again = compare(X, y, methods=methods, model="logistic-l2", **options)  # reads what was kept
    assert {result.status for result in again.results} == {"ok"}


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"methods": ["best"]}, ParameterError, "'best' is not known"),
        ({"model": "tree"}, ParameterError, "'tree' is not known"),
        ({"model": KNeighborsClassifier()}, ParameterError, "takes no sample_weight"),
        ({"model": ["sklearn-logistic", "tree"]}, ParameterError, "'tree' is not known"),
        ({"model": []}, ParameterError, r"model=\[\]: give at least one"),
        ({"budget": 2}, BudgetError, "at least 3"),
        ({"budget": 301}, BudgetError, "300"),
        ({"budget": []}, ParameterError, "at least one"),
        ({"seeds": 0}, ParameterError, "seeds=0 is out of range"),
        ({"seeds": []}, ParameterError, "at least one"),
        ({"test_size": 1.5}, ParameterError, "between 0 and 1"),
        ({"time_limit": 5}, ParameterError, "isolate=True"),
        ({"time_limit": 0, "isolate": True}, ParameterError, "above 0"),
    ],
)
def test_what_cannot_be_is_refused_before_the_first_run(
    options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        quick(**options)


def test_labels_that_cannot_be_are_refused() -> None:
    X, y = table()
    with pytest.raises(LabelError, match="needs labels"):
        compare(X)
    with pytest.raises(LabelError, match="1 class"):
        compare(X, np.zeros(len(X)))
    with pytest.raises(LabelError, match="such as 3"):
        compare(X, y, test=(X, y + 1))


def test_what_only_the_program_knows_cannot_go_to_a_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Own(Uniform):
        pass

    monkeypatch.setattr(Own, "__module__", "__main__")
    with pytest.raises(ParameterError, match="move it to a module"):
        quick(methods={"own": Own()}, isolate=True, seeds=1)


def test_a_model_that_does_not_converge_is_noted() -> None:
    found = quick(model=LogisticRegression(max_iter=1), seeds=1)
    assert found.result("full").notes == ("training stopped before it converged",)
    assert found.result("full").status == "ok"
