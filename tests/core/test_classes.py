from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coresift._errors import LabelError
from coresift.core.classes import Classes, count_labels


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (np.array([3, 1, 3, 2]), (1, 2, 3)),
        (np.array([0.5, -1.0, 0.5, 7.0]), (-1.0, 0.5, 7.0)),
        (np.array(["b", "a", "b", "c"]), ("a", "b", "c")),
        (np.array(["b", "a", "b", "c"], dtype=object), ("a", "b", "c")),
        (np.array([True, False, True, True]), (False, True)),
    ],
)
def test_classes_are_the_labels_in_ascending_order(
    labels: np.ndarray[Any, Any], expected: tuple[Any, ...]
) -> None:
    counts = count_labels(labels)
    classes = Classes.of(counts, len(labels))
    assert classes.labels == expected
    assert len(classes) == len(expected)
    assert classes.sizes.tolist() == [labels.tolist().count(label) for label in expected]
    found = classes.ids(labels, len(labels))
    assert found.dtype == np.int64
    assert [expected[i] for i in found] == labels.tolist()


def test_without_labels_there_is_one_class() -> None:
    classes = Classes.of({}, 5)
    assert classes.sizes.tolist() == [5]
    assert classes.ids(None, 3).tolist() == [0, 0, 0]


def test_labels_of_different_types_are_refused() -> None:
    with pytest.raises(LabelError, match="int, str"):
        Classes.of(count_labels(np.array([1, "a"], dtype=object)), 2)


def test_labels_that_cannot_be_counted_are_refused() -> None:
    labels = np.empty(2, dtype=object)
    labels[:] = [[1], [2]]
    with pytest.raises(LabelError, match="list"):
        count_labels(labels)
