"""Parts one after the other; the kernels inside use the threads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coresift.engines._base import Advance, Engine, Folded, M, Task, fold_part, merged


class Serial(Engine):
    """One chunk at a time, in this process."""

    name = "serial"

    def fold(self, task: Task[M], parts: Sequence[Any], advance: Advance) -> Folded[M]:
        """Merge ``task(chunk)`` over all chunks of all parts."""
        return merged(fold_part(task, part, advance) for part in parts)
