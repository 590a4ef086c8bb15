"""Files of runs: whatever lies there is read, or refused in one line."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coresift import FormatError, compare
from coresift.experiments import Result
from coresift.experiments._selection import Selection
from coresift.experiments._series import _is_due
from coresift.experiments._store import Store

KEPT: dict[str, Any] = {
    "key": "a", "method": "fastcore", "model": "svm", "budget": 0.1, "seed": 0, "status": "ok",
    "time_limit": None, "error": None, "rows": 5, "select_seconds": 0.5, "train_seconds": 1,
    "total_seconds": 1.5, "accuracy": 0.5, "log_loss": None, "score": 1.0, "peak_mib": None,
    "select_mib": 3.5, "stages": {"weigh": 0.1}, "curve": [[1, 0.5]], "notes": ["slow"],
}  # fmt: skip
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def refused(path: Path) -> str:
    with pytest.raises(FormatError) as caught:
        Store(path)
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    return message


def tried(read: Callable[[], Any]) -> Any:
    """Return what is read, or None where it is refused in one line."""
    message = ""
    try:
        return read()
    except FormatError as error:
        message = str(error)
    assert len(message.splitlines()) == 1
    return None


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("store") / "runs.jsonl"


@given(st.binary(max_size=80))
def test_bytes_are_read_or_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    if content.splitlines():
        assert "line 1 of" in refused(path)
    else:
        assert Store(path).get("a") is None


@given(json_values)
def test_values_of_json_are_refused(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value) + "\n")
    assert "is not a run of a comparison" in refused(path)


@settings(max_examples=300)
@given(st.sampled_from(sorted(KEPT)), json_values)
def test_a_run_with_an_odd_field_is_refused_or_can_be_used(
    path: Path, field: str, value: Any
) -> None:
    path.write_text(json.dumps({**KEPT, field: value}) + "\n")
    store = tried(lambda: Store(path))
    if store is not None:
        run = store[value if field == "key" else "a"]
        assert _is_due(run, 1.0) in (True, False)
        assert Result.of([run]).as_dict()["method"] == run["method"]


@pytest.mark.parametrize("field", sorted(set(KEPT) - {"select_mib", "stages"}))
def test_a_run_without_a_field_is_refused_or_does_without(tmp_path: Path, field: str) -> None:
    path = tmp_path / "runs.jsonl"
    run = {name: value for name, value in KEPT.items() if name != field}
    path.write_text(json.dumps(run) + "\n")
    if field in ("budget", "time_limit", "error", "log_loss", "score", "peak_mib"):
        assert Store(path)[KEPT["key"]] == run  # the same as null
    else:
        assert repr(field) in refused(path)


@pytest.mark.parametrize(
    "content", [b"[" * 100_000, b"\xff\xfe", b'{"key": []}\n', json.dumps(KEPT).encode()[:-9]]
)
def test_what_has_been_met(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "runs.jsonl"
    path.write_bytes(content)
    refused(path)
    assert path.read_bytes() == content


def test_a_folder_and_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    assert "cannot be read as a file of runs" in refused(tmp_path)
    path = tmp_path / "runs.jsonl"
    path.write_text(json.dumps(KEPT) + "\n")
    assert Store(path)["a"] == KEPT
    path.chmod(0)
    if not os.access(path, os.R_OK):
        assert "cannot be read" in refused(path)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_one_line(tmp_path: Path) -> None:
    kept = tmp_path / "runs.jsonl"
    kept.symlink_to("/dev/full")
    store = Store(None)
    store._path = kept
    with pytest.raises(FormatError, match="cannot be written"):
        store.put("a", KEPT)


@settings(max_examples=50)
@given(st.data())
def test_a_damaged_selection_is_refused(path: Path, data: Any) -> None:
    file = path.with_name("key.npz")
    rows, weights = np.array([1, 4]), np.array([2.0, 3.5])
    Selection(rows, weights, 1.25, None, None, {}, 0.1, 5).save(file)
    whole = bytearray(file.read_bytes())
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    file.write_bytes(whole[: data.draw(st.integers(place, len(whole)))])
    found = tried(lambda: Selection.load(file, 5))
    assert found is None or found.rows.tolist() == [1, 4]
    assert found is None or found.weights.tolist() == [2.0, 3.5]


def test_a_comparison_refuses_before_it_runs(tmp_path: Path) -> None:
    path = tmp_path / "runs.jsonl"
    path.write_bytes(os.urandom(300))
    X = np.random.default_rng(0).normal(size=(60, 2))
    with pytest.raises(FormatError, match="line 1 of"):
        compare(X, np.arange(60) % 2, budget=10, seeds=1, isolate=False, resume=path)
