"""``coresift planes``: how many hyperplanes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer

from coresift.cli._options import AsJson, Seed, Threads, n_threads
from coresift.cli._reading import Reading, reads

if TYPE_CHECKING:
    from coresift.experiments import PlanesStep


@reads(label=False)
def planes(
    reading: Reading,
    *,
    tolerance: Annotated[float, typer.Option(help="How far below the best is enough.")] = 0.02,
    sample: Annotated[int, typer.Option(min=1, help="Rows that are clustered.")] = 50_000,
    seed: Seed = 0,
    threads: Threads = None,
    as_json: AsJson = False,
) -> None:
    """Suggest a number of hyperplanes: the fewest that reach the plateau of cluster quality."""
    from coresift.experiments import suggest_planes

    found = suggest_planes(
        reading.rows(),
        tolerance=tolerance,
        sample_size=sample,
        random_state=seed,
        n_threads=n_threads(threads),
        on_step=None if as_json else _show,
    )
    if as_json:
        print(json.dumps(found.as_dict()))
        return
    print(f"suggested: n_planes={found.n_planes} ({found.seconds:.1f} s)")


def _show(step: PlanesStep) -> None:
    print(
        f"{step.n_planes:>3} planes {step.n_clusters:>9,} clusters   score {step.score:.4f}   "
        f"{step.alone:.0%} of the rows alone"
    )
