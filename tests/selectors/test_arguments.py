"""Seeds and threads: what scikit-learn takes is taken, and all else is one error."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coresift import ParameterError, suggest_planes
from coresift._threads import processor_count, thread_count, threads
from coresift.selectors import METHODS
from coresift.torch import LinearClassifier, NetworkClassifier
from tables import answer, table

X, Y = table(200)
each_method = pytest.mark.parametrize("name", METHODS)
WRONG_SEEDS = [
    1.7,
    -1,
    2**70,
    "abc",
    True,
    np.random.SeedSequence(1),
    np.random.PCG64(1),
    [1],
]


@each_method
@pytest.mark.parametrize("seed", WRONG_SEEDS, ids=lambda seed: type(seed).__name__ + str(seed)[:6])
def test_what_is_not_a_random_state(name: str, seed: Any) -> None:
    with pytest.raises(ParameterError, match=r"random_state=.*a RandomState, or a Generator"):
        METHODS[name](0.1, random_state=seed).fit(X, Y)


@pytest.mark.parametrize("seed", [1.7, "abc", np.random.PCG64(1)], ids=["1.7", "abc", "PCG64"])
def test_models_and_planes_refuse_them_too(seed: Any) -> None:
    for model in (LinearClassifier(random_state=seed), NetworkClassifier("mlp", random_state=seed)):
        with pytest.raises(ParameterError, match="random_state="):
            model.fit(X, Y)
    with pytest.raises(ParameterError, match="random_state="):
        suggest_planes(X, Y, random_state=seed)


@each_method
def test_what_is_a_random_state(name: str) -> None:
    made = (
        None,
        0,
        np.int64(3),
        2**64 - 1,
        np.random.RandomState(3),
        np.random.default_rng(3),
    )
    for seed in made:
        assert METHODS[name](30, random_state=seed).fit(X, Y).sample_weight_.sum() == (
            pytest.approx(200)
        )
    three, same = (METHODS[name](30, random_state=one).fit(X, Y) for one in (3, np.int64(3)))
    assert answer(three) == answer(same)


@each_method
@pytest.mark.parametrize("n_threads", [0, -2, 1.5, True, "2", 5000])
def test_what_is_not_a_number_of_threads(name: str, n_threads: Any) -> None:
    with pytest.raises(ParameterError, match=r"n_threads=.*None or -1 for every processor"):
        METHODS[name](0.1, n_threads=n_threads).fit(X, Y)


@each_method
def test_minus_one_is_every_processor(name: str) -> None:
    one, every = (METHODS[name](30, random_state=0, n_threads=n).fit(X, Y) for n in (1, -1))
    assert answer(one) == answer(every)
    with threads(-1):
        assert thread_count() == processor_count()
