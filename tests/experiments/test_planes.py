"""How many hyperplanes: the silhouette against an oracle, the plateau, the sample."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coresift import ParameterError, suggest_planes
from coresift.experiments._planes import silhouettes


def blobs(n_rows: int = 600) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    centers = rng.normal(size=(12, 5)) * 10
    which = rng.integers(0, 12, n_rows)
    return centers[which] + rng.normal(size=(n_rows, 5)) * 0.1, which % 3


def test_silhouettes_of_few_rows_are_those_of_the_definition() -> None:
    rows = np.array([[0.0], [1.0], [5.0], [6.0], [8.0], [100.0], [103.0]], dtype=np.float32)
    class_ids, groups = np.array([0, 0, 0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 2, 3, 3])
    rng = np.random.default_rng(0)
    order = np.random.default_rng(0).permutation(7)
    found, alone = silhouettes(rows, class_ids, groups, 100, rng)
    assert alone.tolist() == [row == 4 for row in order]
    for value, row in zip(found, order, strict=True):
        if class_ids[row] == 1:
            assert value == 0  # no other cluster of the class
        if row == 4:
            assert value == 1  # alone: a is 0
    # Rows outside are drawn with replacement: held to the mean within what that can make.
    first = found[list(order).index(0)]
    assert first == pytest.approx((19 / 3 - 1) / (19 / 3), abs=0.02)


def test_the_plateau_is_found_and_the_fewest_planes_on_it_are_taken() -> None:
    X, y = blobs()
    advice = suggest_planes(X, y)
    scores = {step.n_planes: step.score for step in advice.steps}
    assert list(scores) == [8, 16, 24, 32, 40, 48, 56, 64]
    best = max(scores.values())
    on_it = [number for number, score in scores.items() if score >= best - 0.02]
    assert advice.n_planes == on_it[0]
    assert best > 0.9
    assert advice.seconds > 0


def test_more_planes_make_more_clusters_and_a_tolerance_decides() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(3000, 6))
    advice = suggest_planes(X, candidates=(16, 4, 8))
    clusters = [step.n_clusters for step in advice.steps]
    assert clusters == sorted(clusters)
    assert [step.score for step in advice.steps] == sorted(step.score for step in advice.steps)
    assert advice.n_planes == 16
    assert suggest_planes(X, candidates=(16, 4, 8), tolerance=1).n_planes == 4


def test_the_seed_decides_and_the_chunks_do_not() -> None:
    from coresift.sources import as_source

    X, y = blobs()

    def steps(source: Any, *labels: Any, **options: Any) -> Any:
        return suggest_planes(source, *labels, sample_size=300, **options).steps

    expected = steps(X, y)
    assert steps(X, y, n_threads=2) == expected
    assert steps(as_source(X, y, chunk_rows=77)) == expected
    assert steps(X, y, random_state=1) != expected


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"candidates": ()}, "at least one"),
        ({"candidates": (65,)}, "from 1 to 64"),
        ({"tolerance": 0}, "tolerance=0"),
        ({"sample_size": 0}, "sample_size=0"),
        ({"n_queries": 0}, "n_queries=0"),
    ],
)
def test_what_has_no_meaning_is_refused(options: dict[str, Any], message: str) -> None:
    X, y = blobs(50)
    with pytest.raises(ParameterError, match=message):
        suggest_planes(X, y, **options)
