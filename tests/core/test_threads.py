from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift._threads import run_all, run_blocks, thread_count

THREADS = st.sampled_from([1, 2, 3, 7, None])


@given(n_rows=st.integers(0, 60), n_threads=THREADS, minimum=st.integers(1, 20))
def test_blocks_cover_the_rows_once_and_are_not_too_small(
    n_rows: int, n_threads: int | None, minimum: int
) -> None:
    seen: list[slice] = []
    run_blocks(seen.append, n_rows, n_threads, minimum)
    seen.sort(key=lambda part: part.start)
    assert [row for part in seen for row in range(n_rows)[part]] == list(range(n_rows))
    assert 1 <= len(seen) <= thread_count(n_threads)
    if len(seen) > 1:
        assert min(part.stop - part.start for part in seen) >= minimum


@given(items=st.lists(st.integers(), max_size=10), n_threads=THREADS)
def test_results_stand_in_the_order_of_the_items(items: list[int], n_threads: int | None) -> None:
    assert run_all(lambda item: -item, items, n_threads) == [-item for item in items]


def test_threads_work_side_by_side() -> None:
    both = threading.Barrier(2, timeout=60)
    assert sorted(run_all(lambda _: both.wait(), [0, 1], n_threads=2)) == [0, 1]


def test_an_error_in_a_thread_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        run_all(lambda item: 1 // item, [1, 0], n_threads=2)


def test_thread_count() -> None:
    assert thread_count(5) == 5
    assert thread_count(None) >= 1
