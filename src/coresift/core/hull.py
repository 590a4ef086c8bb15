"""Convex hulls of clusters in two-dimensional subspaces (Section 5.2)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.spatial import ConvexHull, QhullError

from coresift._kernels import hull as kernels
from coresift._threads import run_all, run_blocks
from coresift._typing import Counts, Float32, Float64, Indices, Rows
from coresift.core.merge import counted

# Sets no larger are kept whole: their hull would save less than Qhull costs, and a superset of
# the hull has the same farthest point.
_SMALL = 8
_SHARED = 16  # at most so many points of all rows in a subspace count as few
_TABLE_CELLS = 2**25  # of combinations times clusters; 256 MiB


def farthest_points(points: Float32) -> Float32:
    """Return points among which, for any place, one is as far from it as any point given.

    Parameters
    ----------
    points : ndarray of shape (n_points, 2), float32
        Distinct, sorted by x and then y.

    Returns
    -------
    ndarray of shape (n_vertices, 2), float32
        All points where they are few; the two ends where all lie on one line; else the vertices
        of the convex hull, and the points that Qhull, which merges facets that are nearly one,
        leaves outside of it.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.hull import farthest_points
    >>> grid = np.array([(x, y) for x in range(4) for y in range(4)], dtype=np.float32)
    >>> farthest_points(grid).tolist()
    [[0.0, 0.0], [0.0, 3.0], [3.0, 0.0], [3.0, 3.0]]
    """
    if len(points) <= _SMALL:
        return points
    exact = points.astype(np.float64)
    along = exact - exact[0]
    if not (along[:, 0] * along[-1, 1] - along[:, 1] * along[-1, 0]).any():
        return points[[0, -1]]  # ends of a line are the first and the last in this order
    try:
        hull = ConvexHull(exact)
    except QhullError:  # too thin for its precision
        return points
    kept = np.zeros(len(points), dtype=bool)
    kept[hull.vertices] = True
    # A few at a time: facets times points may be many.
    for start in range(0, len(points), 4096):
        part = slice(start, start + 4096)
        beyond = exact[part] @ hull.equations[:, :2].T + hull.equations[:, 2]
        kept[part] |= (beyond > 0).any(axis=1)
    return points[kept]


def pair_up(rows: Rows) -> Rows:
    """Return rows with two columns for each subspace: runs of two features, as in the paper.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_features), float32

    Returns
    -------
    ndarray of shape (n_rows, 2 * n_subspaces), float32
        The subspace of largest variance first, so that sums grow fast. An odd last feature is
        paired with zeros.
    """
    if rows.shape[1] % 2:
        rows = np.concatenate([rows, np.zeros((len(rows), 1), dtype=np.float32)], axis=1)
    variance = rows.var(axis=0, dtype=np.float64).reshape(-1, 2).sum(axis=1)
    order = np.argsort(-variance, kind="stable")
    columns = np.stack([2 * order, 2 * order + 1], axis=1).reshape(-1)
    return np.ascontiguousarray(rows[:, columns])


def _distinct(rows: Rows, clusters: Indices, subspace: int) -> tuple[Indices, Float32]:
    """Return cluster and coordinates of the distinct points of a subspace, both sorted."""
    x, y = rows[:, 2 * subspace], rows[:, 2 * subspace + 1]
    order = np.lexsort((y, x, clusters))
    points = np.stack([x[order], y[order]], axis=1)
    clusters = clusters[order]
    first = np.ones(len(order), dtype=bool)
    first[1:] = (clusters[1:] != clusters[:-1]) | (points[1:] != points[:-1]).any(axis=1)
    return clusters[first], points[first]


def _vertices(rows: Rows, clusters: Indices, n_clusters: int, subspace: int) -> list[Float32]:
    """Return the vertices of each cluster in one subspace."""
    owners, points = _distinct(rows, clusters, subspace)
    edges = np.searchsorted(owners, np.arange(n_clusters + 1)).tolist()
    return [farthest_points(points[start:stop]) for start, stop in pairwise(edges)]


@dataclass(frozen=True, eq=False)
class Hulls:
    """Hull vertices of each cluster of a class in each subspace; see `_kernels.hull`.

    Parameters
    ----------
    starts : ndarray of shape (T * n_subspaces + 1,), int64
    points : ndarray of shape (n_vertices, 2), float32
    sizes : ndarray of shape (T,), int64
        Rows of each cluster; of weighted rows, their weights in steps.
    worst : float
        No bound is above it: the sum of the diagonals of the subspaces.
    """

    starts: Indices
    points: Float32
    sizes: Counts
    worst: float

    @classmethod
    def of(
        cls, rows: Rows, clusters: Indices, n_clusters: int, steps: Counts | None = None
    ) -> Hulls:
        """Build the hulls.

        Parameters
        ----------
        rows : ndarray of shape (n_rows, 2 * n_subspaces), float32
            Scaled, see `pair_up`.
        clusters : ndarray of shape (n_rows,), int64
            From 0 to ``n_clusters - 1``, each with a row.
        steps : ndarray of shape (n_rows,), int64, or None
            How many times a row counts; None is once.
        """
        n_subspaces = rows.shape[1] // 2

        def build(subspace: int) -> list[Float32]:
            return _vertices(rows, clusters, n_clusters, subspace)

        by_subspace = run_all(build, range(n_subspaces))
        parts = [found[t] for t in range(n_clusters) for found in by_subspace]
        starts = np.concatenate([[0], np.cumsum([len(part) for part in parts])])
        low, high = rows.min(axis=0).astype(np.float64), rows.max(axis=0).astype(np.float64)
        diagonals = np.hypot(*(high - low).reshape(n_subspaces, 2).T)
        sizes = counted(clusters, n_clusters, steps)
        # Above every bound, whatever is rounded, and above zero where all rows are equal.
        worst = float(diagonals.sum()) * (1 + 1e-6) + float(np.finfo(np.float64).tiny)
        return cls(starts, np.concatenate(parts), sizes, worst)

    def bounds(
        self, rows: Rows, subspaces: Indices | None = None, limits: Float64 | None = None
    ) -> Float64:
        """Return u_jt of rows of shape (n, 2 * n_subspaces), or the part of some subspaces.

        Parameters
        ----------
        rows : ndarray of shape (n, 2 * n_subspaces), float32
        subspaces : ndarray of int64, or None
        limits : ndarray of shape (T,), float64, or None
            In place of what is not below them, they are returned.

        Returns
        -------
        ndarray of shape (n, T), float64
            Above the largest distance to a row of the cluster.
        """
        if subspaces is None:
            subspaces = np.arange(rows.shape[1] // 2)
        if limits is None:
            limits = np.full(len(self.sizes), np.inf)
        bounds = np.empty((len(rows), len(self.sizes)), dtype=np.float64)
        kernels.fill_bounds(rows, self.starts, self.points, subspaces, limits, bounds)
        return bounds


class HullObjective:
    """The Cluster-GA objective of one class (Eq. 8) over bounds from hulls, and a state of it.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, 2 * n_subspaces), float32
        The candidates, see `pair_up`.
    hulls : Hulls

    Notes
    -----
    In some subspaces, such as pairs of one-hot columns, all rows share a few points. There the
    parts of the bounds are computed once for each combination that occurs. Where a table of all
    bounds is small, those of a row are computed once, when they are first asked for.
    """

    def __init__(self, rows: Rows, hulls: Hulls) -> None:
        self.n_rows = len(rows)
        self.has_cheap_upper = False
        self._rows, self._hulls = rows, hulls
        self._cover = np.full(len(hulls.sizes), hulls.worst)
        self.owners = np.full(len(hulls.sizes), -1, dtype=np.int64)
        shared = _shared_subspaces(rows)
        first, part_of = _combinations(rows, shared)
        if len(first) * len(hulls.sizes) > _TABLE_CELLS:
            shared = shared[:0]
            first, part_of = _combinations(rows, shared)
        self._subspaces = np.setdiff1d(np.arange(rows.shape[1] // 2), shared)
        self._unknown = np.zeros(self.n_rows, dtype=bool)
        self._order = np.concatenate([shared, self._subspaces])  # of the sums
        if self.n_rows * len(hulls.sizes) <= _TABLE_CELLS:
            self._unknown[:] = True
            self._part_of, self._subspaces = np.arange(self.n_rows), shared[:0]
            self._parts = np.empty((self.n_rows, len(hulls.sizes)))
        else:
            self._part_of, self._parts = part_of, hulls.bounds(rows[first], shared)

    @property
    def counts(self) -> Counts:
        """One row behind each candidate."""
        return np.ones(self.n_rows, dtype=np.int64)

    def gains(self, which: Indices) -> Float64:
        """Return the gain of each candidate in ``which``, shape (len(which),), float64."""
        gains, hulls = np.empty(len(which), dtype=np.float64), self._hulls
        self._look_at(which)

        def fill(part: slice) -> None:
            kernels.fill_gains(
                which[part],
                self._rows,
                hulls.starts,
                hulls.points,
                self._subspaces,
                self._parts,
                self._part_of,
                hulls.sizes,
                self._cover,
                gains[part],
            )

        run_blocks(fill, len(which), minimum=16)
        return gains

    def _look_at(self, which: Indices) -> None:
        """Fill the bounds of rows that are looked at for the first time.

        One that is not below the cover never will be, since covers only fall: the cover will do.
        """
        new = np.unique(which[self._unknown[which]])

        def fill(part: slice) -> None:
            self._parts[new[part]] = self._hulls.bounds(
                self._rows[new[part]], self._order, self._cover
            )

        if len(new):
            run_blocks(fill, len(new), minimum=16)
            self._unknown[new] = False

    def upper(self, which: Indices) -> Float64:
        """Return the gains: nothing is cheaper."""
        return self.gains(which)

    def absorb(self, candidate: int) -> None:
        """Choose a candidate: changes the cover and the owners."""
        self._look_at(np.array([candidate]))
        kernels.absorb(
            candidate,
            self._rows,
            self._hulls.starts,
            self._hulls.points,
            self._subspaces,
            self._parts,
            self._part_of,
            self._cover,
            self.owners,
        )

    def score(self) -> float:
        """Return ``sum_t |C_t| cover_t`` (Eq. 8)."""
        return float((self._hulls.sizes * self._cover).sum())


def _shared_subspaces(rows: Rows) -> Indices:
    """Return the subspaces in which the rows have at most `_SHARED` different points."""
    points = rows.view(np.complex64)  # a number for both coordinates: these are sorted fast
    look = points[: _SHARED * 64]  # a subspace with more points than that shows it soon
    found = [
        subspace
        for subspace in range(points.shape[1])
        if len(np.unique(look[:, subspace])) <= _SHARED
        and len(np.unique(points[:, subspace])) <= _SHARED
    ]
    return np.array(found, dtype=np.int64)


def _combinations(rows: Rows, subspaces: Indices) -> tuple[Indices, Indices]:
    """Return a row of each combination of points in some subspaces, and which each row has."""
    columns = np.stack([2 * subspaces, 2 * subspaces + 1], axis=1).reshape(-1)
    if len(columns) == 0:
        return np.zeros(1, dtype=np.int64), np.zeros(len(rows), dtype=np.int64)
    combination = np.zeros(len(rows), dtype=np.int64)
    for column in columns:  # one column at a time: numbers of combinations stay below n_rows
        _, value = np.unique(rows[:, column], return_inverse=True)
        _, combination = np.unique(combination * (value.max() + 1) + value, return_inverse=True)
    _, first = np.unique(combination, return_index=True)
    return first, combination
