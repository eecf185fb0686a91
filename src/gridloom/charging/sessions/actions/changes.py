"""What the office may still change about a session: whose it is, by which tariff it is priced, and how it is paid."""

from datetime import timedelta
from typing import Any

from gridloom.charging.sessions import billing, lifecycle, periods, store
from gridloom.charging.sessions.schemas import AssignUser, ChangeTariff, RetryPayment
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Conflict, Invalid, NotFound
from gridloom.kernel.http.operation import action

TAGS = ("action / session",)
SCOPE = "charging.sessions:write"
LONGEST = timedelta(hours=3)
"""A session that has run so long keeps its tariff."""

_LOCKED = sql(
    "SELECT * FROM charging.session WHERE id = :id AND operator_id = coalesce(CAST(:owner AS bigint), operator_id) "
    "FOR NO KEY UPDATE"
)
_DRIVER = sql(
    "SELECT id FROM charging.driver WHERE id = :id AND operator_id = :operator AND deleted_at IS NULL FOR KEY SHARE"
)
_TARIFF = sql("SELECT id FROM charging.tariff WHERE id = :id AND operator_id = :operator FOR KEY SHARE")
_ROAMS = sql("SELECT roaming_operator_id IS NOT NULL FROM charging.charge_point WHERE id = :station")


async def session_of_caller(tx: Tx, session_id: int) -> Any:
    """A session that whoever acts may change, locked. Raises NotFound."""
    owner = tx.subject.attributes.get("operator_id") if tx.subject is not None else None
    row = await tx.one(_LOCKED, id=session_id, owner=owner)
    if row is None:
        raise NotFound
    return row


@action(
    "POST", "session/v1.0/{session}/assign-user", scope=SCOPE, answers={202: None}, faults=(NotFound, Conflict, Invalid),
    name="sessionAssignToUser", tags=TAGS,
)  # fmt: skip
async def assign_user(tx: Tx, session: int, body: AssignUser) -> None:
    """Give a session that nobody owns to a user, once its bill is made. There is no way back, and the price stays."""
    row = await session_of_caller(tx, session)
    if await tx.scalar(_DRIVER, id=body.user_id, operator=row["operator_id"]) is None:
        raise Invalid("There is no such user.", field="userId")
    if row["billing_status"] != "completed":
        raise Conflict("The bill of this session is not made yet.")
    if row["driver_id"] is not None:
        raise Conflict("This session has a user.")
    await store.change(tx, session, driver_id=body.user_id)
    lifecycle.updated(tx, row)


@action(
    "POST", "session/v1.0/{session}/change-tariff", scope=SCOPE, answers={202: None}, faults=(NotFound, Conflict, Invalid),
    name="sessionChangeTariff", tags=TAGS,
)  # fmt: skip
async def change_tariff(tx: Tx, session: int, body: ChangeTariff) -> None:
    """Price a session by another tariff, from its start on."""
    row = await session_of_caller(tx, session)
    if await tx.scalar(_TARIFF, id=body.tariff_id, operator=row["operator_id"]) is None:
        raise Invalid("There is no such tariff.", field="tariffId")
    await _refuse_change(tx, row)
    await billing.price_by(tx, session, body.tariff_id)
    if row["status"] == "finished":
        await lifecycle.bill_again(tx, session)
        return
    await periods.refresh(tx, await store.present(tx, session), clock.now())
    lifecycle.updated(tx, row)


async def _refuse_change(tx: Tx, row: Any) -> None:
    """Raises Conflict for the first thing that keeps the tariff as it is."""
    if row["billing_status"] == "completed":
        raise Conflict("The bill of this session is made.")
    if row["status"] == "active" and clock.now() - row["started_at"] > LONGEST:
        raise Conflict("This session has been running for more than three hours.")
    if await tx.scalar(_ROAMS, station=row["charge_point_id"]):
        raise Conflict("There is no charge detail record of this session of a roaming partner.")
    if row["is_recalculating"]:
        raise Conflict("The price of this session is being recalculated.")
    if row["status"] not in ("active", "finished"):
        raise Conflict("The charge point has not said that this session started.")


@action(
    "POST", "session/v1.0/{session}/retry-payment", scope=SCOPE, answers={202: None}, faults=(NotFound, Conflict, Invalid),
    name="sessionRetryPayment", tags=TAGS,
)  # fmt: skip
async def retry_payment(tx: Tx, session: int, body: RetryPayment) -> None:
    """Try a payment again that has failed. Nothing takes money here yet, so that none has, and each try is refused (409)."""
    row = await session_of_caller(tx, session)
    if row["status"] != "finished":
        raise Conflict("This session has not finished.")
    if row["billing_status"] != "completed":
        raise Conflict("The bill of this session is not made yet.")
    if row["payment_status"] not in ("failed", "partially"):
        raise Conflict("No payment of this session has failed.")
    card = "" if not body.payment_method_id else f" {body.payment_method_id}"
    raise Conflict(f"The payment method{card} cannot be charged: nothing that takes money is connected.")
