"""From an event to the deliveries it makes."""

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

import structlog

from gridloom.kernel import ids
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.handlers import Received
from gridloom.kernel.webhooks.formats import Formats, Message, matches

CHANNEL = "gridloom_webhooks"

_SUBSCRIPTIONS = sql("""
    SELECT id, format, events, realm FROM webhooks.subscription WHERE tenant_id = CAST(:tenant AS integer) AND is_enabled
    ORDER BY id
""")

_DELIVER = sql(f"""
    WITH written AS (
        INSERT INTO webhooks.delivery
            (tenant_id, subscription_id, message_id, event_id, event, entity_type, entity_id, body)
        SELECT CAST(:tenant AS integer), d.* FROM unnest(
            CAST(:subscriptions AS bigint[]), CAST(:messages AS uuid[]), CAST(:event_ids AS uuid[]),
            CAST(:events AS text[]), CAST(:types AS text[]), CAST(:entities AS text[]), CAST(:bodies AS text[])
        ) AS d
        ON CONFLICT (tenant_id, subscription_id, message_id) DO NOTHING
        RETURNING 1
    )
    SELECT count(*), pg_notify('{CHANNEL}', '') FROM written
""")

# Names wanted of a format are remembered for so long, so that asking for each message of a station costs nothing.
_REMEMBERED_S = 3.0
_REMEMBERED_MOST = 10_000

log = structlog.get_logger(__name__)

_wanted: dict[tuple[int, str], tuple[float, tuple[str, ...]]] = {}


class Deliveries:
    """Rows to be written in one statement."""

    def __init__(self) -> None:
        self._rows: list[tuple[Any, ...]] = []

    def add(self, subscription: int, message_id: UUID, event_id: UUID | None, event: str, message: Message) -> None:
        """One message for one subscription."""
        entity = (message.entity_type, message.entity_id)
        self._rows.append((subscription, message_id, event_id, event, *entity, message.body()))

    async def write(self, tx: Tx, tenant: int) -> int:
        """Write them, and wake the senders at the commit; gives how many are new."""
        if not self._rows:
            return 0
        names = ("subscriptions", "messages", "event_ids", "events", "types", "entities", "bodies")
        columns = dict(zip(names, map(list, zip(*self._rows, strict=True)), strict=True))
        count: int = await tx.scalar(_DELIVER, tenant=tenant, **columns)
        return count


async def publish(tx: Tx, formats: Formats, received: Sequence[Received[Any]]) -> int:
    """Make the deliveries of some events of the transaction's tenant; gives how many there are."""
    deliveries = Deliveries()
    subscriptions = await tx.all(_SUBSCRIPTIONS, tenant=tx.tenant)
    for name in sorted({row["format"] for row in subscriptions}):
        if name not in formats.known:
            log.warning("webhook_format_unknown", format=name, tenant=tx.tenant)
            continue
        chosen = [row for row in subscriptions if row["format"] == name]
        patterns = {pattern for row in chosen for pattern in row["events"]}
        for each in received:
            for place, (told, tell) in enumerate(formats.known[name].of(each.name, patterns)):
                message = await tell(tx, each)
                if message is not None:
                    message_id = each.id if place == 0 else uuid5(each.id, told)
                    _address(deliveries, chosen, told, message, message_id, each.id)
    return await deliveries.write(tx, tx.tenant)


async def tell(tx: Tx, *, format: str, event: str, message: Message) -> int:  # noqa: A002  the column's name
    """Tell the subscribers of a format something that is no event of the program; gives how many are told."""
    deliveries = Deliveries()
    chosen = [row for row in await tx.all(_SUBSCRIPTIONS, tenant=tx.tenant) if row["format"] == format]
    _address(deliveries, chosen, event, message, ids.uuid7(), None)
    return await deliveries.write(tx, tx.tenant)


def _address(
    deliveries: Deliveries, rows: Sequence[Any], told: str, message: Message, message_id: UUID, event_id: UUID | None
) -> None:
    for row in rows:
        is_concerned = row["realm"] in (None, message.realm)
        if is_concerned and any(matches(pattern, told) for pattern in row["events"]):
            deliveries.add(row["id"], message_id, event_id, told, message)


async def is_wanted(tx: Tx, format_name: str, notification_name: str) -> bool:
    """Whether an enabled subscription of the transaction's tenant wants this notification of a format.

    For events that are not worth writing when nobody listens. Remembered for three seconds, except what this process
    changes through `subscriptions`: somebody who has just subscribed in another process may miss what happens meanwhile.
    """
    key = (tx.tenant, format_name)
    known = _wanted.get(key)
    if known is None or known[0] < time.monotonic():
        rows = [row["events"] for row in await tx.all(_SUBSCRIPTIONS, tenant=tx.tenant) if row["format"] == format_name]
        known = (time.monotonic() + _REMEMBERED_S, tuple({pattern for events in rows for pattern in events}))
        if len(_wanted) >= _REMEMBERED_MOST:
            _wanted.clear()
        _wanted[key] = known
    return any(matches(pattern, notification_name) for pattern in known[1])


def forget_wanted(tenant: int) -> None:
    """Look anew the next time somebody asks `is_wanted`: the tenant's subscriptions changed."""
    for key in [key for key in _wanted if key[0] == tenant]:
        del _wanted[key]
