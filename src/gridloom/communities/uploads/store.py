"""Putting what a file says into the series store, and noting the upload, in the caller's transaction."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import numpy as np

from gridloom.communities.meters.public import MeterRef
from gridloom.communities.uploads.content import INJECTION, Columns, Content
from gridloom.communities.uploads.faults import WrongFile
from gridloom.communities.uploads.times import HOUR_MS
from gridloom.core.series import codes
from gridloom.core.series import public as series
from gridloom.kernel import clock
from gridloom.kernel.audit.actor import actor
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.files.library import File

# One write. Small enough that nobody else waits for what is computed between two of them.
BLOCK_ROWS = 150_000
UNIT = "kW.h"

_PARTS_OF = {
    False: (codes.GROSS_CONSUMPTION, codes.SHARED_CONSUMPTION, codes.NET_CONSUMPTION),
    True: (codes.GROSS_INJECTION, codes.SHARED_INJECTION, codes.NET_INJECTION),
}
_PARTS = ("gross", "shared", "net")
_NOTE = sql(
    """
    INSERT INTO communities.upload (tenant_id, sharing_operation_id, version, file_id, since, till, value_count, new_count,
        is_settled, acq_time, created_by)
    SELECT :tenant_id, :operation_id, coalesce(max(version), 0) + 1, :file_id, :since, :till, :value_count, :new_count,
        :is_settled, :acq_time, :created_by
    FROM communities.upload WHERE sharing_operation_id = :operation_id
    RETURNING id, version
    """
)


class Written(NamedTuple):
    """What became of a file. value_count: its values of known meters; new_count: those that said something new."""

    value_count: int
    new_count: int
    acq_time: datetime | None


class _Target(NamedTuple):
    """One channel, and which part of which series of the file goes there."""

    channel_id: int
    number: int
    part: str


async def prepare(tx: Tx, content: Content, meters: Mapping[str, MeterRef]) -> list[_Target]:
    """The channels of what a file says, made where they are missing; by their numbers.

    meters: those that count, by EAN; series of others are left out. Raises WrongFile when hours would come between
    quarters of an hour that stand already: their sum would count twice.
    """
    wanted: dict[tuple[int, int], tuple[int, str]] = {}
    for number in content.filled:
        line = content.lines[number]
        if (meter := meters.get(line.ean)) is None:
            continue
        for code, part in zip(_PARTS_OF[line.direction == INJECTION], _PARTS, strict=True):
            if part == "gross" or number in content.settled:
                wanted[meter.point_id, code] = (number, part)
    found = await series.channels_for(tx, wanted)
    for point_id, code in sorted(wanted.keys() - found.keys()):
        found[point_id, code] = await series.ensure_channel(
            tx, point_id, code, unit=UNIT, kind="interval", step_s=content.step_ms // 1000
        )
    if content.step_ms == HOUR_MS:
        await _refuse_quarters(tx, content, [(found[pair], *wanted[pair]) for pair in wanted])
    return sorted(_Target(found[pair].id, number, part) for pair, (number, part) in wanted.items())


async def write(tx: Tx, content: Content, targets: Sequence[_Target]) -> Written:
    """Write everything, some channels at a time, in the order of their numbers, as every writer takes them."""
    count = new = 0
    acq_time: datetime | None = None
    blocks = _blocks(content, targets)
    while (batch := await asyncio.to_thread(next, blocks, None)) is not None:
        done = await series.write(tx, batch)
        count += len(batch)
        new += done.stored
        acq_time = done.acq_time or acq_time
    return Written(count, new, acq_time)


async def note(tx: Tx, operation_id: int, content: Content, written: Written, file: File) -> tuple[int, int]:
    """The next version of an operation that is held; gives its id and its number."""
    row = await tx.one(
        _NOTE,
        tenant_id=tx.tenant,
        operation_id=operation_id,
        file_id=file.id,
        since=clock.from_ms(content.since_ms),
        till=clock.from_ms(content.till_ms),
        value_count=written.value_count,
        new_count=written.new_count,
        is_settled=content.is_settled,
        acq_time=written.acq_time,
        created_by=actor(tx.subject),
    )
    assert row is not None  # noqa: S101 - an INSERT … RETURNING of one row
    return row["id"], row["version"]


def _blocks(content: Content, targets: Sequence[_Target]) -> Iterator[series.Batch]:
    batches: list[series.Batch] = []
    rows = 0
    last: tuple[int, Columns] | None = None
    for target in targets:
        # Channels of one meter mostly follow one another.
        if last is None or last[0] != target.number:
            last = (target.number, content.columns(target.number))
        time_ms, value = _said(last[1], target.part)
        batches.append(series.Batch.of(target.channel_id, time_ms, value))
        rows += len(time_ms)
        if rows >= BLOCK_ROWS:
            yield series.Batch.join(batches)
            batches, rows = [], 0
    if rows:
        yield series.Batch.join(batches)


def _said(columns: Columns, part: str) -> series.Samples:
    value = getattr(columns, part)
    if part == "gross" or not np.isnan(value).any():
        return series.Samples(columns.time_ms, value)
    there = ~np.isnan(value)
    return series.Samples(columns.time_ms[there], value[there])


async def _refuse_quarters(tx: Tx, content: Content, targets: Sequence[tuple[series.Channel, int, str]]) -> None:
    since, till = content.since_ms, content.till_ms
    for channel, number, _ in targets:
        if channel.first_cap is None:
            continue
        readings = await series.read(tx, channel, since, till, origins=(series.Origin.MEASURED,))
        if (readings.time_ms % HOUR_MS).any():
            raise WrongFile("upload_over_quarters", ean=content.lines[number].ean)
