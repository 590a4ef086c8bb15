"""What FastCore is asked for, and what follows: which parameters go together, what "auto" is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from coresift._errors import ParameterError
from coresift.core.bounds import BOUNDS
from coresift.core.codebook import MAX_CODEWORDS, SUBSPACES
from coresift.core.greedy import GREEDY
from coresift.core.hyperplanes import MAX_PLANES
from coresift.core.parameters import check_choice, check_range
from coresift.gradients import FEW
from coresift.methods._exact import MOST_EXACT_ROWS
from coresift.methods._plan import Plan
from coresift.methods._sampled import MOVES
from coresift.table import Table
from coresift.weightings import Weighting, weighting_type
from coresift.weightings._assignment import REPRESENTATIVES
from coresift.weightings._members import MANY_ROWS

CLUSTERERS = ("lsh", "kmeans", "gmm")
STARTS = ("auto", "sample", "codes")
SWEEPS = 4  # over small classes, for each refinement
SAMPLE_ROWS_PER_CODEWORD = 32
SAMPLE_ROWS_PER_CLUSTER = 4  # of k-means and mixtures
CLUSTER_SAMPLE = 2**13  # but they look at so many rows at least
# What "auto" is, representative and weights: by measurement, docs/measured.md.
FOR_MODELS = "balanced", "calibrated"
FOR_NEIGHBOURS = "medoid", "assignment"  # and where there is nothing to tell apart
MOST_FREE = 10_000  # parameters of a linear model: beyond, a pilot takes longer than all else
# What says how clusters and codes are made, and how rows are chosen by them.
CODE_PARAMETERS = (
    "clusters",
    "n_clusters",
    "n_planes",
    "center",
    "n_subspaces",
    "subspaces",
    "n_codewords",
    "bound",
    "greedy",
    "n_candidates",
    "max_clusters",
    "max_candidates",
)


@dataclass(frozen=True)
class FastCoreParameters(Plan):
    """Every choice that a selection depends on; `coresift.FastCore` documents them."""

    has_clusters: ClassVar[bool] = True

    weights: str = "auto"
    clusters: str = "lsh"
    n_clusters: int | None = None
    n_planes: int = 64
    center: bool = True
    n_subspaces: int | None = None
    subspaces: str = "variance"
    n_codewords: int = 256
    bound: str = "rms"
    greedy: str = "auto"
    n_candidates: int = 500
    refine: int | None = None
    representative: str = "auto"
    pilot: Any = None
    loss: str | None = None
    noise: float | None = None
    gradient: Any = None
    rounds: int = 1
    max_clusters: int | None = None
    max_candidates: int | None = None
    exact_below: int | str = "auto"
    start: str = "auto"

    def __post_init__(self) -> None:
        check_choice("clusters", self.clusters, CLUSTERERS)
        check_choice("bound", self.bound, BOUNDS)
        check_choice("greedy", self.greedy, GREEDY)
        check_choice("representative", self.representative, ("auto", *REPRESENTATIVES))
        check_choice("subspaces", self.subspaces, SUBSPACES)
        check_choice("center", self.center, (True, False))
        check_choice("start", self.start, STARTS)
        check_range("n_planes", self.n_planes, MAX_PLANES)
        check_range("n_codewords", self.n_codewords, MAX_CODEWORDS)
        check_range("n_candidates", self.n_candidates)
        check_range("rounds", self.rounds)
        if self.refine is not None:
            check_range("refine", self.refine, lowest=0)
        for name in ("n_clusters", "n_subspaces", "max_clusters", "max_candidates"):
            if getattr(self, name) is not None:
                check_range(name, getattr(self, name))
        if self.exact_below != "auto":
            check_range("exact_below", self.exact_below, MOST_EXACT_ROWS, lowest=0)
        super().__post_init__()
        if "auto" not in (self.representative, self.weights):
            self._check_together()
        else:
            self.settled(self.target == "regression")

    def settled(self, numbers: bool, n_free: int = 1, n_chosen: int = 1) -> Self:
        """Return the plan with what is "auto" decided, for classes or numbers to predict.

        Parameters
        ----------
        numbers : bool
            Whether y holds numbers to predict.
        n_free : int
            Parameters of a linear model that tells the classes apart; 0 where there is one class.
            With fewer than one row to choose for 20 of them, no gradient can be matched.
        n_chosen : int
            Rows to choose.
        """
        if "auto" not in (self.representative, self.weights):
            return self
        given = self.pilot, self.loss, self.noise, self.gradient
        gradients = self.rounds > 1 or any(value is not None for value in given)
        within = 0 < n_free <= min(MOST_FREE, n_chosen / FEW)
        model = numbers or gradients or within
        representative, weights = FOR_MODELS if model else FOR_NEIGHBOURS
        if self.weights != "auto":
            looks = self.weights == "calibrated" or gradients
            reads = weighting_type(self.weights, type(self)).reads_cells
            return replace(self, representative=representative if looks and reads else "medoid")
        if self.representative == "auto":
            return replace(self, representative=representative, weights=weights)
        if self.representative != "balanced":
            weights = "assignment"
        return replace(self, weights=weights)

    def settled_for(self, table: Table) -> Self:
        """Return the plan for this table."""
        n_free = (len(table.classes) - 1) * (table.source.n_features + 1)
        return self.settled(table.has_numbers, n_free, int(table.quotas(self.budget).sum()))

    def weighting(self) -> Weighting:
        """Return how the chosen rows are weighed; where y decides, as for ``target``."""
        plan = self.settled(self.target == "regression")
        return weighting_type(plan.weights, type(self)).of(plan)

    def _check_together(self) -> None:
        """Refuse parameters that have no meaning together."""
        looks = self.refine or self.representative != "medoid"
        if looks and not self.weighting().reads_cells:
            raise ParameterError(
                f"refine={self.refine!r} and representative={self.representative!r} look at the "
                f"rows of each cell, weights={self.weights!r} at none: use weights='assignment'"
            )
        if self.exact_below not in ("auto", 0) and not self.weighting().reads_cells:
            raise ParameterError(
                f"exact_below={self.exact_below!r} chooses without clusters, and "
                f"weights={self.weights!r} come from clusters: use weights='assignment'"
            )
        if self.clusters == "lsh" and self.n_clusters is not None:
            raise ParameterError(
                f"n_clusters={self.n_clusters!r} is for clusters='kmeans' or 'gmm', clusters='lsh' "
                "finds as many as there are: use n_planes and max_clusters"
            )

    @property
    def codebook_rows(self) -> int:
        """Rows of the sample that the codebook is trained on, the first of them."""
        return SAMPLE_ROWS_PER_CODEWORD * self.n_codewords

    @property
    def sample_rows(self) -> int:  # type: ignore[override]
        """Rows of the sample that everything is trained on."""
        if self.from_sample:
            return 1
        if self.clusters == "lsh":
            return self.codebook_rows
        wanted = SAMPLE_ROWS_PER_CLUSTER * (self.n_clusters or 1)
        return max(self.codebook_rows, CLUSTER_SAMPLE, wanted)

    @property
    def n_refinements(self) -> int:
        """Number of times to look for better medoids: as given, or once where cells are read."""
        return 0 if self.from_sample else self._refine

    @property
    def _refine(self) -> int:
        if self.refine is not None:
            return self.refine
        return int(self.weights in ("auto", "assignment", "calibrated"))

    @property
    def n_moves(self) -> int:
        """Passes over all rows that move what was found in a sample."""
        return MOVES * self._refine if self.from_sample else 0

    def in_sample(self, n_rows: int) -> bool:
        """Whether a sample of so many rows is all that classes that are not small are chosen from.

        Balanced members only need to know which cells there are. Two passes more make these no
        better that can be measured, and take most of the time where rows are many; where they
        are few, they take none. What is "auto" may come to be balanced.
        """
        asked = self.representative in ("medoid", "random") or self.refine is not None
        return self.from_sample and not asked and n_rows > MANY_ROWS

    def notes_cells(self, n_rows: int) -> bool:
        """Whether passes before the last note the cell of each of so many rows."""
        return self.n_refinements > 0 or (self.from_sample and not self.in_sample(n_rows))

    @property
    def n_sweeps(self) -> int:
        """How often each row of a small class may replace a chosen one."""
        return SWEEPS * self._refine if self.from_sample else 0

    @property
    def from_sample(self) -> bool:
        """Whether classes that are not small are chosen from by a sample, and without codes.

        Whoever says how clusters and codes are made means to have them.
        """
        if self.start != "auto":
            return self.start == "sample"
        said = any(
            getattr(self, name) != getattr(FastCoreParameters, name) for name in CODE_PARAMETERS
        )
        weights = "assignment" if self.weights == "auto" else self.weights
        return not said and weighting_type(weights, type(self)).reads_cells

    def n_parts(self, n_features: int) -> int:
        """Return the number of subspaces: as given, or one for each 32 features, 6 to 64."""
        wanted = min(max(6, -(-n_features // 32)), 64)
        return min(wanted if self.n_subspaces is None else self.n_subspaces, n_features)
