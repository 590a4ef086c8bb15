"""Rows in their order: batches of a data set whose positions are the row ids."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from typing import Any

from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    Sampler,
    SequentialSampler,
    TensorDataset,
)

from coresift._errors import DataError, ParameterError

BATCH_SIZE = 256  # larger batches of images leave the processor's cache: 3 times as slow


def ordered_loader(data: Any, batch_size: int = BATCH_SIZE, num_workers: int = 0) -> Any:
    """Return a loader of all rows in their order, and check one that is given.

    Parameters
    ----------
    data : Dataset or DataLoader
        A map-style data set, or a loader of one that keeps the order and drops nothing.
    batch_size, num_workers : int
        Of the loader that is made of a data set.

    Raises
    ------
    DataError
        For a data set without length, and one without rows.
    ParameterError
        For a loader that shuffles, or leaves rows out.
    """
    if not isinstance(data, DataLoader):
        rows = n_rows_of(data)
        return make_loader(data, SequentialSampler(range(rows)), batch_size, num_workers)
    _check_order(data, n_rows_of(data.dataset))
    return data


def _check_order(loader: DataLoader[Any], n_rows: int) -> None:
    """Refuse a loader whose rows are not all rows in their order."""
    sampler = loader.sampler if loader.batch_sampler is None else loader.batch_sampler.sampler
    remedy = "give DataLoader(dataset, batch_size, shuffle=False)"
    if loader.drop_last and n_rows % loader.batch_size:
        raise ParameterError(
            f"the loader drops the last {n_rows % loader.batch_size} of {n_rows} rows "
            f"(drop_last=True): {remedy}"
        )
    if type(sampler) is SequentialSampler:
        return
    given = 0
    order = sampler if loader.batch_sampler is None else loader.batch_sampler
    for position in _flat(order):
        if position != given:
            raise ParameterError(
                f"the loader's {type(sampler).__name__} gives row {position} at place {given}, "
                f"so that row ids would be wrong: {remedy}"
            )
        given += 1
    if given != n_rows:
        raise ParameterError(f"the loader gives {given} of {n_rows} rows: {remedy}")


def _flat(positions: Any) -> Iterator[Any]:
    for item in positions:
        if isinstance(item, Sized):
            yield from item  # type: ignore[misc]
        else:
            yield item


def n_rows_of(dataset: Any) -> int:
    """Return the number of rows of a data set.

    Raises
    ------
    DataError
        Where it has no length, or no rows.
    """
    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__"):
        raise DataError(
            f"{type(dataset).__name__} has no length and no positions, which row ids are: use a "
            "map-style data set, with __len__ and __getitem__"
        )
    if len(dataset) == 0:
        raise DataError("the data set has no rows: give at least one of each class")
    return len(dataset)


def make_loader(
    dataset: Dataset[Any], sampler: Sampler[int], batch_size: int, num_workers: int = 0
) -> DataLoader[Any]:
    """Return a loader of the sampler's rows; tensors are cut batch by batch, not row by row."""
    if is_tensors(dataset):
        batches = BatchSampler(sampler, batch_size, drop_last=False)
        return DataLoader(dataset, sampler=batches, batch_size=None, num_workers=num_workers)
    return DataLoader(dataset, batch_size, sampler=sampler, num_workers=num_workers)


def is_tensors(dataset: Any) -> bool:
    """Tell whether a list of positions gives a batch: tensors, or a coreset of them."""
    return isinstance(dataset, TensorDataset) or getattr(dataset, "takes_lists", False)
