"""Columns of CSV files that are text although they look like numbers.

A number is the wrong type where it forgets what was written: ``007`` and ``7`` are one number, and
so are two codes of twenty digits. For a feature that is rounding. For a code, and for a label,
it merges what differs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from coresift._typing import Indices

_Bytes: TypeAlias = NDArray[np.uint8]

NOTE = b"coresift.note"  # key of the metadata of a field: why it is text
_SIGNS = [ord("+"), ord("-")]
_LONG_WHOLE = r"^[+-]?[0-9]{16,}$"
_MANY_DIGITS = r"^([0-9]\.?){18}"  # float64 tells numbers of 17 significant digits apart


def exact_types(
    schema: pa.Schema,
    label: str | None,
    read_text: Callable[[list[str]], Iterable[pa.RecordBatch]],
) -> pa.Schema:
    """Return the types that lose nothing that was written.

    Parameters
    ----------
    schema : pyarrow.Schema
        The types that Arrow finds.
    label : str or None
        The column of the labels: it keeps its type only if no two of its texts are one value.
    read_text : callable
        Given column names, iterates over batches of these columns of the whole input, as text.
        Called at most once.

    Returns
    -------
    pyarrow.Schema
        Columns of numbers with leading zeros, and such labels, are text; the metadata of their
        fields says why.
    """
    numbers = [field.name for field in schema if _is_number(field.type) and field.name != label]
    has_label = label in schema.names and not _is_text(schema.field(label).type)
    names = numbers + ([str(label)] if has_label else [])
    padded: set[str] = set()
    labels = pa.array([], pa.string())
    for batch in read_text(names) if names else ():
        open_names = [name for name in numbers if name not in padded]
        padded.update(name for name in open_names if has_leading_zeros(batch.column(name)))
        if has_label:
            labels = pc.unique(pa.concat_arrays([labels, batch.column(label).unique()]))
    reasons = dict.fromkeys(padded, "has numbers with leading zeros")
    if has_label:
        reason = why_text(labels.drop_null(), schema.field(label).type)
        reasons |= {str(label): reason} if reason else {}
    for name, reason in reasons.items():
        note = f"column {name!r} {reason}: it is read as text"
        place = schema.get_field_index(name)
        schema = schema.set(place, pa.field(name, pa.string(), metadata={NOTE: note}))
    return schema


def has_leading_zeros(texts: pa.Array) -> bool:
    """Tell whether a text is a zero before another digit (or an x), as in ``007`` and ``-01.5``."""
    # Looks at three bytes of each text: a regular expression takes ten times as long.
    texts = texts.drop_null()
    if not len(texts):
        return False
    _, ends, data = texts.buffers()
    ends = np.frombuffer(ends, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    # a pyarrow.Buffer of no bytes may be None
    characters = np.frombuffer(data if data else b"", np.uint8)
    ends = ends.astype(np.int64)
    starts, stops = ends[:-1], ends[1:]
    first, second, third = (_byte(characters, starts + place, stops) for place in range(3))
    if (first == ord(" ")).any() or (first == ord("\t")).any():
        return bool(pc.any(pc.match_substring_regex(texts, r"^\s*[+-]?0[0-9xX]")).as_py())
    plain = (first == ord("0")) & _is_digit(second)
    signed = np.isin(first, _SIGNS) & (second == ord("0")) & _is_digit(third)
    return bool((plain | signed).any())


def _byte(characters: _Bytes, places: Indices, stops: Indices) -> _Bytes:
    if not len(characters):
        return np.zeros(len(places), np.uint8)
    return np.where(places < stops, characters[np.minimum(places, len(characters) - 1)], 0)


def _is_digit(characters: _Bytes) -> NDArray[np.bool_]:
    digits = (characters >= ord("0")) & (characters <= ord("9"))
    return np.asarray(digits | (characters | 32 == ord("x")))


def why_text(texts: pa.Array, kind: pa.DataType) -> str | None:
    """Say why distinct texts, taken as values of a type, would not be what was written.

    Returns
    -------
    str or None
        None if the type loses nothing.
    """
    if _is_number(kind) and has_leading_zeros(texts):
        return "has numbers with leading zeros"
    trimmed = pc.utf8_trim_whitespace(texts)
    if pa.types.is_floating(kind):
        digits = pc.replace_substring_regex(trimmed, r"^[+-]?[0.]*", "")
        long = pc.or_(
            pc.match_substring_regex(trimmed, _LONG_WHOLE),
            pc.match_substring_regex(digits, _MANY_DIGITS),
        )
        if pc.any(long).as_py():
            return f"has numbers of more digits than a float holds, such as {_first(texts, long)}"
    try:
        values = trimmed.cast(kind)
    except pa.ArrowException:  # the CSV reader takes types and spellings that this does not
        return f"has values such as {texts[0].as_py()!r}"
    if len(values.unique()) < len(texts):
        return "has one value in several spellings"
    return None


def _first(texts: pa.Array, mask: pa.Array) -> str:
    return repr(texts.filter(mask)[0].as_py())


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_null(kind))
