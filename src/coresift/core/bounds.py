"""The bounds on the distance between a code and the rows of a cluster (Section 5.2).

Each is a sum over subspaces l of a term between the codeword of the item and those seen in the
cluster. A new bound is a new line of `BOUNDS`, and what the kernel does with its columns.
"""

from __future__ import annotations

from dataclasses import dataclass

from coresift.core.parameters import check_choice


@dataclass(frozen=True)
class Bound:
    """How terms are made, and what their sum is above.

    Parameters
    ----------
    squared : bool
        Sum squared distances, and take the root of the sum.
    average : bool
        Average over the rows of the cluster, where else the largest counts.
    """

    squared: bool
    average: bool

    @property
    def target(self) -> str:
        """What the bound is above: a distance between the item and the rows of the cluster."""
        return "mean distance" if self.average else "largest distance"


BOUNDS = {
    # sum_l max_{k in C_t} cb_l[q_j][q_k], as the paper has it (Eq. 9)
    "sum": Bound(squared=False, average=False),
    # sqrt(sum_l max_{k in C_t} cb_l[q_j][q_k]^2), never larger, and still above every distance
    "root": Bound(squared=True, average=False),
    # sqrt(sum_l mean_{k in C_t} cb_l[q_j][q_k]^2), the root-mean-square distance, never larger than
    # either: by Jensen's inequality |C_t| times it still bounds the sum of the distances, which is
    # what Eq. 6 needs and where the paper takes a maximum
    "rms": Bound(squared=True, average=True),
}


def bound_of(name: str) -> Bound:
    """Return the bound of a name.

    Raises
    ------
    ParameterError
        For a name that is not known.

    Examples
    --------
    >>> from coresift.core.bounds import bound_of
    >>> bound_of("rms")
    Bound(squared=True, average=True)
    """
    check_choice("bound", name, BOUNDS)
    return BOUNDS[name]
