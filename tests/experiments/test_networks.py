"""Networks in comparisons: they select as they train."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import log_loss

from coresift import FastCore, ParameterError, Uniform, compare, suggest_budget
from coresift.experiments import NETWORKS, Comparison
from coresift.experiments._networks import NetworkJob
from coresift.experiments._processes import Workshop, run_isolated
from coresift.experiments._split import Split
from coresift.report import write_html
from coresift.torch import LinearClassifier, NetworkClassifier

pytest.importorskip("torch", reason="torch is not installed: pip install coresift[torch]")

SHORT: dict[str, Any] = {"warm_up": 1, "epochs": 2, "rounds": 2, "batch_size": 16}


def quick(**options: Any) -> Comparison:
    X, y = load_digits(return_X_y=True)
    given = {"budget": 100, "seeds": 1, "isolate": False, "n_threads": 1, **options}
    return compare(X[:800], y[:800], **given)


def test_figures_are_those_of_the_run_made_by_hand() -> None:
    found = quick(model={"net": NetworkClassifier(**SHORT)}, methods=["craig"], seeds=[3])
    X, y = load_digits(return_X_y=True)
    split = Split.of(X[:800], y[:800], None, 0.25, 0)
    for method, expected_rows in (("craig", 100), ("full", 600)):
        model = NetworkClassifier(
            selector=None if method == "full" else method,
            budget=100, random_state=3, n_threads=1, **SHORT,
        ).fit(split.X, split.y, watch=(split.X_test, split.y_test))  # fmt: skip
        result = found.result(method)
        assert (result.rows, result.model, result.runs) == (expected_rows, "net", 1)
        assert result.mean("accuracy") == model.score(split.X_test, split.y_test)
        probabilities = model.predict_proba(split.X_test).astype(float)
        probabilities /= probabilities.sum(axis=1, keepdims=True)
        assert result.mean("log_loss") == pytest.approx(
            log_loss(split.y_test, probabilities), rel=1e-5
        )
        (run,) = [run for run in found.runs if run["method"] == method]
        assert run["curve"] == [list(point) for point in model.curve_]
        assert run["total_seconds"] == run["select_seconds"] + run["train_seconds"]
        assert 0 <= run["choose_seconds"] <= run["select_seconds"]
        assert result.mean("score") is None
    assert found.result("full").mean("select_seconds") == 0


def test_the_seed_of_a_network_matters_for_all_rows_too() -> None:
    found = quick(model={"net": NetworkClassifier(**SHORT)}, methods=["uniform"], seeds=2)
    assert [(result.method, result.runs) for result in found.results] == [
        ("uniform", 2),
        ("uniform-each-epoch", 2),
        ("gradients-each-epoch", 2),
        ("full", 2),
    ]


@pytest.mark.parametrize("by", ["uniform", "gradients"])
def test_rows_of_each_epoch_are_those_of_the_run_made_by_hand(by: str) -> None:
    found = quick(model={"net": NetworkClassifier(**SHORT)}, methods=["uniform"], seeds=[3])
    X, y = load_digits(return_X_y=True)
    split = Split.of(X[:800], y[:800], None, 0.25, 0)
    model = NetworkClassifier(
        selector="uniform", redraw=by, budget=100, random_state=3, n_threads=1, **SHORT
    ).fit(split.X, split.y)
    result = found.result(f"{by}-each-epoch")
    assert result.rows == 100
    assert result.mean("accuracy") == model.score(split.X_test, split.y_test)
    assert result.mean("log_loss") != found.result("uniform").mean("log_loss")


@pytest.mark.parametrize(
    ("by", "model", "message"),
    [
        ("uniform", "sklearn-logistic", "as a network or a linear model trains: use model="),
        ("uniform", ["logistic", "logistic-l2"], "'mlp', 'cnn', 'logistic', 'svm' or 'lasso'"),
        ("gradients", "logistic", "as a network trains: use model='mlp' or 'cnn'"),
    ],
)
def test_rows_of_each_epoch_are_for_models_that_draw(by: str, model: Any, message: str) -> None:
    with pytest.raises(ParameterError, match=f"'{by}-each-epoch' draws rows .*{message}"):
        quick(methods=[f"{by}-each-epoch"], model=model)


def test_a_linear_model_beside_a_network_draws_uniformly_too() -> None:
    models = {"net": NetworkClassifier(**SHORT), "svm": LinearClassifier("svm", epochs=2)}
    found = quick(model=models, methods=["uniform"])
    assert [result.method for result in found.results if result.model == "svm"] == [
        "uniform", "uniform-each-epoch", "full"
    ]  # fmt: skip


def test_gradients_are_not_scaled() -> None:
    model = {"net": NetworkClassifier(**SHORT)}
    methods = {"scaled": FastCore(scale="standard"), "plain": FastCore(scale=None)}
    found = quick(model=model, methods=methods)
    assert found.result("scaled").mean("log_loss") == found.result("plain").mean("log_loss")


def test_networks_and_other_models_stand_side_by_side(tmp_path: Any) -> None:
    models = {"net": NetworkClassifier(**SHORT), "linear": "sklearn-logistic"}
    kept = tmp_path / "runs.jsonl"
    found = quick(model=models, resume=kept)
    assert found.models == ("net", "linear")
    assert [(r.model, r.method, r.status) for r in found.results] == [
        (model, method, "ok")
        for model in models
        for method in ("fastcore", "uniform", "uniform-each-epoch", "gradients-each-epoch", "full")
        if model == "net" or "each-epoch" not in method
    ]
    again = quick(model=models, resume=kept)
    assert again.to_json() == found.to_json()  # seconds and all: nothing has run
    path = tmp_path / "page.html"
    write_html(found, path)
    assert "net" in path.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_process_of_its_own_has_a_time_limit_and_a_memory() -> None:
    X, y = load_digits(return_X_y=True)
    networks = {
        "short": NetworkClassifier(**SHORT),
        "endless": NetworkClassifier(**{**SHORT, "rounds": 10**6}),
    }
    job = NetworkJob("uniform", Uniform(), 100, 0, networks, n_threads=1, isolate=True)
    with Workshop.of(Split.of(X[:800], y[:800], None, 0.25, 0)) as workshop:
        found = run_isolated(job, workshop, None, time_limit=5)
    assert {name: record["status"] for name, record in found.items()} == {
        "short": "ok",
        "endless": "time limit",
    }
    assert found["short"]["peak_mib"] > 50


def test_a_coreset_below_a_batch_is_the_failure_of_its_line() -> None:
    model = {"net": NetworkClassifier(**{**SHORT, "batch_size": 128})}
    found = quick(model=model, budget=20, methods=["uniform"])
    result = found.result("uniform")
    assert result.status == "failed"
    assert "coreset of 20 rows is smaller than batch_size=128" in str(result.error)
    assert found.result("full").status == "ok"


def test_names_that_are_not_known_and_calls_that_select_once() -> None:
    assert NETWORKS == ("mlp", "cnn")
    with pytest.raises(ParameterError, match=r"'rnn' is not known: .* svm, lasso, ridge, mlp, cnn"):
        quick(model="rnn")
    X, y = load_digits(return_X_y=True)
    with pytest.raises(ParameterError, match="'mlp' selects anew as it trains"):
        suggest_budget(X, y, model="mlp")


def test_images_that_are_none_fail_their_lines() -> None:
    X, y = load_digits(return_X_y=True)
    found = compare(
        np.hstack([X, X[:, :1] + 1]), y, budget=200, seeds=1, model="cnn", methods=["uniform"],
        isolate=False,
    )  # fmt: skip
    assert {result.status for result in found.results} == {"failed"}
    assert all("image_shape=" in str(result.error) for result in found.results)
