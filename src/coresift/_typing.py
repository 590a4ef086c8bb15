"""Array aliases: the names say what an array holds, the docstrings its axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Rows: TypeAlias = NDArray[np.float32]  # (n_rows, n_features), scaled
RawRows: TypeAlias = NDArray[np.float32] | NDArray[np.float64]  # (n_rows, n_features), as given
Labels: TypeAlias = NDArray[Any]  # (n_rows,), as given
Indices: TypeAlias = NDArray[np.int64]
Counts: TypeAlias = NDArray[np.int64]
Buckets: TypeAlias = NDArray[np.uint64]  # (n_rows,)
Hashes: TypeAlias = NDArray[np.uint64]
Codes: TypeAlias = NDArray[np.uint8]  # (n_rows, n_subspaces)
Bits: TypeAlias = NDArray[np.int32]  # of float32 values
Float32: TypeAlias = NDArray[np.float32]
Float64: TypeAlias = NDArray[np.float64]
Words: TypeAlias = NDArray[np.uint32]  # bits, 32 a word
Budget: TypeAlias = float | Mapping[Any, float]  # of all rows, or of each class by its label
