"""Brazil: orders of Olist and how their buyers liked them."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from coresift._errors import FormatError
from coresift._progress import Progress
from coresift._typing import Float64
from coresift.datasets._dataset import Dataset
from coresift.datasets._home import Home, Remote
from coresift.datasets._tables import need_arrow, numbers, read_csv, stacked

FEATURES = (
    "price",
    "freight_value",
    "items",
    "payment_installments",
    "product_weight_g",
    "product_description_lenght",  # as Olist spells it
    "product_photos_qty",
    "delivery_days",
    "days_late",
)
_KINDS = ("orders", "order_items", "order_payments", "order_reviews", "products")
FILES = {kind: f"olist_{kind}_dataset.csv" for kind in _KINDS}
# Kaggle packs the archive when it is asked for, so it has no lasting checksum.
ARCHIVE = Remote(
    "brazilian-ecommerce.zip",
    "https://www.kaggle.com/api/v1/datasets/download/olistbr/brazilian-ecommerce",
)
_DAY = 86_400.0  # seconds
Open = Callable[[str], BinaryIO]


def load_brazil(
    data_home: str | os.PathLike[str] | None = None,
    *,
    download: bool = True,
    progress: Progress | None = None,
) -> Dataset:
    """Return Brazil: an order a row, nine attributes, and the review score of its buyer, 1 to 5.

    Parameters
    ----------
    data_home : str or path or None, default=None
        Folder with the CSV files of Olist's "Brazilian E-Commerce Public Dataset" (orders, order
        items, order payments, order reviews, products) or with ``brazilian-ecommerce.zip``, which
        holds them. None looks in the folder of the environment variable ``CORESIFT_DATA`` and in
        the user's cache folder.
    download, progress
        As for `load_covtype` (45 MB, from Kaggle).

    Returns
    -------
    Dataset

    Raises
    ------
    MissingDataError, FormatError
        As `load_covtype`.

    Notes
    -----
    The paper names two of its nine attributes, price and freight value, and gives no code for the
    others. Here they are, of each order: the sum of its prices and of its freight values, its
    items, the most instalments of a payment, the mean weight, description length and number of
    photos of its products, the days from purchase to delivery, and the days that it came after
    the promised date (below 0 where it came before). A missing value is the median of its column.
    Orders count that have an item and a review; of several reviews the last one answered. That
    makes somewhat fewer orders than the paper's 98,463.

    Examples
    --------
    >>> from coresift.datasets import load_brazil
    >>> brazil = load_brazil()  # doctest: +SKIP
    >>> brazil.X.shape[1]  # doctest: +SKIP
    9
    """
    home = Home(data_home, download, progress)
    tables = home.find(list(FILES.values()))
    if tables is not None:
        return build_brazil(lambda name: tables[name].open("rb"))
    path = home.files("Brazil", [ARCHIVE], ["its files " + ", ".join(FILES.values())])[ARCHIVE.name]
    with _archive(path) as archive:
        return build_brazil(archive.open)  # type: ignore[arg-type]


def _archive(path: Path) -> zipfile.ZipFile:
    """Open an archive that has the files."""
    try:
        archive = zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise FormatError(f"{str(path)!r} is not a zip archive: place it anew") from error
    lacking = [name for name in FILES.values() if name not in archive.namelist()]
    if lacking:
        archive.close()
        raise FormatError(f"{str(path)!r} lacks {', '.join(lacking)}: place Olist's archive")
    return archive


def build_brazil(opened: Open) -> Dataset:
    """Build the rows from the five files.

    Parameters
    ----------
    opened : callable
        Opens a file of `FILES` by its name.
    """
    need_arrow()
    orders, items = _orders(opened), _items(opened)
    payments, reviews = _payments(opened), _reviews(opened)
    table = (
        orders.join(items, "order_id", join_type="inner")
        .join(reviews, "order_id", join_type="inner")
        .join(payments, "order_id", join_type="left outer")
        .sort_by("order_id")  # a join leaves its rows in no order
    )
    columns = [numbers(table, name) for name in FEATURES[:7]]
    purchased, delivered, promised = (_days(table, name) for name in _DATES)
    rows = stacked([*columns, delivered - purchased, delivered - promised])
    scores = numbers(table, "review_score").astype(np.int64)
    source = "Brazilian E-Commerce Public Dataset by Olist, an order a row"
    return Dataset("brazil", rows, scores, FEATURES, "real", source)


_DATES = (
    "order_purchase_timestamp",
    "order_delivered_customer_date",
    "order_estimated_delivery_date",
)


def _days(table: Any, name: str) -> Float64:
    import pyarrow as pa

    return numbers(table.set_column(0, "days", table.column(name).cast(pa.int64())), "days") / _DAY


def _read(opened: Open, kind: str, **types: Any) -> Any:
    with opened(FILES[kind]) as file:
        # reviews are texts of several lines
        return read_csv(file, FILES[kind], types, newlines_in_values=True)


def _orders(opened: Open) -> Any:
    import pyarrow as pa

    dates = dict.fromkeys(_DATES, pa.timestamp("s"))
    return _read(opened, "orders", order_id=pa.string(), **dates)


def _items(opened: Open) -> Any:
    """Return price, freight, items and means of the products of each order."""
    import pyarrow as pa

    words, number = pa.string(), pa.float64()
    items = _read(
        opened, "order_items", order_id=words, product_id=words, price=number, freight_value=number
    )
    facts = dict.fromkeys(FEATURES[4:7], number)
    products = _read(opened, "products", product_id=words, **facts)
    sums = [(name, "sum") for name in ("price", "freight_value")]
    means = [(name, "mean") for name in facts]
    joined = items.join(products, "product_id")
    grouped = joined.sort_by([("order_id", "ascending"), ("price", "ascending")]).group_by(
        "order_id", use_threads=False
    )
    found = grouped.aggregate([*sums, ("product_id", "count"), *means])
    names = {f"{name}_{how}": name for name, how in [*sums, *means]} | {"product_id_count": "items"}
    return found.rename_columns([names.get(name, name) for name in found.column_names])


def _payments(opened: Open) -> Any:
    import pyarrow as pa

    table = _read(opened, "order_payments", order_id=pa.string(), payment_installments=pa.float64())
    found = table.group_by("order_id").aggregate([("payment_installments", "max")])
    return found.rename_columns(["order_id", "payment_installments"])


def _reviews(opened: Open) -> Any:
    """Return the last review of each order."""
    import pyarrow as pa

    table = _read(
        opened,
        "order_reviews",
        order_id=pa.string(),
        review_score=pa.int64(),
        review_answer_timestamp=pa.timestamp("s"),
    )
    ordered = table.sort_by(
        [(name, "ascending") for name in ("order_id", "review_answer_timestamp", "review_score")]
    )
    found = ordered.group_by("order_id", use_threads=False).aggregate([("review_score", "last")])
    return found.rename_columns(["order_id", "review_score"])
