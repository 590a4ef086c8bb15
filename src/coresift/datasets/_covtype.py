"""Forest CoverType (UCI)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from coresift._errors import FormatError
from coresift._progress import Progress
from coresift.datasets._dataset import Dataset
from coresift.datasets._home import Home, Remote
from coresift.datasets._tables import need_arrow, read_parquet

LABEL = "Cover_Type"
FEATURES = (
    "Elevation",
    "Aspect",
    "Slope",
    "Horizontal_Distance_To_Hydrology",
    "Vertical_Distance_To_Hydrology",
    "Horizontal_Distance_To_Roadways",
    "Hillshade_9am",
    "Hillshade_Noon",
    "Hillshade_3pm",
    "Horizontal_Distance_To_Fire_Points",
    *(f"Wilderness_Area{number}" for number in range(1, 5)),
    *(f"Soil_Type{number}" for number in range(1, 41)),
)
# The file of the UCI archive; scikit-learn fetches it from this address, with this checksum.
ARCHIVE = Remote(
    "covtype.data.gz",
    "https://ndownloader.figshare.com/files/5976039",
    "sha256:614360d0257557dd1792834a85a1cdebfadc3c4f30b011d56afee7ffb5b15771",
)
PREPARED = "covtype.parquet"


def load_covtype(
    data_home: str | os.PathLike[str] | None = None,
    *,
    download: bool = True,
    progress: Progress | None = None,
) -> Dataset:
    """Return Forest CoverType: 581,012 rows, 54 features, cover types 1 to 7.

    Parameters
    ----------
    data_home : str or path or None, default=None
        Folder with ``covtype.data.gz`` as UCI publishes it, or with ``covtype.parquet`` (the 54
        features and ``Cover_Type``). None looks in the folder of the environment variable
        ``CORESIFT_DATA`` and in the user's cache folder.
    download : bool, default=True
        Fetch the file (11 MB) where it is in no folder; needs the extra ``datasets``.
    progress : callable or None, default=None
        Called with (file, bytes done, bytes in all).

    Returns
    -------
    Dataset

    Raises
    ------
    MissingDataError
        Where there is no file; says which one to place where.
    FormatError
        For a file that is something else.

    Examples
    --------
    >>> from coresift.datasets import load_covtype
    >>> covtype = load_covtype()  # doctest: +SKIP
    >>> covtype.X.shape  # doctest: +SKIP
    (581012, 54)
    """
    home = Home(data_home, download, progress)
    found = home.find([PREPARED])
    if found is not None:
        return _prepared(found[PREPARED])
    rows = _read(home.files("CoverType", [ARCHIVE], [PREPARED])[ARCHIVE.name])
    return _dataset(rows[:, :-1], rows[:, -1].astype(np.int64), FEATURES)


def _dataset(X: Any, y: Any, names: tuple[str, ...]) -> Dataset:
    source = "UCI Forest CoverType, complete"
    return Dataset("covtype", np.ascontiguousarray(X, np.float32), y, names, "real", source)


def _prepared(path: Path) -> Dataset:
    table = read_parquet(path, [LABEL])
    features = table.drop_columns(LABEL)
    X = np.column_stack([column.to_numpy() for column in features.columns])
    return _dataset(X, table.column(LABEL).to_numpy().astype(np.int64), (*features.column_names,))


def _read(path: Path) -> Any:
    """Return the rows of UCI's file, the label last: numbers without a header."""
    need_arrow()
    import pyarrow as pa
    from pyarrow import csv

    names = [*FEATURES, LABEL]
    try:
        table = csv.read_csv(path, csv.ReadOptions(column_names=names))
        return np.column_stack([column.cast(pa.float32()).to_numpy() for column in table.columns])
    except (pa.ArrowInvalid, OSError) as error:  # not numbers, not compressed
        raise FormatError(
            f"{str(path)!r} is not UCI's file of {len(names)} numbers a line: place it anew"
        ) from error
