"""Run the snippets of README.md and docs/*.md.

The blocks of a page run from top to bottom, in one empty folder: ```python in one namespace, ```sh
with bash, where commands installed beside this Python are found first. A ```sh block of nothing but
commands of coresift whose words mean nothing to a shell runs in this process, which has imported
everything. Fences of any other kind are not run. The first block that fails stops its page.

Run by itself: python docs/snippets.py [PAGE ...]
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from coresift.cli import run

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(?P<language>python|sh)\n(?P<source>.*?)^```$", re.MULTILINE | re.DOTALL)
PLAIN = re.compile(r"coresift(?P<words>( [\w.,:=/%+-]+)+)")  # words that a shell leaves as they are


class Snippet(NamedTuple):
    """A block of a page that runs, and the number of its first line there."""

    language: str
    line: int
    source: str


def snippets_of(page: Path) -> Iterator[Snippet]:
    """Yield the blocks of a page that run, from top to bottom."""
    text = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        line = text.count("\n", 0, match.start("source")) + 1
        yield Snippet(match["language"], line, match["source"])


def pages() -> list[Path]:
    """Return the pages that hold at least one block that runs."""
    found = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    return [page for page in found if any(snippets_of(page))]


def run_page(page: Path, folder: Path) -> int:
    """Run the blocks of a page in a folder and return how many there were."""
    namespace: dict[str, Any] = {"__name__": "snippets"}
    found = list(snippets_of(page))
    with contextlib.chdir(folder):
        for snippet in found:
            if snippet.language == "python":
                padding = "\n" * (snippet.line - 1)  # tracebacks name the line of the page
                exec(compile(padding + snippet.source, str(page), "exec"), namespace)
            elif commands := _plain_commands(snippet.source):
                _run_commands(page, snippet, commands)
            else:
                _run_shell(page, snippet)
    return len(found)


def _plain_commands(source: str) -> list[list[str]]:
    """Return the words of each command, or none if not all are plain commands of coresift."""
    lines = re.sub(r" *\\\n *", " ", source).splitlines()
    found = [PLAIN.fullmatch(line) for line in lines]
    return [match["words"].split() for match in found if match] if all(found) else []


def _run_commands(page: Path, snippet: Snippet, commands: list[list[str]]) -> None:
    for words in commands:
        with contextlib.redirect_stderr(io.StringIO()) as error:
            status = run(words)
        _check(page, snippet, status, error.getvalue())


def _run_shell(page: Path, snippet: Snippet) -> None:
    environment = dict(os.environ)
    environment["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", snippet.source],
        capture_output=True,
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    sys.stdout.write(done.stdout)
    _check(page, snippet, done.returncode, done.stderr)


def _check(page: Path, snippet: Snippet, status: int, error: str) -> None:
    if status:
        raise RuntimeError(f"{page.name}:{snippet.line}: exit status {status}\n{error}")


def main() -> None:
    """Run the pages named on the command line, or all of them."""
    for page in [Path(name).resolve() for name in sys.argv[1:]] or pages():
        with tempfile.TemporaryDirectory() as folder:
            count = run_page(page, Path(folder))
        print(f"{page.name}: {count} snippets run", flush=True)


if __name__ == "__main__":
    main()
