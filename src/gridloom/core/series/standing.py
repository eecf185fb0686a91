"""What already stands where a batch wants to write, so that nothing is stored twice.

Few rows, or few of each channel, are looked up by their key; many are compared with everything that stands in their
span, month by month.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridloom.core.series import columns, reads
from gridloom.core.series.moments import months_in
from gridloom.core.series.structs import Batch, Floats, Mask, Readings
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

_FEW = 256
_FEW_EACH = 4

_BY_KEY = sql(
    """
    SELECT coalesce(r.value, 'NaN') AS value, coalesce(r.lower, 'NaN') AS lower, coalesce(r.upper, 'NaN') AS upper,
        r.comment,
        (SELECT EXISTS (
            SELECT FROM series.archive a WHERE a.month = ANY(CAST(:months AS date[]))
            AND EXISTS (SELECT FROM unnest(CAST(:ids AS bigint[])) i(id)
                        WHERE i.id BETWEEN a.first_channel AND a.last_channel)
        )) AS archived
    FROM unnest(CAST(:ids AS bigint[]), CAST(:times AS timestamptz[]), CAST(:origins AS smallint[]))
        WITH ORDINALITY k(channel_id, cap_time, origin, place)
    LEFT JOIN LATERAL (
        SELECT value, lower, upper, comment FROM series.reading
        WHERE channel_id = k.channel_id AND cap_time = k.cap_time AND origin = k.origin
        ORDER BY acq_time DESC LIMIT 1
    ) r ON true
    ORDER BY k.place
    """
)


async def says_the_same(tx: Tx, rows: Batch) -> Mask:
    """(n,) whether each row repeats what stands: its value, and its bounds and comment when the batch has any.

    To remove what does not stand is a repetition too. rows: by channel, capture time and origin, each once.
    """
    few = max(_FEW, _FEW_EACH * len(np.unique(rows.channel)))
    if len(rows) <= few and (found := await _by_key(tx, rows)) is not None:
        return _equal(rows, found)
    same = np.zeros(len(rows), dtype=np.bool_)
    full = rows.lower is not None or rows.upper is not None or rows.comment is not None
    months = rows.time_ms.astype("datetime64[ms]").astype("datetime64[M]")
    for month in np.unique(months):
        places = np.flatnonzero(months == month)
        same[places] = await _in_span(tx, rows.take(places), full=full)
    return same


async def _by_key(tx: Tx, rows: Batch) -> Readings | None:
    """What stands for each row, looked up one by one; None when a part of it is archived."""
    found = await tx.all(
        _BY_KEY,
        months=months_in(rows.time_ms),
        ids=rows.channel.tolist(),
        times=[clock.from_ms(ms) for ms in rows.time_ms.tolist()],
        origins=rows.origin.tolist(),
    )
    if found[0]["archived"]:
        return None
    comment = np.empty(len(found), dtype=object)
    comment[:] = [row["comment"] for row in found]
    return Readings(
        rows.time_ms,
        np.array([row["value"] for row in found]),
        rows.origin,
        np.zeros(len(found), dtype=np.int64),
        lower=np.array([row["lower"] for row in found]),
        upper=np.array([row["upper"] for row in found]),
        comment=comment,
    )


async def _in_span(tx: Tx, rows: Batch, *, full: bool) -> Mask:
    ids = np.unique(rows.channel).tolist()
    since, till = int(rows.time_ms.min()), int(rows.time_ms.max()) + 1
    stored = await reads.stored(tx, ids, since, till, full=full)
    same = np.zeros(len(rows), dtype=np.bool_)
    ends = np.searchsorted(rows.channel, ids, side="right").tolist()
    start = 0
    for channel, end in zip(ids, ends, strict=True):
        part = rows.take(slice(start, end))
        same[start:end] = _equal(part, _aligned(columns.standing(stored[channel]), part))
        start = end
    return same


def _aligned(found: Readings, rows: Batch) -> Readings:
    """What stands at the key of each row; NaN and None where nothing does."""
    have, want = columns.keys(found.time_ms, found.origin), columns.keys(rows.time_ms, rows.origin)
    hit = np.isin(want, have, assume_unique=True)
    places = np.searchsorted(have, want[hit])

    def at(column: NDArray[Any] | None, absent: Any, dtype: type) -> Any:
        if column is None:
            return None
        values: NDArray[Any] = np.full(len(rows), absent, dtype=dtype)
        values[hit] = column[places]
        return values

    return Readings(
        rows.time_ms,
        at(found.value, np.nan, float),
        rows.origin,
        np.zeros(len(rows), dtype=np.int64),
        lower=at(found.lower, np.nan, float),
        upper=at(found.upper, np.nan, float),
        comment=at(found.comment, None, object),
    )


def _equal(rows: Batch, found: Readings) -> Mask:
    same = _same_numbers(rows.value, found.value)
    removed = np.isnan(rows.value)
    for given, stands in ((rows.lower, found.lower), (rows.upper, found.upper)):
        if given is not None and stands is not None:
            same &= removed | _same_numbers(given, stands)
    if rows.comment is not None and found.comment is not None:
        same &= removed | np.array([a == b for a, b in zip(rows.comment, found.comment, strict=True)], dtype=np.bool_)
    return same


def _same_numbers(left: Floats, right: Floats) -> Mask:
    equal: Mask = (left == right) | (np.isnan(left) & np.isnan(right))
    return equal
