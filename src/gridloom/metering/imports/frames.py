"""A file of readings as columns, a part at a time. No database in here.

Header `ean,signal,time,value[,unit][,origin]`: the number of the meter point, the moid of the signal, ISO 8601 with an offset
or Z, a number, the symbol of its unit, the origin 1 to 5. Parquet has columns of the same names; `time` may be an instant.
"""

from collections.abc import Iterator
from pathlib import Path

import polars as pl

from gridloom.kernel.errors import Invalid

REQUIRED = ("ean", "signal", "time", "value")
OPTIONAL = ("unit", "origin")
PART_ROWS = 250_000
_TEXT_TIME = "%Y-%m-%dT%H:%M:%S%.f%#z"


class WrongFile(Invalid):
    """A file that holds no readings, or rows that cannot be read; the text names the first row (the header is row 1)."""

    code = "wrong_file"
    text = "The file cannot be read."


def count_rows(path: Path) -> int:
    """How many readings a file holds. Raises WrongFile when it is no table of readings."""
    return int(_scan(path).select(pl.len()).collect().item())


def parts(path: Path, skip: int = 0) -> Iterator[pl.DataFrame]:
    """Frames of ean (text), signal (int), time_ms (int), value (float), unit (text or null), origin (int), in file order.

    skip: leave out so many rows. Raises WrongFile naming the first wrong row.
    """
    frame = _scan(path)
    names = frame.collect_schema().names()
    wanted = [name for name in (*REQUIRED, *OPTIONAL) if name in names]
    batches = frame.select(wanted).slice(skip).collect_batches(chunk_size=PART_ROWS, maintain_order=True)
    first_row = skip + 2
    for batch in batches:
        yield _typed(batch, first_row)
        first_row += batch.height


def _scan(path: Path) -> pl.LazyFrame:
    try:
        if path.suffix.lower() in (".parquet", ".pq"):
            frame = pl.scan_parquet(path)
        else:
            # Text first: a wrong cell is then found by its row, and an EAN never becomes a number.
            frame = pl.scan_csv(path, infer_schema=False, separator=_separator(path))
        names = frame.collect_schema().names()
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise WrongFile(f"{path.name} cannot be read: {str(error).splitlines()[0]}") from None
    missing = [name for name in REQUIRED if name not in names]
    if missing:
        raise WrongFile(
            f"{path.name} has no column {', '.join(missing)}; expected ean,signal,time,value[,unit][,origin]."
        )
    return frame


def _separator(path: Path) -> str:
    with path.open("rb") as file:
        head = file.readline(10_000)
    return ";" if head.count(b";") > head.count(b",") else ","


def _typed(batch: pl.DataFrame, first_row: int) -> pl.DataFrame:
    time = pl.col("time")
    if batch.schema["time"] == pl.String:
        time = time.str.strip_chars().str.to_datetime(_TEXT_TIME, time_unit="ms", time_zone="UTC", strict=False)
    elif not isinstance(batch.schema["time"], pl.Datetime) or batch.schema["time"].time_zone is None:
        raise WrongFile("The column time holds no instants: a zone is missing.")
    value = pl.col("value").cast(pl.Float64, strict=False)
    typed = batch.select(
        pl.col("ean").cast(pl.String).str.strip_chars().alias("ean"),
        pl.col("signal").cast(pl.Int64, strict=False),
        time.dt.cast_time_unit("ms").dt.timestamp("ms").alias("time_ms"),
        pl.when(value.is_finite()).then(value).alias("value"),
        (pl.col("unit").cast(pl.String) if "unit" in batch.columns else pl.lit(None, pl.String)).alias("unit"),
        (pl.col("origin").cast(pl.Int16, strict=False) if "origin" in batch.columns else pl.lit(1, pl.Int16)).alias(
            "origin"
        ),
    )
    for name in ("ean", "signal", "time_ms", "value", "origin"):
        column = typed[name]
        if column.null_count():
            row = int(column.is_null().arg_true()[0])
            shown = (
                batch["time" if name == "time_ms" else name][row]
                if name != "origin" or "origin" in batch.columns
                else ""
            )
            raise WrongFile(f"row {first_row + row}: {shown!r} is no {name.removesuffix('_ms')}.", field=name)
    return typed
