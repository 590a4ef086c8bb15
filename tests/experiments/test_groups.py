"""Groups are on one side of the split, and are not features."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coresift import (
    CoresiftError,
    DataError,
    ParameterError,
    compare,
    experiments,
    suggest_budget,
)
from coresift.cli import run
from coresift.experiments._split import Split
from coresift.sources import as_source

RNG = np.random.default_rng(0)
N = 240
PATIENTS = np.array([f"p{number}" for number in RNG.integers(0, 30, N)])
FRAME = pd.DataFrame({"a": RNG.normal(size=N), "b": np.arange(N), "patient": PATIENTS})
FRAME["y"] = (FRAME["a"] > 0).astype(int)
X = FRAME[["a", "b"]]


def sides(split: Split) -> tuple[set[str], set[str]]:
    """Return the patients of the training and of the test rows, which feature b tells."""
    low, high = FRAME["b"].min(), FRAME["b"].max()
    # scaled by the training rows, whose extremes may be others
    every = np.sort(np.concatenate([split.X[:, 1], split.X_test[:, 1]]))
    assert len(every) == high - low + 1
    return tuple(  # type: ignore[return-value]
        {PATIENTS[row] for row in np.searchsorted(every, rows[:, 1])}
        for rows in (split.X, split.X_test)
    )


@pytest.mark.parametrize("form", ["names", "values", "source"])
def test_no_patient_is_on_both_sides(form: str) -> None:
    given: dict[str, Any] = {
        "names": (FRAME, "y", "patient"),
        "values": (X, FRAME["y"], PATIENTS),
        "source": (as_source(FRAME, label="y", drop=["patient"]), None, FRAME["patient"]),
    }
    rows, labels, groups = given[form]
    split = Split.of(rows, labels, None, 0.25, 0, groups=groups)
    assert split.X.shape[1] == 2
    train, test = sides(split)
    assert not train & test
    assert train | test == set(PATIENTS)
    assert abs(len(split.X_test) - N / 4) < 10
    assert split.fingerprint == Split.of(X, FRAME["y"], None, 0.25, 0, groups=PATIENTS).fingerprint
    other = Split.of(rows, labels, None, 0.25, 1, groups=groups)
    assert other.fingerprint != split.fingerprint
    apart = Split.of(X, FRAME["y"], None, 0.25, 0)
    assert set.intersection(*sides(apart))  # which is what groups are for


def test_rows_that_are_left_out_take_their_groups_with_them() -> None:
    gaps = FRAME.assign(a=FRAME["a"].where(FRAME["b"] % 7 > 0))
    source = as_source(gaps, label="y", drop=["patient"], missing="drop")
    found = Split.of(source, None, None, 0.25, 0, groups=PATIENTS)
    whole = gaps.dropna()
    expected = Split.of(
        whole[["a", "b"]], whole["y"], None, 0.25, 0, groups=whole["patient"].to_numpy()
    )
    assert found.fingerprint == expected.fingerprint
    weights = (FRAME["b"] % 7 > 0).astype(float)
    weighed = Split.of(X, FRAME["y"], None, 0.25, 0, weights, groups=PATIENTS)
    assert len(weighed.X) + len(weighed.X_test) == weights.sum()


def test_in_compare_suggest_budget_and_regression() -> None:
    found = compare(FRAME, "y", budget=20, seeds=1, groups="patient", isolate=False)
    assert found.data["n_features"] == 2
    assert all(result.status == "ok" for result in found.results)
    advice = suggest_budget(FRAME, "y", groups="patient", start=0.1, tolerance=0.5, seeds=1)
    assert advice.steps[0].rows > 0
    numbers = FRAME.assign(y=FRAME["a"] * 3 + 0.25)
    fit = compare(numbers, "y", model="ridge", budget=20, seeds=1, groups="patient", isolate=False)
    assert fit.data["n_features"] == 2


@pytest.mark.parametrize(
    ("groups", "more", "error", "message"),
    [
        (["one"] * N, {}, DataError, "there is 1 group for 240 rows"),
        (PATIENTS[1:], {}, ParameterError, "239 labels for 240 rows"),
        ([None, *PATIENTS[1:]], {}, DataError, "missing for 1 of 240 rows"),
        (PATIENTS, {"test": (X, FRAME["y"])}, ParameterError, "together with test rows"),
        ("nobody", {}, CoresiftError, "no column 'nobody'"),
        (FRAME["y"].to_numpy(), {}, ParameterError, "each of 2 groups has all rows of a class"),
    ],
)
def test_groups_that_cannot_be(
    groups: Any, more: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        compare(X, FRAME["y"], budget=20, groups=groups, isolate=False, **more)
    with pytest.raises(ParameterError, match="which a Source does not have"):
        compare(as_source(X, FRAME["y"]), groups="patient")


def test_on_the_command_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiments, "compare", partial(compare, isolate=False))
    FRAME.to_csv(tmp_path / "t.csv", index=False)
    command = [str(tmp_path / "t.csv"), "--label", "y", "--groups", "patient", "--json"]
    assert run(["compare", *command, "--budget", "20", "--seeds", "1"]) == 0
    facts = json.loads(capsys.readouterr().out)["data"]
    expected = compare(FRAME, "y", budget=20, seeds=1, groups="patient", isolate=False)
    assert (facts["n_train"], facts["n_test"]) == (
        expected.data["n_train"],
        expected.data["n_test"],
    )
    assert facts["n_features"] == 2
    assert run(["size", *command, "--start", "0.1", "--tolerance", "0.5", "--seeds", "1"]) == 0
    assert run(["compare", *command, "--test", str(tmp_path / "t.csv")]) == 2
    assert "together with test rows" in capsys.readouterr().err
