"""Saying in events that a station or a part of it was written; what declared resources call after a write."""

from collections.abc import Mapping
from typing import Any

from gridloom.charging.gone import Gone, remains
from gridloom.charging.stations.events import ChargePointChanged, EvseChanged
from gridloom.charging.stations.older.presented import older_charge_point
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import emit
from gridloom.kernel.http.resource import Done

_EVSES = sql("SELECT id FROM charging.evse WHERE charge_point_id = :charge_point ORDER BY id")
_OPERATOR = sql("SELECT operator_id FROM charging.charge_point WHERE id = :id")


async def point_written(tx: Tx, done: Done, item: Any, _: Mapping[str, Any]) -> None:
    """A charge point came or changed; that one goes is told before it does."""
    if done != "deleted":
        emit(tx, ChargePointChanged(charge_point_id=item.id, action=done))


async def point_goes(tx: Tx, current: Any) -> None:
    """A charge point is about to go, and its EVSEs with it."""
    number, operator = current["id"], current["operator_id"]
    gone = await remains(tx, "ChargePointChangedNotification", operator, await older_charge_point(tx, number))
    for row in await tx.all(_EVSES, charge_point=number):
        went = Gone(operator_id=operator)
        emit(tx, EvseChanged(charge_point_id=number, evse_id=row["id"], action="deleted", gone=went))
    emit(tx, ChargePointChanged(charge_point_id=number, action="deleted", gone=gone))


async def evse_written(tx: Tx, done: Done, item: Any, path: Mapping[str, Any]) -> None:
    """An EVSE came, changed or went."""
    point = path.get("chargePoint") or item.charge_point_id
    gone = Gone(operator_id=await tx.scalar(_OPERATOR, id=point)) if done == "deleted" else None
    emit(tx, EvseChanged(charge_point_id=point, evse_id=item.id, action=done, gone=gone))


async def connector_written(tx: Tx, _: Done, __: Any, path: Mapping[str, Any]) -> None:
    """A connector came, changed or went: its EVSE changed."""
    emit(tx, EvseChanged(charge_point_id=path["chargePoint"], evse_id=path["evse"], action="updated"))


async def evses_made(tx: Tx, charge_point_id: int) -> None:
    """A new charge point came with EVSEs."""
    for row in await tx.all(_EVSES, charge_point=charge_point_id):
        emit(tx, EvseChanged(charge_point_id=charge_point_id, evse_id=row["id"], action="created"))
