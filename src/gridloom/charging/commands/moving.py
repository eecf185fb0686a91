"""EVSEs that go from a station to one that speaks through it."""

from collections.abc import Sequence

import asyncpg

from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid

_SATELLITE = sql(
    "SELECT 1 FROM charging.charge_point WHERE id = :id AND ocpp_connected_charge_point_id = :master FOR SHARE"
)
_HERE = sql(
    "SELECT id FROM charging.evse WHERE charge_point_id = :charge_point AND id = ANY(CAST(:ids AS bigint[])) FOR UPDATE"
)
# Connectors point at station and EVSE together, so both change in one statement.
_MOVE = sql(
    "WITH moved AS (UPDATE charging.evse SET charge_point_id = :satellite, updated_at = now() "
    "WHERE charge_point_id = :charge_point AND id = ANY(CAST(:ids AS bigint[])) RETURNING id) "
    "UPDATE charging.connector SET charge_point_id = :satellite WHERE charge_point_id = :charge_point "
    "AND evse_id IN (SELECT id FROM moved)"
)


_PROFILES = sql(
    "UPDATE charging.charging_profile SET charge_point_id = :satellite, updated_at = now() "
    "WHERE charge_point_id = :charge_point AND CAST(evse_number AS text) IN "
    "(SELECT network_id FROM charging.evse WHERE id = ANY(CAST(:ids AS bigint[])))"
)
_RESERVATIONS = sql(
    "UPDATE charging.reservation SET charge_point_id = :satellite WHERE evse_id = ANY(CAST(:ids AS bigint[]))"
)


async def move(tx: Tx, charge_point: int, satellite: int, evse_ids: Sequence[int]) -> list[int]:
    """Move EVSEs of a station to its satellite; gives their ids. Raises Invalid naming each that is not there to move."""
    if await tx.one(_SATELLITE, id=satellite, master=charge_point) is None:
        told = "This is no satellite of the charge point."
        raise Invalid(told, field="satelliteChargePointId")
    ids = list(dict.fromkeys(evse_ids))
    here = {row["id"] for row in await tx.all(_HERE, charge_point=charge_point, ids=ids)}
    missing = [
        FieldError("body", ("evseIds", index), "The charge point has no such EVSE.")
        for index, each in enumerate(evse_ids)
        if each not in here
    ]
    if missing:
        raise Invalid(errors=missing)
    try:
        async with tx.savepoint():
            await tx.run(_MOVE, charge_point=charge_point, satellite=satellite, ids=ids)
    except asyncpg.UniqueViolationError:
        raise Invalid("The satellite has an EVSE of the same number already.", field="evseIds") from None
    await tx.run(_PROFILES, charge_point=charge_point, satellite=satellite, ids=ids)
    await tx.run(_RESERVATIONS, satellite=satellite, ids=ids)
    return ids
