"""The files of all data sets, by name."""

from __future__ import annotations

import os
from pathlib import Path

from coresift._errors import MissingDataError
from coresift.datasets import _brazil, _covtype, _imdb, _mnist, _movies

FILES = (
    *(_covtype.PREPARED, _covtype.ARCHIVE.name),
    *(*_mnist.PREPARED, *(remote.name for remote in _mnist.FILES)),
    *(_brazil.ARCHIVE.name, *_brazil.FILES.values()),
    *(remote.name for remote in _imdb.FILES),
    *(_movies.PREPARED, _movies.FILE.name),
)


def check_home(data_home: str | os.PathLike[str]) -> None:
    """Refuse a folder in which there is no file of any data set.

    Parameters
    ----------
    data_home : str or path

    Raises
    ------
    MissingDataError
        Lists the files.

    Examples
    --------
    >>> from coresift.datasets import check_home
    >>> check_home("no-such-folder")
    Traceback (most recent call last):
    ...
    coresift._errors.MissingDataError: 'no-such-folder' holds no file of a data set: name ...
    """
    if not any((Path(data_home) / name).is_file() for name in FILES):
        raise MissingDataError(
            f"{os.fspath(data_home)!r} holds no file of a data set: name another folder, or place "
            f"some of these in it: {', '.join(FILES)}"
        )
