"""What holds for the repository as a whole."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
OPTIONAL = {
    "dask", "distributed", "lightning", "matplotlib", "narwhals", "pandas", "polars", "pooch",
    "pyarrow", "pytorch_lightning", "torch",
}  # fmt: skip


# scikit-learn imports pandas where it is installed, pandas imports pyarrow, and scikit-learn 1.9
# requires narwhals. So a look at sys.modules alone proves nothing about these three.
LOADED_BY_SCIKIT_LEARN = {"narwhals", "pandas", "pyarrow"}

RECORD_IMPORTS = """
import builtins, sys
asked, original = set(), builtins.__import__
def record(name, globals=None, *rest, **options):
    if (globals or {}).get("__name__", "").split(".")[0] == "coresift":
        asked.add(name.split(".")[0])
    return original(name, globals, *rest, **options)
builtins.__import__ = record
import coresift
coresift.FastCore, coresift.Craig, coresift.suggest_planes
print(*asked)
print(*{name.split(".")[0] for name in sys.modules})
"""

BLOCK_IMPORTS = """
import sys
blocked = set(sys.argv[1:])
class Block:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in blocked:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Block())
import coresift
coresift.FastCore, coresift.Craig, coresift.suggest_planes
print(*{name.split(".")[0] for name in sys.modules})
"""


def lines_of(code: str, *arguments: str) -> list[set[str]]:
    """Run code in a fresh interpreter and return the words of each line that it prints."""
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True,
        check=False,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    return [set(line.split()) for line in done.stdout.splitlines()]


def test_import_asks_for_no_optional_dependency() -> None:
    asked, loaded = lines_of(RECORD_IMPORTS)
    assert "numpy" in asked
    assert not asked & OPTIONAL
    assert not loaded & (OPTIONAL - LOADED_BY_SCIKIT_LEARN)


def test_import_works_without_any_optional_dependency() -> None:
    missing = OPTIONAL - {"narwhals"}
    (loaded,) = lines_of(BLOCK_IMPORTS, *missing)
    assert {"coresift", "numpy"} <= loaded
    assert not loaded & missing


WITHOUT_LIGHTNING = (
    BLOCK_IMPORTS
    + """
import coresift.torch
coresift.torch.CoresetTrainer, coresift.torch.mlp
print(*{name.split(".")[0] for name in sys.modules})
try:
    import coresift.torch.lightning
except coresift.MissingDependencyError as error:
    print(error)
"""
)


def test_deep_selection_asks_for_lightning_in_its_callback_only() -> None:
    pytest.importorskip("torch")
    plain, deep, message = lines_of(WITHOUT_LIGHTNING, "lightning", "pytorch_lightning")
    assert "torch" in deep
    assert "torch" not in plain
    assert '"coresift[lightning]"' in message


def test_every_public_name_is_there() -> None:
    package = importlib.import_module("coresift")
    assert [name for name in package.__all__ if getattr(package, name, None) is None] == []
    assert set(package.__all__) <= set(dir(package))
    with pytest.raises(AttributeError, match="'FastCor'"):
        _ = package.FastCor


def test_import_alone_loads_no_library() -> None:
    (loaded,) = lines_of("import coresift, sys; print(*{n.split('.')[0] for n in sys.modules})")
    assert "coresift" in loaded
    assert not loaded & {"numpy", "scipy", "sklearn", "numba", *OPTIONAL}


def test_the_command_line_loads_no_library_before_a_command_runs() -> None:
    code = "import coresift.cli._app, sys; print(*{n.split('.')[0] for n in sys.modules})"
    (loaded,) = lines_of(code)
    assert "typer" in loaded
    assert not loaded & {"numpy", "scipy", "sklearn", "numba", *OPTIONAL}


def test_console_script_exists() -> None:
    module, _, function = PROJECT["scripts"]["coresift"].partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_package_is_typed() -> None:
    assert (ROOT / "src" / "coresift" / "py.typed").is_file()


def test_changelog_has_unreleased_changes() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert re.search(r"^## \[Unreleased\]$", changelog, re.MULTILINE)


def test_optional_dependencies_are_not_required() -> None:
    required = {re.split(r"[<>=!~\[; ]", line)[0] for line in PROJECT["dependencies"]}
    assert not required & OPTIONAL


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_to_files_lead_somewhere(page: str) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []
