"""The snippets of README.md and docs/*.md do what they say."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

snippets = runpy.run_path(str(Path(__file__).resolve().parent.parent / "docs" / "snippets.py"))


@pytest.mark.slow
@pytest.mark.parametrize("page", snippets["pages"](), ids=lambda page: page.name)
def test_snippets_run(page: Path, tmp_path: Path) -> None:
    assert snippets["run_page"](page, tmp_path) > 0


def test_pages_with_snippets_are_found() -> None:
    assert {"README.md", "quickstart.md", "algorithm.md", "cli.md"} <= {
        page.name for page in snippets["pages"]()
    }


def test_a_failing_python_block_fails_its_page_and_names_the_line(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n```python\nvalue = 1\n```\n\n```python\nassert value == 2\n```\n")
    with pytest.raises(AssertionError) as caught:
        snippets["run_page"](page, tmp_path)
    assert caught.traceback[-1].lineno + 1 == 8


def test_a_failing_shell_block_fails_its_page_and_names_the_line(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n```sh\nexit 3\n```\n")
    with pytest.raises(RuntimeError, match=r"page\.md:4: exit status 3"):
        snippets["run_page"](page, tmp_path)


def test_a_failing_command_fails_its_page_and_names_the_line(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Title\n\n```sh\ncoresift describe \\\n    no.parquet\n```\n")
    with pytest.raises(RuntimeError, match=r"page\.md:4: exit status 2\n.*no\.parquet"):
        snippets["run_page"](page, tmp_path)


@pytest.mark.parametrize(
    ("source", "commands"),
    [
        ("coresift demo\ncoresift size a.csv \\\n    --start 1%\n",
         [["demo"], ["size", "a.csv", "--start", "1%"]]),
        ("coresift demo > result\n", []),
        ("coresift describe *.csv\n", []),
        ("coresift demo\nls\n", []),
    ],
)  # fmt: skip
def test_commands_that_need_no_shell_are_known(source: str, commands: list[list[str]]) -> None:
    assert snippets["_plain_commands"](source) == commands


def test_other_fences_do_not_run(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ exit 1\n```\n\n```text\nraise\n```\n")
    assert snippets["run_page"](page, tmp_path) == 0
