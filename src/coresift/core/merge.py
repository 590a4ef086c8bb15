"""What adds up over chunks: the protocol, several at once, and the smallest of each group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from coresift._errors import ParameterError
from coresift._typing import Counts, Indices

Array = NDArray[Any]


class Mergeable(Protocol):
    """The result of a pass over some of the rows.

    `merge` is associative and commutative, and exact: the rows may be cut into chunks and parts
    in any way, and read in any order.
    """

    def merge(self, other: Self) -> Self:
        """Return the result for both sets of rows, as a new object."""


@dataclass(frozen=True, eq=False)
class Together:
    """Several results of one pass.

    Parameters
    ----------
    parts : tuple of Mergeable

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.merge import Count, Together
    >>> both = Together((Count.of(np.array([0, 1, 1]), 2), Count.of(np.array([2]), 3)))
    >>> [part.counts.tolist() for part in both.merge(both).parts]
    [[2, 4], [0, 0, 2]]
    """

    parts: tuple[Any, ...]

    def merge(self, other: Together) -> Together:
        """Return the results for both sets of rows."""
        return Together(tuple(a.merge(b) for a, b in zip(self.parts, other.parts, strict=True)))


def counted(numbers: Indices, n_numbers: int, steps: Counts | None = None) -> Counts:
    """Count how often each of ``range(n_numbers)`` occurs, shape (n_numbers,), int64.

    With ``steps``, of the shape of ``numbers``, int64, each counts so many times; the total is
    below 2**53.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.merge import counted
    >>> counted(np.array([0, 2, 2]), 3, np.array([5, 1, 2])).tolist()
    [5, 0, 3]
    """
    if steps is None:
        return np.bincount(numbers, minlength=n_numbers).astype(np.int64)
    # as float64, in which whole numbers of that size are exact
    return np.bincount(numbers, steps, minlength=n_numbers).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Count:
    """Whole numbers that add up.

    Parameters
    ----------
    counts : ndarray of int64, of any shape
    """

    counts: Counts

    @classmethod
    def of(cls, numbers: Indices, n_numbers: int, steps: Counts | None = None) -> Count:
        """Count how often each of ``range(n_numbers)`` occurs; see `counted`."""
        return cls(counted(numbers, n_numbers, steps))

    def merge(self, other: Count) -> Count:
        """Return the sum."""
        return Count(self.counts + other.counts)


@dataclass(frozen=True, eq=False)
class BottomK:
    """The rows of smallest key of each group, with something that they carry.

    Parameters
    ----------
    limits : ndarray of shape (n_groups,), int64
        How many rows to keep of each group.
    groups : ndarray of shape (k,), int64
        Ascending.
    keys : tuple of ndarray of shape (k,)
        The most significant first; rows of equal keys go by their ids.
    row_ids : ndarray of shape (k,), int64
        Sorted by (group, keys, row id).
    payload : tuple of ndarray of shape (k, ...)

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.merge import BottomK
    >>> groups, keys = np.array([1, 0, 1, 1]), np.array([3.0, 9.0, 1.0, 2.0])
    >>> kept = BottomK.of(groups, (keys,), np.arange(4), limits=np.array([1, 2]))
    >>> kept.groups.tolist(), kept.row_ids.tolist()
    ([0, 1, 1], [1, 2, 3])
    """

    limits: Counts
    groups: Indices
    keys: tuple[Array, ...]
    row_ids: Indices
    payload: tuple[Array, ...] = ()

    @classmethod
    def of(
        cls,
        groups: Indices,
        keys: tuple[Array, ...],
        row_ids: Indices,
        limits: Counts,
        payload: tuple[Array, ...] = (),
    ) -> BottomK:
        """Keep at most ``limits[g]`` of the rows of group g; row ids are distinct."""
        near = _within_reach(keys[0], limits)
        order = near[_order(groups[near], tuple(key[near] for key in keys), row_ids[near])]
        ordered = groups[order]
        kept = order[rank_in_group(ordered) < limits[ordered]]
        return cls(
            limits,
            groups[kept],
            tuple(key[kept] for key in keys),
            row_ids[kept],
            tuple(carried[kept] for carried in payload),
        )

    def merge(self, other: BottomK) -> BottomK:
        """Return what is kept of both sets of rows.

        Raises
        ------
        ParameterError
            Where the limits differ.
        """
        if not np.array_equal(self.limits, other.limits):
            raise ParameterError(
                "cannot merge rows kept under different limits: keep both under the same"
            )
        return BottomK.of(
            np.concatenate([self.groups, other.groups]),
            _side_by_side(self.keys, other.keys),
            np.concatenate([self.row_ids, other.row_ids]),
            self.limits,
            _side_by_side(self.payload, other.payload),
        )

    def limited(self, limits: Counts) -> BottomK:
        """Return what is kept of the same rows under limits that are no larger."""
        kept = rank_in_group(self.groups) < limits[self.groups]
        return BottomK(
            limits,
            self.groups[kept],
            tuple(key[kept] for key in self.keys),
            self.row_ids[kept],
            tuple(carried[kept] for carried in self.payload),
        )

    def of_group(self, group: int) -> BottomK:
        """Return the part of one group."""
        here = slice(*np.searchsorted(self.groups, [group, group + 1]))
        return BottomK(
            self.limits,
            self.groups[here],
            tuple(key[here] for key in self.keys),
            self.row_ids[here],
            tuple(carried[here] for carried in self.payload),
        )

    def table(self, first: Indices) -> Indices:
        """Return ``first`` and the kept rows of each group, shape (n_groups, 1 + limit), int64.

        Groups of fewer rows repeat the first.
        """
        table = np.repeat(first[:, None], 1 + int(self.limits.max()), axis=1)
        table[self.groups, 1 + rank_in_group(self.groups)] = self.row_ids
        return table


def rank_in_group(groups: Indices) -> Indices:
    """Return how many rows of its group stand before each row; ``groups`` ascend."""
    places = np.arange(len(groups))
    first = np.zeros(len(groups), dtype=np.int64)
    begins = np.flatnonzero(groups[1:] != groups[:-1]) + 1
    first[begins] = begins
    return places - np.maximum.accumulate(first)


def _within_reach(key: Array, limits: Counts) -> Indices:
    """Return the rows that may be kept: a cheap cut before the sort, where there is one group."""
    limit = int(limits[0]) if len(limits) == 1 else len(key)
    if not 0 < limit < len(key):
        return np.arange(len(key))
    return np.flatnonzero(key <= np.partition(key, limit - 1)[limit - 1])  # equal keys all stay


def _order(groups: Indices, keys: tuple[Array, ...], row_ids: Indices) -> Indices:
    """Return the order by group, keys and row ids."""
    order = np.argsort(keys[0])  # need not be stable: equal keys are put in order by themselves
    ordered = keys[0][order]
    equal = ordered[1:] == ordered[:-1]
    if equal.any():
        tied = np.flatnonzero(np.append(equal, False) | np.append(False, equal))
        rows = order[tied]
        order[tied] = rows[np.lexsort((row_ids[rows], *(key[rows] for key in reversed(keys))))]
    return order[np.argsort(_narrow(groups[order]), kind="stable")]


def _narrow(groups: Indices) -> Indices | NDArray[np.uint16]:
    """Return groups as 16 bits where they fit, which sort in a fraction of the time."""
    few = len(groups) > 0 and groups.max() < 2**16
    return groups.astype(np.uint16) if few else groups


def _side_by_side(left: Sequence[Array], right: Sequence[Array]) -> tuple[Array, ...]:
    return tuple(np.concatenate([a, b]) for a, b in zip(left, right, strict=True))
