"""What a weighting is: chosen rows to weighted rows, for any method."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, fields
from functools import cache
from typing import Any, ClassVar, Self

from coresift._found import concrete_in, modules_beside
from coresift._runtime import Runtime
from coresift.core.coreset import Choice, Weighed
from coresift.core.parameters import check_choice
from coresift.table import Table


@dataclass(frozen=True)
class Weighting(ABC):
    """How chosen rows get their weights.

    A file ``weightings/_NAME.py`` with a subclass of this name is all that a weighting takes: it
    is found there, and serves every method at once. Its fields are taken from the plan.
    """

    name: ClassVar[str]  # of those that can be asked for
    reads_cells: ClassVar[bool] = False  # whether it looks at the rows of each chosen row

    @classmethod
    def serves(cls, plan_type: Any) -> bool:
        """Tell whether it makes sense for a method."""
        del plan_type
        return True

    @classmethod
    def of(cls, plan: Any) -> Self:
        """Build it with the parameters of a plan that are its own."""
        own = (field.name for field in fields(cls) if hasattr(plan, field.name))
        return cls(**{name: getattr(plan, name) for name in own})

    @property
    def sample_rows(self) -> int:
        """Rows of the first pass that it wants to keep."""
        return 0

    @property
    def reads_gradients(self) -> bool:
        """Whether it looks at gradients of rows."""
        return False

    @abstractmethod
    def weigh(self, table: Table, choice: Choice, run: Runtime) -> Weighed:
        """Weigh the chosen rows: positive, summing to the size of each class."""


@cache
def _all() -> dict[str, type[Weighting]]:
    """Return every weighting by name."""
    found: dict[str, type[Weighting]] = {}
    for module in modules_beside(__file__):
        kinds = concrete_in(f"coresift.weightings.{module}", Weighting)  # type: ignore[type-abstract]
        found |= {kind.name: kind for kind in kinds}
    return found


def weighting_names(plan_type: Any) -> tuple[str, ...]:
    """Return the names of the weightings that serve a method.

    Examples
    --------
    >>> from coresift.methods import UniformPlan
    >>> from coresift.weightings import weighting_names
    >>> "uniform" in weighting_names(UniformPlan), "cluster" in weighting_names(UniformPlan)
    (True, False)
    """
    return tuple(name for name, kind in _all().items() if kind.serves(plan_type))


def weighting_type(name: str, plan_type: Any) -> type[Weighting]:
    """Return the weighting of a name.

    Raises
    ------
    ParameterError
        For a name that is not known, or that does not serve the method.
    """
    check_choice("weights", name, weighting_names(plan_type))
    return _all()[name]
