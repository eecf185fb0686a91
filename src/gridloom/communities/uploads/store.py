"""Putting what a file says into the series store, and noting the upload, in the caller's transaction."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

import numpy as np

from gridloom.communities import dates
from gridloom.communities.uploads.content import INJECTION, Columns, Content, Spans
from gridloom.communities.uploads.faults import WrongFile
from gridloom.communities.uploads.steps import Said, Standing, clash
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
_PRESENT = sql(
    "SELECT m.ean, p.point_id, p.start_date, p.end_date FROM communities.period p "
    "JOIN communities.meter m ON m.tenant_id = p.tenant_id AND m.id = p.meter_id "
    "WHERE p.sharing_operation_id = :operation_id ORDER BY m.ean, p.start_date"
)
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


class Present(NamedTuple):
    """When a meter was, is or will be in an operation, whatever its status; where its readings stand."""

    point_id: int
    spans: Spans


async def present(tx: Tx, operation_id: int) -> dict[str, Present]:
    """Every meter that is ever in an operation, by EAN, with the days of the grid on which it is."""
    found: dict[str, Present] = {}
    for row in await tx.all(_PRESENT, operation_id=operation_id):
        begin, end = dates.begin(row["start_date"]), dates.end(row["end_date"] or dates.LATEST)
        before = found[row["ean"]].spans if row["ean"] in found else ()
        found[row["ean"]] = Present(row["point_id"], (*before, (clock.to_ms(begin), clock.to_ms(end))))
    return found


async def prepare(tx: Tx, content: Content, meters: Mapping[str, Present]) -> list[_Target]:
    """The channels of what a file says, made where they are missing; by their numbers.

    meters: those that count, by EAN; series of others are left out.
    """
    wanted = _wanted(content, meters)
    found = await series.channels_for(tx, wanted)
    for point_id, code in sorted(wanted.keys() - found.keys()):
        found[point_id, code] = await series.ensure_channel(
            tx, point_id, code, unit=UNIT, kind="interval", step_s=content.step_ms // 1000
        )
    return sorted(_Target(found[pair].id, number, part) for pair, (number, part) in wanted.items())


async def refuse_other_steps(tx: Tx, content: Content, meters: Mapping[str, Present]) -> None:
    """Raises WrongFile for a day on which values of another step stand, so that their sum would count something twice.

    To be called while the operation is held: what another file says meanwhile would not be seen.
    """
    wanted = _wanted(content, meters)
    found = await series.channels_for(tx, wanted)
    first = clock.from_ms(content.since_ms).astimezone(dates.ZONE).date()
    last = clock.from_ms(content.till_ms - 1).astimezone(dates.ZONE).date()
    days = [first + timedelta(days=each) for each in range((last - first).days + 1)]
    # An hour on both sides, because a value that is alone on its day is known by its neighbours.
    since, till = dates.begin(first) - timedelta(hours=1), dates.end(last) + timedelta(hours=1)
    days_ms = np.array([clock.to_ms(dates.begin(day)) for day in days] + [clock.to_ms(dates.end(last))])
    known: tuple[int, Columns] | None = None
    for pair, (number, part) in wanted.items():
        channel = found[pair]
        if channel.first_cap is None:
            continue
        readings = await series.read(tx, channel, since, till, origins=(series.Origin.MEASURED,))
        if not len(readings.time_ms):
            continue
        if known is None or known[0] != number:
            known = (number, await asyncio.to_thread(content.columns, number))
        said = Said(_said(known[1], part).time_ms, content.step_ms, content.is_certain)
        wrong = clash(said, Standing(readings.time_ms, channel.step_s == HOUR_MS // 1000), days_ms)
        if wrong is not None:
            raise WrongFile(wrong.says, ean=content.lines[number].ean, day=_written(days[wrong.day]))


def _written(day: date) -> str:
    return f"{day:%d/%m/%Y}"


def _wanted(content: Content, meters: Mapping[str, Present]) -> dict[tuple[int, int], tuple[int, str]]:
    """(point, code) -> which part of which series of the file goes there."""
    wanted: dict[tuple[int, int], tuple[int, str]] = {}
    for number in content.filled:
        line = content.lines[number]
        if (meter := meters.get(line.ean)) is None:
            continue
        for code, part in zip(_PARTS_OF[line.direction == INJECTION], _PARTS, strict=True):
            if part == "gross" or number in content.settled:
                wanted[meter.point_id, code] = (number, part)
    return wanted


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
