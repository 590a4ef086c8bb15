"""The command line: files in, files out, one line for bad input."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from coresift import FastCore, experiments
from coresift.cli._help import DEFAULT_MODEL
from coresift.cli._options import amount, n_threads


def coresift(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "coresift.cli", *map(str, arguments)],
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
    )


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(600, 4)), columns=list("abcd"))
    frame["t"] = rng.choice(["red", "green"], 600)
    frame["y"] = rng.integers(0, 3, 600)
    path = tmp_path_factory.mktemp("data") / "rows.parquet"
    frame.to_parquet(path)
    return path


@pytest.mark.parametrize("name", ["out.parquet", "out.csv"])
def test_select_writes_rows_weights_and_positions(rows: Path, tmp_path: Path, name: str) -> None:
    done = coresift("select", rows, "--label", "y", "--budget", 30, "-o", tmp_path / name, "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["n_chosen"] == 30
    out = pd.read_csv(tmp_path / name) if name.endswith("csv") else pd.read_parquet(tmp_path / name)
    assert list(out.columns) == ["a", "b", "c", "d", "t", "y", "sample_weight", "row"]
    assert out["sample_weight"].sum() == 600
    whole = pd.read_parquet(rows)
    np.testing.assert_allclose(out["a"], whole["a"].iloc[out["row"]], rtol=1e-12)
    expected = FastCore(30, random_state=0).fit(rows, "y")
    assert out["row"].tolist() == expected.sample_indices_.tolist()
    assert sorted(path.name for path in tmp_path.iterdir()) == [name]


def test_dropped_columns_are_no_features_but_in_the_result(rows: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.parquet"
    common = ("select", rows, "--label", "y", "--budget", 30, "-o", target, "--json")
    done = coresift(*common, "--drop", "t, a")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["n_features"] == 3
    assert {"t", "a"} < set(pd.read_parquet(target).columns)
    refused = coresift(*common, "--drop", "tt")
    assert refused.returncode == 2
    assert "'tt' to drop" in refused.stderr


def test_the_number_of_threads_changes_nothing(rows: Path, tmp_path: Path) -> None:
    for threads in (1, 2):
        target = tmp_path / f"{threads}.parquet"
        done = coresift(
            *("select", rows, "--label", "y", "--budget", 0.1, "-o", target, "--threads", threads)
        )
        assert done.returncode == 0, done.stderr
    assert pq.read_table(tmp_path / "1.parquet").equals(pq.read_table(tmp_path / "2.parquet"))


def test_dry_run_reads_no_row_and_writes_nothing(rows: Path, tmp_path: Path) -> None:
    done = coresift(
        *("select", rows, "--label", "y", "--budget", 30, "-o", tmp_path / "o.csv"),
        *("--dry-run", "--json"),
    )
    facts = json.loads(done.stdout)
    assert (facts["n_rows"], facts["budget"], facts["passes"]) == (600, 30, 6)
    assert facts["max_clusters"] == 600  # no more than rows
    assert facts["max_bytes"] > 0
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--budget", "0"], "budget=0"),
        (["--budget", "nan"], "budget=nan"),
        (["--budget", "601"], "600"),
        (["--budget", "ten"], "'ten'"),
        (["--budget", "30", "--label", "z"], "'z'"),
        (["--budget", "30", "--method", "best"], "fastcore"),
        (["--budget", "30", "--threads", "0"], "n_threads=0"),
        (["--budget", "2", "--label", "y"], "at least 3"),
    ],
)
def test_bad_input_is_one_line_and_exit_status_2(
    rows: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = coresift("select", rows, *arguments, "-o", tmp_path / "out.csv")
    assert done.returncode == 2
    assert done.stdout == ""
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert list(tmp_path.iterdir()) == []


def test_an_output_that_cannot_be_is_refused_before_the_work(rows: Path, tmp_path: Path) -> None:
    done = coresift("select", rows, "--budget", 3, "-o", tmp_path / "out.txt")
    assert done.returncode == 2
    assert "out.txt" in done.stderr
    done = coresift("select", rows, "--budget", 3, "-o", tmp_path / "no" / "out.csv")
    assert done.returncode == 2
    assert "folder" in done.stderr


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("200", 200), ("1e3", 1000), ("1E+2", 100), ("0.01", 0.01), ("1e-2", 0.01), ("10%", 0.1),
     ("0.5 %", 0.005), ("1.0", 1.0), ("1", 1), ("1e0", 1.0), ("-3", -3), ("2.0", 2.0)],
)  # fmt: skip
def test_budgets_are_read_as_people_type_them(typed: str, meant: float) -> None:
    found = amount(typed)
    assert (found, type(found)) == (meant, type(meant))


def test_threads_of_minus_one_are_every_processor() -> None:
    assert [n_threads(given) for given in (None, -1, 1, 0)] == [None, None, 1, 0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--nonsense"], "No such option"),
        (["--budget", "3", "--max-levels", "-5"], "--max-levels"),
        (["--budget", "3", "--seed", "x"], "--seed"),
        ([], "--budget"),
    ],
)
def test_a_wrong_call_is_one_line(rows: Path, arguments: list[str], message: str) -> None:
    done = coresift("select", rows, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert done.stderr.startswith("coresift: ")
    assert done.stderr.endswith("see coresift select --help\n")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", ["select", "compare", "size"])
def test_help_names_every_method_and_model(command: str) -> None:
    text = " ".join(coresift(command, "--help").stdout.split())
    assert "{" not in text.replace("{source}", "")
    assert "stratified" in text
    assert (DEFAULT_MODEL in text) == (command != "select")


def test_the_default_model_is_that_of_comparisons() -> None:
    assert DEFAULT_MODEL == experiments.DEFAULT_MODEL


@pytest.mark.slow
def test_demo_compares_with_uniform_and_full() -> None:
    done = coresift("demo", "--json")
    assert done.returncode == 0, done.stderr
    results = {result["method"]: result for result in json.loads(done.stdout)["results"]}
    assert set(results) == {"fastcore", "uniform", "full"}
    assert results["fastcore"]["rows"] == results["uniform"]["rows"] < results["full"]["rows"]
    assert results["fastcore"]["log_loss"] < results["uniform"]["log_loss"]


@pytest.mark.slow
def test_compare_prints_json_writes_csv_and_resumes(rows: Path, tmp_path: Path) -> None:
    kept, target = tmp_path / "runs.jsonl", tmp_path / "results.csv"
    command = ("compare", rows, "--label", "y", "--budget", "0.05,40", "--seeds", 1)
    command = (*command, "--resume", kept, "--csv", target, "--json")
    target.write_text("old")
    (tmp_path / "old.csv").hardlink_to(target)
    done = coresift(*command)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "old.csv").read_text() == "old"  # a new file took its place, whole
    found = json.loads(done.stdout)
    lines = [(result["method"], result["rows"]) for result in found["results"]]
    assert lines[:2] == [("fastcore", 22), ("uniform", 22)]
    assert lines[2:] == [("fastcore", 40), ("uniform", 40), ("full", 450)]
    assert all(result["status"] == "ok" for result in found["results"])
    assert all(result["peak_mib"] > 50 for result in found["results"])
    assert pd.read_csv(target)["accuracy"].tolist() == [
        result["accuracy"] for result in found["results"]
    ]
    again = coresift(*command)  # nothing runs again: the same times to the last bit
    assert again.stdout == done.stdout


@pytest.mark.slow
def test_compare_trains_several_models_and_takes_up_selections(rows: Path, tmp_path: Path) -> None:
    kept, target = tmp_path / "runs.jsonl", tmp_path / "results.csv"
    command = ("compare", rows, "--label", "y", "--seeds", 1, "--budget", 40, "--resume", kept)
    done = coresift(*command, "--methods", "uniform", "--model", "svm", "--json")
    assert done.returncode == 0, done.stderr
    first = json.loads(done.stdout)["results"]
    files = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.selections/*")}
    assert len(files) == 1
    done = coresift(*command, "--methods", "uniform", "--model", "svm, lasso", "--csv", target)
    assert done.returncode == 0, done.stderr
    assert "models svm, lasso" in done.stdout
    table = pd.read_csv(target)
    assert table["model"].tolist() == ["svm", "svm", "lasso", "lasso"]
    assert table["method"].tolist() == ["uniform", "full"] * 2
    assert table["select_seconds"].tolist() == [r["select_seconds"] for r in first] * 2
    assert table["train_seconds"].tolist()[:2] == [r["train_seconds"] for r in first]
    assert files == {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.selections/*")}
    next(iter(files)).write_bytes(b"PK")
    done = coresift(*command, "--methods", "uniform", "--model", "logistic")
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.strip().splitlines()) == 1
    assert "remove it" in done.stderr


@pytest.mark.slow
def test_compare_trains_networks_that_select_as_they_train(rows: Path) -> None:
    schedule = ("--warm-up", 1, "--epochs", 1, "--rounds", 2, "--wrt", "logits")
    done = coresift(
        "compare", rows, "--label", "y", "--seeds", 1, "--budget", 130, "--methods", "glister",
        "--model", "mlp", *schedule, "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [(line["method"], line["status"]) for line in found["results"]] == [
        ("glister", "ok"), ("uniform", "ok"), ("full", "ok"),
    ]  # fmt: skip
    assert [len(run["curve"]) for run in found["runs"]] == [3, 3, 3]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--methods", "best"], "'best'"),
        (["--model", "svm,tree"], "'tree'"),
        (["--model", ","], "at least one"),
        (["--model", "tree"], "'tree'"),
        (["--tune"], "--tune has no meaning"),
        (["--tune", "--model", "mlp"], "--tune has no meaning for --model 'mlp'"),
        (["--warm-up", "3"], "--warm-up has no meaning for --model sklearn-logistic"),
        (["--tune", "--model", "logistic-l2"], "use one of logistic, svm, lasso"),
        (["--l2", "1e-3"], "--l2 has no meaning for --model sklearn-logistic"),
        (["--l2", "0", "--model", "logistic-l2"], "--l2 0.0: must be above 0"),
        (["--model", "mlp", "--wrt", "inputs"], "wrt='inputs'"),
        (["--budget", "0.1,x"], "'x'"),
        (["--csv", "no/where.csv"], "folder"),
        (["--time-limit", "-1"], "above 0"),
    ],
)
def test_compare_refuses_in_one_line(rows: Path, arguments: list[str], message: str) -> None:
    done = coresift("compare", rows, "--label", "y", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.slow
def test_size_prints_each_step_and_the_suggestion(rows: Path) -> None:
    command = ("size", rows, "--label", "y", "--method", "uniform", "--start", 0.01, "--seeds", 1)
    done = coresift(*command)
    assert done.returncode == 0, done.stderr
    *steps, last = done.stdout.splitlines()
    assert len(steps) > 1
    assert all(" rows   accuracy 0." in step for step in steps)
    assert last.startswith("suggested: --budget ")
    found = json.loads(coresift(*command, "--json").stdout)
    for step, line in zip(found["steps"], steps, strict=True):
        assert f"accuracy {step['accuracy']:.4f}" in line
    assert f"--budget {found['budget']:.4g} " in last


@pytest.mark.slow
def test_planes_prints_each_step_and_the_suggestion(rows: Path) -> None:
    done = coresift("planes", rows, "--label", "y")
    assert done.returncode == 0, done.stderr
    *steps, last = done.stdout.splitlines()
    assert [int(step.split()[0]) for step in steps] == [8, 16, 24, 32, 40, 48, 56, 64]
    found = json.loads(coresift("planes", rows, "--label", "y", "--json").stdout)
    assert last.startswith(f"suggested: n_planes={found['n_planes']} ")
    assert found["seconds"] > 0
