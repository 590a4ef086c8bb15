"""What a loader returns."""

from __future__ import annotations

from dataclasses import dataclass

from coresift._typing import Labels, Rows


@dataclass(frozen=True, eq=False)
class Dataset:
    """Rows with their labels, unscaled, and where they come from.

    Parameters
    ----------
    name : str
    X : ndarray of shape (n_rows, n_features), float32
    y : ndarray of shape (n_rows,)
        Labels.
    feature_names : tuple of str
    origin : {"real", "generated"}
    source : str
        Where the rows come from, in a few words.
    X_test : ndarray of shape (n_test, n_features), float32, or None
        Test rows, where the source has its own.
    y_test : ndarray of shape (n_test,) or None

    Examples
    --------
    >>> from coresift.datasets import load_digits_sample
    >>> digits = load_digits_sample()
    >>> digits.X.shape, digits.origin
    ((1797, 64), 'real')
    """

    name: str
    X: Rows
    y: Labels
    feature_names: tuple[str, ...]
    origin: str
    source: str
    X_test: Rows | None = None
    y_test: Labels | None = None
