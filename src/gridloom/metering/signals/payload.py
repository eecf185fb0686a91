"""From what travels to columns of the series store, and back. No database in here."""

from fractions import Fraction
from typing import Any

import msgspec
import numpy as np
from msgspec import UNSET

from gridloom.core.series import public as series
from gridloom.kernel import units
from gridloom.kernel.errors import Fault, FieldError
from gridloom.metering.signals.catalogue import SIGNAL_TYPES, SignalType
from gridloom.metering.signals.errors import WrongData
from gridloom.metering.signals.schemas import Columns, Row

MAX_ROWS = 1_000_000
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


def batch_of(
    channel: int, data: Columns | list[Row], kind: SignalType, unit: str | None, path: tuple[str | int, ...]
) -> series.Batch:
    """Values in the unit of the signal type, ready to be written.

    Raises WrongData naming item, column and place: unequal lengths, a number that is missing or not finite, an unknown
    origin, a unit of another quantity.
    """
    columns = columns_of(data)
    here = (*path, "data")
    _check_lengths(columns, here)
    values = np.array(columns.value, dtype=np.float64)
    _check_removals(columns, values, here)
    try:
        factor, offset = units.conversion(unit or kind.unit_symbol, kind.unit_symbol)
    except units.UnknownUnit as fault:
        raise wrong(fault.message, (*path, "unit")) from None
    except units.UnitMismatch as fault:
        raise wrong(fault.message, (*path, "unit")) from None
    try:
        return series.Batch.of(
            channel,
            columns.time,
            _converted(values, factor, offset),
            origin=1 if columns.origin is UNSET else columns.origin,
            lower=_bound(columns.lower_prediction_bound, factor, offset),
            upper=_bound(columns.upper_prediction_bound, factor, offset),
            original_acq_us=_microseconds(columns.original_acq),
            comment=None if columns.com is UNSET else columns.com,
        )
    except OverflowError:
        raise wrong("A number is too large.", here) from None
    except Fault as fault:
        raise placed(fault, path) from None


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


def _converted(values: "np.ndarray[Any, Any]", factor: Fraction, offset: Fraction) -> Any:
    return values if factor == 1 and offset == 0 else units.affine(values, factor, offset)


def _bound(column: list[float | None] | msgspec.UnsetType, factor: Fraction, offset: Fraction) -> Any:
    if column is UNSET:
        return None
    return _converted(np.array(column, dtype=np.float64), factor, offset)


def _microseconds(column: list[int | None] | msgspec.UnsetType) -> Any:
    if column is UNSET:
        return None
    return np.array([series.ABSENT if each is None else each * 1000 for each in column], dtype=np.int64)
