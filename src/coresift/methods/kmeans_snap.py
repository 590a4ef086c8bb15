"""k-means, each mean snapped to a row: what a user would try first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from sklearn.cluster import MiniBatchKMeans
from sklearn.metrics import pairwise_distances_argmin_min

from coresift._rng import Purpose, derived_seed, row_hash, stream
from coresift._runtime import Runtime
from coresift._threads import one_blas_thread
from coresift._typing import Counts, Float32, Indices, Rows
from coresift.core.coreset import Choice
from coresift.core.kmeans import reproducible
from coresift.core.nearest import CenterTiles
from coresift.core.parameters import check_range
from coresift.methods._plan import Plan
from coresift.table import Table

_WIDE = 128  # features
_ROUNDS = 8  # of means that want a row which a nearer one has; the rest take the next rows


@dataclass(frozen=True)
class KMeansSnapPlan(Plan):
    """Every choice that a selection depends on; `coresift.KMeansSnap` documents them."""

    holds_rows: ClassVar[bool] = True

    batch_size: int = 1024

    def __post_init__(self) -> None:
        check_range("batch_size", self.batch_size)
        super().__post_init__()

    def choose(self, table: Table, run: Runtime) -> Choice:
        """Choose the rows nearest to the means of each class."""
        quotas = table.quotas(self.budget)
        block = table.gather(run)
        rows, class_ids, weights = block.rows, block.class_ids, block.weights
        ranks = derived_seed(self.seed, Purpose.ROWS)
        chosen: list[Indices] = []
        with run.stage("choose", int(quotas.sum())), reproducible():
            for class_id, quota in enumerate(quotas.tolist()):
                here = np.flatnonzero(class_ids == class_id)
                # in the order of a hash: the order of the input has no meaning
                here = here[np.argsort(row_hash(block.row_ids[here], ranks), kind="stable")]
                seed = int(stream(self.seed, Purpose.CLUSTERS, class_id).integers(2**32))
                times = None if weights is None else weights[here]
                chosen.append(here[choose(rows[here], quota, self.batch_size, seed, times)])
                run.advance(quota)
        places = np.sort(np.concatenate(chosen))
        return Choice(block.row_ids[places], class_ids[places])


def choose(
    rows: Rows, quota: int, batch_size: int, seed: int, steps: Counts | None = None
) -> Indices:
    """Return distinct positions in the rows of a class, shape (quota,); call it in `reproducible`.

    With ``steps``, shape (n_rows,), int64, a row counts so many times in the means.

    Rows of different values come first; equal rows only where there are no others.
    """
    if quota == len(rows):
        return np.arange(quota)
    if not _has_more_values(rows[: 2 * quota], quota):  # sorting all rows takes its time
        first = np.unique(rows, axis=0, return_index=True)[1]
        if quota >= len(first):
            others = np.delete(np.arange(len(rows)), first)
            return np.concatenate([first, others[: quota - len(first)]])
    means = _means(rows, quota, batch_size, seed, steps)
    found = _nearest(rows, means)[0]
    if _has_more_values(rows[found], quota - 1):
        return found
    values, first = np.unique(rows, axis=0, return_index=True)
    return np.asarray(first[snap(means, values)])


def _has_more_values(rows: Rows, number: int) -> bool:
    """Tell whether so many rows, and one more, are different."""
    return len(np.unique(rows, axis=0)) > number


def _means(rows: Rows, n_means: int, batch_size: int, seed: int, steps: Counts | None) -> Float32:
    model = MiniBatchKMeans(
        n_means, batch_size=batch_size, n_init=1, compute_labels=False, random_state=seed
    )
    weights = None if steps is None else steps / steps.mean()
    # One thread: the sums of k-means must not depend on how many there are.
    with one_blas_thread():
        model.fit(rows, sample_weight=weights)
        return np.asarray(model.cluster_centers_, dtype=np.float32)


def _nearest(rows: Rows, means: Float32) -> tuple[Indices, Float32]:
    """Return the nearest row of each mean, and its distance.

    Arranging the rows for the exact kernel pays for narrow ones only: on 212,404 rows of 54
    features it takes 0.7 of the time of matrix products, on 6,742 rows of 784 twelve times.
    """
    if rows.shape[1] < _WIDE:
        return CenterTiles.of(rows).nearest(means)
    with one_blas_thread():
        return pairwise_distances_argmin_min(means, rows)  # type: ignore[no-any-return]


def snap(means: Float32, rows: Rows) -> Indices:
    """Return a row of its own for each mean, the nearest one that no nearer mean has.

    Parameters
    ----------
    means : ndarray of shape (n_means, n_features), float32
    rows : ndarray of shape (n_rows, n_features), float32
        At least as many.

    Returns
    -------
    ndarray of shape (n_means,), int64
        Distinct positions in ``rows``; in the order in which they were found.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.methods.kmeans_snap import snap
    >>> rows = np.array([[0.0], [1.0], [5.0]], dtype=np.float32)
    >>> sorted(snap(np.array([[0.1], [0.2]], dtype=np.float32), rows).tolist())
    [0, 1]
    """
    free, found = np.arange(len(rows)), [np.zeros(0, dtype=np.int64)]
    for _ in range(_ROUNDS):
        nearest, distances = _nearest(rows[free], means)
        order = np.lexsort((distances, nearest))
        taken, place = np.unique(nearest[order], return_index=True)
        found.append(free[taken])
        means = np.delete(means, order[place], axis=0)
        free = np.delete(free, taken)
        if not len(means):
            break
    return np.concatenate([*found, free[: len(means)]])
