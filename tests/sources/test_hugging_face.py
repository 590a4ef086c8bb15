"""A `datasets.Dataset` goes in as it is, and `dataset.select(rows)` comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

datasets = pytest.importorskip("datasets", reason="datasets is not installed")

from coresift import ColumnError, DataError, FastCore  # noqa: E402
from coresift.sources import as_source, take_like  # noqa: E402

EMBEDDED = np.random.default_rng(0).normal(size=(120, 6)).astype(np.float32)
LABELS = np.repeat(["cat", "dog"], 60)


@pytest.fixture
def dataset(tmp_path: Path) -> Any:
    """Embeddings with labels, in files that are mapped into memory."""
    whole = datasets.Dataset.from_dict({"embedding": list(EMBEDDED), "label": list(LABELS)})
    kind = datasets.List(datasets.Value("float32"))
    whole.cast_column("embedding", kind).save_to_disk(str(tmp_path / "rows"))
    return datasets.load_from_disk(str(tmp_path / "rows"))


def test_embeddings_are_features(dataset: Any) -> None:
    source = as_source(dataset, label="label")
    assert (source.n_rows, source.n_features) == (120, 6)
    found = FastCore(12, random_state=0).fit(dataset, "label")
    expected = FastCore(12, random_state=0).fit(EMBEDDED, LABELS)
    np.testing.assert_array_equal(found.sample_indices_, expected.sample_indices_)
    np.testing.assert_array_equal(found.sample_weight_, expected.sample_weight_)
    chosen = dataset.select(found.sample_indices_)
    assert sorted(chosen["label"]) == ["cat"] * 6 + ["dog"] * 6


def test_rows_of_a_shuffled_dataset_are_those_it_gives(dataset: Any) -> None:
    mixed = dataset.shuffle(seed=1)
    order = np.array(mixed["embedding"], dtype=np.float32)
    found = FastCore(12, random_state=0).fit(mixed, "label")
    expected = FastCore(12, random_state=0).fit(order, np.array(mixed["label"]))
    np.testing.assert_array_equal(found.sample_indices_, expected.sample_indices_)
    rows = take_like(mixed, found.sample_indices_)
    np.testing.assert_array_equal(np.float32(rows["embedding"]), order[found.sample_indices_])


def test_several_splits_and_streams_are_one_error(dataset: Any) -> None:
    with pytest.raises(DataError, match=r"DatasetDict.*dataset\['train'\]"):
        as_source(datasets.DatasetDict({"train": dataset}), label="label")
    with pytest.raises(DataError, match=r"IterableDataset.*without streaming"):
        as_source(dataset.to_iterable_dataset(), label="label")


def test_a_column_that_is_not_there(dataset: Any) -> None:
    with pytest.raises(ColumnError, match="'animal'"):
        as_source(dataset, label="animal")
