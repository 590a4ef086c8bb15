"""A run that was killed goes on: the same bytes, and no finished part again."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from coresift import FastCore, FormatError, Uniform
from coresift.core.packing import packed, unpacked
from coresift.engines import _kept
from coresift.sources import ArraySource, as_source

RNG = np.random.default_rng(5)
X = RNG.normal(size=(4200, 4)).astype(np.float32)
Y = RNG.integers(0, 2, size=4200)

# A process that dies in a way that nothing can catch, in the middle of some part.
DIES = """
import os, signal, sys
from coresift import FastCore
from coresift.engines import _kept
from coresift.sources import as_source

path, folder, n_written = sys.argv[1], sys.argv[2], int(sys.argv[3])
written, write = 0, _kept._write

def write_or_die(*facts):
    global written
    if written == n_written:
        os.kill(os.getpid(), signal.SIGKILL)
    written += 1
    write(*facts)

_kept._write = write_or_die
source = as_source(path, label="y", chunk_rows=300)
FastCore(20, random_state=0, n_threads=1).fit(source, resume=folder)
"""


class Counted(ArraySource):
    """Rows that count how often a part of them is read."""

    reads = 0

    def parts(self) -> Any:
        return tuple(map(self._counted, super().parts()))

    def _counted(self, part: Any) -> Any:
        source = self

        class Part(type(part)):  # type: ignore[misc]
            def chunks(self) -> Iterator[Any]:
                source.reads += 1
                return super().chunks()  # type: ignore[no-any-return]

        values = [getattr(part, name) for name in part.__dataclass_fields__]
        return Part(*values)


def fitted(source: Any, folder: Path | None, **settings: Any) -> FastCore:
    selector = FastCore(20, random_state=0, n_threads=1).set_params(**settings)
    return selector.fit(source, resume=folder)


def answer(selector: FastCore) -> bytes:
    return selector.sample_indices_.tobytes() + selector.sample_weight_.tobytes()


def source() -> Counted:
    return Counted(X, Y, chunk_rows=300)


@pytest.fixture(scope="module")
def expected() -> bytes:
    return answer(fitted(source(), None))


def test_a_run_that_is_made_again_reads_nothing(tmp_path: Path, expected: bytes) -> None:
    first, again = source(), source()
    assert answer(fitted(first, tmp_path / "run")) == expected
    assert answer(fitted(again, tmp_path / "run")) == expected
    assert first.reads > again.reads == 0


def test_no_finished_part_is_repeated(
    tmp_path: Path, expected: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = source()
    fitted(whole, tmp_path / "whole")
    left, write = [13], _kept._write

    def write_some(*facts: Any) -> None:
        if not left[0]:
            raise KeyboardInterrupt
        left[0] -= 1
        write(*facts)

    monkeypatch.setattr(_kept, "_write", write_some)
    first, rest = source(), source()
    with pytest.raises(KeyboardInterrupt):
        fitted(first, tmp_path / "run")
    monkeypatch.setattr(_kept, "_write", write)
    assert answer(fitted(rest, tmp_path / "run")) == expected
    assert rest.reads == whole.reads - 13


@pytest.mark.slow
@pytest.mark.parametrize("n_written", [0, 9, 20, 33, 50])
def test_a_process_that_was_killed_goes_on(tmp_path: Path, n_written: int) -> None:
    path, folder = tmp_path / "rows.parquet", tmp_path / "run"
    columns = {f"f{j}": X[:, j] for j in range(4)}
    pq.write_table(pa.table({**columns, "y": Y}), path, row_group_size=500)
    done = subprocess.run([sys.executable, "-c", DIES, path, folder, str(n_written)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(list(folder.glob("*.part"))) == n_written
    rows = as_source(str(path), label="y", chunk_rows=300)
    assert answer(fitted(rows, folder)) == answer(fitted(rows, None))
    assert not list(folder.glob(".*"))


def test_a_damaged_result_is_computed_again(tmp_path: Path, expected: bytes) -> None:
    fitted(source(), tmp_path)
    files = sorted(tmp_path.glob("*.part"))
    files[0].write_bytes(files[0].read_bytes()[:-40])
    damaged = bytearray(files[3].read_bytes())
    damaged[len(damaged) // 2] ^= 1
    files[3].write_bytes(damaged)
    files[5].write_bytes(files[6].read_bytes())  # of another part
    again = source()
    assert answer(fitted(again, tmp_path)) == expected
    assert again.reads == 3


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"budget": 30}, "budget is 20 there and 30 here"),
        ({"random_state": 1}, "seed is 0 there and 1 here"),
        ({"representative": "medoid"}, "representative is 'auto' there and 'medoid' here"),
        ({"memory_limit": "600MiB"}, "memory_limit is None there and 629145600 here"),
    ],
    ids=str,
)
def test_a_folder_of_another_run_is_told_apart(
    tmp_path: Path, change: dict[str, Any], named: str
) -> None:
    fitted(source(), tmp_path)
    with pytest.raises(FormatError, match=named):
        fitted(source(), tmp_path, **change)
    with pytest.raises(FormatError, match="method is 'FastCorePlan' there and 'UniformPlan' here"):
        Uniform(20, random_state=0).fit(source(), resume=tmp_path)


def test_other_rows_are_another_run(tmp_path: Path) -> None:
    fitted(source(), tmp_path)
    with pytest.raises(FormatError, match=r"table is 4,200 rows of 4 features there and"):
        fitted(ArraySource(X[1:], Y[1:], chunk_rows=300), tmp_path)
    changed = X.copy()
    changed[7, 2] += 1
    with pytest.raises(FormatError, match="input is "):
        fitted(ArraySource(changed, Y, chunk_rows=300), tmp_path)


def test_threads_and_limits_above_the_default_are_no_other_run(
    tmp_path: Path, expected: bytes
) -> None:
    fitted(source(), tmp_path)
    again = source()
    assert answer(fitted(again, tmp_path, n_threads=2, memory_limit=None)) == expected
    assert again.reads == 0


def test_a_folder_of_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(FormatError, match="holds other files"):
        fitted(source(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
    with pytest.raises(FormatError, match=r"cannot be written .*then resume"):
        fitted(source(), tmp_path / "notes.txt")


def test_a_full_disk_is_one_error(
    tmp_path: Path, expected: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", full)
        with pytest.raises(FormatError, match=r"\.part' cannot be written \(No space left"):
            fitted(source(), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]
    assert answer(fitted(source(), tmp_path)) == expected


@pytest.mark.slow
def test_worker_processes_keep_their_parts(tmp_path: Path, expected: bytes) -> None:
    rows = ArraySource(X, Y, chunk_rows=300)
    assert answer(fitted(rows, tmp_path, engine="processes", n_threads=2)) == expected
    again = source()
    assert answer(fitted(again, tmp_path)) == expected
    assert again.reads == 0


def test_what_is_read_runs_no_code() -> None:
    for name in ("os:system", "subprocess:Popen", "coresift.engines._kept:contents"):
        with pytest.raises(ValueError, match="is no class"):
            unpacked({"class": name, "fields": {}}, [])
    with pytest.raises(TypeError, match="cannot be packed"):
        packed(object())
