from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift._threads import processor_count, run_all, run_blocks, thread_count, threads

THREADS = st.sampled_from([1, 2, 3, 7, None])


@given(n_rows=st.integers(0, 60), n_threads=THREADS, minimum=st.integers(1, 20))
def test_blocks_cover_the_rows_once_and_are_not_too_small(
    n_rows: int, n_threads: int | None, minimum: int
) -> None:
    seen: list[slice] = []
    with threads(n_threads):
        limit = thread_count()
        run_blocks(seen.append, n_rows, minimum)
    seen.sort(key=lambda part: part.start)
    assert [row for part in seen for row in range(n_rows)[part]] == list(range(n_rows))
    assert 1 <= len(seen) <= limit
    if len(seen) > 1:
        assert min(part.stop - part.start for part in seen) >= minimum


@given(items=st.lists(st.integers(), max_size=10), n_threads=THREADS)
def test_results_stand_in_the_order_of_the_items(items: list[int], n_threads: int | None) -> None:
    with threads(n_threads):
        assert run_all(lambda item: -item, items) == [-item for item in items]


def test_threads_work_side_by_side() -> None:
    both = threading.Barrier(2, timeout=60)
    with threads(2):
        assert sorted(run_all(lambda _: both.wait(), [0, 1])) == [0, 1]


def test_an_error_in_a_thread_is_raised() -> None:
    with threads(2), pytest.raises(ZeroDivisionError):
        run_all(lambda item: 1 // item, [1, 0])


def test_the_innermost_limit_counts_and_ends_with_its_block() -> None:
    assert thread_count() == 1
    with threads(5):
        assert thread_count() == 5
        with threads(None):
            assert thread_count() == processor_count() >= 1
        assert thread_count() == 5
    assert thread_count() == 1


def test_the_limit_ends_where_the_work_fails() -> None:
    with pytest.raises(KeyError), threads(5):
        raise KeyError
    assert thread_count() == 1


@pytest.mark.parametrize(("n_items", "inside"), [(2, 3), (3, 1), (7, 1)])
def test_each_item_gets_one_thread_where_there_are_as_many_items_as_threads(
    n_items: int, inside: int
) -> None:
    with threads(3):
        found = run_all(lambda _: thread_count(), range(n_items))
    assert found == [inside] * n_items


def test_another_thread_starts_with_one() -> None:
    found: list[int] = []
    with threads(4):
        other = threading.Thread(target=lambda: found.append(thread_count()))
        other.start()
        other.join()
    assert found == [1]
