"""Webhooks listen to every event of the tenants that have subscriptions."""

from collections.abc import Sequence
from typing import Any

from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.handlers import EVERY, Received, on
from gridloom.kernel.webhooks.formats import registry
from gridloom.kernel.webhooks.publish import publish

SOMEBODY_SUBSCRIBES = "EXISTS (SELECT FROM webhooks.subscription AS s WHERE s.tenant_id = o.tenant_id AND s.is_enabled)"


@on(EVERY, name="webhooks.publish", batch=200, when=SOMEBODY_SUBSCRIBES)
async def publish_events(tx: Tx, received: Sequence[Received[Any]]) -> None:
    """Make a delivery for each subscription that wants to be told."""
    await publish(tx, registry, received)
