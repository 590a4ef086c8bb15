"""Build the documentation into docs/_build/html: run every snippet, then Sphinx.

A snippet that fails and a warning of Sphinx are errors.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent


def main() -> int:
    """Return the exit status of the first step that fails, else 0."""
    target = DOCS / "_build" / "html"
    steps = [
        [str(DOCS / "snippets.py")],
        ["-m", "sphinx", "-q", "-W", "--keep-going", "-E", "-b", "html", str(DOCS), str(target)],
    ]
    for step in steps:
        status = subprocess.run([sys.executable, *step], check=False).returncode
        if status:
            return status
    print(f"built {target / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
