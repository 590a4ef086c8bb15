from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift._errors import ParameterError
from coresift.core.codebook import MAX_CODEWORDS, Codebook
from coresift.core.hyperplanes import Hyperplanes
from coresift.core.summary import Layout, Summary
from coresift.engines import Merger
from naive import identical
from strategies import Encoded, encoded_rows


def class_sizes(summary: Summary) -> list[int]:
    sizes = np.zeros(summary.layout.n_classes, dtype=np.int64)
    np.add.at(sizes, summary.cluster_class, summary.sizes)
    return sizes.tolist()


def unpacked(summary: Summary) -> dict[str, Any]:
    """A summary in the words of `naive.summary`."""
    clusters = list(
        zip(summary.cluster_class.tolist(), summary.cluster_bucket.tolist(), strict=True)
    )
    code_counts: Counter[tuple[int, ...]] = Counter()
    for entry, count in zip(summary.entries.tolist(), summary.entry_counts.tolist(), strict=True):
        slot, code = divmod(entry, MAX_CODEWORDS)
        cluster, subspace = divmod(slot, summary.layout.n_subspaces)
        code_counts[(*clusters[cluster], subspace, code)] += count
    pool = summary.pool
    return {
        "bits": summary.bits.tolist(),
        "sizes": Counter(dict(zip(clusters, summary.sizes.tolist(), strict=True))),
        "code_counts": code_counts,
        "pool": list(
            zip(pool.groups.tolist(), pool.row_ids.tolist(), pool.payload[0].tolist(), strict=True)
        ),
    }


@given(rows=encoded_rows())
def test_summary_equals_its_oracle(rows: Encoded) -> None:
    layout = rows.layout
    assert unpacked(rows.summary()) == naive.summary(
        rows.class_ids.tolist(),
        rows.buckets.tolist(),
        rows.codes,
        rows.row_ids.tolist(),
        layout.n_bits,
        layout.max_clusters,
        layout.max_candidates,
        layout.seed,
    )


@given(rows=encoded_rows())
def test_summary_is_sorted_bounded_and_complete(rows: Encoded) -> None:
    summary = rows.summary()
    keys = list(zip(summary.cluster_class.tolist(), summary.cluster_bucket.tolist(), strict=True))
    assert keys == sorted(set(keys))
    assert (np.diff(summary.entries) > 0).all()
    assert (summary.entry_counts > 0).all()
    assert summary.entry_counts.sum() == len(rows) * rows.layout.n_subspaces
    assert class_sizes(summary) == np.bincount(rows.class_ids, minlength=3).tolist()
    clusters = np.bincount(summary.cluster_class, minlength=3)
    assert (clusters <= rows.layout.max_clusters).all()


@given(rows=encoded_rows())
def test_the_part_of_a_class_is_the_summary_of_its_rows(rows: Encoded) -> None:
    summary = rows.summary()
    for c in range(rows.layout.n_classes):
        part, alone = summary.of_class(c), rows.summary(rows.class_ids == c)
        # an absent class has used no bit less than all
        assert identical(replace(part, bits=part.bits[[c]]), replace(alone, bits=alone.bits[[c]]))


@given(rows=encoded_rows(), data=st.data())
def test_coarsening_keeps_prefixes(rows: Encoded, data: st.DataObject) -> None:
    unlimited = replace(rows, layout=replace(rows.layout, max_clusters=(len(rows) + 1,) * 3))
    bits = np.array(data.draw(st.tuples(*[st.integers(0, rows.layout.n_bits)] * 3)))
    prefixes = [
        naive.prefix(bucket, bits[c])
        for c, bucket in zip(rows.class_ids, rows.buckets.tolist(), strict=True)
    ]
    direct = replace(unlimited, buckets=np.array(prefixes, dtype=np.uint64)).summary()
    found = unlimited.summary().coarsen(bits)
    assert found.bits.tolist() == bits.tolist()
    assert identical(replace(found, bits=direct.bits), direct)


def layout_of(n_bits: int, limit: int) -> Layout:
    return Layout(1, n_bits, (limit,), (3,), 0)


def summary_of(buckets: list[int], layout: Layout) -> Summary:
    n_rows = len(buckets)
    zeros = np.zeros(n_rows, dtype=np.int64)
    codes = np.zeros((n_rows, 1), dtype=np.uint8)
    return Summary.of(zeros, np.array(buckets, dtype=np.uint64), codes, np.arange(n_rows), layout)


def test_coarsening_takes_the_most_bits_that_are_few_enough() -> None:
    buckets = [(b << 61) + tail for b in range(8) for tail in (0, 1)]
    expected = {16: (64, 16), 15: (63, 8), 8: (63, 8), 7: (2, 4), 3: (1, 2), 1: (0, 1)}
    for limit, (bits, clusters) in expected.items():
        summary = summary_of(buckets, layout_of(64, limit))
        assert (summary.bits.tolist(), len(summary.sizes)) == ([bits], clusters)


@given(buckets=st.lists(st.integers(0, 2**64 - 1), min_size=1, max_size=40), data=st.data())
def test_bits_within_a_limit_equal_their_oracle(buckets: list[int], data: st.DataObject) -> None:
    # neighbours that differ by one, or by a power of two and one, are the hard cases
    shifts = data.draw(st.lists(st.integers(0, 63), max_size=8))
    buckets += [buckets[0] ^ (2**shift) for shift in shifts]
    buckets += [buckets[0] ^ (2**shift - 1) for shift in shifts]
    limit = data.draw(st.integers(1, len(set(buckets))))
    summary = summary_of(buckets, layout_of(64, limit))
    assert summary.bits.tolist() == [naive.bits_within(buckets, 64, limit)]


def test_no_rows_make_no_clusters() -> None:
    empty = Summary.empty(layout_of(8, 1))
    assert empty.bits.tolist() == [8]
    assert len(empty.sizes) == len(empty.entries) == len(empty.pool.row_ids) == 0
    assert class_sizes(empty) == [0]


def test_different_layouts_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"n_bits=8.*n_bits=9"):
        Summary.empty(layout_of(8, 1)).merge(Summary.empty(layout_of(9, 1)))


@pytest.mark.data
def test_covtype_in_any_chunks_has_one_summary(data_dir: Path) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    table = parquet.read_table(data_dir / "covtype.parquet")
    class_ids = table["Cover_Type"].to_numpy().astype(np.int64) - 1
    rows = np.column_stack([c.to_numpy() for c in table.drop(["Cover_Type"]).columns[:10]])
    rows = ((rows - rows.min(axis=0)) / (rows.max(axis=0) - rows.min(axis=0))).astype(np.float32)
    rng = np.random.default_rng(0)
    planes = Hyperplanes.draw(10, 64, rng, rows.mean(axis=0))
    codebook = Codebook.train(rows[rng.choice(len(rows), 5000)], 3, 32, rng)
    layout = Layout(3, 64, (1000,) * 7, (500,) * 7, 0)

    def summarise(part: slice) -> Summary:
        ids = np.arange(len(rows))[part]
        buckets, codes = planes.buckets(rows[part]), codebook.codes(rows[part])
        return Summary.of(class_ids[part], buckets, codes, ids, layout)

    def chunks(size: int) -> list[slice]:
        return [slice(start, start + size) for start in range(0, len(rows), size)]

    def merged(size: int) -> Summary:
        merger: Merger[Summary] = Merger()
        for chunk in chunks(size):
            merger.add(summarise(chunk))
        return merger.total() or Summary.empty(layout)

    found = [merged(size) for size in (50_000, 200_001)]
    assert identical(found[0], summarise(slice(None)))
    assert identical(found[0], found[1])
    published = [211840, 283301, 35754, 2747, 9493, 17367, 20510]
    assert class_sizes(found[0]) == published
    clusters = np.bincount(found[0].cluster_class)
    assert (clusters <= 1000).all()
    assert (clusters > 100).all()
