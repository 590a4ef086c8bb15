"""The page of a comparison: complete, without the network, and drawn by a real browser."""

from __future__ import annotations

import csv
import io
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from coresift.experiments import Comparison, Result
from coresift.report import rich_table, write_html
from coresift.report._charts import _looks
from coresift.report._page import page

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")


def run(
    method: str, seed: int, budget: float | None, accuracy: float, **more: Any
) -> dict[str, Any]:
    rows = 1000 if budget is None else int(1000 * budget)
    return {
        "method": method,
        "budget": budget,
        "seed": seed,
        "model": "logistic",
        "status": "ok",
        "error": None,
        "rows": rows,
        "select_seconds": 0.1 + seed / 100,
        "train_seconds": rows / 500,
        "total_seconds": 0.1 + seed / 100 + rows / 500,
        "peak_mib": 200.0,
        "score": 1.0,
        "accuracy": accuracy + seed / 100,
        "log_loss": 0.5,
        "curve": [[1, 0.3], [10, 0.5], [100, accuracy]],
        "notes": [],
        **more,
    }


@pytest.fixture
def comparison() -> Comparison:
    groups = [
        [run("fastcore", seed, budget, 0.8 + budget) for seed in (0, 1)] for budget in (0.01, 0.1)
    ]
    groups += [
        [run("uniform", seed, budget, 0.7 + budget) for seed in (0, 1)] for budget in (0.01, 0.1)
    ]
    failed = {"status": "failed", "error": "ValueError: a < b & c", "figures": {}}
    groups += [[run("<odd>", 0, 0.1, 0.5) | failed], [run("full", 0, None, 0.92)]]
    data = {"n_train": 1000, "n_test": 300, "n_features": 12, "n_classes": 3}
    runs = tuple(one for group in groups for one in group)
    return Comparison(data, ("logistic",), tuple(Result.of(group) for group in groups), runs)


class Reader(HTMLParser):
    """Collects headings, cells, pictures and whatever would be fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.headings: list[str] = []
        self.inside = ""
        self.cells: list[list[str]] = []
        self.pictures: list[dict[str, str]] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.fetched += [given[name] for name in ("src", "href") if name in given]
        self.inside = tag
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")
        if tag == "img":
            self.pictures.append(given)

    def handle_data(self, data: str) -> None:
        if self.inside in ("td", "th"):
            self.cells[-1][-1] += data
        if self.inside == "h2":
            self.headings.append(data)

    def handle_endtag(self, tag: str) -> None:
        self.inside = ""


def test_the_page_holds_the_table_and_the_pictures(comparison: Comparison) -> None:
    reader = Reader()
    reader.feed(page(comparison))
    head, first = reader.cells[0], reader.cells[1]
    assert head[:3] == ["method", "budget", "rows"]
    assert first[:3] == ["fastcore", "0.01", "10"]
    assert first[head.index("accuracy")] == "0.8150 ± 0.0050"
    bad = next(line for line in reader.cells if line[0] == "<odd>")
    assert bad[-1].startswith("1 of 1: ValueError: a < b & c")
    titles = [picture["alt"].partition(".")[0] for picture in reader.pictures]
    assert titles == ["Accuracy against time", "Accuracy against budget", "Convergence"]


def test_each_model_has_its_table_and_pictures(comparison: Comparison) -> None:
    groups = [
        [run(method, seed, budget, accuracy + (budget or 0), model=model) for seed in (0, 1)]
        for model, accuracy in (("logistic", 0.8), ("svm", 0.7))
        for method, budget in (("fastcore", 0.01), ("fastcore", 0.1), ("full", None))
    ]
    results = tuple(Result.of(group) for group in groups)
    runs = tuple(one for group in groups for one in group)
    reader = Reader()
    reader.feed(page(Comparison(comparison.data, ("logistic", "svm"), results, runs)))
    assert reader.headings[:2] == ["Model logistic", "Model svm"]
    head = reader.cells[0]
    assert "model" not in head
    lines = [line for line in reader.cells if line[0] == "fastcore" and line[1] == "0.01"]
    accuracies = [line[head.index("accuracy")] for line in lines]
    assert accuracies == ["0.8150 ± 0.0050", "0.7150 ± 0.0050"]
    titles = [picture["alt"].partition(".")[0] for picture in reader.pictures]
    assert titles == ["Accuracy against time", "Accuracy against budget", "Convergence"] * 2
    assert len({picture["src"] for picture in reader.pictures}) == 6


def test_ten_methods_look_different() -> None:
    lines = [run(f"method {number}", 0, 0.1, 0.5) for number in range(10)]
    looks = _looks([Result.of([one]) for one in (*lines, run("full", 0, None, 0.9))])
    assert len(looks) == 11
    for part in ("color", "marker"):
        assert len({look[part] for look in looks.values()}) == 11
    assert len({look["linestyle"] for look in list(looks.values())[:10]}) == 2


@pytest.mark.parametrize(
    "name",
    [
        "[/INST]",
        "[red]x",
        "$a_{b",
        "$$",
        "_hidden",
        "\x1b[31mred\nline",
        "\u8868" * 3,
        "n" * 300,
        "",
    ],
)
def test_any_name_is_shown_as_it_is(comparison: Comparison, name: str, tmp_path: Path) -> None:
    lines = [run(name, 0, budget, 0.5, model=name) for budget in (0.01, 0.1)]
    lines += [run("full", 0, None, 0.9, model=name)]
    results = tuple(Result.of([one]) for one in lines)
    found = Comparison(comparison.data, (name,), results, tuple(lines))
    write_html(found, tmp_path / "page.html")
    reader = Reader()
    reader.feed((tmp_path / "page.html").read_text(encoding="utf-8"))
    shown = name.replace("\x1b", "\\x1b").replace("\n", "\\n")
    assert any(line[0] == shown for line in reader.cells)
    console = Console(width=500, file=io.StringIO(), force_terminal=True)
    console.print(rich_table(found))
    text = console.file.getvalue()  # type: ignore[attr-defined]
    assert shown in text
    assert "\x1b[31mred" not in text


def test_names_are_no_formulas_in_csv(comparison: Comparison) -> None:
    lines = [run("=1+1", 0, 0.1, -0.5, model="@SUM(A1)"), run("-x", 0, 0.1, 0.5, model="a,b")]
    lines += [{**lines[0], "status": "failed", "error": "+ is not known"}]
    results = tuple(Result.of([one]) for one in lines)
    found = list(csv.DictReader(io.StringIO(Comparison({}, ("m",), results, ()).to_csv())))
    assert [line["method"] for line in found] == ["'=1+1", "'-x", "'=1+1"]
    assert [line["model"] for line in found] == ["'@SUM(A1)", "a,b", "'@SUM(A1)"]
    assert found[2]["error"] == "'+ is not known"
    assert float(found[0]["accuracy"]) == -0.5


def test_nothing_is_fetched(comparison: Comparison) -> None:
    reader = Reader()
    text = page(comparison)
    reader.feed(text)
    assert reader.fetched
    assert all(source.startswith("data:") for source in reader.fetched)
    assert not re.search(r"<script|@import|url\(", text)


def test_pictures_that_the_runs_do_not_give_are_left_out() -> None:
    runs = (run("uniform", 0, 0.1, 0.7, curve=[]), run("full", 0, None, 0.9, curve=[]))
    data = {"n_train": 1000, "n_test": 300, "n_features": 12, "n_classes": 3}
    results = tuple(Result.of([one]) for one in runs)
    reader = Reader()
    reader.feed(page(Comparison(data, ("logistic",), results, runs)))
    assert [picture["alt"].partition(".")[0] for picture in reader.pictures] == [
        "Accuracy against time"
    ]


def test_the_same_results_give_the_same_page(comparison: Comparison) -> None:
    assert page(comparison) == page(comparison)


@pytest.mark.slow
def test_a_browser_shows_it(comparison: Comparison, tmp_path: Path) -> None:
    browser = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if browser is None:
        pytest.skip(f"none of {', '.join(BROWSERS)} is installed: install chromium")
    write_html(comparison, tmp_path / "page.html")
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking")
    options = (*options, "--hide-scrollbars", f"--user-data-dir={tmp_path / 'profile'}")
    done = subprocess.run(
        [
            browser,
            *options,
            "--window-size=1280,1500",
            f"--screenshot={tmp_path / 'page.png'}",
            (tmp_path / "page.html").as_uri(),
        ],
        capture_output=True,
        check=False,
        text=True,
        timeout=120,
    )
    assert (tmp_path / "page.png").exists(), done.stderr
    picture = _pixels(tmp_path / "page.png")
    assert picture.shape[:2] == (1500, 1280)
    # The colours of the two methods are drawn: the pictures have been decoded.
    for colour in ((0x00, 0x72, 0xB2), (0xD5, 0x5E, 0x00)):
        near = (np.abs(picture.astype(int) - colour) < 12).all(axis=2)
        assert near.sum() > 100
        rows = np.flatnonzero(near.any(axis=1))
        assert rows[0] > 200  # below the table
    red = (np.abs(picture.astype(int) - (0xA4, 0x26, 0x2C)) < 12).all(axis=2)
    assert red.sum() > 20  # the line of the method that failed


def _pixels(path: Path) -> np.ndarray[Any, Any]:
    """Return the picture of a file, shape (height, width, 3), uint8."""
    from matplotlib.image import imread

    return (imread(path)[:, :, :3] * 255).round().astype(np.uint8)
