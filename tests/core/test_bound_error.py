"""The error of the bound against distances measured by brute force (Table 2)."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coresift.core.bound_error import Pairs, TrueDistances, bound_error
from coresift.core.bounds import BOUNDS, bound_of
from coresift.core.medoids import FixedPoint
from coresift.core.summary import Layout, Summary
from strategies import Array, Dataset, datasets, encoders


@pytest.mark.parametrize("kind", BOUNDS)
@given(rows=datasets(), limit=st.integers(1, 20), data=st.data())
def test_error_equals_brute_force(
    kind: str, rows: Dataset, limit: int, data: st.DataObject
) -> None:
    # Steps as fine as the largest distance allows say little about one 10**20 times smaller.
    rows = Dataset(np.clip(rows.rows, -9, 9).round(3), rows.class_ids, rows.row_ids)
    encoder = data.draw(encoders(rows))
    scaled = encoder.scaler.transform(rows.rows)
    buckets, codes = encoder.encode(rows.rows)
    limits = (limit,) * rows.n_classes
    layout = Layout(codes.shape[1], encoder.clusterer.n_bits, limits, limits, seed=0)
    summary = Summary.of(rows.class_ids, buckets, codes, rows.row_ids, layout)
    items = np.arange(0, len(rows), 2)
    pairs = Pairs.of(summary, rows.class_ids[items], scaled[items], buckets[items], codes[items])
    units = FixedPoint.of(scaled.min(axis=0), scaled.max(axis=0), len(rows))

    def measure(part: slice) -> TrueDistances:
        return TrueDistances.of(
            pairs, summary, units, scaled[part], rows.class_ids[part], buckets[part]
        )

    truth = measure(slice(None))

    home = summary.clusters(rows.class_ids, buckets)
    table = encoder.codebook.sdc_table(squared=kind != "sum").astype(np.float64)
    part = np.arange(codes.shape[1])
    errors = []
    for item in items:
        for cluster in np.unique(home[items]):
            members = np.flatnonzero(home == cluster)
            if rows.class_ids[members[0]] != rows.class_ids[item]:
                continue
            terms = table[part, codes[item], codes[members]]
            distances = np.linalg.norm(scaled[members].astype(np.float64) - scaled[item], axis=1)
            target = distances.mean() if kind == "rms" else distances.max()
            errors += [abs(_bound(kind, terms) - target) / target] if target > 0 else []
    found = bound_error(pairs, truth, summary, encoder.codebook, bound_of(kind), units)
    assert found["pairs"] == len(errors)
    assert found["target"] == ("mean distance" if kind == "rms" else "largest distance")
    expected = float(np.mean(errors)) if errors else 0.0
    assert found["mean_relative_error"] == pytest.approx(expected, rel=1e-6, abs=1e-9)


def _bound(kind: str, terms: Array) -> float:
    if kind == "sum":
        return float(terms.max(axis=0).sum())
    return float(np.sqrt((terms.mean(axis=0) if kind == "rms" else terms.max(axis=0)).sum()))
