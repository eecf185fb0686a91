"""Subscribers with a real server, and the way of an event from its transaction to their door."""

import hashlib
import hmac
import json
from typing import Any

from tests.charging.notifications.contract import wrong_in
from tests.kernel.webhooks.partner import Partner, Request
from tests.suites.client import Caller

from gridloom.kernel.database.pool import Database
from gridloom.kernel.events.event import Event, emit
from gridloom.kernel.events.handlers import Received
from gridloom.kernel.security.sealing import Sealer
from gridloom.kernel.webhooks.formats import discover
from gridloom.kernel.webhooks.publish import publish
from gridloom.kernel.webhooks.sender import Sender

ROOT = "/public-api/notifications/v2.0"
OLD = "/public-api/notifications/v1.0"


async def subscribed(caller: Caller, partner: Partner, *names: str, path: str = "/hook") -> int:
    """The number of a new subscription."""
    body = {
        "via": "webhook",
        "notifications": list(names),
        "webhook": {"callbackUrl": f"http://127.0.0.1:{partner.port}{path}"},
    }
    answer = await caller.post(ROOT, json=body)
    assert answer.status_code == 201, answer.text
    return int(answer.json()["data"]["id"])


async def emitted(caller: Caller, *events: Event) -> None:
    """Something happens to the tenant."""
    async with caller.application.database.tenant(caller.tenant) as tx:
        for event in events:
            emit(tx, event)


async def relayed(database: Database, tenant: int) -> None:
    """Make the deliveries of what one tenant's outbox holds; others' events stay where they are."""
    async with database.system() as tx:
        rows = await tx.all(
            "SELECT * FROM events.outbox WHERE tenant_id = :tenant AND relayed_at IS NULL ORDER BY id", tenant=tenant
        )
        await tx.run("UPDATE events.outbox SET relayed_at = now() WHERE tenant_id = :tenant", tenant=tenant)
    found = [
        Received(
            id=row["event_id"], position=row["id"], tenant=tenant, name=row["name"], version=row["version"],
            aggregate=row["aggregate"], occurred_at=row["occurred_at"], request_id=None, attempt=1, payload=row["payload"],
        )
        for row in rows
    ]  # fmt: skip
    async with database.tenant(tenant) as tx:
        await publish(tx, discover(), found)


async def told(caller: Caller, partner: Partner) -> list[Any]:
    """What the partner was told since the last time, in the order of the deliveries."""
    before = len(partner.requests)
    await relayed(caller.application.database, caller.tenant)
    await sent(caller)
    return [json.loads(each.body) for each in partner.requests[before:]]


async def sent(caller: Caller) -> None:
    """Send what is due of this tenant."""
    services = caller.application.services
    sender = Sender(caller.application.database, services.part(Sealer), allow_private=True, timeout_s=5)
    async with caller.application.database.tenant(caller.tenant) as tx:
        rows = await tx.all(
            "SELECT id FROM webhooks.delivery WHERE status = 'waiting' AND next_at <= now() ORDER BY id"
        )
    for row in rows:
        await sender.send_now(caller.tenant, row["id"])
    await sender.stop()


async def deliveries(caller: Caller) -> list[Any]:
    async with caller.application.database.tenant(caller.tenant) as tx:
        return await tx.all("SELECT * FROM webhooks.delivery ORDER BY id")


async def long_after(caller: Caller) -> None:
    """Whatever waits is due."""
    async with caller.application.database.tenant(caller.tenant) as tx:
        await tx.run("UPDATE webhooks.delivery SET next_at = now() WHERE status = 'waiting'")


def token_of(caller: Caller) -> str:
    return str(caller.client.headers["authorization"]).removeprefix("Bearer ")


def is_signed(request: Request, token: str) -> bool:
    """Whether the body was signed with the token, calculated as a subscriber would."""
    expected = hmac.new(token.encode(), request.body, hashlib.sha256).hexdigest()
    return request.headers["x-signature"] == expected


async def silence(caller: Caller) -> None:
    """What happened so far is nobody's news."""
    async with caller.application.database.system() as tx:
        await tx.run("UPDATE events.outbox SET relayed_at = now() WHERE tenant_id = :tenant", tenant=caller.tenant)


async def one(caller: Caller, partner: Partner, name: str, *events: Any) -> dict[str, Any]:
    """The one message that subscribers of a name get, checked against the contract."""
    await subscribed(caller, partner, name)
    await emitted(caller, *events)
    (body,) = await told(caller, partner)
    assert body["notification"] == name
    assert wrong_in(body) == []
    return dict(body)
