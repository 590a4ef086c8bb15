"""The most memory that this process has held, over all its life or since a moment."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Self

_STATUS = Path("/proc/self/status")


@dataclass(frozen=True)
class Memory:
    """A moment, and what was held then.

    Parameters
    ----------
    peak : float or None
        MiB, the most until then.
    held : float or None
        MiB, where it is known.
    """

    peak: float | None
    held: float | None

    @classmethod
    def begin(cls) -> Self:
        """Remember what is held, and let the peak begin anew, where the system can (Linux)."""
        peak = peak_mib()
        with contextlib.suppress(OSError):
            Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
            return cls(peak, _status("VmRSS"))
        return cls(peak, None)

    def end(self) -> tuple[float | None, float | None]:
        """Return the most that was held ever, and the most since over what was held then."""
        peak = peak_mib()
        if peak is None or self.peak is None:
            return None, None
        return max(peak, self.peak), None if self.held is None else max(0.0, peak - self.held)


def peak_mib() -> float | None:
    """Return the most memory that this process has held at a time, in MiB, where it is known.

    The high-water mark of this program, not ``ru_maxrss``, which on Linux begins with that of
    the program that started it.
    """
    with contextlib.suppress(OSError):
        known = _status("VmHWM")
        if known is not None:
            return known
    if sys.platform == "win32":
        return None
    import resource

    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _status(field: str) -> float | None:
    """Return a field of the process's status, in MiB."""
    for line in _STATUS.read_text(encoding="ascii").splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) / 1024
    return None
