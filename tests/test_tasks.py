"""Tasks travel: each pickles, gives the same afterwards, and takes no data along.

A task is a class whose instances are called with a block or a chunk. They are found by walking
the package and caught in real selections, so that a new one is held to this without a line here.
"""

from __future__ import annotations

import dataclasses
import inspect
import io
import pickle
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from types import FunctionType, MethodType
from typing import Any

import numpy as np
import pytest

from coresift import suggest_planes
from coresift._runtime import Runtime
from coresift.engines import Engine, Folded, Merger, Serial
from coresift.engines._base import narrowed
from coresift.experiments._split import _read
from coresift.methods import FastCorePlan, Plan, UniformPlan
from coresift.select import select
from coresift.sources import ArraySource, Part, Source, WeightedSource
from coresift.table import Table
from coresift.weightings import weighting_names
from naive import identical
from strategies import Array
from walking import classes

N_ROWS, CHUNK_ROWS = 599, 60  # no other number of a selection is 599


def is_task(kind: type) -> bool:
    call = vars(kind).get("__call__")
    if not inspect.isfunction(call) or getattr(kind, "_is_protocol", False):
        return False
    return list(inspect.signature(call).parameters)[1:] in (["block"], ["chunk"])


TASKS = sorted(filter(is_task, classes()), key=lambda kind: kind.__name__)
each_task = pytest.mark.parametrize("kind", TASKS, ids=lambda kind: kind.__name__)

# What a task may not hold: they hold all rows, or cannot be sent.
FORBIDDEN = (Source, Part, Table, Runtime, Engine, Plan, io.IOBase, np.random.Generator)
LOCKS = (type(threading.Lock()), type(threading.RLock()), threading.Condition)
FUNCTIONS = (FunctionType, MethodType, partial)


@dataclasses.dataclass(frozen=True)
class Caught:
    """A task as an engine got it, with the parts that it was for."""

    task: Any
    parts: Sequence[Any]


def table() -> tuple[Array, Array]:
    rng = np.random.default_rng(7)
    y = rng.choice(3, size=N_ROWS, p=[0.6, 0.3, 0.1])
    return (rng.normal(size=(N_ROWS, 5)) + y[:, None]).astype(np.float32), y


def all_plans(kind: type[Plan] = Plan) -> Iterator[type[Plan]]:
    for own in kind.__subclasses__():
        if not inspect.isabstract(own):
            yield own
        yield from all_plans(own)


@dataclasses.dataclass(frozen=True)
class RowsAsGradients:
    """What a user may give; a task holds nothing else that could be called."""

    def __call__(self, rows: Array, labels: Array) -> Array:
        return rows * labels[:, None]


def plans() -> Iterator[Plan]:
    """Every method with every weighting that serves it, and settings with tasks of their own."""
    for kind in all_plans():
        few: dict[str, Any] = {"max_candidates": 90} if kind is FastCorePlan else {}
        for weights in weighting_names(kind):
            yield kind(40, weights=weights, seed=1, **few)
    for clusters in ("kmeans", "gmm"):
        yield FastCorePlan(
            40, clusters=clusters, n_clusters=9, representative="random", max_candidates=90
        )
    yield FastCorePlan(40, exact_below=0)
    yield UniformPlan(40, stratify=False)
    yield FastCorePlan(40, gradient=RowsAsGradients(), max_candidates=90)


@pytest.fixture(scope="module")
def caught() -> list[Caught]:
    found: list[Caught] = []
    fold = Serial.fold

    def recorded(
        self: Serial, task: Any, parts: Sequence[Any], advance: Callable[[int], None]
    ) -> Folded[Any]:
        found.append(Caught(task, parts))
        return fold(self, task, parts, advance)

    source = ArraySource(*table(), chunk_rows=CHUNK_ROWS)
    assert len(source.parts()) > 3
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Serial, "fold", recorded)
        for plan in plans():
            select(source, plan)
        select(source, UniformPlan(40), check=True)
        _read(source)  # as comparisons do
        suggest_planes(source, candidates=(4, 8), sample_size=100, n_queries=20)
        weights = np.random.default_rng(1).integers(0, 4, size=N_ROWS)
        weighted = WeightedSource(source, weights / 2)
        select(weighted, FastCorePlan(40, scale="standard", max_candidates=90))
        patch.setattr("coresift.core.target.MOST_VALUES", 50)
        patch.setattr("coresift.core.profile.MOST_VALUES", 50)
        X, _ = table()
        numbers = WeightedSource(ArraySource(X, X[:, 0], chunk_rows=CHUNK_ROWS), weights)
        select(numbers, UniformPlan(40))
    return found


def inside(value: Any, path: str = "task") -> Iterator[tuple[str, Any]]:
    """Yield a value and all that it holds, with the way to it."""
    yield path, value
    inner: dict[str, Any] = {}
    if isinstance(value, Mapping):
        inner = {f"[{key!r}]": part for key, part in value.items()}
    elif isinstance(value, list | tuple | set | frozenset):
        inner = {f"[{place}]": part for place, part in enumerate(value)}
    elif not isinstance(value, (type, np.ndarray, np.dtype, *FUNCTIONS)):
        inner = {f".{name}": part for name, part in getattr(value, "__dict__", {}).items()}
    for step, part in inner.items():
        yield from inside(part, path + step)


def of_kind(caught: list[Caught], kind: type) -> list[Caught]:
    """Those that are of a kind, or hold one: a task may run others on the same rows."""
    return [one for one in caught if any(type(value) is kind for _, value in inside(one.task))]


def result(task: Any, parts: Sequence[Any]) -> Any:
    merger: Merger[Any] = Merger()
    for chunk in (chunk for part in parts for chunk in part.chunks()):
        merger.add(task(chunk))
    return merger.total()


def same(left: Any, right: Any) -> bool:
    """Whether two results hold the same; what a tuple or a field holds is of the same type."""
    types = ([type(value) for _, value in inside(side)] for side in (left, right))
    return list(next(types)) == list(next(types)) and identical(left, right)


def test_tasks_are_found() -> None:
    names = {kind.__name__ for kind in TASKS}
    assert {"ProfileTask", "EncodeTask", "AssignRows", "CompareMedoids", "Viewed"} <= names


@each_task
def test_a_task_is_a_frozen_dataclass(kind: type) -> None:
    assert dataclasses.is_dataclass(kind)
    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]


@each_task
def test_a_task_gives_the_same_after_a_journey(kind: type, caught: list[Caught]) -> None:
    found = of_kind(caught, kind)
    assert found, f"no selection runs a {kind.__name__}: add one to plans()"
    for one in found:
        copied = pickle.loads(pickle.dumps(one.task))
        assert type(copied) is type(one.task)
        parts = one.parts[:2]
        assert same(result(copied, parts), result(one.task, parts))


@each_task
def test_the_part_of_a_task_that_a_worker_gets_does_the_same(
    kind: type, caught: list[Caught]
) -> None:
    for one in of_kind(caught, kind):
        for part in (one.parts[1], one.parts[-1]):
            own = pickle.loads(pickle.dumps(narrowed(one.task, part)))
            assert same(result(own, [part]), result(one.task, [part]))


@each_task
def test_a_task_takes_neither_data_nor_machinery_along(kind: type, caught: list[Caught]) -> None:
    for one in of_kind(caught, kind):
        part = one.parts[1]
        assert part.n_rows < N_ROWS / 3
        for path, value in inside(narrowed(one.task, part)):
            assert not isinstance(value, FORBIDDEN), f"{path} is a {type(value).__name__}"
            assert not isinstance(value, LOCKS), f"{path} is a lock"
            assert not isinstance(value, FUNCTIONS), f"{path} is a function, not a task"
            if isinstance(value, np.ndarray):
                assert N_ROWS not in value.shape, f"{path} has an entry for each row"


@pytest.mark.parametrize("held", [threading.Lock(), ArraySource(np.eye(3)), print, lambda: 0])
def test_what_is_held_deep_inside_is_seen(held: Any) -> None:
    values = [value for _, value in inside({"a": [(1, held)]})]
    assert any(value is held for value in values)
