"""How many threads work uses, and BLAS beside it."""

from __future__ import annotations

from threading import Thread

from threadpoolctl import threadpool_info, threadpool_limits

from coresift._threads import run_blocks, thread_count, threads


def blas_threads() -> set[int]:
    return {one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"}


def test_blas_has_one_thread_beside_ours_and_gets_its_own_back() -> None:
    seen: list[tuple[int, set[int]]] = []

    def look(_: slice) -> None:
        seen.append((thread_count(), blas_threads()))

    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with threads(4):
            run_blocks(look, 100, minimum=10)
        assert before == blas_threads() == {2}
    assert seen == [(1, {1})] * 4


def test_what_is_said_about_threads_is_said_to_the_work_inside() -> None:
    seen = []
    with threads(3):
        run_blocks(lambda part: seen.append((part.start, part.stop)), 10, minimum=3)
        other = Thread(target=lambda: seen.append(thread_count()))
        other.start()
        other.join()
    assert sorted(seen[:3]) == [(0, 3), (3, 6), (6, 10)]
    assert seen[3] == 1  # a thread that nobody has told
    assert thread_count() == 1
