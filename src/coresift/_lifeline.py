"""A process that does not outlive the one that started it."""

from __future__ import annotations

import os
import shutil
import signal
import threading
from contextlib import suppress


def hold_on(folder: str) -> None:
    """End this process, and those that it started, when the program at its input is gone.

    The standard input has to be a pipe of which that program holds the other end, and writes
    nothing. Called before anything is imported that takes time.

    Parameters
    ----------
    folder : str
        What the program can no longer remove.
    """
    line = os.dup(0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    threading.Thread(target=_watch, args=(line, folder), daemon=True).start()


def _watch(line: int, folder: str) -> None:
    with suppress(OSError):
        while os.read(line, 1):
            pass
    shutil.rmtree(folder, ignore_errors=True)
    if hasattr(os, "killpg") and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)
