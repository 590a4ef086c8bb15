"""Parts one after the other; the kernels inside use the threads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from coresift._progress import add_seconds
from coresift.engines._base import Advance, Engine, Folded, M, Merger, Task, fold_part


class Serial(Engine):
    """One chunk at a time, in this process."""

    name = "serial"

    def fold(self, task: Task[M], parts: Sequence[Any], advance: Advance) -> Folded[M]:
        """Merge ``task(chunk)`` over all chunks of all parts."""
        merger: Merger[M] = Merger()
        total: Folded[M] = Folded(None, 0, {})
        for part in parts:
            done = fold_part(task, part, advance)
            total.n_rows += done.n_rows
            add_seconds(total.seconds, done.seconds)
            if done.value is not None:
                merger.add(done.value)
        total.value = merger.total()
        return total
