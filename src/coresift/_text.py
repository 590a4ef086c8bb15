"""Text of users, shown as text: names and labels may hold anything."""

from __future__ import annotations

# A spreadsheet takes a cell that begins so for a formula, and runs it.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def plain(text: object) -> str:
    r"""Return a text without what a terminal would act on: such characters are written out.

    Parameters
    ----------
    text : object
        Its string is taken.

    Examples
    --------
    >>> from coresift._text import plain
    >>> print(plain("a\x1b[31mb\nc"))
    a\x1b[31mb\nc
    """
    return "".join(
        sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in str(text)
    )


def no_formula(text: str) -> str:
    """Return a text as a cell of CSV that no spreadsheet takes for a formula.

    Examples
    --------
    >>> from coresift._text import no_formula
    >>> no_formula("fastcore"), no_formula("=1+1")
    ('fastcore', "'=1+1")
    """
    return f"'{text}" if text.startswith(_FORMULA) else text
