"""Entries of the logs, and the state that they leave on the station. A late entry is kept and changes no state."""

from datetime import datetime

from gridloom.charging.stations.events import NetworkStatusChanged
from gridloom.charging.stations.logs.hardware import HardwareStatus, append_hardware_statuses
from gridloom.charging.stations.logs.tables import network_status_log
from gridloom.charging.stations.operators.store import insert_of
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import emit

# Gives whether the state is another one than before; nothing when what comes is older than what is known.
_NETWORK_STATE = sql(
    "UPDATE charging.charge_point c SET network_status = :status, network_status_at = :at, "
    "first_contact_at = coalesce(first_contact_at, CASE WHEN CAST(:status AS text) = 'available' THEN :at END), "
    "updated_at = now() FROM (SELECT id, network_status FROM charging.charge_point WHERE id = :charge_point FOR NO KEY UPDATE) b "
    "WHERE c.id = b.id AND (c.network_status_at IS NULL OR c.network_status_at <= :at) "
    "RETURNING b.network_status IS DISTINCT FROM c.network_status"
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
    told = HardwareStatus(charge_point_id, evse_id, status, at, error_code, vendor_id, info, vendor_error_code)
    await append_hardware_statuses(tx, [told])


async def append_network_status(tx: Tx, charge_point_id: int, status: str, at: datetime) -> None:
    """Keep whether the station could be reached (`tables.NETWORK_STATUSES`); the newest one is what it is shown with."""
    columns = {"tenant_id": tx.tenant, "charge_point_id": charge_point_id, "status": status, "at": at}
    await tx.run(insert_of(network_status_log, columns), **columns)
    if await tx.scalar(_NETWORK_STATE, charge_point=charge_point_id, status=status, at=at):
        emit(tx, NetworkStatusChanged(charge_point_id=charge_point_id, at=at, status=status))
