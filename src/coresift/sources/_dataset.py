"""Datasets of pyarrow: the files that they are made of."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pyarrow as pa

from coresift._errors import FormatError
from coresift.sources._data_file import DataFile
from coresift.sources._dialect import CsvOptions
from coresift.sources._formats import Found, check_once, open_files
from coresift.sources._location import Location


def is_dataset(value: Any) -> bool:
    """Tell whether a value is a dataset of pyarrow, without importing that module."""
    return any(
        base.__module__ == "pyarrow._dataset" and base.__name__ == "Dataset"
        for base in type(value).__mro__
    )


def open_dataset(
    dataset: Any, options: CsvOptions, label: str | None = None
) -> tuple[DataFile, ...]:
    """Read the columns and the row counts of the files of a dataset, in its order.

    Parameters
    ----------
    dataset : pyarrow.dataset.FileSystemDataset or UnionDataset
    options : CsvOptions
        Where it says no separator, that of the dataset counts.
    label : str or None
        Column of the labels.

    Raises
    ------
    FormatError
        If the dataset holds no files, or is filtered.
    """
    found: list[Found] = []
    values: list[dict[str, Any]] = []
    for child in _with_files(dataset):
        options = _with_separator(options, child)
        for fragment in child.get_fragments():
            found.append(Found(Location(fragment.path, fragment.path, child.filesystem)))
            values.append(_keys(fragment))
    if not found:
        raise FormatError("the dataset has no files: check what it was made from")
    check_once(found)
    by_path = dict(zip((file.location.path for file in found), values, strict=True))
    return tuple(
        replace(file, constants=_constants(by_path[file.location.path], file, dataset.schema))
        for file in open_files(found, options, label)
    )


def _with_files(dataset: Any) -> list[Any]:
    if getattr(dataset, "_scan_options", None):
        raise FormatError(
            "the dataset is filtered, which coresift would lose: pass dataset.to_table(), or "
            "write it to Parquet and pass the path"
        )
    children = getattr(dataset, "children", None)
    if children is not None:
        return [file for child in children for file in _with_files(child)]
    if not hasattr(dataset, "files"):
        raise FormatError(
            f"the data are a {type(dataset).__name__}, which has no files: pass its to_table()"
        )
    return [dataset]


def _with_separator(options: CsvOptions, dataset: Any) -> CsvOptions:
    parse = getattr(dataset.format, "parse_options", None)
    if parse is None or options.delimiter is not None or parse.delimiter == ",":
        return options
    return replace(options, delimiter=parse.delimiter)


def _keys(fragment: Any) -> dict[str, Any]:
    import pyarrow.dataset

    return dict(pyarrow.dataset.get_partition_keys(fragment.partition_expression))


def _constants(
    keys: dict[str, Any], file: DataFile, schema: pa.Schema
) -> tuple[tuple[str, pa.Scalar], ...]:
    return tuple(
        (name, _scalar(value, schema.field(name).type))
        for name, value in keys.items()
        if name not in file.schema.names and name in schema.names
    )


def _scalar(value: Any, kind: pa.DataType) -> pa.Scalar:
    return pa.scalar(value, kind.value_type if pa.types.is_dictionary(kind) else kind)
