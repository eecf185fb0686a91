"""Meters in a sharing operation: they enter, change their status and leave, each from a day on.

Only a meter whose status is 1 takes part in the sharing. Whoever changes the meters holds the operation first, then the meters.
"""

from collections.abc import Sequence
from datetime import date

from gridloom.communities import dates
from gridloom.communities.access import standing_of
from gridloom.communities.meters import public as meters
from gridloom.communities.meters.public import LaterPeriod, MeterShared
from gridloom.communities.numbers import Numbered
from gridloom.communities.sharing import store
from gridloom.communities.sharing.actions.operations import DONE, SHARED, WRITE
from gridloom.communities.sharing.faults import (
    LeavingMeterElsewhere,
    LeavingMeterUnknown,
    LeavingMeterWithoutData,
    MeterElsewhere,
    MetersInAlready,
    MetersUnknown,
    MeterUnknown,
    MeterWithoutData,
    NoOperationOfMeter,
    NoOperationToEnter,
    NoOperationToLeave,
)
from gridloom.communities.sharing.schemas import WRONG_METER_STATUS, MeterChange, MeterLeaves, MetersEnter
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.subject import Subject


@action(
    "POST", "/sharing_operations/meter", scope=WRITE, answers={200: str}, name="post_sharing_operations_meter",
    faults=(NoOperationToEnter, MetersUnknown, MetersInAlready, LaterPeriod, MeterShared), **SHARED,
)  # fmt: skip
async def enter(tx: Tx, subject: Subject, body: MetersEnter) -> str:
    """Let meters enter a sharing operation from a day on, all of them or none.

    They wait for the grid operator (status 3) and share nothing until their status is 1. A meter that was in another operation
    of the community leaves it the day before.
    """
    start = dates.day(body.date, "date")
    here = standing_of(subject).community_id
    operation = await store.hold(tx, here, body.id_sharing)
    if operation is None:
        raise NoOperationToEnter
    found = await meters.by_eans(tx, here, list(dict.fromkeys(body.ean_list)))
    if found.keys() != set(body.ean_list):
        raise MetersUnknown
    ids = sorted(each.id for each in found.values())
    await meters.hold(tx, ids)
    latest = await meters.latest_periods(tx, ids)
    if latest.keys() != set(ids):
        raise MetersUnknown
    if any(_is_inside(each, operation.id, start) for each in latest.values()):
        raise MetersInAlready
    await _open(tx, ids, start, status=meters.WAITS_FOR_GRID, sharing_operation_id=operation.id)
    return DONE


@action(
    "PATCH", "/sharing_operations/meter", scope=WRITE, answers={200: str}, name="patch_sharing_operations_meter",
    faults=(NoOperationOfMeter, MeterUnknown, MeterWithoutData, MeterElsewhere, LaterPeriod, MeterShared), **SHARED,
)  # fmt: skip
async def change(tx: Tx, subject: Subject, body: MeterChange) -> str:
    """Give a meter in a sharing operation another status from a day on: 1, 3 or 4."""
    if body.status == meters.INACTIVE:
        message = "Expected 1, 3 or 4."
        raise Invalid(errors=[Numbered("body", ("status",), message, number=WRONG_METER_STATUS)])
    start = dates.day(body.date, "date")
    here = standing_of(subject).community_id
    operation = await store.hold(tx, here, body.id_sharing)
    if operation is None:
        raise NoOperationOfMeter
    meter = (await meters.by_eans(tx, here, [body.id_meter])).get(body.id_meter)
    if meter is None:
        raise MeterUnknown
    await meters.hold(tx, [meter.id])
    latest = (await meters.latest_periods(tx, [meter.id])).get(meter.id)
    if latest is None:
        raise MeterWithoutData
    if not _is_inside(latest, operation.id, start):
        raise MeterElsewhere
    await _open(tx, [meter.id], start, status=body.status, sharing_operation_id=operation.id)
    return DONE


@action(
    "DELETE", "/sharing_operations/{id}/meter", scope=WRITE, answers={200: str}, name="delete_sharing_operations_id_meter",
    faults=(
        NoOperationToLeave, LeavingMeterUnknown, LeavingMeterWithoutData, LeavingMeterElsewhere, LaterPeriod, MeterShared,
    ),
    **SHARED,
)  # fmt: skip
async def leave(tx: Tx, subject: Subject, id: str, body: MeterLeaves) -> str:  # noqa: A002 - the contract's name
    """Let a meter leave a sharing operation; from the day on it is inactive (status 2).

    The path names the operation, or the meter by its EAN; both have to be those of the body.
    """
    start = dates.day(body.date, "date")
    here = standing_of(subject).community_id
    if id not in (str(body.id_sharing), body.id_meter):
        raise NoOperationToLeave
    operation = await store.hold(tx, here, body.id_sharing)
    if operation is None:
        raise NoOperationToLeave
    meter = (await meters.by_eans(tx, here, [body.id_meter])).get(body.id_meter)
    if meter is None:
        raise LeavingMeterUnknown
    await meters.hold(tx, [meter.id])
    latest = (await meters.latest_periods(tx, [meter.id])).get(meter.id)
    if latest is None:
        raise LeavingMeterWithoutData
    if not _is_inside(latest, operation.id, start):
        raise LeavingMeterElsewhere
    await _open(tx, [meter.id], start, status=meters.INACTIVE, sharing_operation_id=None)
    return DONE


def _is_inside(latest: meters.Period, operation_id: int, day: date) -> bool:
    """Whether a meter, as far as is known, is in an operation on a day: one that left it with a last day is not."""
    return latest.sharing_operation_id == operation_id and (latest.end_date is None or latest.end_date >= day)


async def _open(tx: Tx, meter_ids: Sequence[int], start: date, **changes: int | None) -> None:
    for each in meter_ids:
        await meters.open_period(tx, each, start, **changes)
