"""Summaries as files: arrays in an ``.npz``, with a header in JSON and a checksum over all."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Mapping
from dataclasses import asdict
from os import PathLike
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coresift._errors import CoresiftError, FormatError
from coresift._files import whole_file
from coresift._rng import draw_keys
from coresift.core.codebook import Codebook
from coresift.core.encoder import Encoder
from coresift.core.hyperplanes import Hyperplanes
from coresift.core.merge import BottomK
from coresift.core.scaler import Scaler
from coresift.core.summary import Summary
from coresift.summaries._recipe import Recipe
from coresift.summaries._stored import Span, StoredSummary

FORMAT, VERSION = "coresift summary", 1
Arrays = dict[str, NDArray[Any]]


def save(stored: StoredSummary, path: str | PathLike[str]) -> None:
    """Write a summary; equal summaries give equal bytes."""
    arrays = _arrays(stored)
    header: dict[str, Any] = {
        "format": FORMAT,
        "version": VERSION,
        "rows": stored.n_rows,
        "recipe": asdict(stored.recipe),
        "feature_names": stored.feature_names,
        "labels": stored.labels,
        "spans": [asdict(span) for span in stored.spans],
        "reading": dict(stored.reading),
        "encoder": stored.encoder.digest(),
        "error_known": stored.error_known,
    }
    header["checksum"] = _checksum(header, arrays)
    text = np.frombuffer(json.dumps(header).encode(), dtype=np.uint8)
    try:
        with whole_file(path) as file:
            np.savez_compressed(file, allow_pickle=False, header=text, **arrays)
    except OSError as error:
        raise FormatError(
            f"{str(path)!r} cannot be written ({error}); check the folder and the space in it"
        ) from error


def load(path: str | PathLike[str]) -> StoredSummary:
    """Read a summary that `StoredSummary.save` wrote.

    Raises
    ------
    FormatError
        If the file is no summary, is damaged, or was written by a later version.
    """
    try:
        with open(path, "rb") as opened, np.load(opened, allow_pickle=False) as file:
            arrays: Arrays = {name: file[name] for name in file.files}
        header = json.loads(arrays.pop("header").tobytes())
        return _stored(header, arrays, str(path))
    except FormatError:
        raise
    except FileNotFoundError as error:
        raise FormatError(f"there is no summary {str(path)!r}: check the path") from error
    except (
        OSError, EOFError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile,
        CoresiftError,
    ) as error:  # fmt: skip
        raise FormatError(
            f"{str(path)!r} is no summary, or is damaged: make it anew with coresift summarise"
        ) from error


def _stored(header: Mapping[str, Any], arrays: Arrays, path: str) -> StoredSummary:
    if header["format"] != FORMAT:
        raise ValueError(header["format"])
    if header["version"] != VERSION:
        raise FormatError(
            f"{path!r} is a summary of version {header['version']}, this coresift reads version "
            f"{VERSION}: summarise again"
        )
    if header["checksum"] != _checksum(header, arrays):
        raise FormatError(f"{path!r} is damaged, its checksum is wrong: make it anew")
    recipe, labels = Recipe.of(header["recipe"]), tuple(header["labels"])
    names = tuple(header["feature_names"])
    encoder = _encoder(arrays)
    layout = recipe.layout(len(names), len(labels))
    row_ids = arrays["pool_rows"]
    pool = BottomK(
        np.array(layout.max_candidates, dtype=np.int64),
        arrays["pool_classes"],
        draw_keys(row_ids, layout.seed),
        row_ids,
        (arrays["pool_codes"], arrays["pool_buckets"]),
    )
    counted: dict[str, Any] = {name: arrays[name] for name in _SUMMARY}
    return StoredSummary(
        recipe,
        encoder,
        names,
        labels,
        Summary(layout=layout, pool=pool, **counted),
        tuple(Span(**span) for span in header["spans"]),
        header["reading"],
        header["error_known"],
    )


_SUMMARY = "bits", "cluster_class", "cluster_bucket", "sizes", "entries", "entry_counts"


def _arrays(stored: StoredSummary) -> Arrays:
    summary, encoder = stored.summary, stored.encoder
    codes, buckets = summary.pool.payload
    return {
        **encoder.arrays(),
        **{name: getattr(summary, name) for name in _SUMMARY},
        "pool_classes": summary.pool.groups,
        "pool_rows": summary.pool.row_ids,
        "pool_codes": codes,
        "pool_buckets": buckets,
    }


def _encoder(arrays: Arrays) -> Encoder:
    """Return the encoder of arrays that `Encoder.arrays` named."""
    numbers = range(sum(name.startswith("codewords_") for name in arrays))
    return Encoder(
        Scaler(arrays["offset"], arrays["factor"]),
        Hyperplanes(arrays["planes"], arrays["plane_offsets"]),
        Codebook(
            tuple(arrays[f"features_{number}"] for number in numbers),
            tuple(arrays[f"codewords_{number}"] for number in numbers),
        ),
    )


def _checksum(header: Mapping[str, Any], arrays: Arrays) -> str:
    facts = {name: value for name, value in header.items() if name != "checksum"}
    total = hashlib.sha256(json.dumps(facts).encode())
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        total.update(f"{name}{array.dtype.str}{array.shape}".encode())
        total.update(array.tobytes())
    return total.hexdigest()
