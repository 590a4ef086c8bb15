"""Where the files of a data set are: in a folder of the user, or fetched into the cache."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coresift._errors import MissingDataError
from coresift._progress import Progress
from coresift.datasets._fetch import fetch

ENVIRONMENT = "CORESIFT_DATA"


@dataclass(frozen=True)
class Remote:
    """A file of a public source.

    Parameters
    ----------
    name : str
        Of the file, here and there.
    url : str
    checksum : str or None
        As "md5:..." or "sha256:..."; None where the source changes, or publishes none.
    """

    name: str
    url: str
    checksum: str | None = None


@dataclass(frozen=True)
class Home:
    """Where a loader looks for files, and whether it may fetch them.

    Parameters
    ----------
    data_home : str or path or None
        Looked in before the folder of ``CORESIFT_DATA`` and the cache folder; what is fetched is
        kept there, else in the cache folder.
    download : bool
    progress : callable or None
    """

    data_home: str | os.PathLike[str] | None = None
    download: bool = True
    progress: Progress | None = None

    @property
    def folders(self) -> tuple[Path, ...]:
        """The folders to look in, in order."""
        given = os.environ.get(ENVIRONMENT)
        named = [Path(folder) for folder in (self.data_home, given) if folder]
        return (*named, cache_folder())

    def find(self, names: Sequence[str]) -> dict[str, Path] | None:
        """Return the files of these names by name, all of one folder, or None."""
        for folder in self.folders:
            paths = {name: folder / name for name in names}
            if all(path.is_file() for path in paths.values()):
                return paths
        return None

    def files(
        self, title: str, remotes: Sequence[Remote], others: Sequence[str] = ()
    ) -> dict[str, Path]:
        """Return the files of a data set by name; fetch what is in no folder.

        Parameters
        ----------
        title : str
            Of the data set, for errors.
        remotes : sequence of Remote
        others : sequence of str
            Other files that would serve, for errors.

        Raises
        ------
        MissingDataError
            Says which files to place where.
        MissingDependencyError
            Where pooch is not installed.
        """
        names = [remote.name for remote in remotes]
        found = self.find(names)
        if found is not None:
            return found
        if not self.download:
            raise self.missing(title, names, others, "downloading is switched off")
        target = Path(self.data_home) if self.data_home else cache_folder()
        paths = {}
        for remote in remotes:
            here = self.find([remote.name])
            try:
                paths[remote.name] = (
                    here[remote.name]
                    if here
                    else fetch(remote.url, remote.name, remote.checksum, target, self.progress)
                )
            except OSError as error:
                reason = f"{remote.url} cannot be fetched: {_first_line(error)}"
                raise self.missing(title, names, others, reason) from error
        return paths

    def missing(
        self, title: str, names: Sequence[str], others: Sequence[str], reason: str
    ) -> MissingDataError:
        """Return the error that says which files to place where."""
        wanted = ", ".join(names) + "".join(f", or else {other}" for other in others)
        return MissingDataError(
            f"the data set {title} is not in {' or '.join(map(repr, map(str, self.folders)))} "
            f"({reason}): place {wanted} in one of these folders, or name their folder by "
            f"{ENVIRONMENT} or data_home="
        )


def cache_folder() -> Path:
    """Return the folder that files are fetched into: that of the user's caches.

    Examples
    --------
    >>> from coresift.datasets import cache_folder
    >>> cache_folder().name
    'coresift'
    """
    if sys.platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "coresift"


def _first_line(error: BaseException) -> str:
    text = str(error).splitlines()
    return text[0][:200] if text else type(error).__name__
