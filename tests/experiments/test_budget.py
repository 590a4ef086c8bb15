"""How large a coreset: it grows until the accuracy is stable."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coresift import FastCore, ParameterError, suggest_budget
from coresift.experiments import BudgetStep


def table(n_rows: int = 1500) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 5))
    return X, (X[:, 0] + 0.3 * rng.normal(size=n_rows) > 0).astype(int)


def test_it_stops_after_the_first_step_that_brings_nothing() -> None:
    X, y = table()
    seen: list[BudgetStep] = []
    advice = suggest_budget(X, y, method="uniform", start=0.005, seeds=2, on_step=seen.append)
    assert tuple(seen) == advice.steps
    assert advice.is_stable
    accuracies = [step.accuracy for step in advice.steps]
    rises = np.diff(accuracies)
    assert (rises[:-1] >= 0.005).all()
    assert rises[-1] < 0.005
    assert advice.budget == advice.steps[-2].budget
    shares = [step.budget for step in advice.steps]
    np.testing.assert_allclose(shares, [0.005 * 3**step for step in range(len(shares))])
    assert [step.rows for step in advice.steps] == [int(share * 1200) for share in shares]


def test_where_everything_helps_all_rows_are_the_answer() -> None:
    rng = np.random.default_rng(0)
    y = rng.permutation(np.repeat(np.arange(60), 5))
    X = np.eye(60)[y]  # a class is known only once a row of it is... all are from the start
    advice = suggest_budget(X, y, method="uniform", start=1.0, seeds=1)
    assert (advice.budget, advice.is_stable, len(advice.steps)) == (1.0, False, 1)


def test_the_first_share_holds_a_row_of_each_class() -> None:
    X, _ = table(900)
    y = np.arange(900) % 9
    advice = suggest_budget(X, y, method=FastCore(n_planes=4), start=0.001, seeds=1)
    assert advice.steps[0].rows == 9


def test_the_same_call_gives_the_same_answer() -> None:
    X, y = table(500)
    one, other = (suggest_budget(X, y, method="uniform", start=0.01, seeds=2) for _ in range(2))
    assert one.budget == other.budget
    assert [s.accuracy for s in one.steps] == [s.accuracy for s in other.steps]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": 0}, "start=0"),
        ({"start": 2}, "start=2"),
        ({"factor": 1}, "factor=1"),
        ({"tolerance": 0}, "tolerance=0"),
        ({"seeds": 0}, "seeds=0"),
        ({"method": "best"}, "'best'"),
        ({"model": "tree"}, "'tree'"),
    ],
)
def test_what_has_no_meaning_is_refused(options: dict[str, Any], message: str) -> None:
    X, y = table(50)
    with pytest.raises(ParameterError, match=message):
        suggest_budget(X, y, **options)
