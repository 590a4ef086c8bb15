"""Tables of many columns: copied in blocks, and held where they are one chunk; bit for bit."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet
import pytest

from coresift.sources import Source, _table_source, as_source
from coresift.sources._columns import ColumnLayout

N = 40
GENERATOR = np.random.default_rng(0)
NUMBERS: dict[str, Any] = {
    "f8": GENERATOR.normal(size=(N, 20)),
    "f4": GENERATOR.normal(size=(N, 18)).astype(np.float32),
    "i8": GENERATOR.integers(-(2**62), 2**62, (N, 17)),
    "u8": GENERATOR.integers(2**63, 2**64 - 1, (N, 16), dtype=np.uint64),
    "b": GENERATOR.random((N, 19)) < 0.5,
    "f2": GENERATOR.normal(size=(N, 16)).astype(np.float16),
}


def frame_of(kinds: list[str]) -> pd.DataFrame:
    blocks = [
        pd.DataFrame(NUMBERS[kind]).rename(columns=lambda place, kind=kind: f"{kind}_{place}")
        for kind in kinds
    ]
    return pd.concat(blocks, axis=1)


def rows_of(source: Source) -> np.ndarray:
    return np.concatenate([chunk.rows for chunk in source.chunks()])


@pytest.mark.parametrize("kinds", [[kind] for kind in NUMBERS] + [list(NUMBERS), ["f4", "f2"]])
@pytest.mark.parametrize("gaps", [False, True])
def test_blocks_are_what_columns_are(kinds: list[str], gaps: bool, tmp_path: Path) -> None:
    frame = frame_of(kinds)
    table = pa.Table.from_pandas(frame, preserve_index=False)
    if gaps:
        mask = pa.array(GENERATOR.random(N) < 0.1)
        holes = [pa.compute.if_else(mask, None, column) for column in table.columns]
        table = pa.Table.from_arrays(holes, schema=table.schema)
    pyarrow.parquet.write_table(table, tmp_path / "t.parquet", row_group_size=7)
    narrow = set(kinds) <= {"f4", "f2"}
    expected = np.column_stack(
        [column.cast(pa.float64(), safe=False).to_numpy() for column in table.columns]
    )
    forms = [table, pl.DataFrame(pl.from_arrow(table)) if "f2" not in kinds else table]
    forms += [tmp_path / "t.parquet"] + ([] if gaps else [frame])
    for data in forms:
        source = as_source(data, chunk_rows=9)
        assert rows_of(source).dtype == (np.float32 if narrow else np.float64)
        np.testing.assert_array_equal(rows_of(source), expected)
        some = np.array([0, 8, 39])
        np.testing.assert_array_equal(source.take(some), expected[some])


@pytest.mark.parametrize("chunk_rows", [N, N + 1, 2 * N, N - 1])
def test_few_rows_of_many_columns_are_encoded_once(
    chunk_rows: int, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(_table_source, "_WIDE", 20)
    frame = frame_of(["f8"]).assign(y=["u", "v"] * (N // 2), c=["p", "q"] * (N // 2))
    frame.to_parquet(tmp_path / "t.parquet", row_group_size=6)
    calls: list[int] = []
    encode = ColumnLayout.encode

    def counted(self: ColumnLayout, table: pa.Table, start: int = 0) -> Any:
        calls.append(table.num_rows)
        return encode(self, table, start)

    monkeypatch.setattr(ColumnLayout, "encode", counted)
    expected = np.column_stack([NUMBERS["f8"], np.arange(N) % 2 == 0, np.arange(N) % 2 == 1])
    for data in (frame, tmp_path / "t.parquet"):
        calls.clear()
        source = as_source(data, label="y", chunk_rows=chunk_rows)
        for _ in range(3):
            chunks = list(source.chunks())
            np.testing.assert_array_equal(np.concatenate([c.rows for c in chunks]), expected)
            assert [label for c in chunks for label in c.labels] == ["u", "v"] * (N // 2)
        np.testing.assert_array_equal(source.take(np.array([3, 1])), expected[[3, 1]])
        again = pickle.loads(pickle.dumps(source.parts()[0]))
        assert next(again.chunks()).rows.tolist() == expected[: again.n_rows][:chunk_rows].tolist()
        assert calls == [N] if chunk_rows >= N else len(calls) > 6


def test_columns_of_another_byte_order() -> None:
    frame = pd.DataFrame({"a": np.arange(3, dtype=">i4"), "b": np.arange(3, dtype=">i4")})
    source = as_source(frame)
    assert rows_of(source).tolist() == [[0, 0], [1, 1], [2, 2]]
