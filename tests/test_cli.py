"""The command line: files in, files out, one line for bad input."""

from __future__ import annotations

import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coresift import FastCore, FormatError, experiments
from coresift.cli import run
from coresift.cli._help import DEFAULT_MODEL
from coresift.cli._options import amount, n_threads
from coresift.experiments import _series
from coresift.experiments._job import Job, Record, failure


def coresift(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Run the command line in this process, which is quicker than in one of its own."""
    status, out, error = called(*arguments)
    return subprocess.CompletedProcess([], status, out, error)


def called(*arguments: object) -> tuple[int, str, str]:
    """Return the exit status, and what is written on standard output and error."""
    out, error = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(error):
        status = run([str(argument) for argument in arguments])
    return status, out.getvalue(), error.getvalue()


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


def test_the_command_is_a_program_of_its_own(rows: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "coresift.cli", "select", rows, "--budget", "ten"],
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("coresift: no output")


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
    assert (facts["n_rows"], facts["budget"], facts["passes"]) == (600, 30, 3)  # no class is large
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
    assert not {"{methods}", "{models}", "{networks}"} & set(text.replace(",", " ").split())
    assert "stratified" in text
    assert (DEFAULT_MODEL in text) == (command != "select")


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("select", ["-o"]),
        ("compare", ["--csv"]),
        ("compare", ["--report"]),
        ("compare", ["--resume"]),
    ],
)
@pytest.mark.parametrize("way", ["same", "relative", "link", "hard link", "test"])
def test_no_output_is_an_input(tmp_path: Path, command: str, options: list[str], way: str) -> None:
    source = tmp_path / "in.parquet"
    pd.DataFrame({"a": range(60), "y": [0, 1] * 30}).to_parquet(source)
    before, output = source.read_bytes(), tmp_path / "out.parquet"
    given = [command, source, "--label", "y", "--budget", "4"]
    if way == "same":
        output = source
    elif way == "relative":
        output = Path(os.path.relpath(source))
    elif way == "link":
        output.symlink_to(source)
    elif way == "hard link":
        output.hardlink_to(source)
    elif command == "compare":
        output = tmp_path / "test.parquet"
        shutil.copy(source, output)
        given += ["--test", output]
    else:
        output, given = source, [command, tmp_path, "--label", "y", "--budget", "4"]
    status, out, error = called(*given, *options, output)
    assert (status, out) == (2, "")
    assert repr(str(output)) in error
    assert len(error.splitlines()) == 1
    assert source.read_bytes() == output.read_bytes() == before


def test_two_outputs_of_one_name_are_refused(rows: Path, tmp_path: Path) -> None:
    status, _, error = called(
        "compare", rows, "--label", "y", "--csv", tmp_path / "o", "--report", tmp_path / "o"
    )
    assert status == 2
    assert "--csv" in error
    assert "--report" in error
    assert not list(tmp_path.iterdir())


def test_columns_that_would_be_written_twice_are_refused_before_the_work(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": [3, 1, 2] * 20, "row": [5, 4] * 30, "y": [0, 1] * 30})
    frame.to_parquet(tmp_path / "in.parquet")
    given = ["select", tmp_path / "in.parquet", "--label", "y", "--budget", 6]
    target = tmp_path / "out.parquet"
    status, out, error = called(*given, "-o", target)
    assert (status, out) == (2, "")
    assert "'row'" in error
    assert "--row-name" in error
    assert called(*given, "-o", target, "--row-name", "sample_weight")[0] == 2
    status, _, error = called(*given, "-o", target, "--row-name", "at", "--weight-name", "w")
    assert (status, error) == (0, "")
    found = pd.read_parquet(target)
    assert list(found.columns) == ["a", "row", "y", "w", "at"]
    assert found["row"].tolist() == frame["row"].iloc[found["at"]].tolist()


def test_a_coreset_can_be_chosen_from(rows: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    assert called("select", rows, "--label", "y", "--budget", 60, "-o", first)[0] == 0
    names = ["--row-name", "row2", "--weight-name", "weight2"]
    given = ["select", first, "--label", "y", "--budget", 9, "-o", second, *names, "--json"]
    status, out, error = called(*given)
    assert status == 0
    assert json.loads(out)["n_features"] == 6
    for line in error.splitlines():
        assert line.startswith("coresift: note: ")
    assert "sample_weight" in error


@pytest.mark.parametrize(
    ("columns", "drop", "left"),
    [
        (["a", "b", "a,b"], ["a,b"], ["a", "b"]),
        (["a", "b", "c"], ["a,b"], ["c"]),
        (["a", "b", "c"], ["a", "--drop", " b "], ["c"]),
        (["a", " pad ", "c"], [" pad "], ["a", "c"]),
        (["a", "pad", "c"], [" pad "], ["a", "c"]),
        (["", "b", "c"], ["", "--drop", "b"], ["c"]),
    ],
)
def test_any_column_can_be_dropped(
    tmp_path: Path, columns: list[str], drop: list[str], left: list[str]
) -> None:
    frame = pd.DataFrame(np.random.default_rng(0).normal(size=(60, 3)), columns=columns)
    frame.assign(y=[0, 1] * 30).to_parquet(tmp_path / "in.parquet")
    status, out, _ = called(
        "select", tmp_path / "in.parquet", "--label", "y", "--budget", 6, "--dry-run", "--json",
        "--drop", *drop,
    )  # fmt: skip
    assert status == 0
    assert json.loads(out)["n_features"] == len(left)


@pytest.mark.parametrize(
    ("drop", "message"), [("", "no column has this name"), ("y", "the label"), ("z", "'z'")]
)
def test_what_cannot_be_dropped_is_told(rows: Path, drop: str, message: str) -> None:
    status, _, error = called(
        "select", rows, "--label", "y", "--budget", 6, "--dry-run", "--drop", drop
    )
    assert status == 2
    assert message in error


@pytest.mark.parametrize("label", ["[/INST]", "[red]x", "\x1b[31mred", "=1+1"])
def test_labels_are_printed_as_they_are(tmp_path: Path, label: str) -> None:
    frame = pd.DataFrame({"a": [3, 1, 2] * 20, "y": [label, "other"] * 30})
    frame.to_parquet(tmp_path / "in.parquet")
    status, out, error = called(
        "select", tmp_path / "in.parquet", "--label", "y", "--budget", 6,
        "-o", tmp_path / "out.parquet",
    )  # fmt: skip
    assert (status, error) == (0, "")
    assert f"{label}: 3 of 30".replace("\x1b", "\\x1b") in out
    assert "\x1b" not in out


def test_how_csv_is_written_can_be_told(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    lines = [f"{i},5;caf\u00e9;{i % 2}" for i in range(60)]
    path.write_bytes("\n".join(["gr\u00f6\u00dfe;b;y", *lines]).encode("latin-1"))
    given = ["select", path, "--label", "y", "--budget", 6, "--dry-run", "--json"]
    status, _, error = called(*given)
    assert status == 2
    assert len(error.splitlines()) == 1
    status, out, error = called(*given, "--encoding", "latin-1", "--delimiter", ";")
    assert (status, error) == (0, "")
    assert json.loads(out)["n_features"] == 2
    assert called(*given, "--encoding", "latin-2000")[0] == 2
    assert called(*given, "--delimiter", ";;")[0] == 2


@pytest.mark.parametrize("missing", ["drop", "impute"])
def test_missing_values_are_left_out_or_filled(tmp_path: Path, missing: str) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=60), "b": rng.normal(size=60), "y": [0, 1] * 30})
    frame.loc[::4, "a"] = np.nan
    frame.to_csv(tmp_path / "in.csv", index=False)
    target = tmp_path / "out.csv"
    given = ["select", tmp_path / "in.csv", "--label", "y", "--budget", 12, "-o", target, "--json"]
    status, _, error = called(*given)
    assert status == 2
    assert "--missing" in error
    status, out, error = called(*given, "--missing", missing)
    assert status == 0
    assert json.loads(out)["n_rows"] == (45 if missing == "drop" else 60)
    assert error.startswith("coresift: note: ")
    found = pd.read_csv(target)
    assert list(found.columns) == ["a", "b", "y", "sample_weight", "row"]
    assert found["b"].tolist() == pytest.approx(frame["b"].iloc[found["row"]].tolist())
    assert (found["row"] % 4 == 0).any() == (missing == "impute")


@pytest.fixture(scope="module")
def untidy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"a": rng.normal(size=200), "[/x]": rng.choice(["red", "[/y]"], 200)})
    frame["t"] = pd.date_range("2020", periods=200)
    frame["n"] = [f"{number % 90},000" for number in range(200)]
    frame["y"] = rng.choice(["u", "v"], 200)
    frame.loc[::9, "a"] = np.nan
    path = tmp_path_factory.mktemp("untidy") / "in.csv"
    frame.to_csv(path)
    return path


def test_describe_says_what_is_seen_and_what_helps(untidy: Path) -> None:
    status, out, error = called("describe", untidy, "--label", "y")
    assert (status, error) == (0, "")
    first, *_, last = out.splitlines()
    assert first.startswith("200 rows, ")
    assert "177 rows with nothing missing; 2 classes (" in first
    for word in ("[/x]", "[/y]", "left out", "in the way", "label"):
        assert word in out
    helps = last.partition(": use ")[2].partition(", or ")[0].split()
    assert len(helps) == 6
    options = ["--label", "y", "--budget", 6, "--dry-run", *helps]
    assert called("select", untidy, *options)[0] == 0
    status, out, _ = called("describe", untidy, "--label", "y", "--json")
    seen = json.loads(out)
    assert last == seen["remedy"]
    assert [column["role"] for column in seen["columns"]].count("in the way") == 3
    assert called("describe", untidy, "--label", "z")[0] == 2


def test_describe_finds_nothing_where_nothing_is(rows: Path) -> None:
    status, out, error = called("describe", rows, "--label", "y", "--drop", "t")
    assert (status, error) == (0, "")
    assert out.splitlines()[-1] == "nothing is in the way"
    assert json.loads(called("describe", rows, "--json")[1])["remedy"] is None


words = st.sampled_from(["", "x", "-1", "0", "1", "nan", "inf", "1e3", "10%", "1e400", ",", "[/x]"])
OPTIONS = [
    "--budget", "--label", "--method", "--seed", "--threads", "--engine", "--scheduler",
    "--weight-name",
    "--row-name", "--drop", "--max-levels", "--missing", "--dates", "--numbers", "--delimiter",
    "--decimal", "--encoding", "--null-values", "--output",
]  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(st.sampled_from(OPTIONS), words | st.text(max_size=8), max_size=4))
def test_whatever_is_typed_ends_with_one_line_or_well(rows: Path, typed: dict[str, str]) -> None:
    given = {"--budget": "9", **typed}
    pairs = [f"{name}={value}" for name, value in given.items()]
    status, out, error = called("select", rows, "--dry-run", *pairs)
    assert status in (0, 2)
    assert all(line.startswith("coresift: ") for line in error.splitlines())
    failures = [line for line in error.splitlines() if not line.startswith("coresift: note: ")]
    assert len(failures) == (status == 2)
    assert (out == "") == (status == 2)


NUMBERS = ["--seeds", "--seed", "--test-size", "--time-limit", "--threads", "--l2", "--budget"]


@settings(max_examples=50, deadline=None)
@given(st.dictionaries(st.sampled_from(NUMBERS), words | st.text(max_size=8), max_size=3))
def test_whatever_is_typed_for_a_comparison_is_one_line(rows: Path, typed: dict[str, str]) -> None:
    pairs = [f"{name}={value}" for name, value in typed.items()]
    status, out, error = called("compare", rows, "--label", "y", "--methods", "none", *pairs)
    assert (status, out) == (2, "")
    assert len(error.splitlines()) == 1


def test_several_files_and_a_pattern_are_one_table(tmp_path: Path) -> None:
    for number in range(3):
        frame = pd.DataFrame({"a": range(60), "y": [0, 1] * 30})
        frame.to_csv(tmp_path / f"{number}.csv", index=False)
    common = ["--label", "y", "--budget", 6, "--dry-run", "--json"]
    for sources in ([f"{tmp_path}/*.csv"], sorted(tmp_path.iterdir()), [tmp_path]):
        status, out, _ = called("select", *sources, *common)
        assert status == 0
        assert json.loads(out)["n_rows"] == 180


def test_what_is_in_the_way_comes_with_options_that_help(tmp_path: Path) -> None:
    frame = pd.DataFrame({"a": range(200), "y": [0, 1] * 100})
    frame["n"] = [f"n{number % 150}" for number in range(200)]
    frame["t"] = pd.date_range("2020", periods=200)
    frame.to_parquet(tmp_path / "in.parquet")
    given = ["select", tmp_path / "in.parquet", "--label", "y", "--budget", 6, "--dry-run"]
    status, out, error = called(*given)
    assert (status, out) == (2, "")
    assert len(error.splitlines()) == 1
    assert "'n'" in error
    assert "'t'" in error
    helps = error.partition(": use ")[2].partition(", or ")[0].split()
    assert "--dates" in helps
    assert called(*given, *helps)[0] == 0


@pytest.mark.parametrize("command", ["select", "describe", "compare", "size", "planes"])
def test_every_command_that_reads_has_the_options_of_reading(command: str) -> None:
    text = " ".join(called(command, "--help")[1].split())
    for option in (
        "--drop",
        "--max-levels",
        "--missing",
        "--dates",
        "--numbers",
        "--delimiter",
        "--encoding",
    ):
        assert option in text


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (PermissionError(13, "Permission denied", "x"), "Permission denied"),
        (UnicodeDecodeError("utf-8", b"\xe9", 0, 1, "invalid"), "can't decode"),
        (pa.ArrowInvalid("two\nlines"), "two lines"),
        (MemoryError("lots"), "not enough memory"),
        (FormatError("a \x1b[31m thing"), r"a \x1b[31m thing"),
    ],
)
def test_any_error_of_the_input_is_one_line(
    monkeypatch: pytest.MonkeyPatch, rows: Path, error: Exception, words: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("coresift.sources.as_source", fail)
    status, out, told = called("planes", rows)
    assert (status, out) == (2, "")
    assert words in told
    assert len(told.splitlines()) == 1


def test_an_error_of_ours_is_not_hidden(monkeypatch: pytest.MonkeyPatch, rows: Path) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("coresift.sources.as_source", fail)
    with pytest.raises(ZeroDivisionError):
        called("planes", rows)


@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("name", "status"), [("SIGINT", 130), ("SIGTERM", 143), ("SIGHUP", 129)])
@pytest.mark.parametrize("stage", ["survey", "write"])
def test_a_signal_ends_a_selection_with_one_line_and_nothing_half_written(
    rows: Path, tmp_path: Path, name: str, status: int, stage: str
) -> None:
    target = tmp_path / "out.parquet"
    target.write_bytes(b"old")
    script = f"""
import os, signal, pyarrow.parquet
from coresift.cli import main
from coresift.sources import FileSource
def stop(*_, **__):
    os.kill(os.getpid(), signal.{name})
    raise AssertionError("still here")
if {stage!r} == "write":
    pyarrow.parquet.write_table = stop
else:
    FileSource.parts = stop
main()
"""
    done = subprocess.run(
        [sys.executable, "-c", script, "select", rows, "--label", "y", "--budget", "9",
         "-o", target],
        capture_output=True, check=False, text=True, timeout=300,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (status, "")
    assert len(done.stderr.splitlines()) == 1
    assert done.stderr.startswith("coresift: ")
    assert [path.read_bytes() for path in tmp_path.iterdir()] == [b"old"]


def test_a_comparison_without_a_good_run_has_an_exit_status(
    rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(job: Job, *_: object) -> dict[str, Record]:
        return {name: failure(ValueError("none")) for name in job.models}

    monkeypatch.setattr(_series, "run_isolated", fails)
    status, out, error = called(
        *("compare", rows, "--label", "y", "--seeds", 1, "--budget", 30, "--methods", "uniform"),
        "--json",
    )
    assert status == 1
    assert {run["status"] for run in json.loads(out)["runs"]} == {"failed"}
    assert "none of 2 runs ended well" in error
    assert len(error.splitlines()) == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_what_cannot_be_written_is_one_line_after_the_table(rows: Path) -> None:
    status, out, error = called(
        "compare", rows, "--label", "y", "--seeds", 1, "--budget", 30, "--methods", "uniform",
        "--csv", "/dev/full",
    )  # fmt: skip
    assert status == 2
    assert "uniform" in out
    assert "No space left" in error
    assert len(error.splitlines()) == 1


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
    done = coresift(*command, "--methods", "uniform", "--model", "sklearn-logistic", "--json")
    assert done.returncode == 0, done.stderr
    first = json.loads(done.stdout)["results"]
    files = {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.selections/*")}
    assert len(files) == 1
    done = coresift(
        *command,
        "--methods",
        "uniform",
        "--model",
        "sklearn-logistic, logistic-l2",
        "--csv",
        target,
    )
    assert done.returncode == 0, done.stderr
    assert "models sklearn-logistic, logistic-l2" in done.stdout
    table = pd.read_csv(target)
    assert table["model"].tolist() == ["sklearn-logistic"] * 2 + ["logistic-l2"] * 2
    assert table["method"].tolist() == ["uniform", "full"] * 2
    assert table["select_seconds"].tolist() == [r["select_seconds"] for r in first] * 2
    assert table["train_seconds"].tolist()[:2] == [r["train_seconds"] for r in first]
    assert files == {path: path.stat().st_mtime_ns for path in tmp_path.glob("*.selections/*")}
    next(iter(files)).write_bytes(b"PK")
    done = coresift(*command, "--methods", "uniform", "--model", "svm")
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
        ("glister", "ok"), ("uniform", "ok"), ("uniform-each-epoch", "ok"),
        ("gradients-each-epoch", "ok"), ("full", "ok"),
    ]  # fmt: skip
    assert [len(run["curve"]) for run in found["runs"]] == [3] * 5


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


def test_prior_weights_of_a_column_are_kept_in_sum(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {"a": rng.normal(size=200), "w": np.arange(200) % 3, "y": np.arange(200) % 2}
    )
    path, out = tmp_path / "t.parquet", tmp_path / "o.parquet"
    frame.to_parquet(path)
    given = ["select", str(path), "--label", "y", "--budget", "20", "-o", str(out)]
    done = coresift(*given, "--weight", "w")
    assert done.returncode == 0, done.stderr
    chosen = pd.read_parquet(out)
    assert chosen["sample_weight"].sum() == pytest.approx(frame["w"].sum())
    assert (chosen["w"] > 0).all()


def test_a_scheduler_is_one_of_dask(rows: Path) -> None:
    given = ("select", rows, "--budget", 3, "--dry-run", "--scheduler", "tcp://host:1")
    status, out, error = called(*given)
    assert (status, out) == (2, "")
    assert error == (
        "coresift: --scheduler 'tcp://host:1' is given together with --engine serial: "
        "use --engine dask\n"
    )
    assert called(*given, "--engine", "dask")[0] == 0  # nothing is read, so nothing is asked


def test_a_uniform_sample_of_any_columns(tmp_path: Path) -> None:
    days = pd.date_range("2020", periods=40)
    frame = pd.DataFrame({"t": days, "n": [f"n{i}" for i in range(40)], "y": [0, 1] * 20})
    frame["x"] = [None, *range(39)]
    frame.to_parquet(tmp_path / "t.parquet")
    command = ["select", tmp_path / "t.parquet", "--label", "y", "--budget", 10, "--json"]
    sampled = [*command, "--method", "uniform", "-o", tmp_path / "o.parquet"]
    for seed in range(3):
        assert coresift(*sampled, "--seed", seed).returncode == 0
    out = pd.read_parquet(tmp_path / "o.parquet")
    assert list(out.columns) == [*frame.columns, "sample_weight", "row"]
    assert out["t"].tolist() == frame["t"].iloc[out["row"]].tolist()
    refused = coresift(*command, "-o", tmp_path / "o.parquet")
    assert refused.returncode == 2
    # who wants rows without gaps gets them
    gaps = coresift(*sampled, "--missing", "drop", "--drop", "t,n")
    assert gaps.returncode == 0, gaps.stderr
    assert pd.read_parquet(tmp_path / "o.parquet")["x"].notna().all()


def test_a_coreset_of_a_coreset(rows: Path, tmp_path: Path) -> None:
    core, small = tmp_path / "core.parquet", tmp_path / "small.parquet"
    assert coresift("select", rows, "--label", "y", "--budget", 100, "-o", core).returncode == 0
    again = [
        "select",
        core,
        "--label",
        "y",
        "--weight",
        "sample_weight",
        "--budget",
        20,
        "-o",
        small,
    ]
    refused = coresift(*again)
    assert refused.returncode == 2
    assert "'sample_weight' and 'row' already" in refused.stderr
    remedy = "--weight-name sample_weight_2 --row-name row_2"
    assert refused.stderr.strip().endswith(remedy)
    assert not small.exists()
    done = coresift(*again, *remedy.split())
    assert done.returncode == 0, done.stderr
    out = pd.read_parquet(small)
    assert out["sample_weight_2"].sum() == pytest.approx(600)
    whole = pd.read_parquet(rows)
    assert out["a"].tolist() == whole["a"].iloc[out["row"]].tolist()


def test_an_array_has_no_columns_to_copy(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", np.eye(9))
    done = coresift("select", tmp_path / "x.npy", "--budget", 3, "-o", tmp_path / "o.parquet")
    assert done.returncode == 2
    assert "no columns to copy" in done.stderr


def test_a_selection_is_resumed(rows: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    given = ["select", rows, "--label", "y", "--budget", 30, "--resume", folder]
    for name in ("first.parquet", "again.parquet"):
        assert called(*given, "-o", tmp_path / name)[0] == 0
    first, again = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("first", "again"))
    assert first.equals(again)
    status, _, error = called(*given, "--seed", 1, "-o", tmp_path / "other.parquet")
    assert (status, error.count("\n")) == (2, 1)
    assert "keeps another run (seed is 0 there and 1 here)" in error
