"""The data sets of the paper's evaluation: from a local folder, else from their public source."""

from coresift.datasets._brazil import load_brazil
from coresift.datasets._covtype import load_covtype
from coresift.datasets._dataset import Dataset
from coresift.datasets._digits import load_digits_sample
from coresift.datasets._files import check_home
from coresift.datasets._generated import make_imdb_large, make_table
from coresift.datasets._home import ENVIRONMENT, cache_folder
from coresift.datasets._imdb import load_imdb
from coresift.datasets._mnist import load_mnist
from coresift.datasets._movies import load_movies

__all__ = [
    "ENVIRONMENT",
    "Dataset",
    "cache_folder",
    "check_home",
    "load_brazil",
    "load_covtype",
    "load_digits_sample",
    "load_imdb",
    "load_mnist",
    "load_movies",
    "make_imdb_large",
    "make_table",
]
