"""FastCore where the gradients are: its choice from a sample, in PyTorch, on rows on a GPU.

Each class takes the steps of `methods._sampled`: points spread over a sample, moved to the means of
the rows nearest to them, and replaced by rows, which are not exchanged in middling classes; then
each row counts for its nearest chosen row. What leaves the device are row ids, counts, and the rows
of small classes, which are chosen from on the CPU as always. Sums are of whole numbers
(`FixedPoint`), so that the order in which a GPU adds does not matter, and distances are summed
directly: by products they would lose digits.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import torch

from coresift._rng import Purpose, derived_seed, row_hash, stream
from coresift._runtime import Runtime
from coresift._typing import Indices
from coresift.core.budget import resolve_budget, split_budget
from coresift.core.coreset import ClassReport, Coreset, Report
from coresift.core.medoids import FixedPoint
from coresift.core.members import Members
from coresift.methods import FastCorePlan
from coresift.methods._exact import choose_exactly, small_classes
from coresift.methods._sampled import SAMPLE_MOVES, n_tries_of, sample_limits, spread_limits
from coresift.selectors import BaseSelector, FastCore
from coresift.table import Block
from coresift.weightings._refine import TRIED_MEDOIDS

DEVICES = ("cuda",)  # whose rows are chosen there
BLOCK_BYTES = 2**28  # of distances at a time


def stays(device: torch.device, selector: BaseSelector) -> bool:
    """Tell whether a selector chooses on the device: `FastCore` of medoids, as it is by name."""
    if device.type not in DEVICES or type(selector) is not FastCore:
        return False
    plan: FastCorePlan = selector.plan()  # type: ignore[assignment]
    medoids = plan.representative == "medoid" and plan.weights in ("auto", "assignment")
    return plan.from_sample and medoids and plan.scale is None and np.isscalar(plan.budget)


def choose_on_device(rows: Any, labels: Any, plan: FastCorePlan) -> Coreset:
    """Choose and weigh rows.

    Parameters
    ----------
    rows : Tensor of shape (n_rows, n_features), float32
    labels : ndarray of shape (n_rows,) or None
    plan : FastCorePlan
        For which `stays` holds.

    Raises
    ------
    BudgetError
        For a budget that cannot be met.
    """
    start, n_rows = time.perf_counter(), len(rows)
    names, class_ids = np.unique(
        np.zeros(n_rows) if labels is None else labels, return_inverse=True
    )
    sizes, members = np.bincount(class_ids), Members.of(class_ids, len(names))
    quotas = split_budget(resolve_budget(plan.budget, n_rows), sizes)
    small = small_classes(sizes, rows.shape[1], plan.exact_rows, plan.exact_bytes)
    low, high = (edge.numpy(force=True) for edge in (rows.amin(dim=0), rows.amax(dim=0)))
    steps = _Steps(FixedPoint.of(low, high, n_rows))
    large = np.where(small, 0, quotas), np.where(small, 0, sizes)
    limits = sample_limits(*large, rows.shape[1], plan.sample_bytes)
    seed = derived_seed(plan.seed, Purpose.ROWS)

    chosen = [_choose_small(rows, class_ids, quotas, small, plan, seed)] if small.any() else []
    for class_id in np.flatnonzero(~small).tolist():
        own = members[class_id]
        sample = np.argsort(row_hash(own, seed), kind="stable")[: limits[class_id]]
        rng = stream(plan.seed, Purpose.START, class_id)
        given = int(quotas[class_id]), sample, plan.n_moves, rng, steps
        chosen.append(own[_choose_in_class(_at(rows, own), *given)])
    row_ids = np.sort(np.concatenate(chosen))
    weights, score = _weigh(rows, row_ids, class_ids, members)
    facts = zip(names.tolist(), sizes.tolist(), quotas.tolist(), strict=True)
    return Coreset(
        row_ids,
        weights,
        Report(
            n_rows,
            rows.shape[1],
            len(row_ids),
            score,
            {"device": str(rows.device)},
            tuple(ClassReport(*own) for own in facts),
            {"choose": time.perf_counter() - start},
        ),
    )


def nearest(rows: Any, points: Any) -> tuple[Any, Any]:
    """Return the nearest point of each row and its distance, tensors of shape (n_rows,)."""
    found = [
        _distances(part, points).min(dim=1)
        for part in rows.split(max(1, BLOCK_BYTES // (4 * len(points))))
    ]
    return torch.cat([one.indices for one in found]), torch.cat([one.values for one in found])


def _distances(left: Any, right: Any) -> Any:
    return torch.cdist(left, right, compute_mode="donot_use_mm_for_euclid_dist")


def _at(rows: Any, places: Indices) -> Any:
    return rows[torch.from_numpy(places).to(rows.device)]


class _Steps:
    """Whole numbers of steps of a fixed point, and sums of them by cell."""

    def __init__(self, units: FixedPoint) -> None:
        self.units, self.factor = units, math.ldexp(1.0, units.bits)

    def __call__(self, values: Any) -> Any:
        """Return values as int64."""
        return (values.double() * self.factor).round().long()

    def sums(self, values: Any, cells: Any, n_cells: int) -> Any:
        """Return the sums of each cell, shape (n_cells, n_features), int64."""
        empty = torch.zeros((n_cells, values.shape[1]), dtype=torch.int64, device=values.device)
        return empty.index_add_(0, cells, self(values))

    def moved(self, points: Any, rows: Any) -> Any:
        """Return the means of the rows nearest to each point; one without rows stays."""
        cells, _ = nearest(rows, points)
        low = torch.from_numpy(self.units.low).to(rows.device).double()
        totals = self.sums(rows.double() - low, cells, len(points)).double()
        sizes = torch.bincount(cells, minlength=len(points))[:, None]
        means = totals / sizes.clamp(min=1) / self.factor + low
        return torch.where(sizes > 0, means.float(), points)


def _choose_small(
    rows: Any,
    class_ids: Indices,
    quotas: Indices,
    small: Any,
    plan: FastCorePlan,
    seed: int,
) -> Indices:
    """Return the rows of small classes, chosen by the distances between all of their rows."""
    own = np.flatnonzero(small[class_ids])
    block = Block(_at(rows, own).numpy(force=True), class_ids[own], own)
    with Runtime(n_threads=plan.n_threads) as run:
        return choose_exactly(block, quotas, small, seed, plan.n_sweeps, run).row_ids


def _choose_in_class(
    rows: Any,
    quota: int,
    sample: Indices,
    n_moves: int,
    rng: np.random.Generator,
    steps: _Steps,
) -> Indices:
    """Return places among the rows of a class, ``quota`` of them."""
    if quota == len(rows):
        return np.arange(quota)
    own = _at(rows, sample)
    n_features = own.shape[1]
    limit = int(spread_limits(np.array(quota), np.array(len(rows)), n_features))
    shares = rng.random((quota, n_tries_of(quota, n_features)))
    points = own[_spread(own[:limit], shares, steps)]
    for _ in range(SAMPLE_MOVES):
        points = steps.moved(points, own)
    for _ in range(n_moves):
        points = steps.moved(points, rows)
    places = _medoids(points, rows, steps).numpy(force=True)
    more = sample[~np.isin(sample, places)][: quota - len(places)]
    return np.append(places, more)


def _spread(rows: Any, shares: Any, steps: _Steps) -> Any:
    """Return places of rows that are spread as `core.facility.spread_rows` spreads them.

    Nothing is read back from the device in between. Where nothing is left to cover, the last row
    is drawn.
    """
    extent = (rows.amax(dim=0) - rows.amin(dim=0)).norm()
    cover, picks = steps(extent).clamp(min=1).expand(len(rows)), []
    for share in torch.from_numpy(shares).to(rows.device):
        ends = cover.cumsum(dim=0)
        target = (share * ends[-1]).long()
        drawn = torch.searchsorted(ends, target, right=True).clamp(max=len(rows) - 1)
        left = torch.minimum(cover, steps(_distances(rows[drawn], rows)))
        best = left.sum(dim=1).argmin()
        cover = left[best]
        picks.append(drawn[best])
    return torch.stack(picks).unique()


def _medoids(points: Any, rows: Any, steps: _Steps) -> Any:
    """Return for each point that has rows the best of those nearest to it."""
    cells, distances = nearest(rows, points)
    order = distances.argsort(stable=True)
    order = order[cells[order].argsort(stable=True)]  # by cell, the nearest first
    sizes = torch.bincount(cells, minlength=len(points))
    rank = torch.arange(TRIED_MEDOIDS, device=rows.device).minimum(
        (sizes[:, None] - 1).clamp(min=0)
    )
    first = (sizes.cumsum(dim=0) - sizes)[:, None]
    tried = order[(first + rank).clamp(max=len(rows) - 1)]  # (n_points, TRIED_MEDOIDS)
    apart = [(rows - rows[own[cells]]).norm(dim=1) for own in tried.T]
    best = steps.sums(torch.stack(apart, dim=1), cells, len(points)).argmin(dim=1)
    return tried.gather(1, best[:, None])[sizes > 0, 0]


def _weigh(rows: Any, row_ids: Indices, class_ids: Indices, members: Members) -> tuple[Any, float]:
    """Return how many rows each chosen row counts for, and the mean distance to it (Eq. 5)."""
    weights, total = np.empty(len(row_ids)), 0.0
    of_chosen = class_ids[row_ids]
    for class_id in np.unique(of_chosen).tolist():
        places, own = np.flatnonzero(of_chosen == class_id), members[class_id]
        chosen = row_ids[places]
        cells, distances = nearest(_at(rows, own), _at(rows, chosen))
        cells = cells.numpy(force=True)
        cells[np.searchsorted(own, chosen)] = np.arange(len(chosen))  # of equal rows, too
        weights[places] = np.bincount(cells, minlength=len(chosen))
        total += float(distances.double().sum())
    return weights, total / len(rows)
