"""Rows in their order: batches of a data set whose positions are the row ids."""

from __future__ import annotations

from collections.abc import Iterator, Sized
from itertools import islice
from typing import Any

from torch.utils.data import (
    BatchSampler,
    DataLoader,
    Dataset,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
)

from coresift._errors import DataError, ParameterError
from coresift.torch._schedule import n_batches

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
    remedy = "give DataLoader(dataset, batch_size, shuffle=False)"
    batches = loader.sampler if loader.batch_sampler is None else loader.batch_sampler
    sampler = getattr(batches, "sampler", batches)  # of a batch sampler of torch
    name = type(sampler).__name__
    if isinstance(sampler, (RandomSampler, SubsetRandomSampler, WeightedRandomSampler)):
        raise ParameterError(
            f"the loader shuffles ({name}), so that row ids would be wrong: {remedy}"
        )
    plain = type(batches) in (BatchSampler, SequentialSampler)
    if plain and type(sampler) is SequentialSampler and len(sampler) == n_rows:
        dropped = n_rows % batches.batch_size if getattr(batches, "drop_last", False) else 0
        if dropped:
            raise ParameterError(
                f"the loader drops the last {dropped} of {n_rows} rows (drop_last=True): {remedy}"
            )
        return
    given = 0
    for position in _flat(batches):
        if position != given:
            raise ParameterError(
                f"the loader's {name} gives row {position} at place {given}, so that row ids "
                f"would be wrong: {remedy}"
            )
        given += 1
    check_all(given, n_rows)


def check_all(given: int, n_rows: int) -> None:
    """Refuse fewer or more rows than there are.

    Raises
    ------
    ParameterError
    """
    if given != n_rows:
        raise ParameterError(
            f"the loader gives {given} of {n_rows} rows: give DataLoader(dataset, batch_size, "
            "shuffle=False)"
        )


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
        Where it has no length, or no rows, or is a loader, whose length is in batches.
    """
    if isinstance(dataset, DataLoader):
        raise DataError(
            "the data are a DataLoader, where the rows themselves are needed: pass loader.dataset, "
            "and the size of batches as batch_size"
        )
    if isinstance(dataset, IterableDataset) or not hasattr(dataset, "__len__"):
        raise DataError(
            f"{type(dataset).__name__} has no length and no positions, which row ids are: use a "
            "map-style data set, with __len__ and __getitem__"
        )
    if len(dataset) == 0:
        raise DataError("the data set has no rows: give at least one of each class")
    return len(dataset)


def check_unchanged(dataset: Any, n_rows: int) -> None:
    """Refuse a data set whose rows come and go while it is trained on.

    Raises
    ------
    DataError
    """
    if len(dataset) != n_rows:
        raise DataError(
            f"the data set had {n_rows} rows when training began, and has {len(dataset)} now, so "
            "that chosen rows would be others: let it be as long in every epoch"
        )


class Batches(Sampler[list[int]]):  # type: ignore[misc]
    """Runs of a sampler's rows.

    A last one of a single row joins the run before it. With ``even``, no two differ by more than a
    row: a last batch of a few would move the parameters as far as the others, by chance alone.
    """

    def __init__(self, sampler: Any, batch_size: int, even: bool = False) -> None:
        self.sampler, self.batch_size, self.even = sampler, batch_size, even

    def __len__(self) -> int:
        """Return the number of batches."""
        return n_batches(len(self.sampler), self.batch_size)

    def __iter__(self) -> Iterator[list[int]]:
        """Yield lists of positions."""
        rows, n_batches = iter(self.sampler), len(self)
        size, more = divmod(len(self.sampler), n_batches) if self.even else (self.batch_size, 0)
        for number in range(n_batches - 1):
            yield list(islice(rows, size + (number < more)))
        yield list(rows)


def slices_of(data: TensorDataset, batch_size: int) -> Iterator[list[Any]]:
    """Yield the batches of a data set of tensors in their order, without a copy."""
    for start in range(0, len(data), batch_size):
        yield [tensor[start : start + batch_size] for tensor in data.tensors]


def make_loader(
    dataset: Dataset[Any],
    sampler: Sampler[int],
    batch_size: int,
    num_workers: int = 0,
    *,
    even: bool = False,
) -> DataLoader[Any]:
    """Return a loader of the sampler's rows; tensors are cut batch by batch, not row by row."""
    batches = Batches(sampler, batch_size, even)
    if is_tensors(dataset):
        return DataLoader(dataset, sampler=batches, batch_size=None, num_workers=num_workers)
    return DataLoader(dataset, batch_sampler=batches, num_workers=num_workers)


def is_tensors(dataset: Any) -> bool:
    """Tell whether a list of positions gives a batch: tensors, or a coreset of them.

    A subclass of `TensorDataset` may do something to each row that it gives.
    """
    return type(dataset) is TensorDataset or getattr(dataset, "takes_lists", False)
