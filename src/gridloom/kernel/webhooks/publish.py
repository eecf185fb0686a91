"""From an event to the deliveries it makes."""

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
    SELECT id, format, events FROM webhooks.subscription WHERE tenant_id = CAST(:tenant AS integer) AND is_enabled
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

log = structlog.get_logger(__name__)


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
        if any(matches(pattern, told) for pattern in row["events"]):
            deliveries.add(row["id"], message_id, event_id, told, message)
