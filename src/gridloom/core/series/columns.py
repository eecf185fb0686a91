"""Columns of readings on their way out: joined from where they stand, put in order, reduced to what holds now."""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridloom.core.series.encoding import EPOCH_US
from gridloom.core.series.structs import ABSENT, Ints, Mask, Readings

_EMPTY: dict[str, tuple[Any, Any]] = {
    "time_ms": (np.int64, 0),
    "value": (np.float64, 0),
    "origin": (np.int16, 0),
    "acq_us": (np.int64, 0),
    "lower": (np.float64, np.nan),
    "upper": (np.float64, np.nan),
    "original_acq_us": (np.int64, ABSENT),
    "comment": (object, None),
}


def empty(*, full: bool = False) -> Readings:
    """No rows; with the optional columns when `full`."""
    columns = {name: np.empty(0, dtype) for name, (dtype, _) in _EMPTY.items()}
    return Readings(**columns) if full else Readings(*list(columns.values())[:4])


def unpack(row: Any, *, full: bool = False) -> Readings:
    """One channel as PostgreSQL packed it: byte strings `cap`, `origin`, `acq`, `value`, and the rest when `full`."""
    if row["cap"] is None:
        return empty(full=full)
    basic = (
        (_times(row["cap"]) + EPOCH_US) // 1000,
        np.frombuffer(row["value"], ">f8").astype(np.float64),
        np.frombuffer(row["origin"], ">i2").astype(np.int16),
        _times(row["acq"]) + EPOCH_US,
    )
    if not full:
        return Readings(*basic)
    original = _times(row["original"])
    comment = np.full(len(original), None, dtype=object)
    if row["comment"] is not None:
        comment[:] = row["comment"]
    return Readings(
        *basic,
        lower=np.frombuffer(row["lower"], ">f8").astype(np.float64),
        upper=np.frombuffer(row["upper"], ">f8").astype(np.float64),
        original_acq_us=np.where(original == ABSENT, ABSENT, original + EPOCH_US),
        comment=comment,
    )


def join(parts: Sequence[Readings]) -> Readings:
    """The rows of several, one after the other; an optional column is there when every part has it."""
    if len(parts) == 1:
        return parts[0]
    columns: dict[str, Any] = {}
    for field in fields(Readings):
        given = [getattr(part, field.name) for part in parts]
        columns[field.name] = None if any(column is None for column in given) else np.concatenate(given)
    return Readings(**columns)


def history(readings: Readings) -> Readings:
    """Every acquisition, removed values too, by capture time, then acquisition time, then origin."""
    time, acq = readings.time_ms, readings.acq_us
    if bool((np.diff(time) > 0).all()):
        return readings
    return readings.take(np.lexsort((readings.origin, acq, time)))


def newest(readings: Readings) -> Readings:
    """What holds now: of each capture time and origin the newest acquisition, removed values left out."""
    held = standing(readings)
    removed = np.isnan(held.value)
    return held.take(~removed) if removed.any() else held


def standing(readings: Readings) -> Readings:
    """Of each capture time and origin the newest acquisition; NaN where that one removed the value."""
    time, origin, acq = readings.time_ms, readings.origin, readings.acq_us
    later = np.diff(time)
    if bool((later > 0).all()):
        return readings
    further = np.diff(origin)
    ordered = (later > 0) | ((later == 0) & ((further > 0) | ((further == 0) & (np.diff(acq) >= 0))))
    if not ordered.all():
        readings = readings.take(np.lexsort((acq, origin, time)))
        time, origin = readings.time_ms, readings.origin
    last = _last_of_group(time, origin)
    return readings if last.all() else readings.take(last)


def keys(time_ms: Ints, origin: NDArray[Any]) -> Ints:
    """One number for a capture time and an origin, in their order."""
    combined: Ints = time_ms * 8 + origin
    return combined


def _last_of_group(time: Ints, origin: NDArray[Any]) -> Mask:
    last = np.ones(len(time), dtype=np.bool_)
    last[:-1] = (time[1:] != time[:-1]) | (origin[1:] != origin[:-1])
    return last


def _times(packed: bytes) -> Ints:
    return np.frombuffer(packed, ">i8").astype(np.int64)
