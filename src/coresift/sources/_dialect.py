"""How a CSV file is written: separator, decimal point, quotes, encoding."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from coresift._errors import FormatError, ParameterError
from coresift.sources._location import Location

SEPARATORS = ",;\t|"
_HEAD_BYTES = 2**18
_BLOCK_BYTES = 8 * 2**20
_MARKS = {codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


@dataclass(frozen=True)
class CsvOptions:
    """What the user says about CSV files; None is found out for each file.

    Parameters
    ----------
    delimiter : str or None
        One character between the cells.
    decimal : {".", ","} or None
        What stands before the decimals.
    encoding : str
        Name of a Python codec.
    null_values : tuple of str or None
        What stands for a missing value; None takes an empty cell, NA, NaN, null and the like.
    """

    delimiter: str | None = None
    decimal: str | None = None
    encoding: str = "utf-8"
    null_values: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        if self.delimiter is not None and (len(self.delimiter) != 1 or self.delimiter in '"\r\n'):
            raise ParameterError(
                f"delimiter={self.delimiter!r} is not one character that separates cells: pass "
                r"one such as ';' or '\t'"
            )
        if self.decimal not in {None, ".", ","} or self.decimal == self.delimiter == ",":
            raise ParameterError(
                f"decimal={self.decimal!r} is neither '.' nor a ',' that separates no cells"
            )
        try:
            codecs.lookup(self.encoding)
        except LookupError as error:
            raise ParameterError(
                f"encoding={self.encoding!r} is not known: pass the name of a Python codec, such "
                "as 'latin-1' or 'utf-16'"
            ) from error


@dataclass(frozen=True)
class Dialect:
    """How one file is written.

    Parameters
    ----------
    delimiter, decimal, encoding
        As in `CsvOptions`.
    null_values : tuple of str
        What stands for a missing value where it is not quoted.
    quoted_nulls : bool
        Whether it stands for one in quotes too: the file quotes its missing numbers.
    padded : bool
        Whether a space follows each separator.
    """

    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    null_values: tuple[str, ...] = ()
    quoted_nulls: bool = False
    padded: bool = False

    def open(
        self,
        location: Location,
        types: dict[str, pa.DataType] | None = None,
        names: list[str] | None = None,
        block_bytes: int | None = None,
    ) -> pyarrow.csv.CSVStreamingReader:
        """Return a reader of the file; the names of padded columns keep their spaces."""
        nulls = [*self.null_values]
        if self.padded:
            nulls += [" " + value for value in nulls]
        # a line break inside quotes must not end a row where one block ends and the next begins
        parse = pyarrow.csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True)
        return pyarrow.csv.open_csv(
            location.stream(),
            read_options=pyarrow.csv.ReadOptions(
                block_size=block_bytes or _BLOCK_BYTES, encoding=self.encoding
            ),
            parse_options=parse,
            # an empty cell is a missing value in a text column too, as pandas has it
            convert_options=pyarrow.csv.ConvertOptions(
                column_types=types,
                include_columns=names,
                null_values=nulls,
                strings_can_be_null=True,
                quoted_strings_can_be_null=self.quoted_nulls,
                decimal_point=self.decimal,
            ),
        )


def find_dialect(location: Location, options: CsvOptions) -> Dialect:
    """Find out how a file is written from its first lines."""
    with location.stream() as stream:
        head = stream.read(_HEAD_BYTES)
    mark = next((name for mark, name in _MARKS.items() if head.startswith(mark)), None)
    if mark is not None and options.encoding == "utf-8":
        raise FormatError(f"{location.name!r} is {mark}, not UTF-8: pass encoding={mark!r}")
    text = codecs.getincrementaldecoder(options.encoding)("replace").decode(head)
    lines = list(_rows(text.removeprefix("\ufeff"), 2))
    usual = "\t" if ".tsv" in location.short.lower() else ","
    delimiter = options.delimiter or _separator(lines, usual)
    cells = _split(lines[0], delimiter) if lines else []
    found = Dialect(
        delimiter=delimiter,
        decimal=options.decimal or ".",
        encoding=options.encoding,
        null_values=_null_values(options),
        padded=len(cells) > 1 and all(cell[:1] == " " and cell.strip() for cell in cells[1:]),
    )
    return _with_first_lines(location, found, options, quotes='"' in text)


def _null_values(options: CsvOptions) -> tuple[str, ...]:
    if options.null_values is not None:
        return options.null_values
    return tuple(pyarrow.csv.ConvertOptions().null_values)


def _rows(text: str, limit: int) -> Iterator[str]:
    """Yield the first lines that are not empty; a line break inside quotes ends none."""
    start = quotes = 0
    for match in re.finditer(r'"|\r\n|\n|\r|\Z', text):
        if match[0] == '"':
            quotes += 1
        elif quotes % 2 == 0 or match.end() == len(text):
            line = text[start : match.start()]
            start = match.end()
            if line.strip():
                yield line
                limit -= 1
            if not limit:
                return


def _split(line: str, delimiter: str) -> list[str]:
    """Return the cells of a line, their quotes included."""
    outside = re.sub(r'"[^"]*"', lambda match: "_" * len(match[0]), line)
    ends = [place for place, character in enumerate(outside) if character == delimiter]
    starts = [0, *(place + 1 for place in ends)]
    return [line[start:stop] for start, stop in zip(starts, [*ends, len(line)], strict=True)]


def _separator(lines: list[str], usual: str) -> str:
    """Return what separates the names of the header: what occurs most, and as often below."""
    if not lines:
        return usual
    counts = {mark: [len(_split(line, mark)) for line in lines] for mark in SEPARATORS}
    candidates = [mark for mark, (first, *_) in counts.items() if first > 1]
    even = [mark for mark in candidates if len(set(counts[mark])) == 1]
    return max(even or candidates or [usual], key=lambda mark: (counts[mark][0], mark == usual))


def _with_first_lines(
    location: Location, found: Dialect, options: CsvOptions, quotes: bool
) -> Dialect:
    """Return the dialect with the decimal point and the quoted nulls that make most numbers."""
    try:
        if options.decimal is None and found.delimiter != ",":
            found = _with_decimal(location, found)
        if not quotes:
            return found
        quoting = replace(found, quoted_nulls=True)
        more, less = (_typed(_first_lines(location, one).schema) for one in (quoting, found))
    except pa.ArrowInvalid:  # reading it as a whole will say why, or will do with its larger blocks
        return found
    return quoting if more - less else found


def _with_decimal(location: Location, found: Dialect) -> Dialect:
    lines, other = _first_lines(location, found), replace(found, decimal=",")
    numbers, before = _numbers(_first_lines(location, other).schema), _numbers(lines.schema)
    gained = numbers - before
    pattern = r",[0-9]+\s*$" if found.delimiter == ";" else _DECIMAL_COMMA
    sure = any(_has(lines.column(place), pattern) for place in gained)
    return other if sure and len(gained) > len(before - numbers) else found


def _first_lines(location: Location, dialect: Dialect) -> pa.RecordBatch:
    with dialect.open(location, block_bytes=min(_HEAD_BYTES, _BLOCK_BYTES)) as reader:
        try:
            return reader.read_next_batch()
        except StopIteration:
            columns = [pa.nulls(0, kind) for kind in reader.schema.types]
            return pa.RecordBatch.from_arrays(columns, reader.schema.names)


def _numbers(schema: pa.Schema) -> set[int]:
    """Return the places of the columns of decimals: names may occur twice here."""
    return {place for place, kind in enumerate(schema.types) if pa.types.is_floating(kind)}


def _typed(schema: pa.Schema) -> set[int]:
    """Return the places of the columns that are more than text."""
    plain = (pa.types.is_null, pa.types.is_string, pa.types.is_binary)
    return {
        place
        for place, kind in enumerate(schema.types)
        if not any(is_plain(kind) for is_plain in plain)
    }


# "1,234" may be thousands; these are not
_DECIMAL_COMMA = r"^\s*[+-]?(0|[0-9]{4,})?,[0-9]+\s*$|,[0-9]{1,2}\s*$|,[0-9]{4,}\s*$"


def _has(column: pa.Array, pattern: str) -> bool:
    found = pc.match_substring_regex(column.cast(pa.string()), pattern)
    return bool(pc.any(found, min_count=0).as_py())


def is_decimal_comma(value: str, dialect: Dialect) -> bool:
    """Tell whether a value that is not a number is one with a decimal comma."""
    whole = re.fullmatch(r"\s*[+-]?[0-9]*,[0-9]+\s*", value) is not None
    return whole and (dialect.delimiter == ";" or re.search(_DECIMAL_COMMA, value) is not None)


def with_separator(error: pa.ArrowInvalid, dialect: Dialect) -> str:
    """Return what the reader says, with the separator that it was told if that may be wrong."""
    reason = str(error).partition("\n")[0]
    hint = f", with the separator {dialect.delimiter!r}: delimiter= names another"
    return reason + hint if re.search(r"Expected \d+ columns", reason) else reason
