"""Files from the web with pooch: checked, and taken up where the last attempt stopped."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coresift._errors import MissingDataError, MissingDependencyError
from coresift._progress import Progress

_BLOCK = 2**20
_TIMEOUT = 30.0  # seconds without an answer
_PARTIAL = 206  # the server goes on where it was asked to
_NOTHING_LEFT = 416


def fetch(
    url: str, name: str, checksum: str | None, folder: Path, progress: Progress | None = None
) -> Path:
    """Fetch a file into a folder, unless it is there, and check it.

    Parameters
    ----------
    url, name : str
    checksum : str or None
        "md5:..." or "sha256:..."; None checks nothing.
    folder : Path
        Made where it is missing.
    progress : callable or None
        Called with (name, bytes done, bytes in all; 0 where they are not known).

    Raises
    ------
    OSError
        If the server cannot be reached, or has no such file.
    MissingDataError
        If what it sent is not what the checksum says.
    MissingDependencyError
    """
    try:
        import pooch
    except ImportError as error:
        raise MissingDependencyError(
            f"fetching {name} needs pooch, which is not installed: run pip install "
            '"coresift[datasets]", or place the file yourself'
        ) from error
    kept = folder / f"{name}.part"
    loader = _Loader(kept, name, progress)
    pooch.get_logger().setLevel("ERROR")  # the library is silent
    try:
        path = pooch.retrieve(url, checksum, name, folder, downloader=loader)
    except ValueError as error:
        if "hash" not in str(error):
            raise
        kept.unlink(missing_ok=True)
        raise MissingDataError(
            f"{url} is not the file that was expected (its checksum is not {checksum}): try "
            f"again, or place the right {name} in {str(folder)!r}"
        ) from error
    kept.unlink(missing_ok=True)
    return Path(path)


@dataclass(frozen=True)
class _Loader:
    """What pooch calls: fetch into a file of our own, which a broken transfer leaves behind."""

    kept: Path
    name: str
    progress: Progress | None

    def __call__(self, url: str, output_file: Any, pooch: Any) -> None:
        """Fetch a file, from where the last attempt stopped."""
        import requests

        done = self.kept.stat().st_size if self.kept.exists() else 0
        asked = {"Range": f"bytes={done}-"} if done else {}
        with requests.get(url, headers=asked, stream=True, timeout=_TIMEOUT) as answer:
            if answer.status_code != _NOTHING_LEFT:
                answer.raise_for_status()
                self._save(answer, done if answer.status_code == _PARTIAL else 0)
        # pooch checks the file and moves it to its place
        os.replace(self.kept, output_file)

    def _save(self, answer: Any, done: int) -> None:
        total = done + int(answer.headers.get("Content-Length", 0))
        with self.kept.open("ab" if done else "wb") as file:
            for block in answer.iter_content(_BLOCK):
                file.write(block)
                done += len(block)
                if self.progress is not None:
                    self.progress(self.name, done, max(total, done))
