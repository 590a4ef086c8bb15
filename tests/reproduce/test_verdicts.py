"""What is said of a claim, from figures of which one knows the answer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coresift.reproduce._bounds import _members, pair_errors
from coresift.reproduce._experiment import Verdict
from coresift.reproduce._registry import NAMES, experiment
from coresift.reproduce._settings import SETTINGS
from coresift.reproduce._write import as_csv, markdown_table

HOLDS, IN_PART, FAILS, UNKNOWN = "holds", "holds in part", "does not hold", "not measured"


def verdict(name: str, words: str, rows: list[dict[str, Any]]) -> Verdict:
    """Return the verdict of the claim of an experiment whose text has these words."""
    (claim,) = [claim for claim in experiment(name).claims if words in claim.text]
    return claim.judge(rows)


def runs(name: str, data: str = "covtype", **values: float) -> list[dict[str, Any]]:
    """Return a row of each method with its value of one figure."""
    common = {"data": data, "origin": "real", "status": "ok", "model": "logistic"}
    return [
        {**common, "method": method.replace("_", "-"), name: value}
        for method, value in values.items()
    ]


@pytest.mark.parametrize("name", NAMES)
def test_without_runs_no_claim_is_judged(name: str) -> None:
    assert {claim.judge([]).word for claim in experiment(name).claims} <= {UNKNOWN}


@pytest.mark.parametrize(("full", "fastcore", "word"), [(0.75, 0.74, HOLDS), (0.74, 0.75, FAILS)])
def test_full_is_the_most_accurate(full: float, fastcore: float, word: str) -> None:
    rows = runs("accuracy", full=full, fastcore=fastcore, ours_balanced=0.9)
    assert verdict("fig5", "most accurate", rows).word == word


def test_a_claim_that_holds_for_one_set_holds_in_part() -> None:
    rows = runs("accuracy", fastcore=0.7, fastcore_hull=0.6)
    rows += runs("accuracy", "mnist", fastcore=0.7, fastcore_hull=0.8)
    found = verdict("fig5", "ahead of FastCore-hull", rows)
    assert found.word == IN_PART
    assert found.figure == (
        "CovType: +10.0 points to FastCore-hull (yes); MNIST: -10.0 points to FastCore-hull (no)"
    )


def test_accuracies_on_generated_rows_are_not_held_against_the_papers() -> None:
    rows = runs("accuracy", full=0.75)
    assert verdict("fig5", "reaches about", rows).word == HOLDS
    assert verdict("fig5", "reaches about", runs("accuracy", full=0.715)).word == FAILS
    made = [{**row, "origin": "generated"} for row in rows]
    assert verdict("fig5", "reaches about", made).word == UNKNOWN


@pytest.mark.parametrize(
    ("words", "good", "bad"),
    [
        (
            "Craig+PQ are faster",
            {"full": 30, "craig": 20},
            {"full": 30, "craig": 20, "craig_pq": 31},
        ),
        ("Full takes", {"full": 30, "craig": 20}, {"full": 20, "craig": 30}),
        ("always 10 times", {"full": 30}, {"full": 29}),
        ("3 to 10", {"craig": 10, "craig_pq": 9}, {"craig": 100, "craig_pq": 8}),
        ("than FastCore-hull", {"fastcore_hull": 4}, {"fastcore_hull": 2}),
        ("Glister and DeepFool", {"glister": 4, "deepfool": 4}, {"glister": 4, "deepfool": 2}),
        ("very fast", {"uniform": 1, "stratified": 2}, {"uniform": 1, "stratified": 4}),
    ],
)
def test_times_are_held_against_fastcores(
    words: str, good: dict[str, float], bad: dict[str, float]
) -> None:
    assert verdict("fig6", words, runs("total_seconds", fastcore=3, **good)).word == HOLDS
    assert verdict("fig6", words, runs("total_seconds", fastcore=3, **bad)).word == FAILS


def test_a_method_that_did_not_finish_is_left_out() -> None:
    rows = runs("total_seconds", fastcore=3, craig=30, craig_pq=1)
    rows[-1]["status"] = "time limit"
    assert verdict("fig6", "3 to 10", rows).word == HOLDS


def test_a_method_that_was_stopped_took_its_limit_at_least() -> None:
    rows = runs("total_seconds", fastcore=3, craig=30, craig_pq=1, fastcore_hull=1)
    for row in rows[2:]:
        row |= {"status": "time limit", "time_limit": 900.0, "total_seconds": None}
    found = verdict("fig6", "3 to 10", rows)
    assert found == Verdict(
        HOLDS, "CovType: Craig 10.0 times, Craig+PQ above 900 s: at least 300.0 times (yes)"
    )
    assert verdict("fig6", "than FastCore-hull", rows).word == HOLDS
    rows[2]["time_limit"] = 8.0  # not enough to tell
    assert verdict("fig6", "3 to 10", rows).figure == "CovType: Craig 10.0 times (yes)"
    rows[1]["total_seconds"] = 6
    assert verdict("fig6", "3 to 10", rows).word == FAILS
    networks = runs("total_seconds", fastcore=3, craig=0)
    networks[1] |= {"status": "time limit", "time_limit": 1800.0, "total_seconds": None}
    assert verdict("fig9", "For networks", networks).word == HOLDS


def curve(iterations: int, settled: int) -> list[list[float]]:
    """Return a curve of 40 epochs that is near its end after so many."""
    return [[iterations * n / 40, 0.7 if n >= settled else 0.1] for n in range(41)]


@pytest.mark.parametrize(("settled", "word"), [(10, HOLDS), (12, HOLDS), (30, FAILS)])
def test_convergence_is_counted_in_epochs_and_in_iterations(settled: int, word: str) -> None:
    common = {"data": "imdb", "origin": "real", "status": "ok"}
    rows = [
        {**common, "method": "full", "curve": curve(40_000, 10)},
        {**common, "method": "fastcore", "curve": curve(400, settled)},
    ]
    assert verdict("fig7", "number of epochs", rows).word == word
    found = verdict("fig7", "fewer iterations", rows)
    assert found == Verdict(HOLDS, f"IMDB: {10 * settled} iterations against 10,000 (yes)")


def test_sizes_planes_and_parts() -> None:
    sizes = (0.001, 0.005, 0.01, 0.05, 0.1)
    rising = [
        {**runs("accuracy", fastcore=accuracy)[0], "share": share}
        for share, accuracy in zip(sizes, (0.5, 0.6, 0.7, 0.75, 0.755), strict=True)
    ]
    assert verdict("fig10", "growing size", rising).word == HOLDS
    assert verdict("fig10", "growing size", rising[:-1]).word == UNKNOWN
    found = verdict("fig10", "few steps", rising)
    assert found == Verdict(FAILS, "CovType: +5.5 points from 1 to 10 % (no)")
    assert verdict("fig10", "few steps", rising[1:]).word == UNKNOWN
    planes = [
        {**runs("accuracy", fastcore=accuracy)[0], "planes": number}
        for number, accuracy in ((8, 0.5), (16, 0.6), (32, 0.7), (48, 0.75), (64, 0.8))
    ]
    assert verdict("fig12", "rises and then stays", planes).word == FAILS
    assert verdict("fig12", "rises and then stays", planes[:-1]).word == UNKNOWN
    slower = [{**row, "select_seconds": row["planes"] / 8} for row in planes]
    found = verdict("fig12", "reduce the efficiency", slower)
    assert found.figure == "CovType: 1.00 s of selection at 8, 8.00 s at 64 (yes)"
    parts = [
        {**runs("accuracy", fastcore=accuracy)[0], "parts": number}
        for number, accuracy in ((54, 0.5), (18, 0.7), (3, 0.685), (1, 0.6))
    ]
    assert verdict("fig12", "m/M", parts).word == HOLDS
    found = verdict("fig12", "M of about 3", parts)
    assert found == Verdict(FAILS, "CovType: 68.5 % at M = 3, best 70.0 % at 18 (no)")


@pytest.mark.parametrize(("score", "word"), [(0.9, HOLDS), (0.5, FAILS)])
def test_more_hyperplanes_make_more_clusters_of_a_higher_score(score: float, word: str) -> None:
    rows = [
        {"data": "mnist", "origin": "real", "planes": planes, "clusters": n, "silhouette": found}
        for planes, n, found in ((8, 20, 0.4), (16, 90, 0.6), (32, 95, score))
    ]
    assert verdict("table4", "closer", rows).word == word


def test_clusters_that_take_longer() -> None:
    rows = [
        {**runs("accuracy", fastcore=0.65)[0], "clusters": kind, "stages": {"cluster": seconds}}
        for kind, seconds in (("kmeans", 20.0), ("gmm", 5.0), ("lsh", 1.0))
    ]
    assert verdict("table6", "far longer", rows).word == IN_PART
    assert verdict("table6", "same accuracy", rows).word == HOLDS


def test_errors_of_bounds_are_those_of_their_definition() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 6)).astype(np.float32)
    y = np.zeros(80, dtype=np.int64)
    # one hyperplane makes two clusters, and with 256 codewords every row is its own
    setting = SETTINGS["brazil"].__class__("t", 80, 6, 1, 0.1, 0.1, planes=1, subspaces=3)
    found = pair_errors(X, y, setting, seed=0)
    assert found.pairs == 2 * 64
    # parts of two features are those of the hulls, so both bounds are the same sum
    assert found.product == pytest.approx(found.hull, rel=1e-5)
    assert found.root is not None
    assert found.product is not None
    assert found.root < found.product
    with_one_part = setting.__class__("t", 80, 6, 1, 0.1, 0.1, planes=1, subspaces=1)
    exact = pair_errors(X, y, with_one_part, seed=0)
    assert exact.product == pytest.approx(0, abs=1e-5)
    assert exact.root == pytest.approx(0, abs=1e-5)


def test_members_of_clusters() -> None:
    clusters = np.array([2, 0, 2, 1, 0, 3])
    found = [part.tolist() for part in _members(clusters, np.array([0, 4]))]
    assert found == [[1, 4], [0, 2]]


def test_tables_escape_what_markdown_and_spreadsheets_read() -> None:
    table = markdown_table(("a|b", "c"), [["x|y", 0.12345], [None, 12345.6], ["n", 3]])
    assert table.splitlines()[0] == "| a\\|b | c |"
    assert "| x\\|y | 0.1235 |" in table
    assert "|  | 12,346 |" in table
    assert as_csv((["a"], [["=1+1"], [0.5]])) == "a\n'=1+1\n0.5\n"


def test_rows_that_are_all_alone_have_no_error() -> None:
    X = np.eye(12, dtype=np.float32)
    setting = SETTINGS["covtype"]
    found = pair_errors(X, np.arange(12), setting, seed=0)
    assert (found.pairs, found.hull, found.rms) == (0, None, None)
