"""One run: what it needs is held, read, frozen, shared, summed and written."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import polars as pl

from gridloom.communities import dates
from gridloom.communities.balance import public as balance
from gridloom.communities.meters import public as meters
from gridloom.communities.settlements import computing, freezing, rules, store
from gridloom.communities.settlements.faults import PeriodWrong, TooMuchAtOnce
from gridloom.communities.settlements.schemas import KeyInForce
from gridloom.communities.sharing import public as sharing
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.files.library import Files

LONGEST = timedelta(days=400)
MOST_VALUES = 10_000_000
"""Quarter hours times meters that one request settles."""
AT_ONCE = 3_000_000
"""Quarter hours times meters that are in memory at once."""

_TOTALS = ("gross", "shared", "net", "inj_gross", "inj_shared", "inj_net")


class _Inputs(NamedTuple):
    present: list[meters.Presence]
    approved: list[sharing.Approved]
    as_of: datetime
    lines: list[rules.Line]
    readings: pl.DataFrame


def check_period(since: date, till: date) -> None:
    """Raises PeriodWrong for a period that ends before it begins, has not ended, or is too long."""
    if not since <= till < dates.today() or till - since >= LONGEST:
        raise PeriodWrong


async def settle(
    tx: Tx, files: Files, operation: sharing.Operation, since: date, till: date, *, limited: bool = False
) -> store.Run | None:
    """Settle an operation over whole days.

    The newest run when nothing that counts has changed since; None when no meter shared. Nobody changes keys, meters or readings
    of the operation meanwhile. limited: refuse what is too much for one request. Raises TooMuchAtOnce.
    """
    await store.hold(tx, operation.id)
    await sharing.hold(tx, operation.community_id, operation.id)
    present = await meters.in_operation(tx, operation.id, since, till)
    if not present:
        return None
    if limited and len({each.meter_id for each in present}) * 96 * ((till - since).days + 1) > MOST_VALUES:
        raise TooMuchAtOnce
    found = await _computed(tx, operation, present, since, till)
    keys = freezing.keys_of(found.approved)
    digest = await asyncio.to_thread(freezing.digest, found.readings, keys, present)
    before = await store.newest(tx, operation.id, since, till)
    if before is not None and before.inputs_digest == digest:
        return before
    version = 1 if before is None else before.version + 1
    name = f"settlement-{operation.id}-{since}-{till}-v{version}.parquet"
    packed = await asyncio.to_thread(freezing.packed, found.readings)
    file = await files.save(tx, packed, name=name, media_type=freezing.MEDIA_TYPE)
    total = rules.total(found.lines)
    number = await store.add(
        tx, community_id=operation.community_id, operation_id=operation.id, since=since, till=till, version=version,
        as_of=found.as_of, keys=keys, inputs_digest=digest, inputs_file_id=file.id,
        totals={name: str(rules.kwh(each)) for name, each in zip(_TOTALS, total, strict=True)}, lines=found.lines,
    )  # fmt: skip
    return await store.by_id(tx, operation.community_id, number)


async def _computed(
    tx: Tx, operation: sharing.Operation, present: list[meters.Presence], since: date, till: date
) -> _Inputs:
    approved = await sharing.approved(tx, operation.id, since, till)
    points = sorted({each.point_id for each in present})
    places = {point: place for place, point in enumerate(points)}
    as_of = await balance.hold_readings(tx, operation.id, points)
    channels = await balance.channels_of(tx, points)
    parts: list[computing.Part] = []
    for span in balance.portions(balance.Span(since, till), max(1, AT_ONCE // (96 * len(points)))):
        days = balance.Days.of(span)
        taken, fed = await balance.read(tx, points, channels, days)
        parts.append(await asyncio.to_thread(computing.settle_days, days, taken, fed, present, approved, places=places))
    readings = pl.concat([part.readings for part in parts]).sort("meter_id", "is_injection", "time_ms")
    lines = sorted((line for part in parts for line in part.lines), key=lambda line: (line.day, line.meter_id))
    return _Inputs(present, approved, as_of or datetime.fromtimestamp(0, UTC), lines, readings)


def unknown_consumers(stored: Sequence[dict[str, Any]], eans: Iterable[str]) -> list[str]:
    """The consumers in the keys of a run whose names are none of these EANs, each once, in order. stored: `Run.keys`."""
    named = (consumer["name"] for key in stored for one in key["rounds"] for consumer in one["consumers"])
    return sorted(set(named) - set(eans))


def key_shown(stored: dict[str, Any]) -> KeyInForce:
    """A key of a run as it travels."""
    start, end = (dates.shown(date.fromisoformat(stored[name])) for name in ("start", "end"))
    return KeyInForce(stored["key_id"], stored["key_version_id"], start, end)
