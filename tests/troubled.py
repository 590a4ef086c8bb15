"""Selectors and models that go wrong; a module, so that the process of a run can import them."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any, Self

import numba
import numpy as np
from sklearn.naive_bayes import GaussianNB

from coresift.selectors import Uniform


class Fails(Uniform):
    """Raises an error of two lines."""

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        raise RuntimeError("nothing\nworks")


class Dies(Uniform):
    """Ends its process, as one out of memory is ended."""

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        if len(X) > 200:  # not while it warms up
            os.kill(os.getpid(), 9)
        return super().fit(X, y, **options)


class Sleeps(Uniform):
    """Takes longer than anybody waits."""

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        if len(X) > 200:
            time.sleep(600)
        return super().fit(X, y, **options)


class Hoards(Uniform):
    """Holds 400 MiB for a moment."""

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        held = bytearray(400 * 2**20)
        held[:: 2**12] = b"x" * len(held[:: 2**12])
        return super().fit(X, y, **options)


class Counted(Uniform):
    """Adds a line to the file that SELECTIONS names for each selection, warming up aside."""

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        if len(X) > 200:
            with Path(os.environ["SELECTIONS"]).open("a") as file:
                file.write(f"{self.random_state}\n")
        return super().fit(X, y, **options)


class Compiles(Uniform):
    """Compiles when it first selects, and counts how often it does."""

    fits = 0

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        if not Compiles.fits:
            numba.njit(lambda value: value + 1)(1)
        Compiles.fits += 1
        return super().fit(X, y, **options)


class Rolls(Uniform):
    """Adds a number that no seed decides to the file that ROLLS names."""

    def fit(self, X: Any, y: Any = None, **options: Any) -> Self:
        with Path(os.environ["ROLLS"]).open("a") as file:
            file.write(f"{np.random.random()}\n")  # noqa: NPY002
        return super().fit(X, y, **options)


class FailsToFit(GaussianNB):
    """A model that raises."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        raise ValueError("no\nsolution")


class DiesInFit(GaussianNB):
    """A model that ends its process, but for the few rows of warming up."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        if len(X) > 60:
            os.kill(os.getpid(), 9)
        return super().fit(X, y, sample_weight)


class SleepsInFit(GaussianNB):
    """A model that takes longer than anybody waits."""

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Any:
        if len(X) > 60:
            time.sleep(600)
        return super().fit(X, y, sample_weight)
