"""Whose a personal charge point is, who else may use it, and through which station EVSEs speak: nobody is asked for these."""

import asyncpg
from msgspec import UNSET

from gridloom.charging.commands import moving
from gridloom.charging.commands.actions.common import TAGS, V1, V2, WRITE
from gridloom.charging.commands.schemas import Move, OwnerWrite, SharingCodeWrite
from gridloom.charging.csms.public import Refused406
from gridloom.charging.drivers.public import driver
from gridloom.charging.stations.events import ChargePointChanged, EvseChanged
from gridloom.charging.stations.public import station_of_caller
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.events import emit
from gridloom.kernel.http.operation import action

_OWN = sql("UPDATE charging.charge_point SET user_id = :user, updated_at = now() WHERE id = :id")
_SHARE = sql("UPDATE charging.charge_point SET sharing_code = :code, updated_at = now() WHERE id = :id")


@action(
    "POST", f"{V1}/change-owner", scope=WRITE, answers={202: None}, faults=(NotFound, Refused406, Invalid),
    name="chargePointChangeOwner", tags=TAGS,
)  # fmt: skip
async def change_owner(tx: Tx, charge_point: int, body: OwnerWrite) -> None:
    """Give a personal charge point to a user, or to nobody. Guests stay. 406: it is not personal, or the user is disabled."""
    row = await station_of_caller(tx, charge_point, lock=True)
    user = body.user_id or None
    if row["type"] != "personal":
        raise Refused406("Only a personal charge point has an owner.")
    if user is not None:
        person = await driver(tx, user)
        if person is None or person.operator_id != row["operator_id"]:
            raise Invalid("The operator of this charge point has no such user.", field="userId")
        if person.status != "enabled":
            raise Refused406("The user is disabled.")
    await tx.run(_OWN, id=charge_point, user=user)
    emit(tx, ChargePointChanged(charge_point_id=charge_point, action="updated"))


@action(
    "POST", f"{V2}/change-sharing-code", scope=WRITE, answers={202: None}, faults=(NotFound, Refused406, Invalid),
    name="chargePointChangeSharingCode", tags=TAGS,
)  # fmt: skip
async def change_sharing_code(tx: Tx, charge_point: int, body: SharingCodeWrite) -> None:
    """Set the code by which others use a personal charge point; without one there is none any more."""
    row = await station_of_caller(tx, charge_point, lock=True)
    if row["type"] != "personal":
        raise Refused406("Only a personal charge point is shared by a code.")
    code = None if body.sharing_code is UNSET else body.sharing_code
    try:
        async with tx.savepoint():
            await tx.run(_SHARE, id=charge_point, code=code or None)
    except asyncpg.UniqueViolationError:
        raise Invalid("This value is taken already.", field="sharingCode") from None
    emit(tx, ChargePointChanged(charge_point_id=charge_point, action="updated"))


@action(
    "POST", f"{V1}/move-evses-to-satellite", scope=WRITE, answers={202: None}, faults=(NotFound, Invalid),
    name="chargePointMoveEvsesToSatellite", tags=TAGS,
)  # fmt: skip
async def move_evses(tx: Tx, charge_point: int, body: Move) -> None:
    """Give EVSEs to a satellite that speaks through this charge point; their numbers stay, all of them move or none."""
    await station_of_caller(tx, charge_point, lock=True)
    for evse in await moving.move(tx, charge_point, body.satellite_charge_point_id, body.evse_ids):
        emit(tx, EvseChanged(charge_point_id=body.satellite_charge_point_id, evse_id=evse, action="updated"))
