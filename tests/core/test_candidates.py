from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

import naive
from coresift.core.candidates import Candidates
from coresift.core.merge import BottomK
from strategies import Encoded, encoded_rows


def pool_of(rows: Encoded) -> BottomK:
    return rows.summary().pool


@given(rows=encoded_rows())
def test_pool_keeps_the_rows_of_smallest_hash_of_each_class(rows: Encoded) -> None:
    pool = pool_of(rows)
    code_of = {int(i): code.tolist() for i, code in zip(rows.row_ids, rows.codes, strict=True)}
    assert pool.payload[0].tolist() == [code_of[int(i)] for i in pool.row_ids]
    for c, limit in enumerate(rows.layout.max_candidates):
        expected = naive.smallest(rows.row_ids[rows.class_ids == c], limit, rows.layout.seed)
        assert pool.row_ids[pool.groups == c].tolist() == expected
        assert pool.of_group(c).row_ids.tolist() == expected
    assert (np.diff(pool.groups) >= 0).all()


@given(rows=encoded_rows())
def test_candidates_are_the_distinct_codes_in_order(rows: Encoded) -> None:
    for c in range(rows.layout.n_classes):
        pool = pool_of(rows).of_group(c)
        codes = [tuple(code) for code in pool.payload[0].tolist()]
        found = Candidates.of(pool)
        assert [tuple(code) for code in found.codes.tolist()] == sorted(set(codes))
        assert found.counts.tolist() == [codes.count(code) for code in sorted(set(codes))]
        # rows in the order of their codes, equal codes in the order of their hashes
        by_code = sorted(range(len(codes)), key=lambda i: codes[i])
        assert found.row_ids.tolist() == pool.row_ids[by_code].tolist()


@given(rows=encoded_rows(), data=st.data())
def test_the_nth_pick_of_a_code_takes_its_nth_row_by_hash(
    rows: Encoded, data: st.DataObject
) -> None:
    pool = pool_of(rows).of_group(0)
    found = Candidates.of(pool)
    picks = data.draw(st.permutations(np.repeat(np.arange(len(found.counts)), found.counts)))
    picks = picks[: data.draw(st.integers(0, len(picks)))]
    waiting = {
        c: pool.row_ids[(pool.payload[0] == code).all(axis=1)].tolist()
        for c, code in enumerate(found.codes)
    }
    expected = [waiting[int(pick)].pop(0) for pick in picks]
    assert found.rows(np.array(picks, dtype=np.int64)).tolist() == expected
