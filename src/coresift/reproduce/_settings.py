"""The paper's settings (Section 8.1, Table 3), and how much of them a quick run does."""

from __future__ import annotations

from dataclasses import dataclass, field

EPOCHS = 40
UPDATE_EVERY = 10  # epochs, of DeepFool and Glister
CANDIDATES = 500  # S
CODEWORDS = 256  # B


@dataclass(frozen=True)
class Setting:
    """What the paper sets for a data set.

    Parameters
    ----------
    title : str
    rows, features, classes : int
        As the paper has them (Table 1).
    budget : float
        Share of the rows in a coreset (Section 8.2.1).
    learning_rate : float
    planes, subspaces : int
    network : str or None
        What Section 8.4 trains on it.
    kind : str
    """

    title: str
    rows: int
    features: int
    classes: int
    budget: float
    learning_rate: float
    planes: int
    subspaces: int
    network: str | None = None
    kind: str = "tabular"


SETTINGS = {
    "brazil": Setting("Brazil", 98_463, 9, 5, 0.01, 0.1, 48, 3),
    "covtype": Setting("CovType", 581_012, 54, 7, 0.01, 0.1, 64, 3, "mlp"),
    "imdb": Setting("IMDB", 674_466, 40, 10, 0.01, 0.1, 48, 4, "mlp"),
    "imdb-large": Setting("IMDB-Large", 21_303_410, 40, 10, 0.001, 0.1, 48, 4),
    "mnist": Setting("MNIST", 60_000, 784, 10, 0.1, 0.01, 64, 4, "cnn", "images"),
    # not of the paper: real titles of IMDb, where the paper's own table is not to be had
    "movies": Setting("movies", 58_788, 16, 5, 0.01, 0.1, 48, 4, "mlp"),
}


_HOURS = 10**7  # rows, on which a seed takes hours
_TABLES = ("covtype", "movies", "brazil", "imdb")  # first those that are never generated


@dataclass(frozen=True)
class Scale:
    """How much of the paper's experiments is run.

    Parameters
    ----------
    name : {"paper", "quick"}
    seeds : tuple of int
    epochs : int
    batch_size : int
        Of the linear models; the paper tunes it and does not say what to.
    schedule : dict
        Of networks: warm_up, epochs, rounds.
    time_limit, network_limit : float or None
        Seconds for a run, and for one of a network; None where runs share a process.
    most_rows : dict of str to int
        Rows that are drawn of a data set; all of those that are not named.
    least_coreset : int
        Rows of a coreset at least: a hundredth of few rows is too few to train on.
    varied : tuple of str
        Data sets of the figures that vary sizes, models and parameters, and of networks; a quick
        run takes real rows only.
    """

    name: str
    seeds: tuple[int, ...]
    epochs: int
    batch_size: int
    schedule: dict[str, int]
    time_limit: float | None = None
    network_limit: float | None = None
    most_rows: dict[str, int] = field(default_factory=dict)
    least_coreset: int = 0
    varied: tuple[str, ...] = tuple(SETTINGS)

    @property
    def isolate(self) -> bool:
        """Whether each run has a process of its own, with a time limit and a figure of memory."""
        return self.time_limit is not None

    @property
    def varied_tables(self) -> tuple[str, ...]:
        """Those of the tables of moderate size that are varied, in the order of the figures."""
        return tuple(data for data in _TABLES if data in self.varied)

    def repeats(self, seed: int, data: str) -> bool:
        """Return whether a seed is for a data set: of the largest only the first is run."""
        return seed == self.seeds[0] or SETTINGS[data].rows < _HOURS

    def rows(self, data: str) -> int | None:
        """Return how many rows of a data set are drawn, or None for all of them."""
        return self.most_rows.get(data)


PAPER = Scale(
    "paper",
    seeds=(0, 1, 2),
    epochs=EPOCHS,
    batch_size=128,
    schedule={"warm_up": 20, "epochs": 20, "rounds": 10},
    time_limit=900.0,
    network_limit=1800.0,
)
QUICK = Scale(
    "quick",
    seeds=(0,),
    epochs=EPOCHS,
    batch_size=32,  # a few hundred rows make few steps
    schedule={"warm_up": 2, "epochs": 3, "rounds": 2},
    most_rows={
        "brazil": 20_000,
        "covtype": 20_000,
        "imdb": 20_000,
        "imdb-large": 20_000,
        "mnist": 2_000,
        "movies": 20_000,
    },
    least_coreset=200,
    varied=("covtype", "mnist", "movies"),
)
