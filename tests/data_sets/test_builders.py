"""Each data set from small files of its real schema."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import published
from coresift import FormatError, MissingDataError, ParameterError
from coresift.datasets import (
    load_brazil,
    load_covtype,
    load_digits_sample,
    load_imdb,
    load_mnist,
    load_movies,
    make_imdb_large,
    make_table,
)
from coresift.datasets._generated import Recipe
from coresift.datasets._imdb import FEATURES as IMDB_FEATURES


@pytest.fixture(autouse=True)
def nothing_else_is_there(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither the folder of the real data nor a cache takes part."""
    monkeypatch.delenv("CORESIFT_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "no-cache"))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "no-cache"))


BRAZIL = {
    4: [30.5, 3.75, 2, 8, 625, 282, 2, 14, 2],
    5: [10.5, 8.0, 1, 1, 225, 287, 1, 8.5, -7.5],
    # no delivery, no payment, and a product without facts: medians of the other two
    2: [99.9, 0.0, 1, 4.5, 3000, 284.5, 1.5, 11.25, -2.75],
}


def test_brazil_joins_the_five_files_of_olist(tmp_path: Path) -> None:
    published.place_olist(tmp_path)
    found = load_brazil(tmp_path, download=False)
    assert found.X.shape == (3, 9)
    assert len(found.feature_names) == 9
    rows = dict(zip(found.y.tolist(), found.X.tolist(), strict=True))
    assert rows.keys() == BRAZIL.keys()
    for score, expected in BRAZIL.items():
        assert rows[score] == pytest.approx(expected)


def test_brazil_is_read_from_the_archive_as_from_the_files(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "brazilian-ecommerce.zip", "w") as archive:
        for name, text in published.OLIST.items():
            archive.writestr(name, text)
    found = load_brazil(tmp_path, download=False)
    assert sorted(found.y.tolist()) == sorted(BRAZIL)


def test_an_archive_without_the_files_is_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "brazilian-ecommerce.zip", "w") as archive:
        archive.writestr("other.csv", "a,b")
    with pytest.raises(FormatError, match="lacks olist_orders_dataset"):
        load_brazil(tmp_path, download=False)


def test_imdb_has_forty_features_and_ten_classes(tmp_path: Path) -> None:
    published.place_imdb(tmp_path)
    found = load_imdb(tmp_path, download=False)
    assert found.X.shape == (3, 40)
    assert found.y.tolist() == [6, 8, 1]  # 7.5 is rounded up
    rows = [dict(zip(IMDB_FEATURES, row, strict=True)) for row in found.X.tolist()]
    short, musical, game = rows
    assert short["year"] == 1894
    assert short["log_votes"] == pytest.approx(np.log1p(2000))
    assert (short["short"], short["Short"], short["Documentary"], short["movie"]) == (1, 1, 1, 0)
    assert (musical["Musical"], musical["Music"], musical["movie"]) == (1, 0, 1)
    assert game["adult"] == 1
    assert game["year"] == pytest.approx((1894 + 1999) / 2)  # missing: the median
    assert sum(game[name] for name in IMDB_FEATURES[4:]) == 0


def test_imdb_draws_the_titles_that_are_asked_for(tmp_path: Path) -> None:
    published.place_imdb(tmp_path)
    two = load_imdb(tmp_path, n_rows=2, download=False)
    assert two.X.shape == (2, 40)
    assert np.array_equal(two.X, load_imdb(tmp_path, n_rows=2, download=False).X)
    with pytest.raises(ParameterError, match="n_rows=0"):
        load_imdb(tmp_path, n_rows=0)


def test_covtype_from_the_file_of_uci_and_from_parquet(tmp_path: Path) -> None:
    published.place_covtype(tmp_path, 5)
    found = load_covtype(tmp_path, download=False)
    assert found.X.shape == (5, 54)
    assert found.y.tolist() == [1, 2, 3, 4, 5]
    assert found.X[2, 0] == 2502
    columns = dict(zip(found.feature_names, found.X.T, strict=True))
    pq.write_table(pa.table({**columns, "Cover_Type": found.y}), tmp_path / "covtype.parquet")
    again = load_covtype(tmp_path, download=False)
    assert np.array_equal(again.X, found.X)
    assert np.array_equal(again.y, found.y)


def test_mnist_from_idx_and_from_parquet(tmp_path: Path) -> None:
    published.place_mnist(tmp_path, 12)
    found = load_mnist(tmp_path, download=False)
    assert found.X.shape == (12, 784)
    assert found.X_test is not None
    assert found.X_test.shape == (2, 784)
    assert found.y.tolist()[:11] == [*range(10), 0]
    assert found.X[0, :3].tolist() == [0, 1, 2]
    for part, X, y in (("train", found.X, found.y), ("test", found.X_test, found.y_test)):
        images = pa.FixedSizeListArray.from_arrays(pa.array(X.ravel().astype(np.uint8)), 784)
        pq.write_table(pa.table({"image": images, "label": y}), tmp_path / f"mnist_{part}.parquet")
    again = load_mnist(tmp_path, download=False)
    assert np.array_equal(again.X, found.X)


def test_movies_leave_the_shares_of_votes_out(tmp_path: Path) -> None:
    (tmp_path / "movies.csv").write_text(published.MOVIES, encoding="utf-8")
    found = load_movies(tmp_path, download=False)
    assert found.feature_names[:4] == ("year", "log_length", "log_votes", "log_budget")
    assert not {"r1", "r10", "rating"} & set(found.feature_names)
    assert found.X[:, 3] == pytest.approx(np.log1p(100))  # the only budget
    assert found.y.tolist() == [2, 0, 4]


def test_the_large_table_does_not_depend_on_the_writing(tmp_path: Path) -> None:
    seen: list[int] = []
    path = make_imdb_large(
        tmp_path / "large.parquet",
        n_rows=250,
        rows_per_group=100,
        progress=lambda _, done, total: seen.append(done),
    )
    table = pq.read_table(path)
    assert (table.num_rows, table.num_columns) == (250, 41)
    assert pq.ParquetFile(path).metadata.num_row_groups == 3
    assert seen == [100, 200, 250]
    rows, labels = Recipe().group(2, 50)
    assert np.array_equal(table.column("f7").to_numpy()[200:], rows[:, 7])
    assert np.array_equal(table.column("rating").to_numpy()[200:], labels)
    assert set(np.unique(rows[:, 30:])) <= {0, 1}


def test_generated_tables_have_all_their_classes() -> None:
    table = make_table(2_000, 9, 5)
    assert table.X.dtype == np.float32
    assert np.unique(table.y).tolist() == [1, 2, 3, 4, 5]
    assert np.array_equal(table.X, make_table(2_000, 9, 5).X)
    with pytest.raises(ParameterError, match="n_rows=0"):
        make_table(0)
    with pytest.raises(ParameterError, match="n_classes=0"):
        make_table(5, 3, 0)


def test_digits_are_always_there() -> None:
    assert load_digits_sample().X.shape == (1797, 64)


LOADERS = {
    "covtype.data.gz": load_covtype,
    "train-images-idx3-ubyte.gz": load_mnist,
    "title.ratings.tsv.gz": load_imdb,
    "olist_orders_dataset.csv": load_brazil,
    "movies.parquet": load_movies,
}


@pytest.mark.parametrize("name", LOADERS)
def test_a_folder_without_the_files_is_one_error_that_names_them(name: str, tmp_path: Path) -> None:
    with pytest.raises(MissingDataError) as caught:
        LOADERS[name](tmp_path, download=False)
    message = str(caught.value)
    assert isinstance(caught.value, FileNotFoundError)
    assert name in message
    assert str(tmp_path) in message
    assert "CORESIFT_DATA" in message
    assert "\n" not in message


def test_the_variable_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published.place_covtype(tmp_path)
    monkeypatch.setenv("CORESIFT_DATA", str(tmp_path))
    assert load_covtype(download=False).X.shape == (3, 54)


def broken_covtype(folder: Path) -> None:
    published.place_covtype(folder)
    (folder / "covtype.data.gz").write_bytes(b"<html>")


def broken_idx(folder: Path) -> None:
    published.place_mnist(folder)
    (folder / "t10k-labels-idx1-ubyte.gz").write_bytes(b"<html>")


def other_column(folder: Path) -> None:
    published.place_olist(folder)
    (folder / "olist_products_dataset.csv").write_text("product,weight\np1,3\n", encoding="utf-8")


def no_zip(folder: Path) -> None:
    (folder / "brazilian-ecommerce.zip").write_bytes(b"<html>")


def no_tabs(folder: Path) -> None:
    published.place_imdb(folder)
    (folder / "title.ratings.tsv.gz").write_bytes(b"<html>")


def no_parquet(folder: Path) -> None:
    (folder / "covtype.parquet").write_bytes(b"<html>")


def parquet_without_label(folder: Path) -> None:
    pq.write_table(pa.table({"a": [1]}), folder / "covtype.parquet")


@pytest.mark.parametrize(
    ("place", "load"),
    [
        (broken_covtype, load_covtype),
        (broken_idx, load_mnist),
        (other_column, load_brazil),
        (no_zip, load_brazil),
        (no_tabs, load_imdb),
        (no_parquet, load_covtype),
        (parquet_without_label, load_covtype),
    ],
)
def test_a_file_that_is_something_else_is_one_error(place, load, tmp_path: Path) -> None:
    place(tmp_path)
    with pytest.raises(FormatError) as caught:
        load(tmp_path, download=False)
    assert "place" in str(caught.value)
    assert "\n" not in str(caught.value)
