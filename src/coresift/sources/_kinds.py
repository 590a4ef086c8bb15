"""What kind of data an object is, told without importing the library that it is from."""

from __future__ import annotations

from os import PathLike
from typing import Any

_FRAME_PACKAGES = {"pandas", "polars", "pyarrow", "modin", "cudf"}


def is_files(X: Any) -> bool:
    """Tell whether X stands for files of named columns."""
    if isinstance(X, str | PathLike):
        return not str(X).lower().endswith(".npy")
    if isinstance(X, list | tuple):
        return len(X) > 0 and all(isinstance(path, str | PathLike) for path in X)
    return type(X).__module__ == "pyarrow._dataset"


def is_frame(X: Any) -> bool:
    """Tell whether X is a data frame."""
    return (
        type(X).__module__.partition(".")[0] in _FRAME_PACKAGES
        or hasattr(X, "__narwhals_dataframe__")
        or hasattr(X, "__arrow_c_stream__")
        or is_hugging_face(X)
    )


def is_dask(X: Any) -> bool:
    """Tell whether X is an array or a data frame of Dask."""
    return type(X).__module__.partition(".")[0].startswith("dask") and hasattr(X, "to_delayed")


def is_hugging_face(X: Any) -> bool:
    """Tell whether X is a ``datasets.Dataset``: Arrow, mostly in files mapped into memory."""
    return type(X).__module__.startswith("datasets.") and hasattr(X, "with_format")


def is_sparse(X: Any) -> bool:
    """Tell whether X is a sparse matrix of scipy, or like one."""
    return type(X).__module__.startswith("scipy.sparse") or (
        hasattr(X, "tocsr") and hasattr(X, "nnz")
    )
