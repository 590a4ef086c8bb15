"""Tables as they are found: what is in the way is told once, with options that then do work."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from coresift import CoresetClassifier, DataError, FastCore, LabelError, Uniform
from coresift.cli import run

N = 240
RNG = np.random.default_rng(0)


def gaps(values: object, share: float = 0.05) -> pd.Series:
    return pd.Series(values).mask(pd.Series(RNG.random(N) < share))


def measured_birds() -> pd.DataFrame:
    """Numbers and a text column with missing values, some everywhere at once."""
    columns = {name: gaps(RNG.normal(size=N)) for name in ("bill mm", "flipper mm", "mass")}
    return pd.DataFrame({**columns, "sex": gaps(RNG.choice(["f", "m"], N)), "y": kinds()})


def raw_birds() -> pd.DataFrame:
    """Also a date, an id of its own for each row, and comments that are mostly missing."""
    dates = pd.date_range("2007-11-11", periods=N).date
    ids = [f"N{row}A" for row in range(N)]
    return measured_birds().assign(**{"Date Egg": dates, "Individual ID": ids, "Comments": None})


def survey() -> pd.DataFrame:
    """With the row names of R, and answers that are missing, the label among them."""
    return measured_birds().assign(y=gaps(kinds(), 0.1))


def airports() -> pd.DataFrame:
    """Names of their own in several columns, and a few missing labels."""
    names = {name: [f"{name}{row}" for row in range(N)] for name in ("iata", "city")}
    return pd.DataFrame({**names, "lat": RNG.normal(size=N), "y": gaps(kinds(), 0.05)})


def weather() -> pd.DataFrame:
    """Dates as text with slashes."""
    days = pd.date_range("2012-01-01", periods=N).strftime("%Y/%m/%d")
    return pd.DataFrame({"date": days, "rain": RNG.random(N), "y": kinds()})


def prices() -> pd.DataFrame:
    """Numbers with separators of thousands, percent, and a question mark for missing ones."""
    money = [f"{value:,}" for value in RNG.integers(1000, 90_000, N)]
    share = [f"{value}%" for value in RNG.integers(0, 100, N)]
    asked = np.where(np.arange(N) % 9 == 0, "?", RNG.integers(0, 90, N).astype(str))
    return pd.DataFrame({"price": money, "share": share, "rooms": asked, "y": kinds()})


def kinds() -> np.ndarray:
    return RNG.choice(["Adelie", "Gentoo", "Chinstrap"], N)


@pytest.mark.parametrize("form", ["csv", "parquet"])
@pytest.mark.parametrize(
    "make", [measured_birds, raw_birds, survey, airports, weather, prices], ids=lambda f: f.__name__
)
def test_the_options_of_the_message_work(
    make: Callable[[], pd.DataFrame],
    form: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / f"t.{form}"
    if form == "csv":
        make().to_csv(path, index=make is survey)
    else:
        make().to_parquet(path)
    command = ["select", str(path), "--label", "y", "--budget", "30", "--json"]
    command += ["-o", str(tmp_path / "o.csv")]
    assert run(command) == 2
    message = capsys.readouterr().err.splitlines()[-1]
    first, *others = message.rpartition(": use ")[2].split(", or ")
    assert run([*command, *shlex.split(first)]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["n_chosen"] == 30
    assert "" not in pd.read_csv(tmp_path / "o.csv").columns
    for other in others:
        left_out = shlex.split(other)
        # of the birds, all columns may be in the way
        if len(make().columns) - left_out.count("--drop") > 1:
            assert run([*command, *left_out]) == 0, other


def test_a_model_that_takes_gaps_gets_rows_with_gaps() -> None:
    from sklearn.ensemble import HistGradientBoostingClassifier

    X = RNG.normal(size=(N, 3))
    y = (X[:, 0] > 0).astype(int)
    X[::7, 1] = np.nan
    model = HistGradientBoostingClassifier(max_iter=10, min_samples_leaf=5)
    assert CoresetClassifier(model, Uniform(100, random_state=0)).fit(X, y).score(X, y) > 0.8
    with pytest.raises(DataError, match=r"'x1' has 35 NaN .*SimpleImputer .*or use selector=Unif"):
        CoresetClassifier(model, FastCore(100)).fit(X, y)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (5, "the labels are 5, one int: pass one item per row"),
        ({0: 1}, "a dict, whose values have names"),
        (iter([1]), "of type list_iterator, which can be read only once"),
    ],
    ids=["int", "dict", "iterator"],
)
def test_what_are_not_labels(labels: object, message: str) -> None:
    with pytest.raises(LabelError, match=message):
        FastCore(2).fit(np.eye(4), labels)


def test_a_remedy_that_is_in_force_is_not_named() -> None:
    X = np.array([[1.7e308], [-1.7e308], [0.0]])
    with pytest.raises(DataError, match=r"scale='minmax' allows 4.49e\+307: rescale the column"):
        FastCore(2).fit(X)
    with pytest.raises(DataError, match="use scale='minmax' or rescale"):
        FastCore(2, scale=None).fit(X)


@pytest.mark.parametrize("shape", [(), (2, 4)])
def test_embeddings_as_other_tools_write_them(shape: tuple[int, ...], tmp_path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = RNG.normal(size=(60, *(shape or (8,))))
    column = pa.FixedShapeTensorArray.from_numpy_ndarray(rows) if shape else pa.array(list(rows))
    pq.write_table(pa.table({"e": column, "y": np.arange(60) % 2}), tmp_path / "t.parquet")
    chosen = FastCore(9, random_state=0).fit(tmp_path / "t.parquet", "y")
    expected = FastCore(9, random_state=0).fit(rows.reshape(60, 8), np.arange(60) % 2)
    assert chosen.n_features_in_ == 8
    assert chosen.sample_indices_.tolist() == expected.sample_indices_.tolist()
