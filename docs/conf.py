"""Configuration of Sphinx. Nothing here needs the network."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from coresift.selectors._registry import estimators

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

_ESTIMATOR = """{name}
{line}

.. autoclass:: coresift.{name}
   :members:
   :inherited-members: BaseEstimator
   :exclude-members: get_metadata_routing, score, set_fit_request, \
set_partial_fit_request, set_score_request

"""


def _list_estimators(app: Any, docname: str, source: list[str]) -> None:
    """Put the estimators of all registered methods where the reference wants them."""
    del app, docname
    entries = (_ESTIMATOR.format(name=name, line="-" * len(name)) for name in estimators())
    source[0] = source[0].replace("@estimators@\n", "".join(entries))


def setup(app: Any) -> None:
    """Register the list of estimators."""
    app.connect("source-read", _list_estimators)
