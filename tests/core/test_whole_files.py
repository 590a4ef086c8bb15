"""Whole files, and outputs that are inputs."""

from __future__ import annotations

import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from coresift._errors import FormatError
from coresift._files import refuse_overwriting, same_file, whole_file


def replace(path: Path, text: str = "new") -> None:
    with whole_file(path) as file:
        file.write(text.encode())


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664])
def test_the_mode_of_the_old_file_stays(mode: int, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_text("old")
    path.chmod(mode)
    with whole_file(path) as file:
        file.write(b"new")
        hidden = next(name for name in tmp_path.iterdir() if name != path)
        assert stat.S_IMODE(hidden.stat().st_mode) == mode
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == mode


def test_a_new_file_has_the_mode_of_the_umask(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    replace(tmp_path / "out")
    assert (tmp_path / "plain").stat().st_mode == (tmp_path / "out").stat().st_mode


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "there" / "target").write_text("old")
    (tmp_path / "link").symlink_to(Path("there") / "target")
    replace(tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "target").read_text() == "new"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["link", "target", "there"]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("old")

    def fail() -> None:
        with whole_file(path) as file:
            file.write(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_name_as_long_as_names_may_be(tmp_path: Path) -> None:
    replace(tmp_path / ("n" * 251 + ".csv"))
    assert len(next(tmp_path.iterdir()).name) == 255


def test_a_pipe_is_written_directly(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    got: list[str] = []
    reader = threading.Thread(target=lambda: got.append((tmp_path / "pipe").read_text()))
    reader.start()
    replace(tmp_path / "pipe")
    reader.join(10)
    assert got == ["new"]
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def hard_link(path: Path, other: Path) -> Path:
    os.link(path, other)
    return other


def soft_link(path: Path, other: Path) -> Path:
    other.symlink_to(path)
    return other


@pytest.mark.parametrize(
    "name",
    [
        lambda path: path,
        lambda path: path.parent / "." / path.name,
        lambda path: path.parent / ".." / path.parent.name / path.name,
        lambda path: Path(os.path.relpath(path)),
        lambda path: hard_link(path, path.parent.parent / "hard.csv"),
        lambda path: soft_link(path, path.parent.parent / "soft.csv"),
        lambda path: soft_link(path.parent, path.parent.parent / "folder") / path.name,
    ],
)
def test_an_output_that_is_an_input(name: Callable[[Path], Path], tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    path = tmp_path / "data" / "rows.csv"
    path.write_text("a,y\n1,2\n")
    output = name(path)
    for source in (path, tmp_path / "data", str(tmp_path / "data" / "*.csv"), tmp_path):
        with pytest.raises(
            FormatError, match=r"--output '.*' is the input '.*rows\.csv'.*: choose"
        ):
            refuse_overwriting({"--report": tmp_path / "r.html", "--output": output}, [source])
    assert path.read_text() == "a,y\n1,2\n"


def test_an_output_among_the_files_of_an_input(tmp_path: Path) -> None:
    (tmp_path / "data" / "deep").mkdir(parents=True)
    (tmp_path / "data" / "1.csv").touch()
    for source in ("data", "data/"):
        for output in ("data/new.csv", "data/deep/new.parquet"):
            with pytest.raises(FormatError, match="would be read as a part of the input"):
                refuse_overwriting({"-o": tmp_path / output}, [tmp_path / source])
        refuse_overwriting({"-o": tmp_path / "data" / "page.html"}, [tmp_path / source])
        refuse_overwriting({"-o": tmp_path / "database.csv"}, [tmp_path / source])
    pattern = str(tmp_path / "data" / "*.csv")
    with pytest.raises(FormatError, match="would be read as a part of the input"):
        refuse_overwriting({"-o": tmp_path / "data" / "new.csv"}, [pattern])
    refuse_overwriting({"-o": tmp_path / "data" / "new.parquet"}, [pattern])
    refuse_overwriting({"-o": tmp_path / "new.csv"}, [pattern, "s3://bucket/rows.csv"])


def test_two_outputs_that_are_one_file(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match=r"--report '.*' and --csv '.*' are one file"):
        refuse_overwriting({"--csv": tmp_path / "r", "--report": tmp_path / "." / "r"}, [])
    refuse_overwriting({"--csv": tmp_path / "r", "--report": tmp_path / "s"}, [tmp_path / "none"])


def test_same_file(tmp_path: Path) -> None:
    (tmp_path / "a").touch()
    assert same_file(tmp_path / "a", tmp_path / "x" / ".." / "a")
    assert not same_file(tmp_path / "a", tmp_path / "b")
    (tmp_path / "loop").symlink_to("loop")
    assert not same_file(tmp_path / "loop", tmp_path / "a")
