"""Training in PyTorch: the paper's linear protocol, and selection for deep networks (Algorithm 2).

torch is imported when a name that needs it is asked for, or a model is fitted.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from coresift.torch._classifier import NetworkClassifier
from coresift.torch._descent import LOSSES, Descent, SGDSettings, descend, import_torch
from coresift.torch._linear import LinearClassifier
from coresift.torch._schedule import Schedule

if TYPE_CHECKING:
    from coresift.torch._draws import DrawSampler, draw
    from coresift.torch._gradients import LastLayer, last_layer_gradients
    from coresift.torch._losses import weighted_loss
    from coresift.torch._networks import cnn, mlp
    from coresift.torch._reselect import reselect
    from coresift.torch._subset import CoresetSampler, WeightedSubset
    from coresift.torch._trainer import CoresetTrainer

__all__ = [
    "LOSSES",
    "CoresetSampler",
    "CoresetTrainer",
    "Descent",
    "DrawSampler",
    "LastLayer",
    "LinearClassifier",
    "NetworkClassifier",
    "SGDSettings",
    "Schedule",
    "WeightedSubset",
    "cnn",
    "descend",
    "draw",
    "last_layer_gradients",
    "mlp",
    "reselect",
    "weighted_loss",
]

_HOMES = {
    "CoresetSampler": "_subset",
    "CoresetTrainer": "_trainer",
    "DrawSampler": "_draws",
    "LastLayer": "_gradients",
    "WeightedSubset": "_subset",
    "cnn": "_networks",
    "draw": "_draws",
    "last_layer_gradients": "_gradients",
    "mlp": "_networks",
    "reselect": "_reselect",
    "weighted_loss": "_losses",
}


def __getattr__(name: str) -> Any:
    """Import what needs torch when it is asked for.

    Raises
    ------
    MissingDependencyError
        Where torch is not installed.
    """
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import_torch()
    value = getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
