"""Laws 1 and 2 for everything that merges; equality is exact.

A new mergeable is one more entry of `MERGEABLES`, and the last test fails until it is there.
"""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift._rng import row_hash
from coresift.core.bound_error import Pairs, TrueDistances
from coresift.core.centers import Assignment, Centers
from coresift.core.exact_sum import ExactSum
from coresift.core.medoids import CellSums, FixedPoint, Membership
from coresift.core.merge import BottomK, Count, Together
from coresift.core.packing import packed, unpacked
from coresift.core.prior import PriorSum
from coresift.core.profile import Profile, sample_rows
from coresift.core.scaler import SCALES, Moments
from coresift.core.summary import Layout, Summary
from coresift.core.target import TargetFacts
from coresift.engines._cluster import Remote
from coresift.experiments._split import RawRun
from coresift.gradients import GradientSum, Steps
from coresift.sources import Chunk
from coresift.summaries._stored import StoredSummary
from coresift.table import Block, Pieces
from naive import identical
from strategies import SEEDS, Array, Encoded, chunkings, datasets, encoded_rows, encoders, matrices
from walking import classes

FEW = st.integers(1, 6)
FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)
NOTHING = np.zeros(0, dtype=np.int64)


@dataclass(frozen=True)
class Case:
    """A mergeable of some rows: of those at given positions, and of none.

    ``seen`` is what counts of a value, where that is not all its fields.
    """

    n_rows: int
    of: Callable[[Array], Any]
    zero: Any
    seen: Callable[[Any], Any] = lambda value: value


def steps_of(draw: Any, n_rows: int) -> Callable[[Array], Array | None]:
    """Draw how many times each row counts, or that each counts once."""
    if draw(st.booleans()):
        return lambda part: None
    numbers = st.lists(st.integers(1, 2**30), min_size=n_rows, max_size=n_rows)
    steps = np.array(draw(numbers), dtype=np.int64)
    return lambda part: steps[part]


@st.composite
def exact_sums(draw: Any) -> Case:
    rows = draw(matrices(st.integers(0, 8), st.just(2), FINITE))
    steps = steps_of(draw, len(rows))
    return Case(
        len(rows),
        lambda part: ExactSum.of(rows[part], steps=steps(part)),
        ExactSum.empty(rows.shape[1]),
    )


@st.composite
def moments(draw: Any) -> Case:
    rows, scale = draw(datasets()).rows, draw(st.sampled_from(SCALES))
    steps = steps_of(draw, len(rows))
    return Case(
        len(rows),
        lambda part: Moments.of(rows[part], scale, steps(part)),
        Moments.empty(rows.shape[1], scale),
    )


@st.composite
def priors(draw: Any) -> Case:
    """Weights of any size, some of which cannot be; the labels of a chunk are its own."""
    some = st.sampled_from([0.0, 0.1, 1.0, 5e-324, 1e300, -1.0, np.nan, np.inf]) | st.floats(0, 10)
    weights = np.array(draw(st.lists(some, max_size=12)), dtype=np.float64)
    numbers = np.array(draw(st.tuples(*[st.integers(0, 2)] * len(weights))), dtype=np.int64)
    labels = draw(st.sampled_from([("a", "b", "c"), ()]))

    def of(part: Array) -> PriorSum:
        return PriorSum.of(weights[part], numbers[part] if labels else None, labels)

    return Case(len(weights), of, PriorSum())


@st.composite
def targets(draw: Any) -> Case:
    values = np.array(draw(st.lists(st.floats(allow_nan=False), max_size=12)), dtype=np.float64)
    steps, seed = steps_of(draw, len(values)), draw(SEEDS)

    def of(part: Array) -> TargetFacts:
        return TargetFacts.of(values[part], len(part), part, seed, steps(part))

    return Case(len(values), of, of(NOTHING))


@st.composite
def samples(draw: Any) -> Case:
    data, size, seed = draw(datasets()), draw(FEW), draw(SEEDS)

    def of(part: Array) -> BottomK:
        return sample_rows(data.rows[part], data.row_ids[part], size, seed)

    return Case(len(data), of, of(NOTHING))


@st.composite
def profiles(draw: Any) -> Case:
    """Some rows hold NaN or an infinity."""
    data, scale, size = draw(datasets()), draw(st.sampled_from(SCALES)), draw(FEW)
    rows, seed = data.rows.copy(), draw(SEEDS)
    for value in (np.nan, np.inf):
        rows[list(draw(st.sets(st.integers(0, len(rows) - 1), max_size=2))), 0] = value
    target, weighted = draw(st.sampled_from(["classes", "regression"])), draw(st.booleans())
    weights = np.array(draw(st.tuples(*[st.sampled_from([0.0, 0.5, 3.0])] * len(rows))))

    def of(part: Array) -> Profile:
        return Profile.of(
            rows[part],
            data.row_ids[part],
            data.class_ids[part],
            scale=scale,
            sample_size=size,
            seed=seed,
            weights=weights[part] if weighted else None,
            target=target,
        )

    return Case(len(data), of, Profile.empty(rows.shape[1], scale, size, seed, weighted))


def pools(rows: Encoded) -> Case:
    """The candidates of each class, with their codes."""
    limits, seed = np.array(rows.layout.max_candidates), rows.layout.seed

    def of(part: Array) -> BottomK:
        keys, codes = (row_hash(rows.row_ids[part], seed),), (rows.codes[part],)
        return BottomK.of(rows.class_ids[part], keys, rows.row_ids[part], limits, codes)

    return Case(len(rows), of, of(NOTHING))


@st.composite
def closest(draw: Any) -> Case:
    """Keys are distances, with ties; limits are such as to keep nothing, one row, or more."""
    data = draw(datasets())
    squared = (data.rows[:, 0] % 4).astype(np.float32)
    n_groups = draw(st.sampled_from([data.n_classes, data.n_classes + 1]))  # the last is empty
    limits = np.array(draw(st.tuples(*[st.integers(0, 3)] * n_groups)))

    def of(part: Array) -> BottomK:
        return BottomK.of(data.class_ids[part], (squared[part],), data.row_ids[part], limits)

    return Case(len(data), of, of(NOTHING))


@st.composite
def two_keys(draw: Any) -> Case:
    """One group, which is cut before it is sorted; the first key has ties."""
    data, limit, seed = draw(datasets()), draw(st.integers(0, 4)), draw(SEEDS)
    keys = (data.rows[:, 0] % 2).astype(np.float32), row_hash(data.row_ids, seed)
    zeros = np.zeros(len(data), dtype=np.int64)

    def of(part: Array) -> BottomK:
        own = tuple(key[part] for key in keys)
        payload = data.rows[part], data.class_ids[part]
        return BottomK.of(zeros[part], own, data.row_ids[part], np.array([limit]), payload)

    return Case(len(data), of, of(NOTHING))


@st.composite
def counts(draw: Any) -> Case:
    numbers = np.array(draw(st.lists(st.integers(0, 4), max_size=20)), dtype=np.int64)
    steps, zero = steps_of(draw, len(numbers)), Count(np.zeros(6, dtype=np.int64))
    return Case(len(numbers), lambda part: Count.of(numbers[part], 6, steps(part)), zero)


@st.composite
def together(draw: Any) -> Case:
    data, size, seed = draw(datasets()), draw(FEW), draw(SEEDS)

    def of(part: Array) -> Together:
        sample = sample_rows(data.rows[part], data.row_ids[part], size, seed)
        return Together((Count.of(data.class_ids[part], data.n_classes), sample))

    return Case(len(data), of, of(NOTHING))


@st.composite
def pieces(draw: Any) -> Case:
    """Pieces come in the order of the merges; what counts is what stands at each row id."""
    data = draw(datasets())

    def seen(value: Pieces) -> dict[int, tuple[int, list[float]]]:
        return {
            row_id: (class_id, row)
            for block in value.blocks
            for row, class_id, row_id in zip(*map(np.ndarray.tolist, block[:3]), strict=True)
        }

    def of(part: Array) -> Pieces:
        return Pieces((Block(data.rows[part], data.class_ids[part], data.row_ids[part]),))

    return Case(len(data), of, Pieces(), seen)


@st.composite
def raw_runs(draw: Any) -> Case:
    """Chunks come in the order of the merges; what counts is where each begins, and the sums."""
    data = draw(datasets())

    def seen(value: RawRun) -> Any:
        chunks = {chunk.start: chunk.rows.tolist() for chunk in value.chunks}
        return chunks, value.nans, value.infinities, value.missing

    def of(part: Array) -> RawRun:
        chunks = (Chunk(int(data.row_ids[i]), data.rows[i : i + 1], None) for i in part)
        return RawRun(
            tuple(chunks),
            np.array([data.class_ids[part].sum()]),
            np.zeros(1, dtype=np.int64),
            len(part),
        )

    none = np.zeros(1, dtype=np.int64)
    return Case(len(data), of, RawRun((), none, none, 0), seen)


@st.composite
def summaries(draw: Any) -> Case:
    rows = draw(encoded_rows())
    steps = steps_of(draw, len(rows))

    def of(part: Array) -> Summary:
        facts = rows.class_ids, rows.buckets, rows.codes, rows.row_ids
        return Summary.of(*(fact[part] for fact in facts), rows.layout, steps(part))

    return Case(len(rows), of, Summary.empty(rows.layout, steps(NOTHING) is not None))


@st.composite
def cell_sums(draw: Any) -> Case:
    data = draw(datasets())
    rows, n_cells = np.clip(data.rows, -1e3, 1e3), data.n_classes + 1  # the last is empty
    units, steps = FixedPoint(draw(st.integers(0, 15)), rows.min(axis=0)), steps_of(draw, len(rows))
    return Case(
        len(rows),
        lambda part: CellSums.of(rows[part], data.class_ids[part], n_cells, units, steps(part)),
        CellSums.empty(n_cells, rows.shape[1]),
    )


@st.composite
def memberships(draw: Any) -> Case:
    """Pieces come in the order of the merges; what counts is the cell of each row."""
    cells = np.array(draw(st.lists(st.integers(0, 3), min_size=1, max_size=20)), dtype=np.int32)

    def seen(value: Membership) -> dict[int, int]:
        return {
            row_id: cell
            for row_ids, piece in value.pieces
            for row_id, cell in zip(row_ids.tolist(), piece.tolist(), strict=True)
        }

    return Case(len(cells), lambda part: Membership(((part, cells[part]),)), Membership(), seen)


@st.composite
def assignments(draw: Any) -> Case:
    data = draw(datasets())
    first = {data.class_ids.tolist().index(c) for c in range(data.n_classes)}
    chosen = first | draw(st.sets(st.integers(0, len(data) - 1)))
    some = data.part(np.array(sorted(chosen, key=lambda i: data.row_ids[i])))
    centers = Centers.of(some.row_ids, some.rows, some.class_ids, data.n_classes)
    owners, distances = centers.owners(data.rows, data.class_ids, data.row_ids)
    steps = steps_of(draw, len(data))

    def of(part: Array) -> Assignment:
        facts = data.class_ids[part], owners[part], distances[part]
        return Assignment.of(*facts, centers, steps(part))

    return Case(len(data), of, Assignment.empty(centers))


@st.composite
def true_distances(draw: Any) -> Case:
    data = draw(datasets())
    encoder = draw(encoders(data))
    scaled, (buckets, codes) = encoder.scaler.transform(data.rows), encoder.encode(data.rows)
    limits = (draw(FEW),) * data.n_classes
    layout = Layout(codes.shape[1], encoder.clusterer.n_bits, limits, limits, seed=0)
    summary = Summary.of(data.class_ids, buckets, codes, data.row_ids, layout)
    items = slice(None, None, 2)
    pairs = Pairs.of(summary, data.class_ids[items], scaled[items], buckets[items], codes[items])
    units, steps = (
        FixedPoint.of(scaled.min(axis=0), scaled.max(axis=0), 2**36),
        steps_of(draw, len(data)),
    )

    def of(part: Array) -> TrueDistances:
        rows, class_ids = scaled[part], data.class_ids[part]
        return TrueDistances.of(pairs, summary, units, rows, class_ids, buckets[part], steps(part))

    return Case(len(data), of, TrueDistances.empty(pairs))


@st.composite
def gradient_sums(draw: Any) -> Case:
    data, n_outputs = draw(datasets()), draw(st.integers(1, 3))
    rows = np.clip(data.rows, -5, 5)
    errors = np.random.default_rng(draw(SEEDS)).uniform(-1, 1, size=(len(rows), n_outputs))
    steps = Steps.of(1.0, rows.min(axis=0), rows.max(axis=0))
    return Case(
        len(rows),
        lambda part: GradientSum.of(errors[part], rows[part], steps),
        GradientSum.empty(n_outputs, rows.shape[1]),
    )


# A handle of a result on a cluster, and a summary in a file: test_dask.py and summaries/ hold them.
HELD_ELSEWHERE = {Remote, StoredSummary}

MERGEABLES: dict[type, st.SearchStrategy[Case]] = {
    ExactSum: exact_sums(),
    Moments: moments(),
    BottomK: samples() | encoded_rows().map(pools) | closest() | two_keys(),
    Count: counts(),
    Together: together(),
    Profile: profiles(),
    PriorSum: priors(),
    TargetFacts: targets(),
    Summary: summaries(),
    CellSums: cell_sums(),
    Membership: memberships(),
    Assignment: assignments(),
    TrueDistances: true_distances(),
    GradientSum: gradient_sums(),
    Pieces: pieces(),
    RawRun: raw_runs(),
}
each_mergeable = pytest.mark.parametrize(
    ("kind", "cases"), MERGEABLES.items(), ids=[kind.__name__ for kind in MERGEABLES]
)


def shuffled(case: Case, data: st.DataObject) -> Array:
    return np.array(data.draw(st.permutations(range(case.n_rows))), dtype=np.int64)


@each_mergeable
@given(data=st.data())
def test_law_1_merge_is_associative_and_commutative_and_has_a_zero(
    kind: type, cases: st.SearchStrategy[Case], data: st.DataObject
) -> None:
    case = data.draw(cases)
    cuts = sorted(data.draw(st.tuples(*[st.integers(0, case.n_rows)] * 2)))
    x, y, z = map(case.of, np.split(shuffled(case, data), cuts))
    before = copy.deepcopy((x, y, z, case.zero))
    assert type(x) is type(x.merge(y)) is type(case.zero) is kind
    assert identical(case.seen(x.merge(y).merge(z)), case.seen(x.merge(y.merge(z))))
    assert identical(case.seen(x.merge(y)), case.seen(y.merge(x)))
    assert identical(case.seen(x.merge(case.zero)), case.seen(x))
    assert identical(case.seen(case.zero.merge(x)), case.seen(x))
    assert identical((x, y, z, case.zero), before)  # results are new


@each_mergeable
@given(data=st.data())
def test_law_2_the_value_of_all_rows_is_the_merge_of_those_of_any_chunks(
    kind: type, cases: st.SearchStrategy[Case], data: st.DataObject
) -> None:
    case = data.draw(cases)
    order, whole = shuffled(case, data), case.seen(case.of(np.arange(case.n_rows)))
    parts = [case.of(order[chunk]) for chunk in data.draw(chunkings(case.n_rows))]
    assert identical(case.seen(reduce(kind.merge, parts)), whole)  # type: ignore[attr-defined]
    assert identical(case.seen(reduce(lambda x, y: y.merge(x), parts, case.zero)), whole)


@each_mergeable
@given(data=st.data())
def test_a_value_is_pickled_with_all_that_counts(
    kind: type, cases: st.SearchStrategy[Case], data: st.DataObject
) -> None:
    case = data.draw(cases)
    value = case.of(np.arange(case.n_rows))
    copied = pickle.loads(pickle.dumps(value))
    assert type(copied) is kind
    assert identical(copied, value)


@each_mergeable
@given(data=st.data())
def test_a_value_is_kept_as_json_and_arrays(
    kind: type, cases: st.SearchStrategy[Case], data: st.DataObject
) -> None:
    case = data.draw(cases)
    value = case.of(np.arange(case.n_rows) if data.draw(st.booleans()) else NOTHING)
    text, arrays = packed(value)
    again = unpacked(json.loads(json.dumps(text)), arrays)
    assert type(again) is kind
    assert identical(again, value)
    assert repr(again) == repr(value)  # types as well


def test_every_class_that_merges_is_held_to_the_laws() -> None:
    found = {kind for kind in classes() if "merge" in vars(kind)} - HELD_ELSEWHERE
    assert {kind for kind in found if not getattr(kind, "_is_protocol", False)} == set(MERGEABLES)
