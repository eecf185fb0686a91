"""Writing meters and periods, in the caller's transaction."""

from datetime import date
from typing import Any

import asyncpg
import msgspec

from gridloom.communities.meters import reading, rules
from gridloom.communities.meters.faults import MeterShared, NoMeterToChange
from gridloom.communities.meters.records import NEW, MeterRef, Period
from gridloom.communities.stale import public as stale
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

_COLUMNS = tuple(name for name in reading.FIELDS if name != "id")
_METER_COLUMNS = (
    "community_id", "ean", "point_id", "meter_number", "address_id", "tarif_group", "phases_number", "reading_frequency",
)  # fmt: skip
_ADD = sql(
    f"INSERT INTO communities.meter (tenant_id, {', '.join(_METER_COLUMNS)}) "
    f"VALUES (:tenant_id, {', '.join(f':{name}' for name in _METER_COLUMNS)}) "
    "ON CONFLICT (tenant_id, ean) WHERE removed_at IS NULL DO NOTHING RETURNING id"
)
_REMOVE = sql("UPDATE communities.meter SET removed_at = now(), updated_at = now() WHERE id = :id")
_INSERT = sql(
    f"INSERT INTO communities.period (tenant_id, {', '.join(_COLUMNS)}) "
    f"VALUES (:tenant_id, {', '.join(f':{name}' for name in _COLUMNS)})"
)
_UPDATE = sql(
    f"UPDATE communities.period SET {', '.join(f'{name} = :{name}' for name in _COLUMNS)}, updated_at = now() WHERE id = :id"
)
_DROP = sql("DELETE FROM communities.period WHERE id = ANY(CAST(:ids AS bigint[]))")


async def add(tx: Tx, **values: Any) -> MeterRef | None:
    """A new meter without periods; None when there is one with this EAN, in whichever community."""
    number = await tx.scalar(_ADD, tenant_id=tx.tenant, **values)
    return None if number is None else MeterRef(int(number), values["ean"], values["point_id"])


async def begin(tx: Tx, meter: MeterRef, start: date, **values: Any) -> None:
    """The first period of a new meter. Raises MeterShared."""
    first = Period(**{**values, "meter_id": meter.id, "point_id": meter.point_id, "start_date": start})
    await _write(tx, first, None)
    await _mark(tx, None, first)


async def open_period(tx: Tx, meter_id: int, start: date, **changes: Any) -> None:
    """Let `changes` (fields of Period) hold from the day `start` on; what is not in them stays as the latest period has it.

    The rule is `rules.opened`. The meter is held. Every sharing operation in which something becomes different is marked
    from `start` on; what changes nothing writes nothing. Raises LaterPeriod, NoMeterToChange when the meter was removed, and
    MeterShared when its point is in another operation on one of the days, in whichever community.
    """
    latest = (
        (await reading.latest_periods(tx, [meter_id])).get(meter_id) if await reading.hold_one(tx, meter_id) else None
    )
    if latest is None:
        raise NoMeterToChange
    after = rules.opened(latest, start, changes)
    for each in after:
        await _write(tx, each, latest)
    await _mark(tx, latest, after[-1])


async def remove(tx: Tx, meter: MeterRef, last: date) -> None:
    """Stop showing a meter that is held; its periods end on `last`, those that would have begun later go."""
    shorter, late = rules.ended(await reading.periods_of(tx, meter.id), last)
    for each in shorter:
        await tx.run(_UPDATE, **msgspec.structs.asdict(each))
    await tx.run(_DROP, ids=late)
    await tx.run(_REMOVE, id=meter.id)


async def _write(tx: Tx, period: Period, before: Period | None) -> None:
    if period == before:
        return
    values = msgspec.structs.asdict(period)
    number = values.pop("id")
    try:
        if number == NEW:
            await tx.run(_INSERT, tenant_id=tx.tenant, **values)
        else:
            await tx.run(_UPDATE, id=number, **values)
    except asyncpg.ExclusionViolationError as error:
        if error.constraint_name != "ex_period_sharing":
            raise
        raise MeterShared from None


async def _mark(tx: Tx, before: Period | None, after: Period) -> None:
    for operation_id in sorted(rules.touched(before, after)):
        await stale.mark(tx, operation_id, after.start_date)
