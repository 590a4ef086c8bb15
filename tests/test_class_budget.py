"""Budgets for each class, for every method and on the command line."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV

from coresift import BudgetError, CoresetClassifier, FastCore, Uniform, compare
from coresift.cli import run
from coresift.core.class_budget import class_quotas, most_rows
from coresift.selectors import METHODS
from coresift.sources import as_source
from tables import answer, table

X, CLASSES = table(300)
Y = np.where(CLASSES == 0, "yes", "no")
SIZES = {label: int((label == Y).sum()) for label in ("no", "yes")}

amounts = st.one_of(st.integers(1, 40), st.floats(0.001, 1.0))


@given(budget=st.dictionaries(st.integers(0, 9), amounts, min_size=1), data=st.data())
def test_each_class_gets_its_own(budget: dict[int, Any], data: Any) -> None:
    labels = tuple(sorted(budget))
    sizes = [data.draw(st.integers(40, 10_000)) for _ in labels]
    found = class_quotas(budget, labels, np.array(sizes)).tolist()
    for label, size, quota in zip(labels, sizes, found, strict=True):
        amount = budget[label]
        if isinstance(amount, int):
            assert quota == amount
        else:
            assert abs(quota - amount * size) <= 1
            assert 1 <= quota <= size
    assert sum(found) <= most_rows(budget, sum(sizes)) + len(labels)
    written = {str(label): amount for label, amount in budget.items()}
    assert class_quotas(written, labels, np.array(sizes)).tolist() == found


@pytest.mark.parametrize("name", METHODS)
def test_every_method_keeps_to_it(name: str) -> None:
    selector = METHODS[name](budget={"yes": 12, "no": 0.05}, random_state=0)
    twin = clone(selector)
    rows = selector.fit(X, Y).sample_indices_
    expected = [math.floor(0.05 * SIZES["no"]), 12]
    assert [(Y[rows] == label).sum() for label in ("no", "yes")] == expected
    weights = selector.sample_weight_
    for label, size in SIZES.items():
        assert weights[Y[rows] == label].sum() == pytest.approx(size)
    assert answer(twin.fit(as_source(X, Y, chunk_rows=7))) == answer(selector)
    assert twin.plan().cost(as_source(X, Y))["budget"] >= len(rows)


@pytest.mark.parametrize(
    ("budget", "message"),
    [
        ({"yes": 3}, "'no' has no budget; the classes are 'no', 'yes'"),
        ({"yes": 3, "no": 3, "perhaps": 1, "never": 2}, "'perhaps', like 1 more, is not a class"),
        ({"yes": 0, "no": 3}, "budget=0 rows: must be from 1 to the number of rows of class 'yes'"),
        ({"yes": 3, "no": 301}, f"budget=301 .*rows of class 'no', {SIZES['no']}"),
        ({"yes": 3, "no": 1.5}, "fraction must be in"),
        ({"yes": 3, "no": "3"}, "must be a number of rows"),
        ({}, "'no', like 1 more, has no budget"),
    ],
    ids=str,
)
def test_budgets_that_cannot_be(budget: dict[str, Any], message: str) -> None:
    with pytest.raises(BudgetError, match=message):
        FastCore(budget).fit(X, Y)


def test_where_there_are_no_classes() -> None:
    budget = {"yes": 3, "no": 3}
    with pytest.raises(BudgetError, match="there are no labels"):
        FastCore(budget).fit(X)
    with pytest.raises(BudgetError, match="numbers to predict have no classes"):
        FastCore(budget).fit(X, X[:, 0], None)
    with pytest.raises(BudgetError, match="selectors that keep to the classes"):
        Uniform(budget, stratify=False).fit(X, Y)
    with pytest.raises(BudgetError, match="here it must be a number of rows"):
        compare(X, Y, budget=budget, isolate=False)  # type: ignore[arg-type]


def test_in_a_search_and_with_labels_of_other_types() -> None:
    model = CoresetClassifier(LogisticRegression(), FastCore(random_state=0))
    budgets = [{"yes": 5, "no": 5}, {"yes": 0.5, "no": 30}]
    search = GridSearchCV(model, {"selector__budget": budgets}, cv=2).fit(X, Y)
    assert search.best_params_["selector__budget"] in budgets
    rows = FastCore({0: 5, 1: 6, 2: 7, 3: 4}, random_state=0).fit(X, CLASSES).sample_indices_
    assert np.bincount(CLASSES[rows]).tolist() == [5, 6, 7, 4]
    flags = FastCore({True: 5, False: 6}, random_state=0).fit(X, Y == "yes")
    assert [entry["chosen"] for entry in flags.report_["classes"]] == [6, 5]


def test_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    frame = pd.DataFrame(X).rename(columns=str).assign(y=CLASSES % 2)
    frame.to_csv(tmp_path / "t.csv", index=False)
    command = ["select", str(tmp_path / "t.csv"), "--label", "y", "-o", str(tmp_path / "o.csv")]
    assert run([*command, "--budget", "0=10,1=10%"]) == 0
    chosen = pd.read_csv(tmp_path / "o.csv")["y"].value_counts()
    assert chosen[0] == 10
    assert chosen[1] == math.floor(0.1 * (frame["y"] == 1).sum())
    for budget, message in (
        ("0=10", "1 has no budget; the classes are 0, 1"),
        ("0=10,0=9,1=3", "has two for '0'"),
        ("0=10,1", "'1' has no number behind a ="),
        ("0=10,1=many", "'many' is not a number"),
    ):
        capsys.readouterr()
        assert run([*command, "--budget", budget]) == 2
        assert message in capsys.readouterr().err
    assert run([*command, "--budget", "0=10,1=10%", "--dry-run"]) == 0
