from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from coresift._kernels.distance import first_minimum, squared_distances
from naive import squared_distance
from strategies import SMALL, UNIT, Array, matrices

BITS = st.floats(0, width=32) | SMALL  # infinity and subnormals included


@given(centers=matrices(st.integers(0, 9), st.integers(1, 7)), data=st.data())
def test_squared_distances_equal_their_oracle(centers: Array, data: st.DataObject) -> None:
    row = data.draw(arrays(np.float32, len(centers), elements=SMALL | UNIT))
    total = np.full(centers.shape[1], np.nan, dtype=np.float32)
    squared_distances(row, centers, total)
    assert total.tolist() == [squared_distance(row, center) for center in centers.T]


@given(values=arrays(np.float32, st.integers(1, 40), elements=BITS))
def test_first_minimum_equals_its_oracle(values: Array) -> None:
    expected = values.tolist().index(min(values.tolist()))
    assert first_minimum(values.view(np.int32)) == expected
