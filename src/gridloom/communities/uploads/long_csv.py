"""Our long CSV: one value of one meter a row, `timestamp,ean,direction,gross,shared,net`. Read in pieces of bounded size.

Separated by commas or semicolons (then with decimal commas or points, and with days such as 31/12/2026 as well, day first), UTF-8
with or without a byte order mark; `shared` and `net` may be left out or empty; rows without anything in them are none.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import numpy as np
import polars as pl

from gridloom.communities.uploads.content import DIRECTIONS, Content
from gridloom.communities.uploads.faults import Place, WrongFile, WrongTime
from gridloom.communities.uploads.rows import Rows, complete
from gridloom.core.series.structs import Ints

REQUIRED = ("timestamp", "ean", "direction", "gross")
OPTIONAL = ("shared", "net")
PIECE_BYTES = 4_000_000
PIECE_ROWS = 200_000
MOST_ROWS = 20_000_000
LONGEST_ROW = 10_000
_LINE_FEED, _RETURN = 10, 13
_MARK = b"\xef\xbb\xbf"
# What may stand around a cell: quotation marks too, because no cell of ours can hold a separator.
_AROUND = ' \t\r\n"'

# What whole pieces mostly look like; the pattern below takes every other way to write a time.
_INSTANTS = ("%Y-%m-%dT%H:%M:%SZ", "%Y-%m-%dT%H:%M:%S%:z")
_WALLS = ("%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M")
_TIME = (
    r"^(?P<day>\d{4}-\d{2}-\d{2})[Tt ](?P<minute>\d{2}:\d{2})(?::(?P<second>\d{2})(?:[.,]0+)?)?"
    r"\s*(?:(?P<utc>[Zz])|(?P<sign>[+-])(?P<hours>\d{2}):?(?P<minutes>[0-5]\d))?$"
)
# What the pattern above takes too: 14 hours at most.
_OFFSET = r"^[+-](0\d:[0-5]\d|1[0-3]:[0-5]\d|14:00)$"
_DAY_FIRST = r"^(?<day>\d{2})/(?<month>\d{2})/(?<year>\d{4})"
# A long number that a spreadsheet has rounded: 5.41449E+17.
_ROUNDED = re.compile(r"\d([.,]\d+)?[eE]\+?\d+")


class _Layout(NamedTuple):
    separator: str
    names: list[str]


def read(path: Path, content: Content) -> None:
    """Put the values of a file into `content`. Raises WrongFile naming the first wrong row (the header is row 1)."""
    known = pl.DataFrame(
        {
            "ean": [line.ean for line in content.lines],
            "direction": [line.direction for line in content.lines],
            "series": np.arange(len(content.lines), dtype=np.int32),
        },
        schema={"ean": pl.String, "direction": pl.String, "series": pl.Int32},
    )
    with path.open("rb") as file:
        layout = _layout(file)
        for piece, rows in _pieces(file):
            _take(_frame(piece, rows, layout), layout, known, content)


def _layout(file: BinaryIO) -> _Layout:
    raw = file.readline(LONGEST_ROW)
    try:
        header = raw.removeprefix(_MARK).decode()
    except UnicodeDecodeError:
        raise WrongFile("upload_not_utf8", Place(row=1)) from None
    if not raw.strip() or not header.strip():
        raise WrongFile("upload_header" if file.readline(LONGEST_ROW).strip() else "upload_empty", Place())
    separator = ";" if ";" in header else ","
    names = [name.strip(_AROUND).lower() for name in header.split(separator)]
    is_known = set(names) <= {*REQUIRED, *OPTIONAL}
    if len(set(names)) < len(names) or not is_known or not set(REQUIRED) <= set(names):
        raise WrongFile("upload_header", Place(row=1))
    return _Layout(separator, names)


def _pieces(file: BinaryIO) -> Iterator[tuple[bytes, Ints]]:
    """Whole rows, some at a time, with their numbers; empty ones are left out, before they take any memory to speak of."""
    row = 2
    while piece := file.read(PIECE_BYTES):
        rest = file.readline(LONGEST_ROW)
        if len(rest) == LONGEST_ROW and not rest.endswith(b"\n"):
            raise WrongFile("upload_long_row", Place(row=row + piece.count(b"\n")))
        piece += rest
        if not piece.endswith(b"\n"):
            piece += b"\n"
        height = piece.count(b"\n")
        if row - 2 + height > MOST_ROWS:
            raise WrongFile("upload_many_rows", millions=f"{MOST_ROWS / 1e6:g}")
        yield from _rows(piece, row)
        row += height


def _rows(piece: bytes, first_row: int) -> Iterator[tuple[bytes, Ints]]:
    raw = np.frombuffer(piece, np.uint8)
    ends = np.flatnonzero(raw == _LINE_FEED)
    lengths = np.diff(ends, prepend=-1)
    is_empty = (lengths == 1) | ((lengths == 2) & (raw[ends - 1] == _RETURN))
    rows = first_row + np.flatnonzero(~is_empty)
    if len(rows) < len(ends):
        is_kept = np.ones(len(raw), np.bool_)
        is_kept[ends[is_empty]] = False
        is_kept[ends[is_empty & (lengths == 2)] - 1] = False
        raw = raw[is_kept]
        ends = np.flatnonzero(raw == _LINE_FEED)
    start = 0
    for first in range(0, len(rows), PIECE_ROWS):
        some = rows[first : first + PIECE_ROWS]
        end = int(ends[first + len(some) - 1]) + 1
        yield raw[start:end].tobytes(), some
        start = end


def _frame(piece: bytes, rows: Ints, layout: _Layout) -> pl.DataFrame:
    """A piece as texts, with the number of each row. Raises WrongFile for rows that are none."""
    header = (layout.separator.join(layout.names) + "\n").encode()
    try:
        frame = pl.read_csv(
            io.BytesIO(header + piece), separator=layout.separator, quote_char=None, infer_schema=False, has_header=True
        )
    except pl.exceptions.PolarsError:
        raise _broken(piece, rows, layout) from None
    if frame.height != len(rows):
        raise _broken(piece, rows, layout)
    frame = frame.select(
        pl.Series("row", rows, pl.Int64),
        pl.all().str.strip_chars(_AROUND),
    )
    empty = pl.all_horizontal((pl.col(name).is_null() | (pl.col(name) == "")) for name in layout.names)
    return frame.filter(~empty)


def _broken(piece: bytes, rows: Ints, layout: _Layout) -> WrongFile:
    for number, line in zip(rows.tolist(), piece.split(b"\n"), strict=False):
        try:
            cells = line.decode().split(layout.separator)
        except UnicodeDecodeError:
            return WrongFile("upload_not_utf8", Place(row=number))
        if len(cells) > len(layout.names):
            return WrongFile("upload_many_cells", Place(row=number))
    return WrongFile("upload_unreadable")


def _take(frame: pl.DataFrame, layout: _Layout, known: pl.DataFrame, content: Content) -> None:
    frame = frame.with_columns(pl.col("direction").str.to_lowercase())
    wrong = frame.filter(~pl.col("direction").is_in(DIRECTIONS).fill_null(value=False))
    if wrong.height:
        row, cell = wrong.select("row", "direction").row(0)
        raise WrongFile("upload_direction", Place(row=row), cell=cell or "")
    frame = frame.join(known, on=["ean", "direction"], how="left", maintain_order="left")
    strange = frame.filter(pl.col("series").is_null())
    if strange.height:
        _refuse_no_eans(strange)
        content.skip(strange["ean"].unique(maintain_order=True).to_list(), strange.height)
    times, is_local = _times(frame, layout)
    rows = Rows(
        frame["row"].to_numpy(),
        times,
        is_local,
        _numbers(frame, "gross", layout),
        _numbers(frame, "shared", layout),
        _numbers(frame, "net", layout),
    )
    rows = complete(rows, lambda _, row: Place(row=row))
    counts = frame["series"].is_not_null().to_numpy()
    content.add(frame["series"].drop_nulls().to_numpy(), rows.take(counts))


def _refuse_no_eans(strange: pl.DataFrame) -> None:
    first = strange.unique("ean", keep="first", maintain_order=True)
    for row, ean in first.select("row", "ean").rows():
        if not ean:
            raise WrongFile("upload_no_ean", Place(row=row))
        if _ROUNDED.fullmatch(ean):
            raise WrongFile("upload_ean_rounded", Place(row=row), cell=ean)


def _times(frame: pl.DataFrame, layout: _Layout) -> tuple[Any, Any]:
    """(n,) milliseconds and (n,) whether they are the clock on the wall. Raises WrongTime."""
    given = frame["timestamp"]
    if layout.separator == ";":
        # With commas the month may come first as well; nobody could tell.
        given = given.str.replace(_DAY_FIRST, "${year}-${month}-${day}")
    for formats, is_local in ((_INSTANTS, False), (_WALLS, True)):
        for form in formats:
            zone = "UTC" if form.endswith("z") else None
            if _whole(given.head(1), form, zone) is None:
                continue
            if form.endswith("%:z") and not given.str.slice(-6).unique().str.contains(_OFFSET).all():
                continue
            if (found := _whole(given, form, zone)) is not None:
                return found.to_numpy(), np.full(len(given), is_local)
    return _odd_times(frame.with_columns(given.alias("time")))


def _whole(given: pl.Series, form: str, zone: str | None) -> pl.Series | None:
    """The times when all of them have this form, else None."""
    found = given.str.to_datetime(form, time_unit="ms", time_zone=zone, strict=False)
    return None if found.null_count() or not len(found) else found.dt.epoch("ms")


def _odd_times(frame: pl.DataFrame) -> tuple[Any, Any]:
    parts = frame.select("row", "timestamp", part=pl.col("time").str.extract_groups(_TIME)).unnest("part")
    wall = pl.concat_str("day", pl.lit(" "), "minute", pl.lit(":"), pl.col("second").fill_null("00"))
    east = pl.col("hours").cast(pl.Int64) * 60 + pl.col("minutes").cast(pl.Int64)
    is_zoned = pl.col("utc").is_not_null() | pl.col("sign").is_not_null()
    offset = pl.when(pl.col("sign") == "-").then(-east).otherwise(east).fill_null(0) * 60_000
    read = parts.select(
        "row",
        "timestamp",
        time_ms=wall.str.to_datetime("%Y-%m-%d %H:%M:%S", time_unit="ms", strict=False).dt.epoch("ms") - offset,
        is_local=~is_zoned,
        is_far=east > 14 * 60,
    )
    wrong = read.filter(pl.col("time_ms").is_null() | pl.col("is_far").fill_null(value=False))
    if wrong.height:
        row, cell = wrong.select("row", "timestamp").row(0)
        raise WrongTime("upload_time_unreadable", Place(row=row), cell=cell or "")
    return read["time_ms"].to_numpy(), read["is_local"].to_numpy()


def _numbers(frame: pl.DataFrame, name: str, layout: _Layout) -> Any:
    """(n,) a column as numbers, NaN for empty cells of an optional one. Raises WrongFile."""
    if name not in layout.names:
        return np.full(frame.height, np.nan)
    text = frame[name]
    if layout.separator == ";":
        text = text.str.replace(",", ".", literal=True)
    numbers = text.cast(pl.Float64, strict=False)
    is_empty = text.is_null() | (text == "")
    wrong = ~numbers.is_finite().fill_null(value=False)
    if name in OPTIONAL:
        wrong &= ~is_empty
    if wrong.any():
        at = int(wrong.arg_true()[0])
        cell = frame[name][at]
        place = Place(row=frame["row"][at])
        raise (
            WrongFile("upload_not_number", place, cell=cell, name=name)
            if cell
            else WrongFile("upload_no_value", place, name=name)
        )
    return numbers.fill_null(np.nan).to_numpy()
