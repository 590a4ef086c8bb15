"""Summaries that are kept: the coreset of all rows, whatever was summarised where."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coresift import FastCore
from coresift._errors import (
    BudgetError,
    DataError,
    FormatError,
    InputChangedError,
    LabelError,
    ParameterError,
)
from coresift.core.coreset import Coreset
from coresift.sources import ArraySource, as_source
from coresift.summaries import Recipe, StoredSummary, load, summarise

RECIPE = Recipe(n_planes=12, n_codewords=16, seed=3, most_rows=30)
N_ROWS = 6000


def table() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    y = np.array(["a", "b", "c"])[rng.choice(3, size=N_ROWS, p=[0.6, 0.3, 0.1])]
    y[5000:][y[5000:] == "a"] = "_new"  # a class that only the last rows have, and sorts first
    X = rng.normal(size=(N_ROWS, 4)) + (y == "b")[:, None]
    return X.astype(np.float32), y


X, Y = table()


def rows(start: int, stop: int) -> ArraySource:
    return ArraySource(X[start:stop], Y[start:stop], chunk_rows=700)


@pytest.fixture(scope="module")
def whole() -> StoredSummary:
    return summarise(rows(0, N_ROWS), recipe=RECIPE)


def answer(coreset: Coreset) -> tuple[list[int], list[float]]:
    return coreset.row_ids.tolist(), coreset.weights.tolist()


@pytest.mark.parametrize("budget", [4, 20, 60, 0.005])
def test_a_summary_serves_every_budget_as_a_run_from_nothing(
    budget: float, whole: StoredSummary
) -> None:
    fitted = FastCore(budget, weights="cluster", n_planes=12, n_codewords=16, random_state=3).fit(
        rows(0, N_ROWS)
    )
    found = whole.select(budget)
    assert found.row_ids.tolist() == fitted.sample_indices_.tolist()
    assert found.weights.tolist() == fitted.sample_weight_.tolist()
    assert found.report is not None
    mine, theirs = found.report.as_dict(), dict(fitted.report_)
    for name in ("bound", "n_candidates", "classes", "n_rows", "n_chosen"):
        assert mine[name] == theirs[name]


@settings(max_examples=8)
@given(cuts=st.lists(st.integers(1, N_ROWS - 1), max_size=4, unique=True), order=st.randoms())
def test_merged_summaries_of_parts_are_the_summary_of_all(cuts: list[int], order: Any) -> None:
    everything = summarise(rows(0, N_ROWS), recipe=RECIPE)
    edges = [0, *sorted(cuts), N_ROWS]
    parts = [
        summarise(rows(start, stop), like=everything, first_row=start)
        for start, stop in pairwise(edges)
    ]
    order.shuffle(parts)
    merged = parts[0]
    for part in parts[1:]:
        merged = merged.merge(part)
    assert merged.labels == everything.labels
    assert merged.sizes.tolist() == everything.sizes.tolist()
    assert [span.start for span in merged.spans] == edges[:-1]
    assert answer(merged.select(50)) == answer(everything.select(50))


def test_a_file_holds_all_and_the_same_summary_the_same_bytes(
    whole: StoredSummary, tmp_path: Path
) -> None:
    one, two = tmp_path / "one.summary", tmp_path / "two.summary"
    whole.save(one)
    read = load(one)
    read.save(two)
    assert one.read_bytes() == two.read_bytes()
    assert (read.recipe, read.labels, read.spans) == (whole.recipe, whole.labels, whole.spans)
    assert answer(read.select(40)) == answer(whole.select(40))
    again = summarise(rows(0, N_ROWS), like=read)
    assert again.encoder.digest() == whole.encoder.digest()


def test_labels_of_other_types_and_none(tmp_path: Path) -> None:
    for labels in (Y == "a", np.arange(N_ROWS) % 3, (np.arange(N_ROWS) % 2) / 2, None):
        own = summarise(ArraySource(X, labels), recipe=RECIPE)
        own.save(tmp_path / "x.summary")
        assert load(tmp_path / "x.summary").labels == own.labels
    days = np.array(["2020-01-01", "2021-01-01"], dtype="M8[D]")[np.arange(N_ROWS) % 2]
    with pytest.raises(LabelError, match=r"^labels are date; summaries keep numbers and text"):
        summarise(ArraySource(X, days), recipe=RECIPE)


def other(**changes: Any) -> StoredSummary:
    first = {"recipe": replace(RECIPE, **changes)}
    return summarise(rows(0, 500), first_row=9000, **first)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda whole: other(seed=4), "seed is 3 in one and 4 in the other; .*--like"),
        (lambda whole: other(most_rows=9), "most_rows is 30 in one and 9 in the other"),
        (lambda whole: other(scale="standard"), "scale is 'minmax' in one and 'standard'"),
        (lambda whole: other(), "their encoders are trained on different rows"),
        (lambda whole: replace(whole, feature_names=("x0", "x1", "x2")), "a feature is 'x3' in"),
        (lambda whole: replace(whole, reading={"label": "y"}), "the option label is None in one"),
        (lambda whole: whole, "rows 0 to 5,999 and rows 0 to 5,999 overlap; .*first_row=6000"),
    ],
)
def test_what_does_not_match_is_one_error_that_names_the_difference(
    make: Any, message: str, whole: StoredSummary
) -> None:
    with pytest.raises(FormatError, match=f"^cannot merge these summaries: {message}"):
        whole.merge(make(whole))


def test_a_budget_above_what_a_summary_keeps_is_refused(whole: StoredSummary) -> None:
    with pytest.raises(BudgetError, match=r"summary was made for at most 30: .*most_rows=\d+"):
        whole.select(500)
    with pytest.raises(ParameterError, match="'refine' is no parameter"):
        whole.select(5, refine=1)
    small = summarise(rows(0, 300), recipe=RECIPE)  # holds all that there is
    assert len(small.select(200).row_ids) == 200


def test_rows_that_a_summary_cannot_keep_are_refused(whole: StoredSummary) -> None:
    with pytest.raises(ParameterError, match="prior weights"):
        summarise(as_source(X, Y, sample_weight=np.arange(1, N_ROWS + 1)))
    with pytest.raises(ParameterError, match="both recipe and like"):
        summarise(rows(0, 50), recipe=RECIPE, like=whole)
    with pytest.raises(FormatError, match="other features than the summary"):
        summarise(ArraySource(X[:, :3]), like=whole)
    with pytest.raises(DataError, match="came from no file"):
        whole.source(np.array([1]))


def damaged(path: Path, kind: str) -> None:
    data = bytearray(path.read_bytes())
    if kind == "cut":
        path.write_bytes(data[: len(data) // 2])
    elif kind == "empty":
        path.write_bytes(b"")
    elif kind == "text":
        path.write_text("hello")
    elif kind == "pickle":
        np.save(path.with_suffix(".npy"), np.array([{}], dtype=object), allow_pickle=True)
        path.with_suffix(".npy").rename(path)
    else:
        with np.load(path) as file:
            arrays = dict(file)
        header = json.loads(arrays["header"].tobytes())
        if kind == "version":
            header["version"] = 99
        elif kind == "header":
            header["recipe"]["seed"] = 8
        elif kind == "foreign":
            header = {"format": "another"}
        else:
            arrays["sizes"] = arrays["sizes"] + 1
        arrays["header"] = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
        with path.open("wb") as out:
            np.savez(out, **arrays)


@pytest.mark.parametrize(
    "kind", ["cut", "empty", "text", "pickle", "version", "header", "foreign", "array"]
)
def test_a_damaged_file_is_one_clear_error(kind: str, whole: StoredSummary, tmp_path: Path) -> None:
    path = tmp_path / "x.summary"
    whole.save(path)
    damaged(path, kind)
    with pytest.raises(
        FormatError, match=r"x\.summary' is (no summary|damaged|a summary of version 99)"
    ):
        load(path)


def test_a_summary_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"there is no summary '.*none\.summary'"):
        load(tmp_path / "none.summary")


def test_chosen_rows_come_from_unchanged_files_only(tmp_path: Path) -> None:
    frame = pd.DataFrame(X, columns=list("abcd")).assign(y=Y)
    frame[:2000].to_parquet(tmp_path / "0.parquet")
    frame[2000:3000].to_parquet(tmp_path / "1.parquet")
    reading = {"label": "y"}
    paths = [str(tmp_path / f"{place}.parquet") for place in range(2)]
    first = summarise(as_source(paths[0], **reading), recipe=RECIPE, reading=reading)
    # others stand between: positions in the whole table are not those in these files
    second = summarise(as_source(paths[1], **reading), like=first, first_row=2500)
    both = second.merge(first)
    chosen = both.select(40)
    assert (chosen.row_ids >= 2500).any()
    source, places = both.source(chosen.row_ids)
    expected = np.where(chosen.row_ids < 2000, chosen.row_ids, chosen.row_ids - 500)
    np.testing.assert_array_equal(places, expected)
    np.testing.assert_array_equal(source.take(places), X[expected])
    frame[1:2001].to_parquet(tmp_path / "0.parquet")
    with pytest.raises(InputChangedError, match=r"0\.parquet.*since it was summarised"):
        both.source(chosen.row_ids)


def test_drift_tells_rows_that_the_encoder_does_not_know(whole: StoredSummary) -> None:
    alike = summarise(rows(0, N_ROWS), like=whole).drift
    assert alike is not None
    assert alike.outside == 0
    assert 0 < alike.error < 1.1 * alike.error_known
    assert not alike.is_large
    away = summarise(ArraySource(3 * X, Y), like=whole, first_row=N_ROWS).drift
    assert away is not None
    assert away.outside > 0.05
    assert away.error > 2 * away.error_known
    assert away.is_large
