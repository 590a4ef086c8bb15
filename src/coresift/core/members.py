"""Which rows belong to which class, for as many classes as there may be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from coresift._typing import Indices


@dataclass(frozen=True, eq=False)
class Members:
    """The positions of the rows of each group.

    Parameters
    ----------
    order : ndarray of shape (n_rows,), int64
        Positions, group by group, ascending in each.
    edges : ndarray of shape (n_groups + 1,), int64
        Where each group begins and ends in ``order``.

    Examples
    --------
    >>> import numpy as np
    >>> from coresift.core.members import Members
    >>> members = Members.of(np.array([1, 0, 1]), n_groups=3)
    >>> [members[group].tolist() for group in range(3)]
    [[1], [0, 2], []]
    """

    order: Indices
    edges: Indices

    @classmethod
    def of(cls, groups: Indices, n_groups: int) -> Members:
        """Sort the rows by group, ``groups`` of shape (n_rows,), int64."""
        # Numpy sorts 16 bits by counting: several times faster.
        short = groups.astype(np.uint16) if n_groups <= 2**16 else groups
        order = np.argsort(short, kind="stable")
        sizes = np.bincount(groups, minlength=n_groups)
        return cls(order, np.concatenate([[0], np.cumsum(sizes)]))

    def __getitem__(self, group: int) -> Indices:
        return self.order[self.edges[group] : self.edges[group + 1]]
