"""Law 10: every kernel gives the same results compiled and not compiled."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import coresift

TESTS = Path(__file__).resolve().parent.parent

DIGEST = """
import hashlib
import numba
import numpy as np
from coresift._kernels import greedy as kernels
from coresift.core.centroids import Centroids
from coresift.core.codebook import Codebook
from coresift.core.exact_sum import ExactSum
from coresift.core.facility import Dense, Neighbours, Recomputed
from coresift.core.facility.greedy import facility_greedy
from coresift.core.greedy import greedy
from coresift.core.hull import HullObjective, Hulls, pair_up
from coresift.core.hyperplanes import Hyperplanes
from coresift.core.medoids import cell_distances
from coresift.core.mixture import Mixture
from coresift.core.bounds import BOUNDS, bound_of
from coresift.core.objective import CodeObjective
from coresift.core.summary import Layout, Summary
from coresift.core.centers import Assignment, Centers
from coresift.core.cluster_shares import cluster_weights

def add(*results):
    for result in results:
        digest.update(np.ascontiguousarray(result).tobytes())

digest = hashlib.sha256()
rng = np.random.default_rng(0)
rows = rng.standard_normal((90, 7)).astype(np.float32)
ids, zeros = np.arange(90), np.zeros(90, dtype=np.int64)
planes = Hyperplanes.draw(7, 64, rng, rows.mean(axis=0))
codebook = Codebook.train(rows[:12], 3, 256, rng)
buckets, codes = planes.buckets(rows), codebook.codes(rows)
add(buckets, codes)
for kind in (Centroids, Mixture):
    add(kind.train(rows, 40, np.random.default_rng(1)).buckets(rows))
steps = rng.integers(0, 2**53, size=90)
sums = [ExactSum.of(rows * 1e20, power, times) for power in (1, 2) for times in (None, steps)]
digest.update(repr(sums).encode())
summary = Summary.of(zeros, buckets, codes, ids, Layout(3, 64, (80,), (90,), 0))
for kind in BOUNDS:
    for method in ("lazy", "stochastic"):
        objective = CodeObjective.of(summary, codebook, bound_of(kind))
        add(objective.table.values, objective.table.floor)
        picks = greedy(objective, 30, np.random.default_rng(1), method=method, n_candidates=40)
        owners = objective.owners(picks.candidates)
        cover = objective.state
        add(picks.candidates, picks.gains, cover.key, cover.cover, cover.peak, owners)
        chosen = objective.candidates.rows(picks.candidates)
        add(cluster_weights(summary, owners, picks.candidates, buckets[chosen]))
chosen.sort()
centers = Centers.of(chosen, rows[chosen], zeros[chosen], 1)
owners, distances = centers.owners(rows, zeros, ids)
found = Assignment.of(zeros, owners, distances, centers)
add(found.counts, cell_distances(rows, owners, centers.rows[:, None]))
digest.update(repr(found.distances).encode())
pairs = pair_up(rows)
hulls = Hulls.of(pairs, ids % 7, 7)
flagged = np.hstack([rows, rng.random((90, 40), dtype=np.float32) < 0.3])
stores = [store for r in (rows, flagged) for store in (Recomputed(r), Dense(r), Neighbours(r, 9))]
for facility in (*stores, HullObjective(pairs, hulls)):
    add(facility.upper(ids), facility.gains(ids))
    add(facility_greedy(facility, 9, ids, np.random.default_rng(1)), facility.gains(ids))
print(hasattr(kernels.absorb, "py_func"), digest.hexdigest())
"""


def run(arguments: list[str], **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        check=False,
        cwd=TESTS.parent,
        env={**os.environ, **environment},
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.slow
def test_results_are_bit_identical_without_compilation() -> None:
    code = ["-W", "error", "-c", DIGEST]
    compiled = run(code, NUMBA_DISABLE_JIT="0").split()
    plain = run(code, NUMBA_DISABLE_JIT="1").split()
    assert (compiled[0], plain[0]) == ("True", "False")
    assert compiled[1] == plain[1]


@pytest.mark.slow
def test_kernels_equal_their_oracles_without_compilation() -> None:
    paths = [str(TESTS / name) for name in ("kernels", "test_laws.py", "test_mergeables.py")]
    options = ["-q", "-p", "no:cacheprovider", "-m", "not slow and not data"]
    output = run(
        ["-m", "pytest", *paths, *options], NUMBA_DISABLE_JIT="1", HYPOTHESIS_PROFILE="fast"
    )
    assert " passed" in output


WITHOUT_CACHE = """
import numpy as np
import coresift
from coresift import FastCore
from coresift._kernels import distance
squared = np.zeros(2, np.float32)
distance.squared_distances(np.ones(3, np.float32), np.zeros((3, 2), np.float32), squared)
print(coresift.__file__, squared.tolist())
"""


@pytest.mark.slow
def test_it_works_where_nothing_can_be_written(tmp_path: Path) -> None:
    # a container: the installation is read-only and the user has no home. A file in the place of
    # the folder keeps root too from writing there.
    package = tmp_path / "coresift"
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(coresift.__file__).parent, package, ignore=ignore)
    (package / "_kernels" / "__pycache__").touch()
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"NUMBA_CACHE_DIR", "XDG_CACHE_HOME", "NUMBA_DISABLE_JIT"}
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", WITHOUT_CACHE],
        capture_output=True,
        check=False,
        cwd=tmp_path,
        env={**environment, "HOME": "/proc/nohome", "PYTHONPATH": str(tmp_path)},
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == str(package / "__init__.py")
    assert done.stdout.split(maxsplit=1)[1].strip() == "[3.0, 3.0]"
