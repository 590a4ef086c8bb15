"""Run the snippets of README.md and docs/*.md.

The blocks of a page run from top to bottom, in one empty folder: ```python in one namespace, ```sh
with bash, where commands installed beside this Python are found first. Fences of any other kind
are not run. The first block that fails stops its page.

Run by itself: python docs/snippets.py [PAGE ...]
"""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```(?P<language>python|sh)\n(?P<source>.*?)^```$", re.MULTILINE | re.DOTALL)


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
            else:
                _run_shell(page, snippet)
    return len(found)


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
    if done.returncode:
        raise RuntimeError(
            f"{page.name}:{snippet.line}: exit status {done.returncode}\n{done.stderr}"
        )


def main() -> None:
    """Run the pages named on the command line, or all of them."""
    for page in [Path(name).resolve() for name in sys.argv[1:]] or pages():
        with tempfile.TemporaryDirectory() as folder:
            count = run_page(page, Path(folder))
        print(f"{page.name}: {count} snippets run", flush=True)


if __name__ == "__main__":
    main()
