"""The command line: parse, call, write.

Nothing is imported here that takes time: a command loads what it needs when it runs.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from coresift._errors import CoresiftError
from coresift._text import plain

_ENDINGS = {"SIGINT": "interrupted", "SIGTERM": "terminated", "SIGHUP": "the terminal is gone"}
_PACKAGES = {"typer", "rich", "pyarrow", "narwhals"}


class Stopped(BaseException):
    """The user, or the machine, wants the command to end."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.number = number


def main() -> None:
    """Run the command line; bad input ends with exit status 2 and one line."""
    # of processes that are started from here: a folder with data may hold a pickle.py
    os.environ["PYTHONSAFEPATH"] = "1"
    sys.exit(run())


def run(arguments: list[str] | None = None) -> int:
    """Run a command, say in one line what went wrong, and return the exit status.

    Parameters
    ----------
    arguments : list of str or None, default=None
        None takes those of the program.
    """
    try:
        with _stopped_by_signals(), _told_notes():
            from coresift.cli._app import app

            return int(app(arguments, prog_name="coresift", standalone_mode=False) or 0)
    except Stopped as stopped:
        return _tell(_ENDINGS[signal.Signals(stopped.number).name], 128 + stopped.number)
    except Exception as error:
        return _explain(error)


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Let signals that end the program unwind it, so that nothing half done stays behind."""
    before = {}
    for name in _ENDINGS:
        number = getattr(signal, name, None)
        # what the caller ignores (nohup) stays ignored
        if number is not None and signal.getsignal(number) != signal.SIG_IGN:
            before[number] = signal.signal(number, _stop)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:
    signal.signal(number, signal.SIG_DFL)  # a second one does not wait
    raise Stopped(number)


class _Notes(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        _tell(f"note: {record.getMessage()}", 0)


@contextmanager
def _told_notes() -> Iterator[None]:
    """Write on standard error what the library notes about the input."""
    logger, notes = logging.getLogger("coresift"), _Notes()
    logger.addHandler(notes)
    before, logger.propagate = logger.propagate, False
    try:
        yield
    finally:
        logger.removeHandler(notes)
        logger.propagate = before


def _explain(error: Exception) -> int:
    """Tell of an error that the user can do something about; others are raised again."""
    if isinstance(error, CoresiftError):
        return _tell(_remedied(error), 2)
    if hasattr(error, "format_message"):  # of the parser of the command line
        return _tell_usage(error)
    if isinstance(error, OSError | UnicodeError) or type(error).__module__ == "pyarrow.lib":
        return _tell(f"a file cannot be read or written ({error}): check the paths", 2)
    if isinstance(error, MemoryError):
        return _tell(f"there is not enough memory ({error}): take fewer rows or features", 2)
    if isinstance(error, ModuleNotFoundError) and error.name in _PACKAGES:
        return _tell(f'{error.name} is not installed: run pip install "coresift[cli]"', 2)
    raise error


def _remedied(error: CoresiftError) -> str:
    """Return the message, with options where it has arguments of Python."""
    if not error.obstacles:
        return str(error)
    from coresift.sources import command_line_message

    return command_line_message(error.obstacles)


def _tell_usage(error: Any) -> int:
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return int(error.exit_code)
    context = getattr(error, "ctx", None)
    command = "coresift" if context is None else context.command_path
    return _tell(f"{error.format_message().rstrip('.')}; see {command} --help", 2)


def _tell(message: str, status: int) -> int:
    print(f"coresift: {plain(' '.join(message.split()))}", file=sys.stderr)
    return status
