"""Choose among a million labelled embedding vectors on disk: seconds and memory of each form.

Run: python benchmarks/embeddings.py [--rows 1000000] [--forms npy,parquet,datasets]

Writes clusters of vectors of dimension 384, 1.5 GB as float32, to a temporary folder in each form:
a ``.npy`` that is mapped, a folder of Parquet files with a list column, and the Arrow file of a
``datasets.Dataset``. Each selection runs in a process of its own on one thread, after one of
20,000 rows. MiB are those that the process holds before; the most that it takes for itself
(RssAnon, sampled); and the most with the pages of mapped files, which the system can take back
(VmHWM).
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from coresift import FastCore
from coresift.experiments._memory import Memory, peak_mib

N_FEATURES, N_CLASSES, N_TOPICS, N_DIRECTIONS = 384, 10, 1000, 16
BLOCK = 50_000
METHODS: dict[str, dict[str, Any]] = {
    "default": {},
    "medoid": {"representative": "medoid"},
}
FORMS = ("npy", "parquet", "datasets")
# `datasets` is the library of Hugging Face here, not the module beside this script.
sys.path[:] = [place for place in sys.path if Path(place).resolve() != Path(__file__).parent]


def blocks(n_rows: int, seed: int = 0) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield vectors of unit length around topics of very different sizes, and their classes."""
    rng = np.random.default_rng(seed)
    class_of = np.arange(N_TOPICS) % N_CLASSES
    topics = rng.normal(size=(N_CLASSES, N_DIRECTIONS))[class_of]
    topics = topics + rng.normal(size=(N_TOPICS, N_DIRECTIONS))
    plane = rng.normal(size=(N_DIRECTIONS, N_FEATURES)).astype(np.float32) / N_FEATURES**0.5
    shares = 1 / np.arange(1, N_TOPICS + 1)
    for start in range(0, n_rows, BLOCK):
        size = min(BLOCK, n_rows - start)
        own = rng.choice(N_TOPICS, size=size, p=shares / shares.sum())
        latent = topics[own] + 0.6 * rng.normal(size=(size, N_DIRECTIONS))
        X = latent.astype(np.float32) @ plane
        X += 0.02 * rng.normal(size=X.shape).astype(np.float32)
        X /= np.linalg.norm(X, axis=1, keepdims=True)
        yield X, class_of[own]


def write(folder: Path, n_rows: int) -> None:
    """Write the same rows in every form."""
    X = np.lib.format.open_memmap(
        folder / "X.npy", mode="w+", dtype=np.float32, shape=(n_rows, N_FEATURES)
    )
    labels, start = [], 0
    (folder / "parquet").mkdir()
    kind = pa.list_(pa.float32(), N_FEATURES)
    schema = pa.schema({"embedding": kind, "label": pa.int64()})
    with (
        pa.OSFile(str(folder / "rows.arrow"), "wb") as file,
        pa.ipc.new_stream(file, schema) as out,
    ):
        for rows, classes in blocks(n_rows):
            X[start : start + len(rows)] = rows
            lists = pa.FixedSizeListArray.from_arrays(pa.array(rows.ravel()), N_FEATURES)
            table = pa.Table.from_arrays([lists, pa.array(classes)], schema=schema)
            out.write_table(table, max_chunksize=1000)
            pq.write_table(
                table, folder / "parquet" / f"{start:09d}.parquet", row_group_size=10_000
            )
            labels.append(classes)
            start += len(rows)
    np.save(folder / "y.npy", np.concatenate(labels))


def opened(form: str, folder: Path) -> tuple[Any, Any]:
    """Return rows and labels as `fit` takes them."""
    if form == "npy":
        return folder / "X.npy", np.load(folder / "y.npy")
    if form == "parquet":
        return folder / "parquet", "label"
    from datasets import Dataset

    return Dataset.from_file(str(folder / "rows.arrow")), "label"


def own_mib() -> float:
    """Return the memory of this process that lies in no file."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon")) / 1024


class Watch(threading.Thread):
    """Note the most memory of the process's own, every 20 milliseconds."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ended, self.most = threading.Event(), 0.0

    def run(self) -> None:
        while not self.ended.wait(0.02):
            self.most = max(self.most, own_mib())


def measured(form: str, method: str, folder: Path, small: Path, budget: float, send: Any) -> None:
    """Choose once and send the figures."""

    def choose(place: Path) -> Any:
        X, y = opened(form, place)
        selector = FastCore(budget, scale=None, random_state=0, n_threads=1, **METHODS[method])
        return X, selector.fit(X, y)

    choose(small)  # compiled, loaded
    held, watch = own_mib(), Watch()
    Memory.begin()
    watch.start()
    wall, used = time.perf_counter(), time.process_time()
    X, selector = choose(folder)
    wall, used = time.perf_counter() - wall, time.process_time() - used
    watch.ended.set()
    rows = selector.sample_indices_
    if form == "datasets":
        assert X.select(rows).num_rows == len(rows)
    send.send((used, wall, held, watch.most, peak_mib(), len(rows), int(rows.sum())))


def in_process(*given: Any) -> Any:
    context = multiprocessing.get_context("spawn")
    receive, send = context.Pipe(duplex=False)
    process = context.Process(target=measured, args=(*given, send))
    process.start()
    send.close()
    try:
        return receive.recv()
    finally:
        process.join()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--budget", type=float, default=0.01)
    parser.add_argument("--forms", default=",".join(FORMS))
    parser.add_argument("--methods", default=",".join(METHODS))
    parser.add_argument("--folder", help="in which the temporary folder is made")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder, small = Path(name) / "all", Path(name) / "small"
        for place, n_rows in ((folder, given.rows), (small, 20_000)):
            place.mkdir()
            write(place, n_rows)
        chosen: dict[str, int] = {}
        print(f"{given.rows} vectors of {N_FEATURES}, one thread")
        print(
            "| method | form | rows | processor s | wall s | held MiB | own MiB | with mapped MiB |"
        )
        for method in given.methods.split(","):
            for form in given.forms.split(","):
                used, wall, held, own, peak, n_rows, total = in_process(
                    form, method, folder, small, given.budget
                )
                assert chosen.setdefault(method, total) == total, "another coreset from this form"
                figures = f"{used:.0f} | {wall:.0f} | {held:.0f} | {own:.0f} | {peak:.0f}"
                print(f"| {method} | {form} | {n_rows} | {figures} |", flush=True)


if __name__ == "__main__":
    main()
