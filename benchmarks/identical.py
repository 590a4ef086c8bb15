"""The same coreset, bit for bit, from arrays and from Parquet, for any threads and chunk size.

python benchmarks/identical.py
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from datasets import folder, read
from side_by_side import print_table

from coresift import FastCore
from coresift.sources import as_source

LABEL = "Cover_Type"


def digest(selector: FastCore, source: Any, y: Any = None) -> str:
    """Return a hash of the rows and weights that a selector chooses."""
    fitted = selector.fit(source, y)
    hashed = hashlib.sha256(fitted.sample_indices_.tobytes())
    hashed.update(fitted.sample_weight_.tobytes())
    return hashed.hexdigest()[:16]


def main() -> None:
    path: Path = folder() / "covtype.parquet"
    frame = read("covtype").to_pandas()
    y = frame.pop(LABEL).to_numpy()
    X = frame.to_numpy(dtype="float64")
    lines = []
    for name, make in (("FastCore", FastCore), ("FastCore.paper", FastCore.paper)):
        inputs = {
            "array, 1 thread": (make(0.01, random_state=0, n_threads=1), X, y),
            "array, 2 threads": (make(0.01, random_state=0, n_threads=2), X, y),
            "array, chunks of 9,973 rows": (
                make(0.01, random_state=0),
                as_source(X, y, chunk_rows=9973),
                None,
            ),
            "Parquet": (make(0.01, random_state=0), path, LABEL),
            "Parquet, chunks of 50,000 rows": (
                make(0.01, random_state=0),
                as_source(path, label=LABEL, chunk_rows=50_000),
                None,
            ),
        }
        found = {case: digest(*given) for case, given in inputs.items()}
        lines += [[name, case, value] for case, value in found.items()]
        if len(set(found.values())) > 1:
            raise SystemExit(f"{name}: the coresets differ: {found}")
    print_table("CovType, 581,012 rows, 1 %", ["method", "input", "SHA-256 (first 16)"], lines)


if __name__ == "__main__":
    main()
