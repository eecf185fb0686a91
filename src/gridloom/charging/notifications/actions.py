"""Subscribing as the first version has it, and sending again what was given up."""

from datetime import UTC, datetime, timedelta

from msgspec import UNSET, UnsetType

from gridloom.charging.notifications import resources
from gridloom.charging.notifications.resources import ROOT, SCOPE, TAGS
from gridloom.charging.notifications.schemas import OldSubscription, OldSubscriptionWrite, Resend
from gridloom.charging.notifications.subscribing import FORMAT
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Conflict, Invalid, NotFound
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.operation import action
from gridloom.kernel.webhooks.letters import replay

COOL_DOWN = timedelta(minutes=15)
_TICK = timedelta(microseconds=1)

_FOUND = sql(
    "SELECT is_enabled, attributes ->> 'resent_at' AS resent_at FROM webhooks.subscription WHERE id = :id "
    "AND owner = :format AND (CAST(:realm AS bigint) IS NULL OR realm = :realm) FOR UPDATE"
)
_RESENT = sql(
    "UPDATE webhooks.subscription SET attributes = attributes || jsonb_build_object('resent_at', CAST(:now AS text)) "
    "WHERE id = :id"
)


@action(
    "POST", f"{ROOT}/v1.0", scope=f"{SCOPE}:write", answers={201: OldSubscription}, faults=(Invalid,), tags=TAGS,
    deprecated=True, wrapped=False, name="notificationsSubscribeDeprecated",
)  # fmt: skip
async def subscribe_older(tx: Tx, call: Call, body: OldSubscriptionWrite) -> OldSubscription:
    """Be told by HTTP of what happens. Messages are signed with the token of this request."""
    made: OldSubscription = await resources.old_subscriptions.create(tx, body, {}, call=call)
    return made


@action(
    "POST", "notifications/v1.0/{notification}/resend", scope=f"{SCOPE}:write", answers={202: None},
    faults=(NotFound, Conflict, Invalid), tags=("action / notifications",), name="notificationsResendFailed",
)  # fmt: skip
async def resend(tx: Tx, notification: int, body: Resend) -> None:
    """Send once more what a subscription was to be told and could not be; what fails again is given up again.

    At most once in a quarter of an hour, and only while the subscription is enabled.
    """
    realm = tx.subject.attributes.get("operator_id") if tx.subject is not None else None
    found = await tx.one(_FOUND, id=notification, format=FORMAT, realm=realm)
    if found is None:
        raise NotFound
    if not found["is_enabled"]:
        raise Conflict("This subscription is disabled.")
    now = clock.now()
    if found["resent_at"] is not None and now - datetime.fromisoformat(found["resent_at"]) < COOL_DOWN:
        raise Conflict("This was asked for less than 15 minutes ago.")
    until = _instant(body.end_time)
    await replay(
        tx,
        subscription=notification,
        events=body.notifications,
        since=_instant(body.start_time),
        until=None if until is None else until + _TICK,
        once=True,
    )
    await tx.run(_RESENT, id=notification, now=now.isoformat())


def _instant(given: datetime | UnsetType) -> datetime | None:
    if given is UNSET:
        return None
    return given if given.tzinfo is not None else given.replace(tzinfo=UTC)
