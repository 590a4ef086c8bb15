"""The paper's nine methods with its parameters, and ours beside them."""

from __future__ import annotations

from typing import Any

from coresift.reproduce._settings import (
    CANDIDATES,
    CODEWORDS,
    EPOCHS,
    UPDATE_EVERY,
    Scale,
    Setting,
)
from coresift.selectors import (
    FULL,
    BaseSelector,
    Craig,
    CraigPQ,
    DeepFool,
    FastCore,
    FastCoreHull,
    Glister,
    Stratified,
    Uniform,
)
from coresift.torch import LinearClassifier, NetworkClassifier

UNIFORM = "uniform"
PAPER_METHODS = {
    FULL: "Full",
    UNIFORM: "Uniform",
    "stratified": "Stratified",
    "deepfool": "DeepFool",
    "glister": "Glister",
    "craig": "Craig",
    "craig-pq": "Craig+PQ",
    "fastcore-hull": "FastCore-hull",
    "fastcore": "FastCore",
}
OURS = {
    "ours-rms": "ours: rms bound",
    "ours-balanced": "ours: balanced, calibrated",
    # compare knows them by these names; the second is of networks only
    "uniform-each-epoch": "ours: uniform, each epoch",
    "gradients-each-epoch": "ours: by gradients, each epoch",
}
TITLES = {**PAPER_METHODS, **OURS}


def selector_of(method: str, setting: Setting, **changes: Any) -> BaseSelector | None:
    """Return the selector of a method as the paper sets it for a data set; None for all rows.

    Parameters
    ----------
    method : str
        Of `TITLES`.
    setting : Setting
    **changes
        Other parameters of the selector.

    Examples
    --------
    >>> from coresift.reproduce._methods import selector_of
    >>> from coresift.reproduce._settings import SETTINGS
    >>> fastcore = selector_of("fastcore", SETTINGS["covtype"])
    >>> fastcore.n_planes, fastcore.n_subspaces, fastcore.n_candidates, fastcore.bound
    (64, 3, 500, 'sum')
    """
    planes, parts, rate = setting.planes, setting.subspaces, setting.learning_rate
    rounds: dict[str, Any] = {"epochs": EPOCHS, "update_every": UPDATE_EVERY, "learning_rate": rate}
    made: dict[str, BaseSelector | None] = {
        FULL: None,
        UNIFORM: Uniform(stratify=False),
        "stratified": Stratified(n_planes=planes),
        "deepfool": DeepFool(**rounds),
        "glister": Glister(**rounds),
        "craig": Craig(),
        "craig-pq": CraigPQ(n_subspaces=parts, subspaces="blocks", n_codewords=CODEWORDS),
        "fastcore-hull": FastCoreHull(
            n_planes=planes, n_candidates=CANDIDATES, center=False, weights="cluster"
        ),
        "fastcore": FastCore.paper(n_planes=planes, n_subspaces=parts),
        "ours-rms": FastCore(representative="medoid"),
        "ours-balanced": FastCore(representative="balanced", weights="calibrated"),
    }
    selector = made[method]
    return selector if selector is None or not changes else selector.set_params(**changes)


def linear(name: str, setting: Setting, scale: Scale) -> LinearClassifier:
    """Return one of the paper's convex models, as Table 3 sets it."""
    return LinearClassifier(
        name,
        learning_rate=setting.learning_rate,
        epochs=scale.epochs,
        batch_size=scale.batch_size,
    )


def network(setting: Setting, schedule: dict[str, int]) -> NetworkClassifier:
    """Return the network of Section 8.4 for a data set; it selects anew as it trains."""
    # of images the gradient by the weights has a thousand components, that by the logits ten
    wrt = "logits" if setting.network == "cnn" else "weights"
    made: NetworkClassifier = NetworkClassifier(
        setting.network or "mlp", learning_rate=setting.learning_rate, wrt=wrt
    ).set_params(**schedule)
    return made
