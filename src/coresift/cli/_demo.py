"""``coresift demo``: a comparison that needs no data."""

from __future__ import annotations

from coresift.cli._options import AsJson, Seed
from coresift.cli._output import print_comparison, progress_bars


def demo(seed: Seed = 0, as_json: AsJson = False) -> None:
    """Compare a coreset of scikit-learn's digits with uniform samples and with everything."""
    from coresift.experiments import compare_on_digits

    with progress_bars(as_json) as progress:
        found = compare_on_digits(seed=seed, progress=progress)
    print_comparison(found, as_json)
