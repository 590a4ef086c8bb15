"""Every weighting with every method that it serves; a file is all that a new one takes."""

from __future__ import annotations

import inspect
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import coresift
import naive
from coresift._errors import ParameterError
from coresift.core.coreset import Coreset
from coresift.methods import FastCorePlan, Plan, UniformPlan
from coresift.select import select
from coresift.sources import ArraySource
from coresift.weightings import weighting_names, weighting_type
from strategies import Array

SIZES = [300, 80, 19, 1]


def all_plans(kind: type[Plan] = Plan) -> Iterator[type[Plan]]:
    for own in kind.__subclasses__():
        if not inspect.isabstract(own):
            yield own
        yield from all_plans(own)


PLANS = sorted(all_plans(), key=lambda kind: kind.__name__)
PAIRS = [(kind, weights) for kind in PLANS for weights in weighting_names(kind)]
WEIGHTINGS = sorted({weights for _, weights in PAIRS})
each_plan = pytest.mark.parametrize("kind", PLANS, ids=lambda kind: kind.__name__)
each_pair = pytest.mark.parametrize(
    ("kind", "weights"), PAIRS, ids=[f"{kind.__name__}-{weights}" for kind, weights in PAIRS]
)


@pytest.fixture(scope="module")
def table() -> tuple[Array, Array]:
    """Rows of classes of very different sizes; some rows are equal, a feature is constant."""
    rng = np.random.default_rng(3)
    y = rng.permutation(np.repeat(np.arange(len(SIZES)), SIZES))
    X = rng.normal(size=(len(y), 4)) + y[:, None]
    X[40:60] = X[20:40]
    X[:, 3] = 2.0
    return X.astype(np.float32), y


def chosen(kind: type[Plan], table: tuple[Array, Array], **options: Any) -> Coreset:
    return select(ArraySource(*table, chunk_rows=90), kind(40, seed=1, **options))


@each_pair
def test_law_8_weights_are_positive_and_sum_to_the_sizes_of_the_classes(
    kind: type[Plan], weights: str, table: tuple[Array, Array]
) -> None:
    found, y = chosen(kind, table, weights=weights), table[1]
    assert found.weights.dtype == np.float64
    assert found.weights.shape == found.row_ids.shape == (40,)
    assert (np.diff(found.row_ids) > 0).all()
    assert np.isfinite(found.weights).all()
    assert (found.weights > 0).all()
    sums = np.bincount(y[found.row_ids], found.weights)
    np.testing.assert_allclose(sums, SIZES, rtol=1e-12)
    assert found.report is not None
    assert [entry.chosen for entry in found.report.classes] == np.bincount(
        y[found.row_ids]
    ).tolist()


@each_pair
def test_law_7_chunks_and_threads_change_nothing(
    kind: type[Plan], weights: str, table: tuple[Array, Array]
) -> None:
    expected = chosen(kind, table, weights=weights, n_threads=1)
    plan = kind(40, seed=1, weights=weights, n_threads=3)
    for chunk_rows in (7, 400):
        found = select(ArraySource(*table, chunk_rows=chunk_rows), plan)
        assert found.row_ids.tolist() == expected.row_ids.tolist()
        assert found.weights.tolist() == expected.weights.tolist()


@each_pair
def test_all_rows_stand_for_themselves(
    kind: type[Plan], weights: str, table: tuple[Array, Array]
) -> None:
    found = select(ArraySource(*table), kind(sum(SIZES), seed=1, weights=weights))
    assert found.row_ids.tolist() == list(range(sum(SIZES)))
    np.testing.assert_allclose(found.weights, 1.0, rtol=1e-12)


@each_plan
def test_rows_of_a_class_count_alike_with_uniform_weights(
    kind: type[Plan], table: tuple[Array, Array]
) -> None:
    found, y = chosen(kind, table, weights="uniform"), table[1]
    own = y[found.row_ids]
    expected = np.array(SIZES) / np.bincount(own)
    np.testing.assert_allclose(found.weights, expected[own], rtol=1e-12)
    assert found.report is not None
    assert found.report.score is None  # no row was read again


@each_plan
def test_weights_by_assignment_equal_their_oracle_and_say_how_far_they_are(
    kind: type[Plan], table: tuple[Array, Array]
) -> None:
    X, y = table
    found = chosen(kind, table, weights="assignment", scale=None)
    rows = found.row_ids
    owners, distances = naive.assigned(X, y, range(len(y)), rows.tolist())
    counts = Counter(owners)
    expected = naive.shared(X[rows], y[rows], [counts[row] for row in rows.tolist()])
    assert found.weights.tolist() == [float(weight) for weight in expected]
    assert found.report is not None
    assert found.report.score == float(naive.exact_sum(distances) / len(y))


@each_plan
def test_a_plan_refuses_other_weightings_and_names_those_that_serve(kind: type[Plan]) -> None:
    names = weighting_names(kind)
    assert {"assignment", "uniform"} <= set(names)
    assert ("cluster" in names) == kind.has_clusters
    for wrong in {"none", *WEIGHTINGS} - set(names):
        with pytest.raises(ParameterError, match=f"weights='{wrong}' is not known") as caught:
            kind(40, weights=wrong)
        for name in names:
            assert repr(name) in str(caught.value)
        with pytest.raises(ParameterError):
            weighting_type(wrong, kind)


@each_pair
def test_a_weighting_takes_its_parameters_from_the_plan(kind: type[Plan], weights: str) -> None:
    weighting = kind(40, weights=weights, seed=9).weighting()
    assert type(weighting) is weighting_type(weights, kind)
    assert weighting.name == weights
    assert getattr(weighting, "seed", 9) == 9


def test_parameters_that_have_no_meaning_together_are_refused() -> None:
    with pytest.raises(ParameterError, match="stratify=False"):
        UniformPlan(10, weights="assignment", stratify=False)
    for wrong in ({"refine": 1}, {"representative": "random"}):
        for weights in ("cluster", "uniform"):
            with pytest.raises(ParameterError, match="use weights='assignment'"):
                FastCorePlan(10, weights=weights, **wrong)


@pytest.mark.parametrize(
    ("options", "passes"),
    [
        ({}, 6),
        ({"refine": 0}, 5),
        ({"refine": 2, "representative": "random"}, 8),
        ({"representative": "balanced"}, 6),
        ({"weights": "calibrated", "refine": 0}, 5),
        ({"start": "codes"}, 6),
        ({"start": "codes", "refine": 0}, 3),
        ({"start": "codes", "refine": 2, "representative": "random"}, 10),
        ({"weights": "cluster"}, 2),
        ({"start": "codes", "representative": "balanced"}, 6),
        ({"start": "codes", "weights": "calibrated", "refine": 0}, 3),
        ({"weights": "uniform"}, 2),
    ],
)
def test_the_plan_knows_how_often_the_rows_are_read(
    options: dict[str, Any], passes: int, table: tuple[Array, Array]
) -> None:
    class Counted(ArraySource):
        n_passes = 0

        def parts(self) -> Any:
            self.n_passes += 1
            return super().parts()

    source, plan = Counted(*table), FastCorePlan(40, exact_below=0, **options)
    assert plan.cost(source)["passes"] == passes
    assert source.n_passes == 0
    select(source, plan)
    assert source.n_passes == passes


FIRST_ROW = """
from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from coresift.core.coreset import Choice, Weighed
from coresift.weightings._base import Weighting


@dataclass(frozen=True)
class FirstRow(Weighting):
    name: ClassVar[str] = "first"

    def weigh(self, table, choice, run):
        weights = np.ones(len(choice.row_ids))
        weights[0] += table.n_rows - len(weights)
        return Weighed(choice.row_ids, choice.class_ids, weights)
"""

BACKWARDS = """
from __future__ import annotations

from coresift.engines._serial import Serial


class Backwards(Serial):
    name = "backwards"

    def fold(self, task, parts, advance):
        return super().fold(task, parts[::-1], advance)
"""

USE_BOTH = """
import numpy as np
from coresift import FastCore, Uniform
X = np.random.default_rng(0).normal(size=(90, 3))
for method in (Uniform, FastCore):
    one = method(4, weights="first", random_state=0).fit(X)
    two = method(4, weights="first", random_state=0, engine="backwards").fit(X)
    assert (one.sample_indices_ == two.sample_indices_).all()
    print(*one.sample_weight_, *two.sample_weight_)
"""


@pytest.mark.slow
def test_a_file_is_all_that_a_new_weighting_or_engine_takes(tmp_path: Path) -> None:
    package = tmp_path / "coresift"
    shutil.copytree(Path(coresift.__file__).parent, package)
    (package / "weightings" / "_first.py").write_text(FIRST_ROW)
    (package / "engines" / "_backwards.py").write_text(BACKWARDS)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", USE_BOTH],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path), "PATH": ""},
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    expected = ["87.0", "1.0", "1.0", "1.0"] * 2
    assert [line.split() for line in done.stdout.splitlines()] == [expected] * 2
