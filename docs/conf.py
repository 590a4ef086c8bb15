"""Configuration of Sphinx. Nothing here needs the network."""

from __future__ import annotations

import tomllib
from pathlib import Path

_project = tomllib.loads(
    (Path(__file__).resolve().parent.parent / "pyproject.toml").read_text(encoding="utf-8")
)["project"]

project = "coresift"
author = "The coresift developers"
project_copyright = author
version = release = _project["version"]

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
exclude_patterns = ["_build"]
source_suffix = {".md": "markdown"}

myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "none"  # the docstrings say type and shape
numpydoc_show_class_members = False  # autodoc lists them
autosummary_generate = False

html_theme = "alabaster"
html_theme_options = {
    "description": _project["description"],
    "page_width": "1000px",
    "show_powered_by": "false",
}
html_show_sourcelink = False
