"""How rows become a summary: what two summaries must share to be merged."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np

from coresift._errors import ParameterError
from coresift.core.parameters import check_range
from coresift.core.summary import Layout
from coresift.methods import FastCorePlan

_LARGE = 2**62  # more rows than any class has


@dataclass(frozen=True)
class Recipe:
    """Parameters of `coresift.FastCore` that a summary depends on.

    Parameters
    ----------
    scale, n_planes, center, n_subspaces, subspaces, n_codewords, seed
        As in `coresift.FastCore`; seed is its ``random_state``.
    most_rows : int
        Most rows of a class that will be chosen from it.

    Raises
    ------
    ParameterError
        For a value outside its documented range.
    """

    scale: str | None = "minmax"
    n_planes: int = 64
    center: bool = True
    n_subspaces: int | None = None
    subspaces: str = "variance"
    n_codewords: int = 256
    seed: int = 0
    most_rows: int = 2000

    def __post_init__(self) -> None:
        check_range("most_rows", self.most_rows)
        self.plan(1)

    def plan(self, budget: float, **settings: Any) -> FastCorePlan:
        """Return the method; weights come from clusters, as a summary has no rows."""
        encoding = {name: value for name, value in asdict(self).items() if name != "most_rows"}
        return FastCorePlan(budget, weights="cluster", target="classes", **encoding, **settings)

    def layout(self, n_features: int, n_classes: int) -> Layout:
        """Return how large a summary may grow: the same for all classes, whatever their sizes."""
        plan = self.plan(1)
        one = plan.layout(np.array([self.most_rows]), np.array([_LARGE]), plan.n_parts(n_features))
        return Layout(
            one.n_subspaces,
            one.n_bits,
            one.max_clusters * n_classes,
            one.max_candidates * n_classes,
            one.seed,
        )

    def difference(self, other: Recipe) -> str | None:
        """Say in which parameter two recipes differ, None where in none."""
        for field in fields(self):
            left, right = getattr(self, field.name), getattr(other, field.name)
            if left != right:
                return f"{field.name} is {left!r} in one and {right!r} in the other"
        return None

    @classmethod
    def of(cls, values: Any) -> Recipe:
        """Build a recipe of what a file says.

        Raises
        ------
        ParameterError
        """
        try:
            return cls(**values)
        except TypeError as error:
            raise ParameterError(f"these are not the parameters of a summary ({error})") from error
