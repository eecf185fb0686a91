"""What travels between the series store and its callers: points, channels, batches to write, readings read."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Any, Literal, NamedTuple, TypeAlias

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from gridloom.core.series.errors import CaptureTimeOutOfRange, NotANumber, UnequalColumns, UnknownOrigin

Kind: TypeAlias = Literal["instant", "register", "interval"]
Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]
Mask: TypeAlias = NDArray[np.bool_]

ABSENT = np.iinfo(np.int64).min
"""Stands in a column of times where there is none."""


class Origin(IntEnum):
    """How a value came about."""

    MEASURED = 1
    PREDICTED = 2
    CALCULATED = 3
    ESTIMATED = 4
    CORRECTED = 5


class Point(msgspec.Struct, frozen=True):
    """A place where something is measured: a meter, a sensor, a weather station."""

    id: int
    owner_cid: int | None
    eid: str | None
    name: str
    lat: float | None
    lon: float | None


class Channel(msgspec.Struct, frozen=True):
    """One series of a point. `code` is the signal type; every value stands in `unit`.

    kind: `instant` is a state at a time (power, temperature), `register` a counter's reading, `interval` the amount of
    the step that begins at the value's time. first_cap, last_cap: the earliest and latest capture time ever written.
    """

    id: int
    point_id: int
    code: int
    quantity: str
    unit: str
    kind: Kind
    step_s: int | None
    attributes: dict[str, Any]
    first_cap: datetime | None
    last_cap: datetime | None


class Samples(NamedTuple):
    """Values over time, ascending, at most one for each time. time_ms: (n,) since 1970 in UTC; value: (n,)."""

    time_ms: Ints
    value: Floats


class Written(NamedTuple):
    """What a write did: rows stored, rows that said what already stood, and the acquisition time of the stored ones."""

    stored: int
    unchanged: int
    acq_time: datetime | None


@dataclass(frozen=True, slots=True)
class Batch:
    """Values to write, as equally long columns of n rows; build it with `of`.

    channel: (n,) channel ids. time_ms: (n,) capture times. value: (n,), NaN removes what stands there. origin: (n,).
    lower, upper: (n,) bounds of a prediction, NaN for none. original_acq_us: (n,) microseconds, `ABSENT` for none.
    comment: n texts or None.
    """

    channel: Ints
    time_ms: Ints
    value: Floats
    origin: NDArray[np.int16]
    lower: Floats | None = None
    upper: Floats | None = None
    original_acq_us: Ints | None = None
    comment: NDArray[np.object_] | None = None

    @classmethod
    def of(
        cls,
        channel: int | ArrayLike,
        time_ms: ArrayLike,
        value: ArrayLike,
        *,
        origin: int | ArrayLike = Origin.MEASURED,
        lower: ArrayLike | None = None,
        upper: ArrayLike | None = None,
        original_acq_us: ArrayLike | None = None,
        comment: Sequence[str | None] | None = None,
    ) -> "Batch":
        """Columns from arrays or lists; `channel` and `origin` may be one number for all rows, None in `value` removes.

        Raises UnequalColumns, NotANumber and UnknownOrigin, with the place of the first wrong row.
        """
        try:
            times = np.asarray(time_ms, dtype=np.int64)
        except OverflowError:
            raise CaptureTimeOutOfRange(field="time") from None
        rows = len(times)
        origins = _column(origin, np.int64, rows, "origin")
        _refuse((origins < min(Origin)) | (origins > max(Origin)), UnknownOrigin, "origin")
        values = _column(value, np.float64, rows, "value")
        _refuse(np.isinf(values), NotANumber, "value")
        bounds: dict[str, Floats | None] = {}
        for name, bound in (("lower", lower), ("upper", upper)):
            bounds[name] = None if bound is None else _column(bound, np.float64, rows, name)
            if (column := bounds[name]) is not None:
                _refuse(np.isinf(column), NotANumber, name)
        if comment is not None and len(comment) != rows:
            raise UnequalColumns(field="comment")
        return cls(
            channel=_column(channel, np.int64, rows, "channel"),
            time_ms=times,
            value=values,
            origin=origins.astype(np.int16),
            lower=bounds["lower"],
            upper=bounds["upper"],
            original_acq_us=None
            if original_acq_us is None
            else _column(original_acq_us, np.int64, rows, "original_acq_us"),
            comment=None if comment is None else _texts(comment),
        )

    @classmethod
    def join(cls, batches: Sequence["Batch"]) -> "Batch":
        """Several batches as one, in their order."""
        rows = [len(each) for each in batches]

        def joined(name: str, absent: Any, dtype: Any) -> Any:
            columns = [getattr(each, name) for each in batches]
            if all(column is None for column in columns):
                return None
            full = [np.full(n, absent, dtype) if c is None else c for c, n in zip(columns, rows, strict=True)]
            return np.concatenate(full)

        return cls(
            channel=_chain([each.channel for each in batches], np.int64),
            time_ms=_chain([each.time_ms for each in batches], np.int64),
            value=_chain([each.value for each in batches], np.float64),
            origin=_chain([each.origin for each in batches], np.int16),
            lower=joined("lower", np.nan, np.float64),
            upper=joined("upper", np.nan, np.float64),
            original_acq_us=joined("original_acq_us", ABSENT, np.int64),
            comment=joined("comment", None, object),
        )

    def __len__(self) -> int:
        return len(self.time_ms)

    def take(self, rows: Ints | Mask | slice) -> "Batch":
        """The rows with these places, or where the mask is set."""
        return Batch(*_taken(self, rows))


@dataclass(frozen=True, slots=True)
class Readings:
    """What was read of one channel, as equally long columns of n rows in the order of the capture times.

    time_ms: (n,) capture times. value: (n,), NaN where a value was removed (only when all acquisitions were asked
    for). origin: (n,). acq_us: (n,) acquisition times in microseconds. The optional columns are there when they were
    asked for: lower, upper: (n,) NaN for none; original_acq_us: (n,) `ABSENT` for none; comment: n texts or None.
    """

    time_ms: Ints
    value: Floats
    origin: NDArray[np.int16]
    acq_us: Ints
    lower: Floats | None = None
    upper: Floats | None = None
    original_acq_us: Ints | None = None
    comment: NDArray[np.object_] | None = None

    def __len__(self) -> int:
        return len(self.time_ms)

    @property
    def samples(self) -> Samples:
        """Times and values alone; of several origins at one time use `public.prefer` first."""
        return Samples(self.time_ms, self.value)

    def take(self, rows: Ints | Mask | slice) -> "Readings":
        """The rows with these places, or where the mask is set."""
        return Readings(*_taken(self, rows))


def _taken(columns: Batch | Readings, rows: Ints | Mask | slice) -> list[Any]:
    return [None if (c := getattr(columns, name)) is None else c[rows] for name in columns.__slots__]


def _column(given: Any, dtype: Any, rows: int, name: str) -> Any:
    column = np.asarray(given, dtype=dtype)
    if column.ndim == 0:
        return np.full(rows, column, dtype)
    if column.shape != (rows,):
        raise UnequalColumns(field=name)
    return column


def _chain(columns: Sequence[NDArray[Any]], dtype: Any) -> Any:
    return np.concatenate(columns) if columns else np.empty(0, dtype)


def _texts(comment: Sequence[str | None]) -> NDArray[np.object_]:
    column = np.empty(len(comment), dtype=object)
    column[:] = comment
    return column


def _refuse(wrong: Mask, fault: Any, field: str) -> None:
    if wrong.any():
        raise fault(field=field, index=int(wrong.argmax()))
