"""Text that is numbers: with thousands separators, percent signs, currencies, marks for missing."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

SHARE = 0.8  # of the levels that look like numbers: from here on the column is one of numbers
FEW = 10  # as many levels are told, more are refused

_CURRENCY = r"(?:[$€£¥₹₩]|USD|EUR|GBP|CHF|JPY)"
_DIGITS = r"(?:[0-9]{1,3}(?:[,' \x{00A0}\x{202F}_][0-9]{3})+|[0-9]+)"
_NUMBER = (
    rf"^[-+(]?\s*{_CURRENCY}?\s*[-+]?"
    rf"(?:{_DIGITS}(?:[.,][0-9]*)?|[0-9]{{1,3}}(?:\.[0-9]{{3}})+(?:,[0-9]*)?|[.,][0-9]+)"
    rf"(?:[eE][-+]?[0-9]+)?\s*(?:%|{_CURRENCY})?\)?$"
)
_MISSING = (
    r"(?i)^(?:|[-?*.#\x{2013}\x{2014}]+|n/?a|n\.a\.?|nan|null|none|nil|missing|unknown"
    r"|\(.*missing.*\))$"
)
_ORNAMENT = rf"{_CURRENCY}|[%()\s\x{{00A0}}\x{{202F}}'_]"
_GROUPS = {
    ",": r"^[-+]?[0-9]{1,3}(?:,[0-9]{3})+(?:[.eE]|$)",
    ".": r"^[-+]?[0-9]{1,3}(?:\.[0-9]{3})+(?:[,eE]|$)",
}


def is_missing_mark(texts: pa.Array) -> pa.Array:
    """Tell which texts stand for a missing value, such as ``?``, ``-`` and ``n/a``."""
    return pc.match_substring_regex(pc.utf8_trim_whitespace(texts), _MISSING)


def looks_numeric(texts: pa.Array) -> pa.Array:
    """Tell which texts are numbers to a reader."""
    return pc.match_substring_regex(pc.utf8_trim_whitespace(texts), _NUMBER)


def share_of_numbers(levels: pa.Array) -> float:
    """Return the share of levels that look like numbers, marks for missing values not counted.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from coresift.sources._text_numbers import share_of_numbers
    >>> share_of_numbers(pa.array(["1,234", "12%", "$5", "?"]))
    1.0
    """
    counted = len(levels) - (pc.sum(is_missing_mark(levels)).as_py() or 0)
    return (pc.sum(looks_numeric(levels)).as_py() or 0) / counted if counted else 0.0


def decimal_mark(levels: pa.Array) -> str:
    """Return what separates whole and decimal digits, "." or ",".

    Examples
    --------
    >>> import pyarrow as pa
    >>> from coresift.sources._text_numbers import decimal_mark
    >>> decimal_mark(pa.array(["1,234", "7"])), decimal_mark(pa.array(["1.234,5", "7"]))
    ('.', ',')
    """
    numbers = levels.filter(looks_numeric(levels))
    comma = r"(?:^[^.]*,[0-9]{0,2}(?:[^0-9,]|$))|(?:,[0-9]{4})|(?:\.[0-9]{3},)"
    point = r"(?:\.[0-9]{0,2}(?:[^0-9.]|$))|(?:\.[0-9]{4})|(?:,[0-9]{3}\.)"
    commas = pc.sum(pc.match_substring_regex(numbers, comma)).as_py() or 0
    points = pc.sum(pc.match_substring_regex(numbers, point)).as_py() or 0
    return "," if commas > points else "."


def parse_numbers(texts: pa.Array, mark: str) -> pa.Array:
    """Return texts as float64; percent is divided by 100, and what is not a number is null.

    Parameters
    ----------
    texts : pyarrow.Array of strings
    mark : {".", ","}
        What separates whole and decimal digits; the other one separates thousands.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from coresift.sources._text_numbers import parse_numbers
    >>> parse_numbers(pa.array(["1,234.5", "12%", "-$5", "(3)", "?", "1,5"]), ".").to_pylist()
    [1234.5, 0.12, -5.0, -3.0, None, None]
    """
    texts = pc.utf8_trim_whitespace(texts)
    bare = pc.replace_substring_regex(texts, _ORNAMENT, "")
    other = "," if mark == "." else "."
    grouped = pc.match_substring_regex(bare, _GROUPS[other])
    bare = pc.if_else(grouped, pc.replace_substring(bare, other, ""), bare)
    # the other mark alone, as in "1,5" beside "1.5", could mean two things
    clear = pc.and_(looks_numeric(texts), pc.invert(pc.match_substring(bare, other)))
    bare = pc.replace_substring(pc.replace_substring_regex(bare, r"^\+", ""), mark, ".")
    values = pc.if_else(clear, bare, None).cast(pa.float64())
    values = pc.divide(values, pc.if_else(pc.match_substring(texts, "%"), 100.0, 1.0))
    return pc.if_else(pc.starts_with(texts, "("), pc.negate(values), values)
