"""Entries of the logs, and the state that they leave on the station. A late entry is kept and changes no state."""

from datetime import datetime

from gridloom.charging.stations.logs.tables import hardware_status_log, network_status_log
from gridloom.charging.stations.operators.store import insert_of
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

_POINT_STATE = sql(
    "UPDATE charging.charge_point SET hardware_status = :status, hardware_status_at = :at, vendor_error_code = :code, "
    "updated_at = now() WHERE id = :charge_point AND (hardware_status_at IS NULL OR hardware_status_at <= :at)"
)
_EVSE_STATE = sql(
    "UPDATE charging.evse SET hardware_status = :status, hardware_status_at = :at, updated_at = now() "
    "WHERE id = :evse AND charge_point_id = :charge_point AND (hardware_status_at IS NULL OR hardware_status_at <= :at)"
)
_NETWORK_STATE = sql(
    "UPDATE charging.charge_point SET network_status = :status, network_status_at = :at, "
    "first_contact_at = coalesce(first_contact_at, CASE WHEN CAST(:status AS text) = 'available' THEN :at END), "
    "updated_at = now() WHERE id = :charge_point AND (network_status_at IS NULL OR network_status_at <= :at)"
)


async def append_hardware_status(
    tx: Tx,
    charge_point_id: int,
    status: str,
    at: datetime,
    *,
    evse_id: int | None = None,
    error_code: str = "NoError",
    vendor_id: str | None = None,
    info: str | None = None,
    vendor_error_code: str | None = None,
) -> None:
    """Keep a state that the station (or one of its EVSEs) reported; the newest one is the state it is shown with.

    status: a word of `tables.HARDWARE_STATUSES`, of `tables.EVSE_HARDWARE` with an EVSE. at: when it was so (UTC).
    """
    columns = {
        "tenant_id": tx.tenant, "charge_point_id": charge_point_id, "evse_id": evse_id, "status": status,
        "error_code": error_code, "vendor_id": vendor_id, "info": info, "vendor_error_code": vendor_error_code, "at": at,
    }  # fmt: skip
    await tx.run(insert_of(hardware_status_log, columns), **columns)
    if evse_id is None:
        await tx.run(_POINT_STATE, charge_point=charge_point_id, status=status, at=at, code=vendor_error_code)
    else:
        await tx.run(_EVSE_STATE, evse=evse_id, charge_point=charge_point_id, status=status, at=at)


async def append_network_status(tx: Tx, charge_point_id: int, status: str, at: datetime) -> None:
    """Keep whether the station could be reached (`tables.NETWORK_STATUSES`); the newest one is what it is shown with."""
    columns = {"tenant_id": tx.tenant, "charge_point_id": charge_point_id, "status": status, "at": at}
    await tx.run(insert_of(network_status_log, columns), **columns)
    await tx.run(_NETWORK_STATE, charge_point=charge_point_id, status=status, at=at)
