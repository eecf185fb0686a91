"""Writing readings: append only, by COPY, one acquisition time a write, nothing twice.

What a write does, in this order: check the batch; of rows about the same (channel, capture time, origin) keep the last;
lock the channels in the order of their numbers; leave out the rows that say what already stands; make missing months;
COPY the rest. Appending new values to a channel, the common case, asks the big table nothing.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from gridloom.core.series import partitions, standing
from gridloom.core.series.encoding import Copy
from gridloom.core.series.errors import CaptureTimeOutOfRange, UnknownChannel
from gridloom.core.series.moments import EARLIEST, from_us, latest, months_in, to_us
from gridloom.core.series.structs import Batch, Ints, Mask, Written
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

_LOCK = sql(
    f"""
    SELECT id, first_cap, last_cap, last_acq,
        (SELECT pg_advisory_xact_lock_shared({partitions.DROPPING}) IS NULL) AS guarded,
        ARRAY(
            SELECT m FROM unnest(CAST(:months AS date[])) m
            WHERE to_regclass('series.reading_' || to_char(m, 'YYYY_MM')) IS NULL
        ) AS missing
    FROM series.channel WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE OF channel
    """
)
_BOUNDS = sql(
    """
    UPDATE series.channel c
    SET first_cap = least(c.first_cap, v.low), last_cap = greatest(c.last_cap, v.high), last_acq = :acq
    FROM unnest(CAST(:ids AS bigint[]), CAST(:lows AS timestamptz[]), CAST(:highs AS timestamptz[])) v(id, low, high)
    WHERE c.id = v.id
    """
)


async def write(tx: Tx, batch: Batch) -> Written:
    """Store a batch of one tenant's readings in this transaction: all of it, or nothing when it raises.

    All stored rows get one acquisition time, later than that of every earlier write to their channels. A value that
    already stands (the newest acquisition at its capture time and origin says the same) is not stored again, nor is the
    removal of what does not stand, so that a repeated file changes nothing; of several rows of the batch about one
    (channel, capture time, origin) the last one counts. Other writers of the same channels wait until the transaction
    ends: put everything that is written together into one batch, so that locks are always taken in one order.

    Raises CaptureTimeOutOfRange and UnknownChannel (also for a channel of another tenant) with the place of the first
    wrong row, and ArchiveUnreachable when rows fall into an archived month and the archive cannot be read.
    """
    tenant = tx.tenant
    if not len(batch):
        return Written(0, 0, None)
    _check_times(batch.time_ms)
    rows = _last_of_each(batch)
    firsts = _starts(rows.channel)
    ids = rows.channel[firsts]
    locked = await tx.all(_LOCK, ids=ids.tolist(), months=months_in(rows.time_ms))
    if len(locked) != len(ids):
        unknown = ~np.isin(batch.channel, [row["id"] for row in locked])
        raise UnknownChannel(field="channel", index=int(unknown.argmax()))
    rows = rows.take(await _adds(tx, rows, locked, firsts))
    if not len(rows):
        return Written(0, len(batch), None)
    if locked[0]["missing"]:
        await partitions.make(tx, months_in(rows.time_ms))
    acq_us = _acquisition_us(locked)
    copy = Copy(rows, tenant, acq_us)
    async with tx.as_owner():
        tx.statements += 1
        await tx.connection.copy_to_table(
            "reading", schema_name="series", columns=copy.columns, format="binary", source=copy.blocks()
        )
    await _extend(tx, rows, acq_us)
    return Written(len(rows), len(batch) - len(rows), from_us(acq_us))


def _check_times(time_ms: Ints) -> None:
    wrong = time_ms < clock.to_ms(EARLIEST)
    wrong |= time_ms >= clock.to_ms(latest(clock.now()))
    if wrong.any():
        raise CaptureTimeOutOfRange(field="time", index=int(wrong.argmax()))


def _last_of_each(batch: Batch) -> Batch:
    """The batch by channel, capture time and origin, each of them once: the last row about it."""
    if len(batch) > 1 and not _ascends(batch):
        batch = batch.take(np.lexsort((batch.origin, batch.time_ms, batch.channel)))
        same = np.diff(batch.channel) == 0
        same &= np.diff(batch.time_ms) == 0
        same &= np.diff(batch.origin) == 0
        if same.any():
            batch = batch.take(np.append(~same, True))
    return batch


def _ascends(batch: Batch) -> bool:
    channel, time = np.diff(batch.channel), np.diff(batch.time_ms)
    further = (time > 0) | ((time == 0) & (np.diff(batch.origin) > 0))
    return bool(((channel > 0) | ((channel == 0) & further)).all())


def _starts(channel: Ints) -> Ints:
    """Where each channel begins in a sorted column."""
    return np.flatnonzero(np.append(True, channel[1:] != channel[:-1]))


async def _adds(tx: Tx, rows: Batch, locked: Sequence[Any], firsts: Ints) -> Mask:
    """Which rows say something new. Beyond the times that a channel has ever had, each value is new."""
    counts = np.diff(np.append(firsts, len(rows)))
    none = clock.to_ms(EARLIEST) - 1
    known = [(none, none) if c["first_cap"] is None else tuple(map(clock.to_ms, c[1:3])) for c in locked]
    bounds = np.repeat(np.array(known, dtype=np.int64), counts, axis=0)
    adds = ~np.isnan(rows.value)
    inside = (rows.time_ms >= bounds[:, 0]) & (rows.time_ms <= bounds[:, 1])
    if inside.any():
        adds[inside] = ~await standing.says_the_same(tx, rows.take(inside))
    return adds


def _acquisition_us(locked: Sequence[Any]) -> int:
    now = to_us(clock.now())
    return max([now, *(to_us(row["last_acq"]) + 1 for row in locked if row["last_acq"] is not None)])


async def _extend(tx: Tx, rows: Batch, acq_us: int) -> None:
    """Note on the channels how far their values reach now."""
    firsts = _starts(rows.channel)
    lasts = np.append(firsts[1:], len(rows)) - 1
    await tx.run(
        _BOUNDS,
        ids=rows.channel[firsts].tolist(),
        lows=[clock.from_ms(ms) for ms in rows.time_ms[firsts].tolist()],
        highs=[clock.from_ms(ms) for ms in rows.time_ms[lasts].tolist()],
        acq=from_us(acq_us),
    )
