"""Missing values in a comparison are filled from the training rows alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift import compare
from coresift.core.holdout import holdout
from coresift.experiments._split import Split
from coresift.sources import as_source

RNG = np.random.default_rng(0)


@given(seed=st.integers(0, 50), share=st.floats(0.1, 0.6))
def test_medians_are_those_of_the_training_rows(seed: int, share: float) -> None:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"a": rng.normal(size=60), "c": rng.choice(["u", "v", None], 60)})
    frame.loc[rng.random(60) < 0.3, "a"] = np.nan
    frame.loc[[0, 1], "a"] = 1.0, 2.0
    frame["y"] = np.arange(60) % 2
    source = as_source(frame, label="y", missing="impute")
    split = Split.of(source, None, None, 0.3, seed)
    aside = holdout(frame["y"].to_numpy(), 0.3, seed)
    train, test = frame[~aside], frame[aside]
    low, high = train["a"].min(), train["a"].max()
    for part, rows in ((train, split.X), (test, split.X_test)):
        filled = part["a"].fillna(train["a"].median())
        np.testing.assert_allclose(rows[:, 0], (filled - low) / (high - low), rtol=1e-5, atol=1e-6)
        marks = {name: rows[:, place] for place, name in enumerate(source.feature_names)}
        np.testing.assert_array_equal(marks["a_missing"], part["a"].isna())
        np.testing.assert_array_equal(marks["c=missing"], part["c"].isna())


def test_labels_weights_and_infinite_values_are_still_looked_at() -> None:
    X = RNG.normal(size=(80, 2))
    X[::9, 0] = np.nan
    y = np.arange(80) % 2
    source = as_source(X, y, missing="impute")
    found = compare(source, budget=10, seeds=1, isolate=False)
    assert all(result.status == "ok" for result in found.results)
    weights = np.arange(80) % 3
    weighed = Split.of(
        as_source(X, y, sample_weight=weights, missing="impute"), None, None, 0.25, 0
    )
    assert len(weighed.X) + len(weighed.X_test) == (weights > 0).sum()
    beside = Split.of(source, None, None, 0.25, 0, weights)
    assert beside.fingerprint == weighed.fingerprint
    given_test = Split.of(source, None, (X[:20], y[:20]), 0.25, 0)
    assert given_test.X_test.shape == (20, 3)
    X[3, 1] = np.inf
    with pytest.raises(ValueError, match="'x1' has 0 NaN and 1 infinite"):
        compare(as_source(X, y, missing="impute"), budget=10, isolate=False)
