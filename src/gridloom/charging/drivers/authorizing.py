"""Reading tags and drivers for a decision, and writing down what was decided."""

from typing import Any

import msgspec

from gridloom.charging.drivers.authorization_schemas import Decision, Method, RoamingPartner
from gridloom.charging.drivers.events import AuthorizationChanged
from gridloom.charging.drivers.rules import Driver, KnownTag
from gridloom.charging.drivers.uids import uid_key
from gridloom.charging.drivers.user_schemas import Activity
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import emit

_DRIVER = (
    "d.id AS driver_id, d.operator_id AS driver_operator, d.status AS driver_status, d.sessions_allowed, "
    "d.skips_pre_authorization, d.skips_unpaid_session_check, d.partner_id, "
    "ARRAY(SELECT m.group_id FROM charging.user_group_member m WHERE m.tenant_id = d.tenant_id AND m.driver_id = d.id "
    "ORDER BY m.group_id) AS group_ids "
)
_BY_ID = sql(f"SELECT {_DRIVER} FROM charging.driver d WHERE d.id = :id AND d.deleted_at IS NULL")
_BY_UID = sql(
    f"SELECT t.id, t.operator_id, t.uid, t.type, t.status, t.expire_at, t.payment_method_id, {_DRIVER} "
    "FROM charging.id_tag t LEFT JOIN charging.driver d "
    "ON d.tenant_id = t.tenant_id AND d.id = t.driver_id AND d.deleted_at IS NULL "
    "WHERE t.uid_key = :key AND t.operator_id = coalesce(CAST(:operator_id AS bigint), t.operator_id) ORDER BY t.id LIMIT 1"
)
_RECORD = sql(
    "INSERT INTO charging.authorization (tenant_id, operator_id, method, source, status, rejection_reason, driver_id, "
    "id_tag_uid, roaming, charge_point_id, evse_id, created_at, updated_at) VALUES (:tenant_id, :operator_id, :method, "
    ":source, :status, :rejection_reason, :driver_id, :id_tag_uid, :roaming, :charge_point_id, :evse_id, :now, :now) "
    "RETURNING id"
)
_DECIDE = sql(
    "UPDATE charging.authorization SET status = :status, rejection_reason = :reason, updated_at = :now "
    "WHERE id = :id AND status = 'pending'"
)
_LINK = sql(
    "UPDATE charging.authorization SET session_ids = array_append(session_ids, CAST(:session_id AS bigint)), updated_at = :now "
    "WHERE id = :id AND NOT CAST(:session_id AS bigint) = ANY(session_ids)"
)
_ACTIVE = sql("UPDATE charging.driver SET last_activity_at = :now, last_activity_source = :source WHERE id = :id")


async def id_tag(tx: Tx, uid: str, *, operator_id: int | None = None) -> KnownTag | None:
    """The tag with this identifier, however it is written; of one operator, or of any (then the oldest)."""
    row = await tx.one(_BY_UID, key=uid_key(uid), operator_id=operator_id)
    if row is None:
        return None
    names = ("id", "operator_id", "uid", "type", "status", "expire_at", "payment_method_id")
    return KnownTag(
        **{name: row[name] for name in names}, driver=_driver(row) if row["driver_id"] is not None else None
    )


async def driver(tx: Tx, driver_id: int) -> Driver | None:
    """A driver; None for an unknown or a deleted one."""
    row = await tx.one(_BY_ID, id=driver_id)
    return None if row is None else _driver(row)


async def record_authorization(
    tx: Tx,
    *,
    method: Method,
    status: Decision,
    operator_id: int | None,
    rejection_reason: str | None = None,
    driver_id: int | None = None,
    id_tag_uid: str | None = None,
    charge_point_id: int | None = None,
    evse_id: int | None = None,
    roaming: RoamingPartner | None = None,
) -> int:
    """Write down a decision; gives its number. driver_id: None for somebody without a name here. roaming: who vouched.

    A reason belongs to a rejection and to nothing else: ValueError. An accepted tag counts as an activity of its driver.
    """
    _has_its_reason(status, rejection_reason)
    now = clock.now()
    number = await tx.scalar(
        _RECORD,
        tenant_id=tx.tenant,
        operator_id=operator_id,
        method=method,
        source="local" if roaming is None else "roaming",
        status=status,
        rejection_reason=rejection_reason,
        driver_id=driver_id,
        id_tag_uid=id_tag_uid,
        roaming=None if roaming is None else msgspec.to_builtins(roaming),
        charge_point_id=charge_point_id,
        evse_id=evse_id,
        now=now,
    )
    emit(tx, AuthorizationChanged(authorization_id=number, action="created"))
    if driver_id is not None and status == "accepted" and method in ("id_tag", "mac_address"):
        await record_activity(tx, driver_id, "id_tag_authorization")
    return int(number)


async def decide_authorization(tx: Tx, number: int, status: Decision, rejection_reason: str | None = None) -> bool:
    """Accept or reject what was pending; False when it was decided before, which stays. ValueError as for recording."""
    if status == "pending":
        raise ValueError("a decision accepts or rejects")
    _has_its_reason(status, rejection_reason)
    if not await tx.run(_DECIDE, id=number, status=status, reason=rejection_reason, now=clock.now()):
        return False
    emit(tx, AuthorizationChanged(authorization_id=number, action="updated"))
    return True


async def link_session(tx: Tx, number: int, session_id: int) -> None:
    """Say that a session came of an authorization; saying it twice changes nothing."""
    await tx.run(_LINK, id=number, session_id=session_id, now=clock.now())


async def record_activity(tx: Tx, driver_id: int, source: Activity) -> None:
    """A driver did something just now. It is no change of the user: lastUpdatedAt stays."""
    await tx.run(_ACTIVE, id=driver_id, source=source, now=clock.now())


def _has_its_reason(status: Decision, reason: str | None) -> None:
    if (status == "rejected") != bool(reason):
        raise ValueError("a rejection has a reason, and nothing else has one")


def _driver(row: Any) -> Driver:
    return Driver(
        id=row["driver_id"],
        operator_id=row["driver_operator"],
        status=row["driver_status"],
        sessions_allowed=row["sessions_allowed"],
        skips_pre_authorization=row["skips_pre_authorization"],
        skips_unpaid_session_check=row["skips_unpaid_session_check"],
        partner_id=row["partner_id"],
        group_ids=tuple(row["group_ids"]),
    )
