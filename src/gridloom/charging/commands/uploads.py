"""Uploads of logs and updates of firmware: what was asked for, and how far the station says it is."""

from datetime import datetime
from typing import Literal

from gridloom.charging.commands.addresses import without_secrets
from gridloom.charging.ocpp.public import Version
from gridloom.charging.stations.events import DiagnosticsProgressed, FirmwareProgressed
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events import emit

LogType = Literal["DiagnosticsLog", "SecurityLog"]
Progress = Literal["idle", "uploaded", "uploadfailed", "uploading"]
PROTOCOLS = {Version.V16: "ocpp 1.6", Version.V201: "ocpp 2.0.1"}
# What stations say of uploads, in both versions and in all of their messages.
PROGRESS: dict[str, Progress] = {
    "Idle": "idle", "Uploading": "uploading", "Uploaded": "uploaded", "UploadFailed": "uploadfailed",
    "UploadFailure": "uploadfailed", "BadMessage": "uploadfailed", "NotSupportedOperation": "uploadfailed",
    "PermissionDenied": "uploadfailed", "AcceptedCanceled": "uploadfailed",
}  # fmt: skip

# A station speaks for its satellites too.
SPOKEN_FOR = (
    "charge_point_id IN (SELECT p.id FROM charging.charge_point p "
    "WHERE p.id = :charge_point OR p.ocpp_connected_charge_point_id = :charge_point)"
)

_ASK = sql(
    "INSERT INTO charging.log_upload (tenant_id, charge_point_id, log_type, location, reason) "
    "VALUES (:tenant, :charge_point, :log_type, :location, :reason) RETURNING id"
)
_FORGET = sql("DELETE FROM charging.log_upload WHERE id = :id AND status = 'asked'")
# A quick station reports before its yes is written down: then its report stands.
_ACCEPT = sql(
    "UPDATE charging.log_upload SET status = CASE WHEN status = 'asked' THEN 'accepted' ELSE status END, "
    "file_name = :file_name, updated_at = now() WHERE id = :id RETURNING status"
)
_FIND = sql(
    f"SELECT id, charge_point_id, log_type, status FROM charging.log_upload WHERE {SPOKEN_FOR} "
    "AND id = coalesce(CAST(:number AS bigint), id) AND log_type = coalesce(CAST(:log_type AS text), log_type) "
    "ORDER BY id DESC LIMIT 1 FOR UPDATE"
)
_MOVE = sql("UPDATE charging.log_upload SET status = :status, updated_at = :at WHERE id = :id")

_ASK_FIRMWARE = sql(
    "INSERT INTO charging.firmware_execution (tenant_id, charge_point_id, location, is_signed, retrieve_at, protocol) "
    "VALUES (:tenant, :charge_point, :location, :is_signed, :retrieve_at, :protocol) RETURNING id"
)
_FORGET_FIRMWARE = sql("DELETE FROM charging.firmware_execution WHERE id = :id AND status = 'asked'")
_ACCEPT_FIRMWARE = sql(
    "UPDATE charging.firmware_execution SET status = 'accepted', updated_at = now() WHERE id = :id AND status = 'asked'"
)
_FIND_FIRMWARE = sql(
    f"SELECT id, charge_point_id, status FROM charging.firmware_execution WHERE {SPOKEN_FOR} "
    "AND id = coalesce(CAST(:number AS bigint), id) ORDER BY id DESC LIMIT 1 FOR UPDATE"
)
_MOVE_FIRMWARE = sql("UPDATE charging.firmware_execution SET status = :status, updated_at = :at WHERE id = :id")


async def ask_for_log(tx: Tx, charge_point: int, log_type: LogType, location: str, reason: str | None = None) -> int:
    """Write down an upload that a station is about to be asked for; gives the number of the request."""
    number: int = await tx.scalar(
        _ASK, tenant=tx.tenant, charge_point=charge_point, log_type=log_type, location=without_secrets(location),
        reason=reason,
    )  # fmt: skip
    return number


async def forget_log(tx: Tx, number: int) -> None:
    """The station said no."""
    await tx.run(_FORGET, id=number)


async def accept_log(tx: Tx, number: int, file_name: str | None) -> str:
    """The station said yes; gives the status."""
    status: str = await tx.scalar(_ACCEPT, id=number, file_name=file_name)
    return status


async def log_progressed(
    tx: Tx, charge_point: int, said: str, at: datetime, *, number: int | None, log_type: LogType | None = None
) -> None:
    """A station told how far an upload is. number: of the request, where the station names it; of this station only.

    Idle is what a station says that was asked and has nothing to do: it moves no request.
    """
    status = PROGRESS[said]
    if status == "idle":
        emit(tx, DiagnosticsProgressed(charge_point_id=charge_point, at=at, status=status))
        return
    row = await tx.one(_FIND, charge_point=charge_point, number=number, log_type=log_type)
    if row is None or row["status"] == status:
        return
    await tx.run(_MOVE, id=row["id"], status=status, at=at)
    if row["log_type"] == "DiagnosticsLog":
        told = DiagnosticsProgressed(charge_point_id=row["charge_point_id"], at=at, status=status, request_id=row["id"])
        emit(tx, told)


async def ask_for_firmware(
    tx: Tx, charge_point: int, location: str, at: datetime, version: Version, *, is_signed: bool
) -> int:
    """Write down an update that a station is about to be told; gives its number."""
    number: int = await tx.scalar(
        _ASK_FIRMWARE, tenant=tx.tenant, charge_point=charge_point, location=without_secrets(location),
        is_signed=is_signed, retrieve_at=at, protocol=PROTOCOLS[version],
    )  # fmt: skip
    return number


async def forget_firmware(tx: Tx, number: int) -> None:
    """The station said no."""
    await tx.run(_FORGET_FIRMWARE, id=number)


async def accept_firmware(tx: Tx, number: int) -> None:
    """The station said yes; what it has reported since stands."""
    await tx.run(_ACCEPT_FIRMWARE, id=number)


async def firmware_progressed(
    tx: Tx, charge_point: int, said: str, at: datetime, version: Version, *, number: int | None
) -> None:
    """A station told how far an update is, in its words. number: of the request, where it names it; of this station only.

    An update that nobody asked for here is told to those who listen, and belongs to no request.
    """
    row = None if said == "Idle" else await tx.one(_FIND_FIRMWARE, charge_point=charge_point, number=number)
    if (row is None and number is not None) or (row is not None and row["status"] == said):
        return
    if row is not None:
        await tx.run(_MOVE_FIRMWARE, id=row["id"], status=said, at=at)
    told = FirmwareProgressed(
        charge_point_id=charge_point if row is None else row["charge_point_id"], at=at, status=said,
        protocol=PROTOCOLS[version], request_id=number, execution_id=None if row is None else row["id"],
    )  # fmt: skip
    emit(tx, told)
