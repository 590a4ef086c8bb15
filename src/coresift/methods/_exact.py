"""Classes that are so small that exact distances are better than codes, and faster."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coresift._rng import row_hash
from coresift._runtime import Runtime
from coresift._typing import Counts, Indices
from coresift.core.facility import small_picks
from coresift.core.merge import Together
from coresift.table import Block, Pieces

EXACT_ROWS = 2000  # classes of fewer rows; docs/measured.md says why
EXACT_BYTES = 2**28  # but their rows take no more memory
MOST_EXACT_ROWS = 2**14  # there are 4 bytes for each pair of rows of a class


def small_classes(
    sizes: Counts, n_features: int, limit: int, most_bytes: int = EXACT_BYTES
) -> NDArray[np.bool_]:
    """Return which classes are chosen from exactly, shape (n_classes,), bool.

    Those of fewer than ``limit`` rows, the smallest first, while their rows take no more than
    ``most_bytes``.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.methods._exact import small_classes
    >>> small_classes(np.array([30, 5000, 4]), n_features=10, limit=2000).tolist()
    [True, False, True]
    """
    order = np.argsort(sizes, kind="stable")
    fits = np.cumsum(sizes[order]) * (4 * n_features) <= most_bytes
    small = np.empty(len(sizes), dtype=bool)
    small[order] = fits & (sizes[order] < limit)
    return small


@dataclass(frozen=True, eq=False)
class ReadClasses:
    """Encode the rows of some classes, and hold those of others as they are.

    Parameters
    ----------
    encode : callable or None
        The task for the rows of classes that are not held.
    held : ndarray of shape (n_classes,), bool
    """

    encode: Callable[[Block], Any] | None
    held: NDArray[np.bool_]

    def __call__(self, block: Block) -> Together:
        """Look at a block."""
        kept = self.held[block.class_ids]
        parts: list[Any] = []
        if self.encode is not None:
            parts.append(self.encode(block.where(~kept) if kept.any() else block))
        if self.held.any():
            parts.append(Pieces((block.where(kept),)))
        return Together(tuple(parts))


@dataclass(frozen=True, eq=False)
class Chosen:
    """Rows chosen in some classes, and what is known about them.

    Parameters
    ----------
    row_ids, class_ids : ndarray of shape (k,), int64
    bound : float or None
        What the summed distance of the rows of these classes to the nearest chosen one is not
        above, where that is known.
    mass : int
        How often these rows count, together.
    n_candidates : int
    class_facts : mapping of int to mapping
        What is reported of each class.
    """

    row_ids: Indices
    class_ids: Indices
    bound: float | None = 0.0
    mass: int = 0
    n_candidates: int = 0
    class_facts: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def nothing(cls) -> Chosen:
        """Return what is chosen in no class."""
        return cls(np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))

    def beside(self, other: Chosen) -> Chosen:
        """Return what is chosen in the classes of both."""
        return Chosen(
            np.concatenate([self.row_ids, other.row_ids]),
            np.concatenate([self.class_ids, other.class_ids]),
            None if self.bound is None or other.bound is None else self.bound + other.bound,
            self.mass + other.mass,
            self.n_candidates + other.n_candidates,
            {**self.class_facts, **other.class_facts},
        )


def choose_exactly(
    block: Block, quotas: Indices, small: NDArray[np.bool_], seed: int, n_sweeps: int, run: Runtime
) -> Chosen:
    """Choose in small classes by facility location on the distances between all of their rows."""
    classes, place = np.flatnonzero(small), np.cumsum(small) - 1
    hashes = row_hash(block.row_ids, seed)
    own = quotas[classes]
    given = block.rows, place[block.class_ids], hashes, own, block.weights
    found = small_picks(*given, run.advance, n_sweeps)
    return Chosen(
        block.row_ids[found.places],
        np.repeat(classes, own),
        float(found.scores.sum()),
        len(block.row_ids) if block.weights is None else int(block.weights.sum()),
        len(block.row_ids),
        {class_id: {"exact": True} for class_id in classes.tolist()},
    )
