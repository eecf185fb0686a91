"""From what travels to columns of the series store, and back. No database in here."""

from fractions import Fraction
from typing import Any, TypeAlias

import msgspec
import numpy as np
from msgspec import UNSET

from gridloom.core.series import public as series
from gridloom.kernel import units
from gridloom.kernel.errors import Fault, FieldError
from gridloom.metering.signals.catalogue import SIGNAL_TYPES, SignalType
from gridloom.metering.signals.errors import WrongData
from gridloom.metering.signals.schemas import Columns, Row

Change: TypeAlias = tuple[Fraction, Fraction]

MAX_ROWS = 1_000_000
MAX_MS = 253_402_300_799_999
OPTIONAL = ("lower_prediction_bound", "upper_prediction_bound", "original_acq", "com")
# The store's names of what travels under another one.
NAMES = {"lower": "lower_prediction_bound", "upper": "upper_prediction_bound", "original_acq_us": "original_acq"}


def wrong(message: str, path: tuple[str | int, ...]) -> WrongData:
    """A refusal that says where."""
    return WrongData(message, errors=[FieldError("body", path, message)])


def signal_type(moid: int, path: tuple[str | int, ...]) -> SignalType:
    """The signal type of a write or a multiple read. Raises WrongData at `path`."""
    found = SIGNAL_TYPES.get(moid)
    if found is None:
        raise wrong("There is no such signal type.", (*path, "signal_type_moid"))
    return found


def columns_of(data: Columns | list[Row]) -> Columns:
    """Rows turned into columns."""
    if isinstance(data, Columns):
        return data
    columns: dict[str, Any] = {
        name: [getattr(row, name) for row in data] for name in ("time", "value", "type", "origin")
    }
    for name in OPTIONAL:
        values = [getattr(row, name) for row in data]
        if any(value is not None for value in values):
            columns[name] = values
    return Columns(**columns)


def batch_of(channel: int, data: Columns | list[Row], change: Change, path: tuple[str | int, ...]) -> series.Batch:
    """Values in the unit of the signal type, ready to be written. change: from the unit they came in, see `change_of`.

    Raises WrongData naming item, column and place: unequal lengths, a number that is missing or not finite, an unknown
    origin, a time that cannot be.
    """
    columns = columns_of(data)
    here = (*path, "data")
    _check_lengths(columns, here)
    values = np.array(columns.value, dtype=np.float64)
    _check_removals(columns, values, here)
    time = _whole(columns.time, (*here, "time"), series.CaptureTimeOutOfRange.text)
    origin: Any = 1
    if columns.origin is not UNSET:
        origin = _whole(columns.origin, (*here, "origin"), series.UnknownOrigin.text)
    try:
        return series.Batch.of(
            channel,
            time,
            _converted(values, change),
            origin=origin,
            lower=_bound(columns.lower_prediction_bound, change),
            upper=_bound(columns.upper_prediction_bound, change),
            original_acq_us=_microseconds(columns.original_acq, (*here, "original_acq")),
            comment=None if columns.com is UNSET else columns.com,
        )
    except Fault as fault:
        raise placed(fault, path) from None


def change_of(unit: str | None, kind: SignalType, where: str, path: tuple[str | int, ...]) -> Change:
    """Factor and offset from a unit to the one of the signal type.

    Raises WrongData at `path` for an unknown unit and one of another quantity.
    """
    try:
        return units.conversion(unit or kind.unit_symbol, kind.unit_symbol)
    except (units.UnknownUnit, units.UnitMismatch) as fault:
        raise WrongData(fault.message, errors=[FieldError(where, path, fault.message)]) from None


def placed(fault: Fault, path: tuple[str | int, ...]) -> Fault:
    """A refusal of the series store, said of the place in the body."""
    field = NAMES.get(fault.field or "", fault.field)
    if field is None:
        return fault
    place: tuple[str | int, ...] = (*path, "data", field)
    return wrong(fault.message, place if fault.index is None else (*place, fault.index))


def joined(batches: list[series.Batch]) -> series.Batch:
    """Several batches as one, so that they are written together or not at all."""
    return batches[0] if len(batches) == 1 else series.Batch.join(batches)


def answer(readings: series.Readings, *, with_acquisitions: bool) -> Columns:
    """Readings as they travel. NaN is a removed value: `RM` and null."""
    value: list[float | None] = readings.value.tolist()
    kinds: list[Any] = ["DBL"] * len(value)
    for place in np.flatnonzero(np.isnan(readings.value)).tolist():
        value[place], kinds[place] = None, "RM"
    columns = Columns(time=readings.time_ms.tolist(), value=value, type=kinds, origin=readings.origin.tolist())
    if with_acquisitions:
        columns.acq = (readings.acq_us // 1000).tolist()
    for name, bound in (("lower_prediction_bound", readings.lower), ("upper_prediction_bound", readings.upper)):
        if bound is not None and not np.isnan(bound).all():
            setattr(columns, name, [None if each != each else each for each in bound.tolist()])  # noqa: PLR0124 - NaN is not itself
    if readings.original_acq_us is not None and (readings.original_acq_us != series.ABSENT).any():
        absent = series.ABSENT
        columns.original_acq = [None if each == absent else each // 1000 for each in readings.original_acq_us.tolist()]
    if readings.comment is not None and any(each is not None for each in readings.comment):
        columns.com = readings.comment.tolist()
    return columns


def sampled(samples: series.Samples, origin: int) -> Columns:
    """Computed values as they travel."""
    count = len(samples.time_ms)
    value: Any = samples.value.tolist()
    return Columns(time=samples.time_ms.tolist(), value=value, type=["DBL"] * count, origin=[origin] * count)


def _check_lengths(columns: Columns, path: tuple[str | int, ...]) -> None:
    rows = len(columns.time)
    if rows > MAX_ROWS:
        raise wrong(f"More than {MAX_ROWS} values at once.", (*path, "time"))
    for name in ("value", "type", "origin", *OPTIONAL):
        column = getattr(columns, name)
        if column is not UNSET and len(column) != rows:
            raise wrong(f"{len(column)} entries here, {rows} in `time`.", (*path, name))


def _check_removals(columns: Columns, values: "np.ndarray[Any, Any]", path: tuple[str | int, ...]) -> None:
    """`RM` makes a value NaN, which removes; a `DBL` has to be a number."""
    removed = np.zeros(len(values), dtype=bool)
    if columns.type is not UNSET:
        removed = np.array([each == "RM" for each in columns.type], dtype=bool)
    missing = np.flatnonzero(np.isnan(values) & ~removed)
    if len(missing):
        raise wrong("A value of the type DBL is a number.", (*path, "value", int(missing[0])))
    values[removed] = np.nan


def _converted(values: "np.ndarray[Any, Any]", change: Change) -> Any:
    factor, offset = change
    return values if factor == 1 and offset == 0 else units.affine(values, factor, offset)


def _bound(column: list[float | None] | msgspec.UnsetType, change: Change) -> Any:
    return None if column is UNSET else _converted(np.array(column, dtype=np.float64), change)


def _whole(column: list[int], path: tuple[str | int, ...], message: str) -> Any:
    """Whole numbers as a column. Raises WrongData at the place of one that 64 bits cannot hold."""
    try:
        return np.array(column, dtype=np.int64)
    except OverflowError:
        place = next(place for place, each in enumerate(column) if not -(2**63) <= each < 2**63)
        raise wrong(message, (*path, place)) from None


def _microseconds(column: list[int | None] | msgspec.UnsetType, path: tuple[str | int, ...]) -> Any:
    """Times of the first acquisition. Raises WrongData at the place of one outside of the years 1970 to 9999."""
    if column is UNSET:
        return None
    message = "A time is given in milliseconds since 1970 in UTC."
    time_ms = _whole([-1 if each is None else each for each in column], path, message)
    absent = np.array([each is None for each in column], dtype=bool)
    beyond = np.flatnonzero(~absent & ((time_ms < 0) | (time_ms > MAX_MS)))
    if len(beyond):
        raise wrong(message, (*path, int(beyond[0])))
    return np.where(absent, series.ABSENT, time_ms * 1000)
