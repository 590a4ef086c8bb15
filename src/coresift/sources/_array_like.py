"""Lists, Series, tensors and the like as numpy arrays in which no value has become another.

numpy turns ``["a", 1]`` into two strings and ``[2**63, -1]`` into two rounded floats. Labels that
merge so would go unseen, hence the detours here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Set
from typing import Any

import numpy as np

from coresift._errors import DataError, LabelError
from coresift._typing import Labels

_LARGEST_EXACT = 2**53  # whole numbers beyond it are rounded to float64


def to_numpy(values: Any, what: str, error: type[DataError] | type[LabelError]) -> Any:
    """Return an array-like as a numpy array, of a tensor without its gradient.

    Parameters
    ----------
    values : array-like
        Whatever numpy takes, tensors on any device, and types such as bfloat16 that numpy lacks.
    what : str
        What the error calls it, with its verb: "the labels are".
    error : type
        What to raise.

    Raises
    ------
    DataError or LabelError
        If it is None, one value, a dict, a set or an iterator, or holds lists of several lengths.
    """
    unfit = _unfit(values)
    if unfit is not None:
        raise error(f"{what} {unfit}: pass one item per row, in a list, array, Series or tensor")
    try:
        array = np.asarray(_tensor_values(values))
    except Exception as cause:  # an object's own __array__ may raise anything
        reason = str(cause).partition("\n")[0]
        raise error(
            f"{what} of type {type(values).__qualname__} and do not form an array ({reason}); pass "
            "rows of equal length"
        ) from cause
    if array.dtype.kind == "V" and array.dtype.names is None and "float" in array.dtype.name:
        return array.astype(np.float32)  # bfloat16 and its kin, of JAX
    return array


def _unfit(values: Any) -> str | None:
    """Say why a value has no rows, or return None if it may have."""
    if values is None:
        return "None"
    if isinstance(values, bool | int | float | complex | str | bytes | np.generic):
        return f"{values!r}, one {type(values).__name__}"
    if isinstance(values, Mapping):
        return f"a {type(values).__name__}, whose values have names in place of positions"
    if isinstance(values, Set):
        return f"a {type(values).__name__}, which has no order"
    if isinstance(values, Iterator):
        return f"of type {type(values).__name__}, which can be read only once"
    return None


def _tensor_values(values: Any) -> Any:
    if not (hasattr(values, "detach") and hasattr(values, "numpy")):
        return values
    values = values.detach().cpu()
    if getattr(values, "is_sparse", False):
        values = values.to_dense()
    try:
        return values.numpy()
    except TypeError:  # bfloat16 and the 8-bit floats, which numpy does not have
        return values.float().numpy()


def label_array(y: Any) -> Labels:
    """Return labels as a numpy array, whole: none is rounded, none becomes text.

    Raises
    ------
    LabelError
        If they do not form an array, or mix booleans and numbers.
    """
    if isinstance(y, np.ma.MaskedArray):
        values = np.array(y.data, dtype=object)
        values[np.ma.getmaskarray(y)] = None
        return values
    if _is_arrow_series(y):
        from coresift.sources._arrow_labels import series_labels

        return series_labels(y)
    labels: Labels = to_numpy(_with_missing(y), "the labels are", LabelError)
    if labels.dtype.kind == "V":
        raise LabelError(f"the labels have fields ({labels.dtype}); pass one value per row")
    if isinstance(y, np.ndarray) and labels.dtype.kind != "O":
        return labels
    return _as_given(y, labels)


def _is_arrow_series(y: Any) -> bool:
    """Tell whether y is an Arrow array or a polars Series: no table, scalar or schema."""
    in_arrow = type(y).__module__.partition(".")[0] in {"pyarrow", "polars"}
    return in_arrow and hasattr(y, "to_numpy") and len(getattr(y, "shape", (0,))) == 1


def _with_missing(y: Any) -> Any:
    """Return pandas values of a type of its own as objects if some of them are missing."""
    kind = getattr(y, "dtype", None)
    if kind is None or isinstance(kind, np.dtype) or not hasattr(y, "isna"):
        return y
    # numpy would make whole numbers floats, to have a NaN among them
    return y.astype(object) if y.isna().any() else y


def _as_given(y: Any, labels: Labels) -> Labels:
    """Return the labels as the objects that they were, where an array of one type changed them."""
    if labels.dtype.kind not in "OUSfiu" or (hasattr(y, "dtype") and labels.dtype.kind != "O"):
        return labels
    if labels.ndim > 2:
        return labels
    given = labels if labels.dtype.kind == "O" else np.asarray(y, dtype=object)
    _refuse_booleans_among_numbers(given)
    if labels.dtype.kind in "US":
        return given
    if labels.dtype.kind == "f" and any(map(_is_rounded, given.flat)):
        return given
    return labels


def _refuse_booleans_among_numbers(values: Labels) -> None:
    kinds = set(map(type, values.flat))
    booleans = {kind for kind in kinds if issubclass(kind, bool | np.bool_)}
    numbers = {kind for kind in kinds - booleans if issubclass(kind, int | float | np.number)}
    # NaN and None are missing values, which a list of booleans may have
    if booleans and any(type(value) in numbers and value == value for value in values.flat):  # noqa: PLR0124
        raise LabelError(
            "the labels mix booleans and numbers, and True equals 1: convert them to one type"
        )


def _is_rounded(value: Any) -> bool:
    return isinstance(value, int | np.integer) and abs(int(value)) > _LARGEST_EXACT
