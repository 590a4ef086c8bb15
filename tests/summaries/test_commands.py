"""coresift summarise, merge, and select from a summary."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from coresift.cli import run


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three files, a summary of all, and one of the first with the same encoder."""
    place = tmp_path_factory.mktemp("files")
    rng = np.random.default_rng(0)
    y = rng.integers(0, 3, 900)
    frame = pd.DataFrame(rng.normal(size=(900, 3)) + y[:, None], columns=list("abc")).assign(y=y)
    for number in range(3):
        frame[300 * number : 300 * number + 300].to_parquet(place / f"{number}.parquet")
    files = [place / f"{number}.parquet" for number in range(3)]
    called("summarise", *files, "--label", "y", "--seed", 5, "-o", place / "all.summary")
    like = ["--label", "y", "--like", place / "all.summary"]
    called("summarise", files[0], *like, "-o", place / "0.summary")
    return place


def called(*arguments: object) -> dict[str, Any]:
    """Run a command that succeeds, and return what it prints."""
    out, error = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(error):
        status = run([*map(str, arguments), "--json"])
    assert status == 0, error.getvalue()
    facts: dict[str, Any] = json.loads(out.getvalue())
    return facts


def refused(*arguments: object) -> str:
    error = io.StringIO()
    with redirect_stderr(error):
        assert run([*map(str, arguments)]) == 2
    assert error.getvalue().count("\n") == 1
    return error.getvalue()


def test_summaries_of_files_are_merged_and_chosen_from(folder: Path, tmp_path: Path) -> None:
    like = ["--label", "y", "--like", folder / "all.summary"]
    for number in (1, 2):
        done = called(
            "summarise", folder / f"{number}.parquet", *like,
            "--first-row", 300 * number, "-o", tmp_path / f"{number}.summary",
        )  # fmt: skip
        assert (done["n_rows"], done["next_row"]) == (300, 300 * number + 300)
        assert not done["drift"]["is_large"]
    merged = called(
        "merge", tmp_path / "2.summary", folder / "0.summary", tmp_path / "1.summary",
        "-o", tmp_path / "merged.summary",
    )  # fmt: skip
    assert merged["n_rows"] == 900
    assert (tmp_path / "merged.summary").read_bytes() == (folder / "all.summary").read_bytes()
    found = called(
        "select", tmp_path / "merged.summary", "--budget", "0.02", "-o", tmp_path / "o.parquet"
    )
    out = pd.read_parquet(tmp_path / "o.parquet")
    assert found["n_chosen"] == len(out) == 18
    assert out["sample_weight"].sum() == 900
    every = pd.concat([pd.read_parquet(folder / f"{number}.parquet") for number in range(3)])
    pd.testing.assert_frame_equal(out[list("abcy")], every.iloc[out["row"]].reset_index(drop=True))


def test_new_files_are_added_to_a_summary(folder: Path, tmp_path: Path) -> None:
    kept = tmp_path / "kept.summary"
    kept.write_bytes((folder / "0.summary").read_bytes())
    command = [
        "select", "--update", kept, folder / "1.parquet", folder / "2.parquet",
        "--label", "y", "--budget", 9, "-o", tmp_path / "o.parquet",
    ]  # fmt: skip
    found = called(*command)
    assert (found["n_rows"], found["n_chosen"]) == (900, 9)
    assert set(found["drift"]) == {"outside", "error", "error_known", "is_large"}
    assert kept.read_bytes() == (folder / "all.summary").read_bytes()
    assert "parquet' is in both, and its rows would count twice" in refused(*command)
    assert kept.read_bytes() == (folder / "all.summary").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["select", "all.summary", "--label", "y"], "--label is given together with a summary"),
        (["select", "all.summary", "--method", "craig"], "--method is given together with a sum"),
        (["select", "none.summary"], "there is no summary"),
        (["select", "0.parquet", "--update", "none.summary", "--label", "y"], "there is no summ"),
        (["select", "all.summary", "--budget", "901"], "from 1 to the number of rows, 900"),
        (["summarise", "0.parquet", "-o", "x.parquet"], "does not end in .summary"),
        (["summarise", "0.parquet", "--missing", "drop"], "write the rows to a file first"),
        (["summarise", "0.parquet", "--like", "all.summary", "--seed", "1"], "--like has the seed"),
        (["merge", "all.summary", "0.summary"], "parquet' is in both"),
        (["merge", "0.parquet"], "is no summary, or is damaged"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    arguments: list[str], message: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    given = {"select": ["--budget", "9", "-o", "x.parquet"]}.get(arguments[0], ["-o", "x.summary"])
    assert message in refused(arguments[0], *given, *arguments[1:])
    assert not list(folder.glob("x.*"))
