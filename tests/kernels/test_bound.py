from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from coresift._kernels.bound import fill_table
from coresift._kernels.greedy import WIDTH
from coresift.core.bounds import BOUNDS
from coresift.core.objective import CodeCounts
from naive import bound
from strategies import Array, World, worlds


def tables_of(world: World, mean: bool, squared: bool) -> tuple[Array, Array, Array]:
    summary, distances = world.summary, world.codebook.sdc_table(squared)
    held = CodeCounts.of(summary)
    n_blocks = -(-len(summary.sizes) // WIDTH)
    shape = distances.shape[:2]
    table = np.full((n_blocks, *shape, WIDTH), np.nan, dtype=np.float32)
    floor = np.full((*shape, n_blocks), np.nan, dtype=np.float32)
    for blocks in (np.arange(n_blocks)[1:], np.arange(n_blocks)[:1]):  # in any order
        fill_table(
            blocks,
            held.starts,
            held.subspaces,
            held.codes,
            held.counts,
            summary.sizes,
            distances,
            mean,
            table,
            floor,
        )
    return distances, table.transpose(1, 2, 0, 3).reshape(*shape, n_blocks * WIDTH), floor


@pytest.mark.parametrize("mean", [False, True])
@given(world=worlds(whole=False, max_rows=50))
def test_tables_equal_their_oracle(mean: bool, world: World) -> None:
    distances, table, floor = tables_of(world, mean, squared=mean)
    n_clusters = len(world.summary.sizes)
    for t in range(n_clusters):
        members = world.members(t)
        for subspace, b in np.ndindex(distances.shape[:2]):
            counts = np.bincount(members[:, subspace], minlength=distances.shape[1])
            if mean:
                expected = np.float32(0)
                for k in np.flatnonzero(counts):
                    share = np.float32(counts[k] / len(members))
                    expected = expected + share * distances[subspace, b, k]
            else:
                expected = max(distances[subspace, b, k] for k in np.flatnonzero(counts))
            assert table[subspace, b, t] == expected
    assert (table[:, :, n_clusters:] == 0).all()
    for k in range(floor.shape[2]):
        block = table[:, :, k * WIDTH : min((k + 1) * WIDTH, n_clusters)]
        assert (floor[:, :, k] == block.min(axis=2)).all()


@pytest.mark.parametrize("kind", BOUNDS)
@given(world=worlds(whole=False, max_rows=50))
def test_bounds_equal_their_oracle(kind: str, world: World) -> None:
    objective = world.objective(kind)
    distances = world.codebook.sdc_table(squared=kind != "sum")
    for candidate, own in enumerate(objective.candidates.codes):
        expected = [
            bound(kind, own, world.members(t), distances) for t in range(len(objective.table.order))
        ]
        assert objective.bounds(candidate).tolist() == expected
