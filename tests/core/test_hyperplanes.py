from __future__ import annotations

import numpy as np
import pytest

import naive
from coresift._threads import threads
from coresift.core.hyperplanes import MAX_PLANES, Hyperplanes
from strategies import Array


def draw(n_planes: int, center: Array | None = None, n_features: int = 5) -> Hyperplanes:
    return Hyperplanes.draw(n_features, n_planes, np.random.default_rng(3), center)


def normal(n_rows: int) -> Array:
    return np.random.default_rng(0).standard_normal((n_rows, 5)).astype(np.float32)


@pytest.mark.parametrize("center", [None, np.arange(5, dtype=np.float32)])
@pytest.mark.parametrize("n_planes", [0, 1, 10, 63, MAX_PLANES])
def test_the_first_planes_of_a_draw_are_a_draw_of_fewer_planes(
    n_planes: int, center: Array | None
) -> None:
    fewer, all_planes = draw(n_planes, center), draw(MAX_PLANES, center)
    assert fewer.n_planes == fewer.n_bits == n_planes
    assert (fewer.planes == all_planes.planes[:, :n_planes]).all()
    assert (fewer.offsets == all_planes.offsets[:n_planes]).all()
    rows = normal(30)
    expected = [naive.prefix(b, n_planes) for b in all_planes.buckets(rows).tolist()]
    assert fewer.buckets(rows).tolist() == expected


def test_planes_pass_through_the_origin_unless_there_is_a_center() -> None:
    assert not draw(MAX_PLANES).offsets.any()
    center = np.array([1.0, -2.0, 0.5, 3.0, 100.0], dtype=np.float32)
    planes = draw(MAX_PLANES, center)
    exact = planes.planes.astype(np.float64).T @ center
    assert planes.offsets == pytest.approx(exact, abs=1e-4)


def test_a_center_moves_the_buckets_with_the_data() -> None:
    rows = np.array([[1, 2], [-3, 1], [0, -1], [2, -2]], dtype=np.float32)
    center = np.array([1024, -4096], dtype=np.float32)
    near = draw(16, n_features=2).buckets(rows)
    far = draw(16, center, n_features=2).buckets(rows + center)
    assert len(set(near.tolist())) == 4
    assert near.tolist() == far.tolist()


def test_threads_do_not_change_buckets() -> None:
    rows, planes = normal(4000), draw(MAX_PLANES)
    found = []
    for n_threads in (1, 2, 3):
        with threads(n_threads):
            found.append(planes.buckets(rows))
    one, two, three = found
    assert one.dtype == np.uint64
    assert len(set(one.tolist())) > 1000
    assert (one == two).all()
    assert (one == three).all()
