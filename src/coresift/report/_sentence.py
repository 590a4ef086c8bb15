"""Is a coreset worth it: one sentence, from the figures of a comparison."""

from __future__ import annotations

from math import hypot

from coresift.experiments import Comparison, Figure, Result
from coresift.selectors import FULL

UNIFORM = "uniform"
# what a coreset has to beat: neither costs a selection
UNIFORM_ROWS = {UNIFORM: "uniform rows", "uniform-each-epoch": "uniform rows of each epoch"}
# figure, name, whether more is better; the first that all have
JUDGED = (
    ("log_loss", "log-loss", False),
    ("r2", "R2", True),
    ("accuracy", "accuracy", True),
    ("mae", "mean absolute error", False),
)


def sentences(comparison: Comparison) -> list[str]:
    """Say for each model and budget whether a coreset is worth it.

    Parameters
    ----------
    comparison : Comparison

    Returns
    -------
    list of str
        None of models and budgets of which coreset or uniform rows are not known.

    Examples
    --------
    >>> from sklearn.datasets import load_digits
    >>> from coresift import compare
    >>> from coresift.report import sentences
    >>> X, y = load_digits(return_X_y=True)
    >>> found = compare(X, y, budget=100, seeds=1, isolate=False)
    >>> sentences(found)[0].startswith("sklearn-logistic, 100 rows: the best coreset, fastcore, ")
    True
    """
    found = []
    for model in comparison.models:
        results = comparison.of_model(model).results
        for budget in dict.fromkeys(r.budget for r in results if r.budget is not None):
            said = _judged([r for r in results if r.budget in (budget, None)])
            if said:
                found.append(f"{model}, {_rows(results, budget)}: {said}")
    return found


def _rows(results: tuple[Result, ...], budget: float) -> str:
    """Return how many rows a budget is, where that is known."""
    rows = next((r.rows for r in results if r.budget == budget and r.rows), None)
    return f"{budget:.4g} of the rows" if rows is None else f"{rows:,} rows"


def _judged(results: list[Result]) -> str | None:
    """Judge the best coreset of one model and budget."""
    full = next((r for r in results if r.method == FULL), None)
    if not any(r.method == UNIFORM for r in results):
        return None
    for name, word, more in JUDGED:
        known = [r for r in results if r.method != FULL and name in r.figures]
        rivals = [r for r in known if r.method in UNIFORM_ROWS]
        others = [r for r in known if r.method not in UNIFORM_ROWS]
        if others and any(r.method == UNIFORM for r in rivals):
            sign = -1 if more else 1
            uniform, best = (
                min(some, key=lambda r: sign * r.figures[name].mean) for some in (rivals, others)
            )
            whole = None if full is None else full.figures.get(name)
            return _sentence(best, uniform, whole, name, word, sign)
    return None


def _sentence(
    best: Result, uniform: Result, whole: Figure | None, name: str, word: str, sign: int
) -> str:
    """Write it."""
    own, other, rows = best.figures[name], uniform.figures[name], UNIFORM_ROWS[uniform.method]
    gain = sign * (other.mean - own.mean)
    noise = hypot(own.spread, other.spread)
    told = f"the best coreset, {best.method}, has {_an(word)} {word} of {_figure(own, best.runs)}"
    told += f", {rows} {_figure(other, uniform.runs)}"
    told += "" if whole is None else f", all rows {whole.mean:.4f}"
    if gain < -noise or (gain < 0 and noise == 0):
        return f"{told}: not worth it here, {rows} are better."
    if gain <= noise:
        return f"{told}: not worth it here, {rows} are as good."
    lost = 0.0 if whole is None else sign * (other.mean - whole.mean)
    if lost <= noise:
        return f"{told}: worth it."
    closed = f"{min(gain / lost, 1):.0%} of what {rows} lose"
    return f"{told}: worth it, it makes up for {closed}."


def _an(word: str) -> str:
    return "an" if word[0] in "aR" else "a"


def _figure(figure: Figure, runs: int) -> str:
    return f"{figure.mean:.4f} ± {figure.spread:.4f}" if runs > 1 else f"{figure.mean:.4f}"
