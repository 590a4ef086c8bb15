"""`FastCore.partial_fit`: rows in pieces, and the coreset of all of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone

from coresift import BudgetError, CoresiftError, DataError, FastCore, ParameterError
from coresift.sources import as_source
from coresift.summaries import summarise

RNG = np.random.default_rng(3)
X = RNG.normal(size=(900, 5)).astype(np.float32)
Y = RNG.integers(0, 3, size=900)
PIECES = slice(0, 400), slice(400, 401), slice(401, 900)


def fitted(selector: FastCore, pieces: Any = PIECES) -> FastCore:
    for piece in pieces:
        selector.partial_fit(X[piece], Y[piece])
    return selector


def same(left: FastCore, right: FastCore) -> bool:
    return np.array_equal(left.sample_indices_, right.sample_indices_) and np.array_equal(
        left.sample_weight_, right.sample_weight_
    )


def test_one_piece_is_fit_with_weights_of_clusters() -> None:
    whole = FastCore(0.1, weights="cluster", target="classes", random_state=0).fit(X, Y)
    assert same(fitted(FastCore(0.1, random_state=0), [slice(None)]), whole)


@pytest.mark.parametrize("budget", [60, 0.1])
def test_pieces_give_what_all_rows_give_with_that_encoder(budget: float) -> None:
    found = fitted(FastCore(budget, random_state=0))
    first = summarise(as_source(X[:400], Y[:400]), recipe=found.summary_.recipe)
    whole = summarise(as_source(X, Y), like=first).select(budget)
    assert np.array_equal(found.sample_indices_, whole.row_ids)
    assert np.array_equal(found.sample_weight_, whole.weights)
    assert found.summary_.n_rows == found.report_["n_rows"] == 900
    assert found.get_support().sum() == len(whole.row_ids)


def test_the_drift_of_new_rows_is_reported() -> None:
    selector = FastCore(0.1, random_state=0).partial_fit(X, Y)
    assert "drift" not in selector.report_
    assert not selector.partial_fit(X, Y).report_["drift"]["is_large"]
    assert selector.partial_fit(X + 9, Y).report_["drift"]["is_large"]


def test_new_classes_may_come_later() -> None:
    selector = FastCore(0.1, random_state=0).partial_fit(X, Y).partial_fit(X, Y + 2)
    assert [entry["label"] for entry in selector.report_["classes"]] == [0, 1, 2, 3, 4]


def test_files_and_frames_are_added(tmp_path: Path) -> None:
    frame = pd.DataFrame(X, columns=list("abcde")).assign(y=Y)
    found, arrays = FastCore(0.1, random_state=0), FastCore(0.1, random_state=0)
    for number, piece in enumerate(PIECES):
        path = tmp_path / f"{number}.parquet"
        frame[piece].to_parquet(path)
        found.partial_fit(path if number else frame[piece], "y")
        arrays.partial_fit(X[piece], Y[piece])
    assert same(found, arrays)
    assert found.feature_names_in_.tolist() == list("abcde")


def test_a_failed_call_changes_nothing() -> None:
    selector = FastCore(0.1, random_state=0).partial_fit(X, Y)
    before = selector.summary_, selector.sample_indices_
    for wrong in (X[:, :3], np.full_like(X, np.nan)):
        with pytest.raises(DataError):
            selector.partial_fit(wrong, Y)
        assert before == (selector.summary_, selector.sample_indices_)


def test_fit_and_clone_forget() -> None:
    selector = FastCore(0.1, random_state=0).partial_fit(X, Y)
    assert not hasattr(clone(selector), "summary_")
    selector.fit(X[:300], Y[:300])
    assert not hasattr(selector, "summary_")
    assert selector.partial_fit(X[:200], Y[:200]).report_["n_rows"] == 200


def test_the_budget_may_change_but_not_how_rows_are_encoded() -> None:
    selector = fitted(FastCore(0.1, random_state=0), [slice(0, 400)]).set_params(budget=7)
    assert len(selector.partial_fit(X, Y).sample_indices_) == 7
    with pytest.raises(ParameterError, match=r"n_planes is 64 in one and 8 in the other.*clone"):
        selector.set_params(n_planes=8).partial_fit(X, Y)


def test_a_random_seed_is_drawn_once() -> None:
    selector = fitted(FastCore(0.1))
    assert selector.summary_.n_rows == 900


@pytest.mark.parametrize(
    "wrong",
    [
        {"weights": "assignment"},
        {"representative": "balanced"},
        {"target": "regression"},
        {"max_clusters": 9},
        {"refine": 2},
        {"start": "sample"},
        {"budget": {0: 3, 1: 4, 2: 5}},
    ],
    ids=str,
)
def test_what_needs_the_rows_again_is_one_error(wrong: dict[str, Any]) -> None:
    name = next(iter(wrong))
    with pytest.raises(CoresiftError, match=f"^{name}="):
        FastCore(0.1, random_state=0).set_params(**wrong).partial_fit(X, Y)


def test_other_clusters_have_no_such_method() -> None:
    assert not hasattr(FastCore(0.1, clusters="kmeans"), "partial_fit")


def test_more_rows_than_were_foreseen_are_one_error() -> None:
    wide = np.tile(X, (9, 1)) + RNG.normal(size=(8100, 5)).astype(np.float32)
    selector = FastCore(0.5, n_planes=8, random_state=0)
    with pytest.raises(BudgetError, match="most_rows"):
        selector.partial_fit(wide, most_rows=100)
    assert len(selector.partial_fit(wide, most_rows=4050).sample_indices_) == 4050
