"""The paper's training protocol in PyTorch, which is imported when a model is fitted."""

from coresift.torch._descent import LOSSES, Descent, Protocol, descend
from coresift.torch._linear import LinearClassifier

__all__ = ["LOSSES", "Descent", "LinearClassifier", "Protocol", "descend"]
