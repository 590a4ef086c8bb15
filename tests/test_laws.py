"""The laws of the design that the core alone must keep; equality is exact.

Laws 1 and 2 are in test_mergeables.py for all that merges, laws 7 and 8 in test_contract.py, law 11
in training/test_gradients.py.
"""

from __future__ import annotations

import math
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import naive
from coresift.core.bounds import BOUNDS, bound_of
from coresift.core.centers import Assignment, Centers
from coresift.core.codebook import Codebook
from coresift.core.encoder import Encoder
from coresift.core.greedy import greedy
from coresift.core.hyperplanes import Hyperplanes
from coresift.core.objective import CodeObjective
from coresift.core.scaler import Moments, Scaler
from coresift.core.summary import Layout, Summary
from naive import identical
from strategies import (
    SEEDS,
    Dataset,
    World,
    datasets,
    encoders,
    expected_buckets,
    worlds,
)

EPSILON = 2.0**-24  # relative error of one rounding to float32
TINY = 1e-21  # root of what a sum of a few thousand float32 below the normal range can lose


# Law 3: encode


@given(rows=datasets(), data=st.data())
def test_law_3_encoding_a_row_does_not_depend_on_the_rows_beside_it(
    rows: Dataset, data: st.DataObject
) -> None:
    encoder = data.draw(encoders(rows))
    buckets, codes = encoder.encode(rows.rows)
    for i in range(len(rows)):
        bucket, code = encoder.encode(rows.rows[i : i + 1])
        assert bucket[0] == buckets[i]
        assert (code[0] == codes[i]).all()


# Law 4: the bounds. Bound and code distance are sums of the same float32 terms or larger ones,
# added in the same order; rounding is monotone, so the bound is never smaller, to the last bit.


@pytest.mark.parametrize("kind", ["sum", "root"])
@given(world=worlds(whole=False, max_rows=40))
def test_law_4_the_bound_is_at_least_the_code_distance_to_every_member(
    kind: str, world: World
) -> None:
    objective, squared = world.objective(kind), kind != "sum"
    distances = world.codebook.sdc_table(squared)
    for candidate, own in enumerate(objective.candidates.codes):
        for t, bound in enumerate(objective.bounds(candidate)):
            for member in world.members(t):
                assert bound >= naive.code_distance(own, member, distances, squared)


@given(world=worlds(whole=False, max_rows=40))
def test_law_4_rms_times_the_size_bounds_the_sum_of_the_code_distances(world: World) -> None:
    objective = world.objective("rms")
    distances = world.codebook.sdc_table(squared=True)
    # At most 4 codewords: a bound is the root of at most 12 rounded products of rounded shares.
    slack = 1 + 20 * EPSILON
    for candidate, own in enumerate(objective.candidates.codes):
        for t, bound in enumerate(objective.bounds(candidate)):
            members = world.members(t)
            total = sum(float(naive.code_distance(own, m, distances, True)) for m in members)
            assert len(members) * float(bound) * slack >= total


@given(world=worlds(whole=False, max_rows=40))
def test_law_4_rms_is_at_most_root_and_root_at_most_sum(world: World) -> None:
    rms, root, total = (world.objective(kind) for kind in reversed(BOUNDS))
    slack = 1 + 20 * EPSILON  # they round in different places; see above
    for candidate in range(rms.n_candidates):
        assert (rms.bounds(candidate) <= root.bounds(candidate) * slack).all()
        assert (root.bounds(candidate) <= total.bounds(candidate) * slack).all()


@given(rows=datasets(max_classes=1), data=st.data())
def test_law_4_the_true_distance_obeys_the_bound_up_to_the_distortion(
    rows: Dataset, data: st.DataObject
) -> None:
    encoder = data.draw(encoders(rows))
    scaled = encoder.scaler.transform(rows.rows).astype(np.float64)
    buckets, codes = encoder.encode(rows.rows)
    distortion = np.linalg.norm(scaled - encoder.codebook.decode(codes), axis=1)
    summary = summary_of(rows, encoder)
    cluster = np.searchsorted(summary.cluster_bucket, buckets)
    objective = CodeObjective.of(summary, encoder.codebook, bound_of("root"))
    for candidate, code in enumerate(objective.candidates.codes):
        bounds = objective.bounds(candidate)[cluster].astype(np.float64)
        for i in np.flatnonzero((codes == code).all(axis=1)):
            distance = np.linalg.norm(scaled[i] - scaled, axis=1)
            limit = bounds + distortion[i] + distortion
            assert (distance <= limit * (1 + 20 * EPSILON) + TINY).all()


# Laws 5 and 6: choose


@pytest.mark.parametrize("kind", BOUNDS)
@given(world=worlds(whole=False), data=st.data())
def test_law_5_the_objective_is_monotone_with_diminishing_gains(
    kind: str, world: World, data: st.DataObject
) -> None:
    objective = world.objective(kind)
    everything = np.arange(objective.n_candidates)
    score, gains = objective.score(), objective.gains(everything)
    for candidate in data.draw(st.lists(st.sampled_from(everything.tolist()), max_size=5)):
        objective.absorb(candidate)
        assert objective.score() <= score
        fewer = objective.gains(everything)
        assert (fewer >= 0).all()
        assert (fewer <= gains).all()
        assert fewer[candidate] == 0
        score, gains = objective.score(), fewer


@given(world=worlds(max_rows=10), budget=st.integers(1, 4))
def test_law_5_greedy_reaches_its_share_of_the_best_choice(world: World, budget: int) -> None:
    objective = world.objective("sum")
    assert objective.n_candidates <= 10
    budget = min(budget, objective.n_candidates)
    picks = greedy(objective, budget, np.random.default_rng(0))
    bounds = [objective.bounds(c).tolist() for c in range(objective.n_candidates)]
    sizes, uncovered = (
        world.summary.sizes.tolist(),
        [objective.table.worst] * len(world.summary.sizes),
    )

    def value(chosen: tuple[int, ...]) -> float:
        return naive.gain(np.min([bounds[c] for c in chosen], axis=0), uncovered, sizes)

    best = max(map(value, combinations(range(len(bounds)), budget)))
    assert picks.gains.sum() == value(tuple(picks.candidates.tolist()))
    assert picks.gains.sum() >= (1 - 1 / math.e) * best


@pytest.mark.parametrize("method", ["auto", "lazy", "stochastic"])
@pytest.mark.parametrize("kind", BOUNDS)
@given(whole=st.booleans(), seed=SEEDS, data=st.data())
def test_law_6_lazy_and_stochastic_greedy_over_all_candidates_equal_naive_greedy(
    method: str, kind: str, whole: bool, seed: int, data: st.DataObject
) -> None:
    world = data.draw(worlds(whole=whole))
    n_rows = len(world.encoded)
    one, other, budget = world.objective(kind), world.objective(kind), (n_rows + 1) // 2
    found = greedy(one, budget, np.random.default_rng(seed), method=method, n_candidates=n_rows)
    assert identical(found, greedy(other, budget, np.random.default_rng(seed), method="naive"))
    assert identical(one.state, other.state)


# Laws 9 and 12: from encoded rows to weights, with an encoder that is given


class Chosen(NamedTuple):
    """Chosen rows with their weights by assignment; codes and gains in the order of the picks."""

    row_ids: list[int]
    weights: list[float]
    codes: list[list[int]]
    gains: list[float]


def summary_of(rows: Dataset, encoder: Encoder) -> Summary:
    buckets, codes = encoder.encode(rows.rows)
    limits = (len(rows),) * rows.n_classes
    layout = Layout(codes.shape[1], encoder.clusterer.n_bits, limits, limits, seed=0)
    return Summary.of(rows.class_ids, buckets, codes, rows.row_ids, layout)


def choose(rows: Dataset, encoder: Encoder, kind: str, budgets: list[int]) -> Chosen:
    """Choose ``budgets[c]`` rows of class c."""
    summary = summary_of(rows, encoder)
    row_ids: list[int] = []
    codes, gains = [], []
    for c, budget in enumerate(budgets):
        objective = CodeObjective.of(summary.of_class(c), encoder.codebook, bound_of(kind))
        picks = greedy(objective, budget, np.random.default_rng(c))
        row_ids += objective.candidates.rows(picks.candidates).tolist()
        codes += objective.candidates.codes[picks.candidates].tolist()
        gains += picks.gains.tolist()
    order = np.argsort(rows.row_ids)
    where = order[np.searchsorted(rows.row_ids, np.sort(row_ids), sorter=order)]
    scaled = encoder.scaler.transform(rows.rows)
    centers = Centers.of(np.sort(row_ids), scaled[where], rows.class_ids[where], len(budgets))
    owners, distances = centers.owners(scaled, rows.class_ids, rows.row_ids)
    weights = Assignment.of(rows.class_ids, owners, distances, centers).weights(centers)
    return Chosen(centers.row_ids.tolist(), weights.tolist(), codes, gains)


def halves(rows: Dataset) -> list[int]:
    return [-(-int(size) // 2) for size in np.bincount(rows.class_ids)]


@pytest.mark.parametrize("kind", BOUNDS)
@given(rows=datasets(), data=st.data())
def test_law_9_shuffling_the_rows_changes_nothing(
    kind: str, rows: Dataset, data: st.DataObject
) -> None:
    encoder = data.draw(encoders(rows))
    shuffled = rows.part(np.array(data.draw(st.permutations(range(len(rows))))))
    assert identical(summary_of(shuffled, encoder), summary_of(rows, encoder))
    budgets = halves(rows)
    assert choose(shuffled, encoder, kind, budgets) == choose(rows, encoder, kind, budgets)


def doubled(rows: Dataset) -> Dataset:
    return Dataset(
        np.concatenate([rows.rows, rows.rows]),
        np.concatenate([rows.class_ids, rows.class_ids]),
        np.concatenate([rows.row_ids, rows.row_ids + 2**41]),
    )


@pytest.mark.parametrize("kind", BOUNDS)
@given(rows=datasets(max_classes=1), data=st.data())
def test_law_12_duplicating_every_row_doubles_the_gains_and_chooses_the_same_codes(
    kind: str, rows: Dataset, data: st.DataObject
) -> None:
    encoder = data.draw(encoders(rows))
    once = choose(rows, encoder, kind, [len(rows)])
    n_gains = np.count_nonzero(once.gains)
    assume(n_gains > 0)  # where all rows look equal, the choice is a draw among the row ids
    once = choose(rows, encoder, kind, [n_gains])
    twice = choose(doubled(rows), encoder, kind, [n_gains])
    assert twice.codes == once.codes
    assert twice.gains == [2 * gain for gain in once.gains]


@pytest.mark.parametrize("kind", BOUNDS)
@given(seed=SEEDS, n_distinct=st.integers(2, 12), n_rows=st.integers(1, 20))
def test_law_12_duplicating_every_row_doubles_the_weights_and_chooses_the_same_content(
    kind: str, seed: int, n_distinct: int, n_rows: int
) -> None:
    # In general position: a row as far from one chosen row as from another goes to the lower
    # row id, which may be that of a copy.
    rng = np.random.default_rng(seed)
    distinct = rng.standard_normal((n_distinct, 3)).astype(np.float32)
    copies = np.concatenate([np.arange(n_distinct), rng.integers(0, n_distinct, size=n_rows)])
    rows = Dataset(distinct[copies], np.zeros_like(copies), rng.permutation(len(copies)))
    # One subspace and no more distinct rows than codewords: a code is the content of a row.
    scaler = Scaler.from_moments(Moments.of(distinct, None), None)
    encoder = Encoder(scaler, Hyperplanes.draw(3, 64, rng), Codebook.train(distinct, 1, 256, rng))
    n_gains = np.count_nonzero(choose(rows, encoder, kind, [len(rows)]).gains)
    assume(n_gains > 0)

    def weight_of_content(rows: Dataset) -> list[tuple[list[float], float]]:
        chosen = choose(rows, encoder, kind, [n_gains])
        content = dict(zip(rows.row_ids.tolist(), rows.rows.tolist(), strict=True))
        pairs = zip(chosen.row_ids, chosen.weights, strict=True)
        return sorted((content[row_id], weight) for row_id, weight in pairs)

    expected = [(content, 2 * weight) for content, weight in weight_of_content(rows)]
    assert weight_of_content(doubled(rows)) == expected


# Law 10: every kernel has its oracle in tests/kernels; here all of them, one after the other


@given(rows=datasets(max_rows=10), data=st.data())
def test_law_10_the_kernels_together_equal_their_oracles(
    rows: Dataset, data: st.DataObject
) -> None:
    encoder = data.draw(encoders(rows))
    scaled = encoder.scaler.transform(rows.rows)
    book = encoder.codebook
    buckets, codes = encoder.encode(rows.rows)
    assert buckets.tolist() == expected_buckets(encoder.clusterer, scaled)
    assert codes.tolist() == [naive.code(r, book.features, book.codewords) for r in scaled]
    summary = summary_of(rows, encoder)
    for kind in BOUNDS:
        distances = book.sdc_table(squared=kind != "sum")
        for c in range(rows.n_classes):
            part = summary.of_class(c)
            members = [codes[(buckets == b) & (rows.class_ids == c)] for b in part.cluster_bucket]
            objective = CodeObjective.of(part, book, bound_of(kind))
            for candidate, own in enumerate(objective.candidates.codes):
                expected = [naive.bound(kind, own, m, distances) for m in members]
                assert objective.bounds(candidate).tolist() == expected
