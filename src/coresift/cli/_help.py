"""Names in the help that would take a second to import: they are filled in when help is asked."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand

DEFAULT_MODEL = "sklearn-logistic"  # of `coresift.experiments`


class Command(TyperCommand):
    """A command whose help may say ``{methods}``, ``{models}`` and ``{networks}``."""

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help."""
        from coresift.experiments import MODELS, NETWORKS
        from coresift.selectors import METHODS

        names = {"methods": METHODS, "models": MODELS, "networks": NETWORKS}
        for parameter in self.params:
            text: str = getattr(parameter, "help", None) or ""
            for name, known in names.items():
                text = text.replace(f"{{{name}}}", ", ".join(known))
            if text:
                parameter.help = text  # type: ignore[attr-defined]
        super().format_help(ctx, formatter)
