"""Weather from a file: CSV or Parquet with the columns `time, lat, lon` and one column per signal.

A signal's column is named by the quantity (`temperature`) or its moid (`601`), with the unit in brackets where it is
not the stored one: `temperature[°C]`. `time` is ISO 8601 with an offset or Z (in Parquet also a timestamp with a zone),
and a mean over an interval is stamped with its beginning. An empty cell is no value. The whole file is checked before
anything is stored, and storing it again changes nothing.
"""

import re
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import structlog

from gridloom.kernel import units
from gridloom.kernel.clock import to_ms
from gridloom.metering.weather.faults import WrongFile
from gridloom.metering.weather.quantities import BY_MOID, BY_NAME, Quantity
from gridloom.metering.weather.rules import Position, Samples
from gridloom.metering.weather.store import MEASURED, WeatherStore

MAX_BYTES = 256 * 1024 * 1024
MAX_ROWS = 5_000_000

_KEYS = ("time", "lat", "lon")
_HEADER = re.compile(r"(?P<name>[a-z_]+|\d{1,9})(?:\[(?P<unit>[^\[\]]{1,16})\])?")
_MAX_PROBLEMS = 20
_DECIMALS_OF_A_DEGREE = 6

log = structlog.get_logger(__name__)


class WeatherSeries(NamedTuple):
    """One signal at one place, in the stored unit."""

    at: Position
    quantity: Quantity
    samples: Samples


class Stored(NamedTuple):
    """What an import did."""

    points: int
    written: int
    unchanged: int


class _Column(NamedTuple):
    header: str
    quantity: Quantity
    unit: str


def read_file(path: Path) -> list[WeatherSeries]:
    """Every series of a file, checked. The ending `.parquet` means Parquet, anything else CSV. Raises WrongFile.

    Blocking; call it in a thread.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise WrongFile([f"{path.name}: {error.strerror}"]) from None
    if size > MAX_BYTES:
        raise WrongFile([f"{path.name} has {size:,} bytes; at most {MAX_BYTES:,} are taken at once"])
    try:
        if path.suffix == ".parquet":
            frame = pl.read_parquet(path, n_rows=MAX_ROWS + 1)
        else:
            frame = pl.read_csv(path, infer_schema=False, n_rows=MAX_ROWS + 1)
    except (pl.exceptions.PolarsError, OSError, UnicodeDecodeError) as error:
        raise WrongFile([f"{path.name} cannot be read: {str(error).splitlines()[0]}"]) from None
    return series_of(frame)


def series_of(frame: pl.DataFrame) -> list[WeatherSeries]:
    """Every series of a table, sorted by place and quantity. Raises WrongFile naming up to 20 problems."""
    columns = _columns(frame.columns)
    if frame.height > MAX_ROWS:
        raise WrongFile([f"more than {MAX_ROWS:,} rows"])
    problems: list[str] = []
    table = pl.DataFrame(
        {
            "row": np.arange(1, frame.height + 1),
            "time": _times(frame["time"], problems),
            "lat": _degrees(frame["lat"], 90.0, problems),
            "lon": _degrees(frame["lon"], 180.0, problems),
            **{column.quantity.name: _values(frame[column.header], column, problems) for column in columns},
        }
    )
    if not problems:
        problems.extend(_doubles(table))
    if problems:
        raise WrongFile(problems[:_MAX_PROBLEMS])
    found: list[WeatherSeries] = []
    for (lat, lon), rows in sorted(table.sort("time").partition_by("lat", "lon", as_dict=True).items()):
        for column in columns:
            present = rows.filter(pl.col(column.quantity.name).is_not_null())
            if present.height:
                samples = Samples(present["time"].to_numpy(), present[column.quantity.name].to_numpy())
                found.append(WeatherSeries(Position(lat, lon), column.quantity, samples))
    return found


async def store_series(store: WeatherStore, series: list[WeatherSeries], origin: int = MEASURED) -> Stored:
    """Write what is new or different; a value that is there already is not written again.

    The caller's transaction makes it all or nothing.
    """
    places = list(dict.fromkeys(each.at for each in series))
    keys = {at: await store.ensure(at.lat, at.lon) for at in places}
    written, unchanged = await store.write([(keys[at], quantity, samples) for at, quantity, samples in series], origin)
    log.info("weather_stored", points=len(keys), written=written, unchanged=unchanged)
    return Stored(len(keys), written, unchanged)


def _columns(headers: list[str]) -> list[_Column]:
    problems = [f"the column {name} is missing" for name in _KEYS if name not in headers]
    columns: list[_Column] = []
    for header in headers:
        if header in _KEYS:
            continue
        match = _HEADER.fullmatch(header)
        name, unit = match.group("name", "unit") if match else ("", None)
        quantity = BY_MOID.get(int(name)) if name.isdigit() else BY_NAME.get(name)
        if quantity is None:
            problems.append(f"the column {header[:40]!r} is no weather signal; known are {', '.join(BY_NAME)}")
            continue
        try:
            units.conversion(unit or quantity.unit, quantity.unit)
        except (units.UnknownUnit, units.UnitMismatch):
            known = ", ".join(each.symbol for each in units.units_of(quantity.measures))
            problems.append(f"the column {header!r}: {quantity.name} is given in one of {known}")
            continue
        if any(each.quantity is quantity for each in columns):
            problems.append(f"the column {header!r} gives {quantity.name} a second time")
            continue
        columns.append(_Column(header, quantity, unit or quantity.unit))
    if not columns and not problems:
        problems.append("there is no column with a signal")
    if problems:
        raise WrongFile(problems[:_MAX_PROBLEMS])
    return columns


def _times(column: pl.Series, problems: list[str]) -> pl.Series:
    """Milliseconds since 1970."""
    kind = column.dtype
    if isinstance(kind, pl.Datetime) and kind.time_zone is not None:
        times = column.dt.epoch("ms")
    elif kind == pl.String:
        # Every place repeats the same times: each text is parsed once.
        known = {text: _instant(text) for text in column.unique().to_list()}
        times = pl.Series([known[text] for text in column.to_list()], dtype=pl.Int64)
    else:
        problems.append("time: an instant needs its offset (a zone, +01:00 or Z)")
        return pl.zeros(column.len(), pl.Int64, eager=True)
    _report(times.is_null(), column, "time: {} is no instant with an offset", problems)
    return times


def _instant(text: str | None) -> int | None:
    try:
        return to_ms(datetime.fromisoformat(text or ""))
    except (ValueError, OverflowError):
        return None


def _degrees(column: pl.Series, highest: float, problems: list[str]) -> pl.Series:
    numbers = column.cast(pl.Float64, strict=False)
    wrong = (~numbers.is_between(-highest, highest)).fill_null(value=True) | numbers.is_nan().fill_null(value=True)
    _report(wrong, column, f"{column.name}: {{}} does not lie between -{highest:g} and {highest:g}", problems)
    # Adding zero turns -0.0 into 0.0: one place has one key.
    return numbers.round(_DECIMALS_OF_A_DEGREE) + 0.0


def _values(column: pl.Series, to: _Column, problems: list[str]) -> pl.Series:
    numbers = column.cast(pl.Float64, strict=False)
    empty = column.is_null() | (column == "") if column.dtype == pl.String else column.is_null()
    stored = pl.Series(units.convert(numbers.fill_null(float("nan")).to_numpy(), to.unit, to.quantity.unit))
    low, high, unit = to.quantity.lowest, to.quantity.highest, to.quantity.unit
    believable = stored.is_between(low, high) & stored.is_not_nan()
    _report(
        ~empty & ~believable, column, f"{to.header}: {{}} does not lie between {low:g} and {high:g} {unit}", problems
    )
    return stored.fill_nan(None)


def _report(wrong: pl.Series, column: pl.Series, message: str, problems: list[str]) -> None:
    rows = wrong.arg_true().head(_MAX_PROBLEMS).to_list()
    problems.extend(f"row {row + 1}, {message.format(repr(column[row])[:40])}" for row in rows)


def _doubles(table: pl.DataFrame) -> list[str]:
    again = table.filter(~pl.struct("time", "lat", "lon").is_first_distinct()).head(_MAX_PROBLEMS)
    return [f"row {row}: this time and place were there before" for row in again["row"]]
