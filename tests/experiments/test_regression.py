"""Comparisons of regressors, and comparisons with prior weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.metrics import log_loss, mean_absolute_error, r2_score

from coresift import DataError, LabelError, ParameterError, Uniform, compare, suggest_budget
from coresift.cli import main
from coresift.experiments._selection import coreset_score
from coresift.experiments._split import Split
from coresift.report import rich_table, write_html
from strategies import Array


def table(n_rows: int = 300, seed: int = 0) -> tuple[Array, Array]:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(n_rows, 3)).astype(np.float32)
    return X, X @ [1.0, -2.0, 0.5] + 0.1 * rng.normal(size=n_rows)


def run(*data: Any, **options: Any) -> Any:
    return compare(*data, **{"isolate": False, "seeds": 2, "budget": 30, **options})


# Regressors


def test_regressors_are_measured_by_r2_and_absolute_error() -> None:
    X, y = table()
    X_test, y_test = table(100, seed=1)
    found = run(X, y, model="ridge", test=(X_test, y_test), methods=["fastcore", "stratified"])
    assert found.data == {"n_train": 300, "n_test": 100, "n_features": 3, "n_classes": None}
    full = found.result("full")
    split = Split.of(X, y, (X_test, y_test), 0.25, 0, regression=True)
    predicted = Ridge().fit(split.X, y).predict(split.X_test)
    assert full.mean("r2") == pytest.approx(r2_score(y_test, predicted))
    assert full.mean("mae") == pytest.approx(mean_absolute_error(y_test, predicted))
    assert full.mean("accuracy") is full.mean("log_loss") is None
    for method in ("fastcore", "stratified", "uniform"):
        result = found.result(method)
        assert (result.status, result.rows) == ("ok", 30)
        assert 0.3 < result.mean("r2") <= 1
    assert json.loads(found.to_json())["results"][0]["r2"] == found.results[0].mean("r2")
    assert "r2,r2_spread,mae,mae_spread" in found.to_csv().splitlines()[0]


def test_whole_numbers_are_predicted_where_the_model_is_a_regressor() -> None:
    X, y = table()
    found = run(X, np.rint(10 * y).astype(int), model=Ridge(0.1), methods=["uniform"])
    assert found.data["n_classes"] is None
    assert found.result("uniform").mean("r2") > 0.8


def test_several_regressors_share_selections() -> None:
    X, y = table()
    forest = RandomForestRegressor(5)
    found = run(X, y, model={"ridge": "ridge", "forest": forest}, methods=["uniform"], seeds=1)
    assert found.models == ("ridge", "forest")
    assert {result.status for result in found.results} == {"ok"}


def test_regressors_in_processes_and_taken_up_again(tmp_path: Path) -> None:
    X, y = table(120)
    options: dict[str, Any] = {"model": "ridge", "methods": ["uniform"], "seeds": 1}
    path = tmp_path / "runs.jsonl"
    found = run(X, y, isolate=True, resume=path, **options)
    again = run(X, y, isolate=True, resume=path, **options)
    assert again.to_json() == found.to_json()
    plain = run(X, y, **options)
    for method in ("uniform", "full"):
        assert found.result(method).mean("r2") == plain.result(method).mean("r2")


def test_tables_and_pages_of_regressors(tmp_path: Path) -> None:
    found = run(*table(), model="ridge", methods=["uniform"], budget=[20, 40], seeds=1)
    names = [str(column.header) for column in rich_table(found).columns]
    assert names[-2:] == ["R2", "mean absolute error"]
    assert "numbers to predict" in str(rich_table(found).title)
    write_html(found, tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "R2 against time" in text
    assert "R2 against budget" in text


def test_what_cannot_be_compared() -> None:
    X, y = table()
    with pytest.raises(ParameterError, match="the models ridge predict numbers"):
        run(X, y, model=["ridge", "sklearn-logistic"])
    with pytest.raises(LabelError, match=r"300 different numbers.*model='ridge'"):
        run(X, y)
    with pytest.raises(LabelError, match=r"all numbers to predict are 2\.5"):
        run(X, np.full(300, 2.5), model="ridge")
    with pytest.raises(LabelError, match="infinite"):
        run(X, np.where(np.arange(300) == 3, np.inf, y), model="ridge")
    with pytest.raises(LabelError, match="needs numbers"):
        run(X, np.where(y > 0, "a", "b"), model="ridge")
    with pytest.raises(ParameterError, match="a budget is judged by accuracy"):
        suggest_budget(X, y > 0, model="ridge")


# Prior weights


def weighted(n_rows: int = 300) -> tuple[Array, Array, Array]:
    X, y = table(n_rows)
    weights = np.random.default_rng(5).integers(0, 4, size=n_rows) / 2
    return X, (y > 0).astype(int), weights


def test_weights_count_in_selections_training_and_measures() -> None:
    X, y, weights = weighted()
    X_test, y_test, weights_test = (part[:100] for part in weighted(150))
    test = X_test, y_test, weights_test
    found = run(X, y, sample_weight=weights, test=test, methods=["uniform"])
    kept, kept_test = weights > 0, weights_test > 0
    assert (found.data["n_train"], found.data["n_test"]) == (kept.sum(), kept_test.sum())
    split = Split.of(X, y, test, 0.25, 0, weights)
    assert split.weights.tolist() == weights[kept].tolist()
    model = LogisticRegression(max_iter=1000).fit(split.X, split.y, sample_weight=weights[kept])
    right = model.predict(split.X_test) == split.y_test
    full = found.result("full")
    assert full.mean("accuracy") == pytest.approx(np.average(right, weights=split.weights_test))
    expected = log_loss(
        split.y_test, model.predict_proba(split.X_test), sample_weight=split.weights_test
    )
    assert full.mean("log_loss") == pytest.approx(expected)


def test_the_score_weighs_its_rows() -> None:
    X, y, weights = weighted()
    split = Split.of(X, y, (X[:10], y[:10]), 0.25, 0, weights)
    rows = Uniform(20, random_state=0).fit(split.X, split.y, split.weights).sample_indices_
    distances = np.linalg.norm(split.X[:, None] - split.X[rows][None], axis=2)
    distances[split.y[:, None] != split.y[rows][None]] = np.inf
    expected = np.average(distances.min(axis=1), weights=split.weights)
    assert coreset_score(split, rows, 1)[0] == pytest.approx(expected, rel=1e-5)


def test_equal_weights_change_no_measure() -> None:
    X, y, _ = weighted()
    plain = run(X, y, methods=["fastcore"], seeds=1)
    same = run(X, y, sample_weight=np.ones(300), methods=["fastcore"], seeds=1)
    for method in ("fastcore", "uniform", "full"):
        for name in ("accuracy", "log_loss", "score"):
            pair = plain.result(method).mean(name), same.result(method).mean(name)
            assert pair[0] == pytest.approx(pair[1], rel=1e-9)


def test_a_split_is_kept_with_its_weights(tmp_path: Path) -> None:
    X, y, weights = weighted()
    for given in (None, weights):
        split = Split.of(X, y, None, 0.25, 0, given)
        with (tmp_path / "split.npy").open("wb") as file:
            split.save(file)
        with (tmp_path / "split.npy").open("rb") as file:
            loaded = Split.load(file)
        assert loaded.fingerprint == split.fingerprint
        assert (loaded.weights is None) == (given is None)
    assert Split.of(X, y, None, 0.25, 0).fingerprint != split.fingerprint


def test_weights_in_a_column_by_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    X, y, weights = weighted()
    frame = pd.DataFrame(X, columns=list("abc")).assign(y=y, w=weights)
    path = tmp_path / "rows.parquet"
    frame.to_parquet(path)
    direct = run(frame, "y", sample_weight="w", methods=["uniform"], seeds=1)
    options = "--label y --weight w --budget 30 --methods uniform --seeds 1 --json"
    monkeypatch.setattr("sys.argv", ["coresift", "compare", str(path), *options.split()])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    printed = json.loads(capsys.readouterr().out)
    assert printed["data"] == direct.data
    accuracies = [result["accuracy"] for result in printed["results"]]
    assert accuracies == [result.mean("accuracy") for result in direct.results]


def test_weights_that_cannot_be_compared() -> None:
    X, y, weights = weighted()
    with pytest.raises(DataError, match="1 below 0"):
        run(X, y, sample_weight=np.where(np.arange(300) == 7, -1, weights))
    with pytest.raises(ParameterError, match="networks take no prior weights"):
        run(X, y, sample_weight=weights, model="mlp")
