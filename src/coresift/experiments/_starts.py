"""How the process of a run starts: by a fork of one that has imported everything, or anew."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from pathlib import Path

import coresift
from coresift.experiments._worker import LOG

_FORKS = sys.platform == "linux"  # elsewhere importing a library may start threads
_SERVE = "import sys; from coresift.experiments._worker import serve; serve(*sys.argv[1:])"
# Nothing may be imported before the lifeline holds that takes time.
_RUN = (
    "import sys; from coresift._lifeline import hold_on; hold_on(sys.argv[1]); "
    "from coresift.experiments._worker import main; main(sys.argv[2])"
)


class Starter:
    """Starts a process for a job, and does not outlive it where this program is gone.

    Parameters
    ----------
    parent : Path
        The folder of all jobs.
    inherited : sequence of int
        File descriptors that the processes inherit.
    """

    def __init__(self, parent: Path, inherited: list[int]) -> None:
        self.parent, self._inherited = parent, inherited
        self._server: subprocess.Popen[bytes] | None = None
        self._modules: set[str] = set()

    def start(self, folder: Path, modules: set[str]) -> Started:
        """Start a process for the job in a folder, which needs these modules."""
        if not _FORKS:
            with (folder / LOG).open("wb") as log:
                return Anew(self._python(_RUN, folder, output=log.fileno()))
        lacks = _packages(modules) - _packages(self._modules)
        if self._server is None or self._server.poll() is not None or lacks:
            self.close()
            self._modules |= modules
            self._server = self._python(_SERVE, *sorted(self._modules), output=subprocess.PIPE)
        return Forked(self._server, folder)

    def close(self) -> None:
        """End what processes were forked from."""
        if self._server is not None:
            _end(self._server)

    def _python(self, code: str, *arguments: str | Path, output: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-c", code, str(self.parent), *map(str, arguments)],
            bufsize=0,  # `select` sees what has not been read
            env=_environment(),
            stdin=subprocess.PIPE,  # see `coresift._lifeline`
            stdout=output,
            stderr=subprocess.DEVNULL if output == subprocess.PIPE else output,
            pass_fds=self._inherited,
            start_new_session=True,
        )


def _packages(modules: set[str]) -> set[str]:
    """Return what takes long to import; the modules of one that is there do not."""
    return {name.partition(".")[0] for name in modules}


_SHARED: ContextVar[Starter | None] = ContextVar("coresift_starter", default=None)


@contextmanager
def shared_starts() -> Iterator[None]:
    """Let all comparisons inside fork their runs from one process, which imports once."""
    if not _FORKS:
        yield
        return
    with (
        tempfile.TemporaryDirectory(prefix="coresift-") as name,
        closing(Starter(Path(name), [])) as starter,
    ):
        token = _SHARED.set(starter)
        try:
            yield
        finally:
            _SHARED.reset(token)


def shared_starter() -> Starter | None:
    """Return what the comparisons here share, if anything."""
    return _SHARED.get()


class Started(ABC):
    """A process that runs the job in a folder."""

    @abstractmethod
    def wait(self, seconds: float) -> int | None:
        """Return its exit status, negative for a signal, or None if it still runs by then."""

    @abstractmethod
    def kill(self) -> None:
        """End it, if it still runs, and what it has started."""


class Anew(Started):
    """A process with an interpreter of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def wait(self, seconds: float) -> int | None:
        """Return its exit status, negative for a signal, or None if it still runs by then."""
        with suppress(subprocess.TimeoutExpired):
            return self._process.wait(seconds)
        return None

    def kill(self) -> None:
        """End it, if it still runs, and what it has started."""
        _end(self._process)


class Forked(Started):
    """A process that was forked; see `coresift.experiments._worker.serve`."""

    def __init__(self, server: subprocess.Popen[bytes], folder: Path) -> None:
        assert server.stdin is not None
        assert server.stdout is not None
        self._server, self._answers = server, server.stdout
        with suppress(BrokenPipeError):
            server.stdin.write(f"{folder}\n".encode())
        self._number = int(self._answers.readline() or 0)
        self._status: int | None = None

    def wait(self, seconds: float) -> int | None:
        """Return its exit status, negative for a signal, or None if it still runs by then."""
        if self._status is None and select.select([self._answers], [], [], seconds)[0]:
            self._read_status()
        return self._status

    def kill(self) -> None:
        """End it, if it still runs, and what it has started."""
        if self._status is None:
            _kill_group(self._number)
            self._read_status()

    def _read_status(self) -> None:
        line = self._answers.readline()
        if line:
            self._status = int(line)
            return
        if self._number:  # what it was forked from is gone, so that nobody will say how it ends
            _kill_group(self._number)
        self._status = self._server.wait()


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        if hasattr(os, "killpg"):
            _kill_group(process.pid)
        else:
            process.kill()
        process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            stream.close()  # after its end: before, it would clear up as if we were gone


def _kill_group(leader: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)


def _environment() -> dict[str, str]:
    """Return the environment of a process: it finds what this one finds, in this order.

    The current folder is among it only where this process looks there, and then last: a folder
    that came with the data may hold a ``numpy.py``.
    """
    path = [entry for entry in sys.path if entry]
    path += [str(Path(coresift.__file__).resolve().parent.parent)]
    path += [os.getcwd()] if "" in sys.path else []
    path = list(dict.fromkeys(path))
    return {**os.environ, "PYTHONPATH": os.pathsep.join(path), "PYTHONSAFEPATH": "1"}
