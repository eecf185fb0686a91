"""A file of readings as columns, a part at a time. No database in here.

Header `ean,signal,time,value[,unit][,origin]`: the number of the meter point, the moid of the signal, ISO 8601 with an offset
or Z, a number, the symbol of its unit, the origin 1 to 5. Parquet has columns of the same names; `time` may be an instant.
An empty unit is the one of the signal, an empty origin is 1, and a row of empty cells is no row.
"""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from gridloom.kernel.errors import Invalid

REQUIRED = ("ean", "signal", "time", "value")
OPTIONAL = ("unit", "origin")
PART_ROWS = 250_000
MEASURED = 1
_NAMED = ("ean", "signal", "unit")
_TEXT_TIME = "%Y-%m-%dT%H:%M:%S%.f%#z"
_HEADER = "ean,signal,time,value[,unit][,origin]"


class WrongFile(Invalid):
    """A file that holds no readings, or rows that cannot be read; the text names the first row (the header is row 1)."""

    code = "wrong_file"
    text = "The file cannot be read."


class Line(NamedTuple):
    """One series of a part: the meter point's number, the signal, the unit (None: the signal's own), and its first row."""

    ean: str
    signal: int
    unit: str | None
    row: int


class Part(NamedTuple):
    """Some rows of a file, in their order.

    height: how many rows of the file they are, empty ones included. lines: the series in them. frame: row (its number in the
    file), line (place in `lines`), time_ms, value, origin.
    """

    height: int
    lines: list[Line]
    frame: pl.DataFrame


def count_rows(path: Path) -> int:
    """How many rows a file holds. Raises WrongFile when it is no table of readings."""
    try:
        return int(_scan(path).select(pl.len()).collect().item())
    except pl.exceptions.PolarsError as error:
        raise _unreadable(path, error) from None


def parts(path: Path, skip: int = 0) -> Iterator[Part]:
    """The readings of a file, part by part.

    skip: leave out so many rows. Raises WrongFile naming the first wrong row.
    """
    frame = _scan(path)
    names = frame.collect_schema().names()
    wanted = [name for name in (*REQUIRED, *OPTIONAL) if name in names]
    batches = frame.select(wanted).slice(skip).collect_batches(chunk_size=PART_ROWS, maintain_order=True)
    row = skip + 2
    while True:
        try:
            batch = next(batches, None)
        except pl.exceptions.PolarsError as error:
            raise _unreadable(path, error) from None
        if batch is None:
            return
        yield _part(batch, row)
        row += batch.height


def _scan(path: Path) -> pl.LazyFrame:
    try:
        frame = pl.scan_parquet(path, glob=False) if _is_parquet(path) else _scan_text(path)
        schema = frame.collect_schema()
    except (pl.exceptions.PolarsError, OSError) as error:
        raise _unreadable(path, error) from None
    missing = [name for name in REQUIRED if name not in schema]
    if missing:
        raise WrongFile(f"{path.name} has no column {', '.join(missing)}; expected {_HEADER}.")
    if schema["ean"].is_float():
        raise WrongFile("The column ean holds no texts: long numbers lose their last digits.", field="ean")
    time = schema["time"]
    if time != pl.String and (not isinstance(time, pl.Datetime) or time.time_zone is None):
        raise WrongFile("The column time holds no instants: a zone is missing.", field="time")
    return frame


def _scan_text(path: Path) -> pl.LazyFrame:
    """All columns as texts: a wrong cell is then found by its row, and an EAN never becomes a number.

    Raises WrongFile for a quote that is never closed: every row behind it would be swallowed without a word.
    """
    with path.open("rb") as file:
        quotes = sum(block.count(b'"') for block in iter(lambda: file.read(1 << 20), b""))
    if quotes % 2:
        raise WrongFile(f"{path.name} has a quotation mark that is never closed.")
    return pl.scan_csv(path, infer_schema=False, separator=_separator(path), glob=False)


def _is_parquet(path: Path) -> bool:
    return path.suffix.lower() in (".parquet", ".pq")


def _separator(path: Path) -> str:
    with path.open("rb") as file:
        head = file.readline(10_000)
    return ";" if head.count(b";") > head.count(b",") else ","


def _unreadable(path: Path, error: Exception) -> WrongFile:
    if not _is_parquet(path) and (place := _broken_row(path)) is not None:
        return WrongFile(f"row {place[0]}: {place[1]}.")
    return WrongFile(f"{path.name} cannot be read: {str(error).splitlines()[0]}")


def _broken_row(path: Path) -> tuple[int, str] | None:
    """The first row that has more cells than the header, or is no UTF-8; only a file that was refused is looked through."""
    try:
        with path.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
            width = None
            for number, cells in enumerate(csv.reader(file, delimiter=_separator(path)), 1):
                width = width or len(cells)
                if any("\udc80" <= character <= "\udcff" for cell in cells for character in cell):
                    return number, "this is no UTF-8"
                if len(cells) > width:
                    return number, f"{len(cells)} cells, and the header has {width}"
    except (OSError, csv.Error):
        return None
    return None


def _part(batch: pl.DataFrame, first_row: int) -> Part:
    """Rows as they stand in the file, as what they say. Raises WrongFile naming the first wrong row."""
    height = batch.height
    batch = batch.with_row_index("row", first_row)
    if batch["ean"].null_count():
        batch = batch.filter(~pl.all_horizontal(pl.exclude("row").is_null()))
    text = {name: pl.col(name).cast(pl.String) if name in batch.columns else pl.lit(None, pl.String) for name in _NAMED}
    named = batch.select("row", **text)
    first = named.unique(_NAMED, keep="first", maintain_order=True).with_row_index("line")
    lines = [_line(*cells) for cells in first.select(*_NAMED, "row").rows()]
    line = named.join(first, on=_NAMED, how="left", nulls_equal=True, maintain_order="left")["line"]
    typed = batch.select("row", time_ms=_time(batch), value=_value(batch), origin=_origin(batch))
    for name in ("time_ms", "value", "origin"):
        _refuse_nulls(batch, typed[name], name.removesuffix("_ms"))
    return Part(height, lines, typed.with_columns(line=line))


def _line(ean: str | None, signal: str | None, unit: str | None, row: int) -> Line:
    number, moid = (ean or "").strip(), (signal or "").strip()
    if not number:
        raise _wrong_cell(row, ean, "ean")
    if not (moid.isascii() and moid.removeprefix("-").isdecimal()):
        raise _wrong_cell(row, signal, "signal")
    return Line(number, int(moid), (unit or "").strip() or None, row)


def _time(batch: pl.DataFrame) -> pl.Expr:
    time = pl.col("time")
    if batch.schema["time"] == pl.String:
        time = time.str.strip_chars().str.to_datetime(_TEXT_TIME, time_unit="ms", time_zone="UTC", strict=False)
    return time.dt.cast_time_unit("ms").dt.timestamp("ms")


def _value(batch: pl.DataFrame) -> pl.Expr:
    value = pl.col("value")
    if batch.schema["value"] == pl.String:
        value = value.str.strip_chars()
    value = value.cast(pl.Float64, strict=False)
    return pl.when(value.is_finite()).then(value)


def _origin(batch: pl.DataFrame) -> pl.Expr:
    if "origin" not in batch.columns:
        return pl.lit(MEASURED, pl.Int16)
    text = pl.col("origin").cast(pl.String).str.strip_chars()
    return pl.when(text.is_null() | (text == "")).then(MEASURED).otherwise(text.cast(pl.Int16, strict=False))


def _refuse_nulls(batch: pl.DataFrame, column: pl.Series, name: str) -> None:
    if column.null_count():
        place = int(column.is_null().arg_true()[0])
        raise _wrong_cell(batch["row"][place], batch[name][place], name)


def _wrong_cell(row: int, cell: Any, name: str) -> WrongFile:
    said = f"there is no {name}" if cell is None else f"{cell!r} is no {name}"
    return WrongFile(f"row {row}: {said}.", field=name)
