from __future__ import annotations

import weakref
from collections.abc import Iterator

import pytest

from coresift.engines import map_reduce


@pytest.mark.parametrize("n_chunks", [0, 1, 2, 3, 7, 8, 9, 100])
def test_results_are_merged_in_the_order_of_the_chunks(n_chunks: int) -> None:
    chunks = range(n_chunks)
    assert map_reduce(lambda chunk: [chunk], chunks, list.__add__, []) == list(chunks)


def test_each_result_takes_part_in_few_merges() -> None:
    # the depth of the tree of merges, counting the one with the zero
    depth = map_reduce(lambda _: 0, range(1000), lambda a, b: max(a, b) + 1, 0)
    assert depth <= 20


def test_chunks_are_read_one_at_a_time_and_not_held() -> None:
    class Chunk:
        pass

    alive: weakref.WeakSet[Chunk] = weakref.WeakSet()
    most = 0

    def chunks() -> Iterator[Chunk]:
        for _ in range(20):
            chunk = Chunk()
            alive.add(chunk)
            yield chunk
            del chunk

    def look(_: Chunk) -> int:
        nonlocal most
        most = max(most, len(alive))
        return 1

    assert map_reduce(look, chunks(), int.__add__, 0) == 20
    assert most <= 2  # the one at hand, and the one before until the loop lets go of it
