"""Events and marks for the tests of the relay."""

from datetime import datetime
from decimal import Decimal
from uuid import UUID

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import Event, emit


class Poured(Event):
    """Something was poured into a jug."""

    name = "probe.jug.poured"

    what: str
    jug: int | None = None
    litres: Decimal | None = None
    at: datetime | None = None
    by: UUID | None = None

    def aggregate(self) -> str | None:
        return None if self.jug is None else f"jug:{self.jug}"


class Broken(Event):
    """A jug broke."""

    name = "probe.jug.broken"

    what: str


async def mark(tx: Tx, who: str, what: str) -> None:
    """Leave a mark that lives and dies with the transaction."""
    await tx.run(
        "INSERT INTO marks.mark (tenant_id, who, what) VALUES (:tenant, :who, :what)",
        tenant=tx.tenant,
        who=who,
        what=what,
    )


async def marks(db: Database, tenant: int, who: str | None = None) -> list[str]:
    """What was marked for a tenant, in the order of the commits' rows."""
    async with db.system() as tx:
        rows = await tx.all(
            "SELECT what FROM marks.mark WHERE tenant_id = :tenant"
            " AND (CAST(:who AS text) IS NULL OR who = CAST(:who AS text)) ORDER BY id",
            tenant=tenant,
            who=who,
        )
    return [row["what"] for row in rows]


async def pour(db: Database, tenant: int, *things: str, jug: int | None = None) -> list[UUID]:
    """One transaction that pours these things."""
    async with db.tenant(tenant) as tx:
        return [emit(tx, Poured(what=thing, jug=jug)) for thing in things]


async def states(db: Database, tenant: int, handler: str) -> list[tuple[str, str, int]]:
    """(what, status, attempts) of a tenant's events with one handler, by position."""
    async with db.system() as tx:
        rows = await tx.all(
            "SELECT o.payload, h.status, h.attempts FROM events.handling h"
            " JOIN events.outbox o ON o.tenant_id = h.tenant_id AND o.id = h.position"
            " WHERE h.tenant_id = :tenant AND h.handler = :handler ORDER BY h.position",
            tenant=tenant,
            handler=handler,
        )
    return [(row["payload"]["what"], row["status"], row["attempts"]) for row in rows]


async def make_due(db: Database, tenant: int) -> None:
    """Let the time of every waiting row of a tenant come."""
    async with db.system() as tx:
        await tx.run(
            "UPDATE events.handling SET next_at = now() WHERE tenant_id = :tenant AND status = 'waiting'",
            tenant=tenant,
        )
