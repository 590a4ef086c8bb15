"""MNIST."""

from __future__ import annotations

import gzip
import os
from pathlib import Path
from typing import Any

import numpy as np

from coresift._errors import FormatError
from coresift._progress import Progress
from coresift._typing import Labels, Rows
from coresift.datasets._dataset import Dataset
from coresift.datasets._home import Home, Remote
from coresift.datasets._tables import read_parquet

# The mirror and the checksums of torchvision.
_MIRROR = "https://ossci-datasets.s3.amazonaws.com/mnist/"
FILES = tuple(
    Remote(name, f"{_MIRROR}{name}", f"md5:{digest}")
    for name, digest in (
        ("train-images-idx3-ubyte.gz", "f68b3c2dcbeaaa9fbdd348bbdeb94873"),
        ("train-labels-idx1-ubyte.gz", "d53e105ee54ea40749a09fcbcd1e9432"),
        ("t10k-images-idx3-ubyte.gz", "9fb629c4189551a2d022fa330f9573f3"),
        ("t10k-labels-idx1-ubyte.gz", "ec29112dd5afa0611ce80d1b7f02629c"),
    )
)
PREPARED = ("mnist_train.parquet", "mnist_test.parquet")
_UNSIGNED_BYTES = 8  # the type code of IDX files


def load_mnist(
    data_home: str | os.PathLike[str] | None = None,
    *,
    download: bool = True,
    progress: Progress | None = None,
) -> Dataset:
    """Return MNIST: 60,000 images of 28 x 28 with their digits, and 10,000 test images.

    Parameters
    ----------
    data_home : str or path or None, default=None
        Folder with the four IDX files (``train-images-idx3-ubyte.gz`` and so on), or with
        ``mnist_train.parquet`` and ``mnist_test.parquet`` (``image``, a list of 784 bytes, and
        ``label``). None looks in the folder of the environment variable ``CORESIFT_DATA`` and in
        the user's cache folder.
    download, progress
        As for `load_covtype` (12 MB).

    Returns
    -------
    Dataset
        Pixels from 0 to 255, row by row.

    Raises
    ------
    MissingDataError, FormatError
        As `load_covtype`.

    Examples
    --------
    >>> from coresift.datasets import load_mnist
    >>> mnist = load_mnist()  # doctest: +SKIP
    >>> mnist.X.shape, mnist.X_test.shape  # doctest: +SKIP
    ((60000, 784), (10000, 784))
    """
    home = Home(data_home, download, progress)
    prepared = home.find(PREPARED)
    if prepared is not None:
        parts = [_images(prepared[name]) for name in PREPARED]
    else:
        paths = home.files("MNIST", FILES, [" and ".join(PREPARED)])
        read = [read_idx(paths[remote.name]) for remote in FILES]
        parts = [(_flat(read[at]), read[at + 1].astype(np.int64)) for at in (0, 2)]
    (X, y), (X_test, y_test) = parts
    names = tuple(f"pixel{number}" for number in range(X.shape[1]))
    return Dataset("mnist", X, y, names, "real", "MNIST, complete", X_test, y_test)


def _flat(images: Any) -> Rows:
    return np.asarray(images.reshape(len(images), -1), dtype=np.float32)


def _images(path: Path) -> tuple[Rows, Labels]:
    table = read_parquet(path, ["image", "label"])
    pixels = table.column("image").combine_chunks().flatten().to_numpy()
    labels = np.asarray(table.column("label").to_numpy(), dtype=np.int64)
    return _flat(pixels.reshape(len(labels), -1)), labels


def read_idx(path: Path) -> Any:
    """Return the bytes of a compressed IDX file as an array.

    Raises
    ------
    FormatError
    """
    try:
        with gzip.open(path) as file:
            data = file.read()
        if len(data) < 4 or data[:2] != b"\0\0" or data[2] != _UNSIGNED_BYTES:
            raise ValueError("its first bytes are others")
        start = 4 + 4 * data[3]
        shape = np.frombuffer(data[4:start], dtype=">u4").astype(np.int64)
        return np.frombuffer(data[start:], dtype=np.uint8).reshape(shape)
    except (OSError, EOFError, ValueError) as error:
        raise FormatError(
            f"{str(path)!r} is not a compressed IDX file of bytes ({error}): place it anew"
        ) from error
