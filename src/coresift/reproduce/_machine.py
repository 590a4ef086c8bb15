"""What a figure was measured on, and with."""

from __future__ import annotations

import os
import platform
import subprocess
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import coresift
from coresift._threads import processor_count

_PACKAGES = ("numpy", "scipy", "numba", "scikit-learn", "torch")


def about(n_threads: int | None) -> dict[str, Any]:
    """Return date, machine and versions, for JSON.

    Examples
    --------
    >>> from coresift.reproduce._machine import about
    >>> sorted(about(1))
    ['commit', 'coresift', 'date', 'load', 'machine', 'packages', 'python', 'threads']
    """
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": _machine(),
        "threads": n_threads or processor_count(),
        "load": _load(),
        "coresift": coresift.__version__,
        "commit": _commit(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in _PACKAGES},
    }


def code_digest() -> str:
    """Return ten hexadecimal digits that change with any module of the package.

    Between two releases the version stays, and what a run gives may not.

    Examples
    --------
    >>> from coresift.reproduce._machine import code_digest
    >>> len(code_digest())
    10
    """
    folder, found = Path(coresift.__file__).resolve().parent, sha256()
    for path in sorted(folder.rglob("*.py")):
        found.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return found.hexdigest()[:10]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _machine() -> str:
    """Return the processor and the memory, as far as the system tells."""
    kind = platform.processor() or platform.machine()
    facts = Path("/proc/cpuinfo")
    if facts.is_file():
        named = [line for line in facts.read_text().splitlines() if line.startswith("model name")]
        kind = named[0].partition(":")[2].strip() if named else kind
    memory = total_memory()
    told = "" if memory is None else f", {memory / 2**30:.0f} GiB"
    return f"{kind}, {processor_count()} processors{told}, {platform.system()}"


def _load() -> float | None:
    """Return how many processes wanted to run in the last quarter of an hour, on average."""
    try:
        return round(os.getloadavg()[2], 1)
    except (AttributeError, OSError):
        return None


def total_memory() -> int | None:
    """Return the bytes of memory of the machine; None where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _commit() -> str | None:
    """Return the commit of the code, where it runs from a checkout."""
    folder = Path(__file__).resolve().parent
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "rev-parse", "--short=10", "HEAD"],
            capture_output=True,
            check=False,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() or None
