"""The examples run, and what they print is as good as they say."""

from __future__ import annotations

import re
import runpy
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
Run = Callable[..., str]
ACCURACY = re.compile(r"^(\w+): .*test accuracy (\d\.\d+)", re.MULTILINE)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Run:
    """Run an example in an empty folder, which it must leave empty, and return what it prints."""

    def run(name: str, *arguments: str) -> str:
        folder = tmp_path / "here"
        folder.mkdir()
        monkeypatch.chdir(folder)
        monkeypatch.setattr(sys, "argv", [name, *arguments])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        assert list(folder.iterdir()) == []
        return capsys.readouterr().out

    return run


def accuracies(printed: str) -> dict[str, float]:
    found = {name: float(value) for name, value in ACCURACY.findall(printed)}
    assert set(found) == {"coreset", "uniform", "full"}
    return found


def test_every_example_has_a_test() -> None:
    tested = set(re.findall(r"\b\w+\.py", Path(__file__).read_text(encoding="utf-8")))
    assert {path.name for path in EXAMPLES.glob("*.py")} <= tested


@pytest.mark.slow
@pytest.mark.parametrize("name", ["deep_plain_loop.py", "deep_lightning.py"])
def test_deep_selection(run: Run, name: str) -> None:
    pytest.importorskip("torch")
    if "lightning" in name:
        pytest.importorskip("lightning")
    printed = run(name)
    found = accuracies(printed)
    assert found["coreset"] > 0.95
    assert found["full"] > 0.97
    seen = dict(re.findall(r"^(\w+): .*, (\d+) rows seen", printed, re.MULTILINE))
    assert int(seen["coreset"]) == int(seen["uniform"]) < int(seen["full"]) / 4


def test_digits(run: Run, tmp_path: Path) -> None:
    printed = run("digits_notebook.py")
    found = accuracies(printed)
    assert "chosen: 50 rows of 1347" in printed
    assert "sum of the weights: 1347" in printed
    assert "picture" not in printed
    assert 0.87 < found["coreset"] < found["full"]
    assert found["coreset"] > found["uniform"] + 0.02


def test_digits_with_a_picture(run: Run, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "digits.png"
    assert f"picture: {path}" in run("digits_notebook.py", str(path))
    assert path.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_embeddings(run: Run) -> None:
    printed = run("embeddings.py")
    found = accuracies(printed)
    assert "20000 vectors of dimension 384, budget 1%" in printed
    assert re.search(r"^coreset: selection \d+\.\d+ s", printed, re.MULTILINE)
    assert found["uniform"] + 0.001 < found["coreset"] < found["full"]
