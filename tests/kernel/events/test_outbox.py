"""An event is told when, and only if, its transaction commits."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import structlog
from tests.kernel.events.probes import Broken, Poured, mark, marks, pour

from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.tables import metadata
from gridloom.kernel.events.event import Event, emit, kind
from gridloom.kernel.events.handlers import Handlers, Received
from gridloom.kernel.events.relay import Relay

NOON = datetime(2026, 3, 29, 12, tzinfo=UTC)


async def told(db: Database, tenant: int) -> list[dict[str, Any]]:
    async with db.system() as tx:
        rows = await tx.all("SELECT * FROM events.outbox WHERE tenant_id = :tenant ORDER BY id", tenant=tenant)
    return [dict(row) for row in rows]


async def test_an_event_is_written_with_everything_a_listener_needs(telling: Database, tenant: int) -> None:
    with clock.at(NOON), structlog.contextvars.bound_contextvars(request_id="req-1"):
        async with telling.tenant(tenant) as tx:
            event_id = emit(tx, Poured(what="milk", jug=4, litres=Decimal("0.10")), key="once")
    (row,) = await told(telling, tenant)
    position = row.pop("id")
    assert isinstance(position, int)
    assert row == {
        "tenant_id": tenant,
        "event_id": event_id,
        "name": "probe.jug.poured",
        "version": 1,
        "aggregate": "jug:4",
        "payload": {"what": "milk", "jug": 4, "litres": "0.10", "at": None, "by": None},
        "key": "once",
        "request_id": "req-1",
        "occurred_at": NOON,
        "relayed_at": None,
    }


async def test_a_transaction_that_rolls_back_tells_nothing(telling: Database, tenant: int) -> None:
    async def fail() -> None:
        async with telling.tenant(tenant) as tx:
            emit(tx, Poured(what="milk"))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    assert await told(telling, tenant) == []


async def test_several_events_take_one_statement_and_keep_their_order(telling: Database, tenant: int) -> None:
    async with telling.tenant(tenant) as tx:
        for number in range(50):
            emit(tx, Poured(what=str(number), jug=number % 3))
        assert tx.statements == 0
        running = tx
    assert running.statements == 1
    assert [row["payload"]["what"] for row in await told(telling, tenant)] == [str(n) for n in range(50)]


async def test_one_transaction_may_tell_about_very_many_aggregates(telling: Database, tenant: int) -> None:
    async with telling.tenant(tenant) as tx:
        for number in range(20_000):
            emit(tx, Poured(what="", jug=number))
    async with telling.system() as tx:
        count = "SELECT count(DISTINCT aggregate) FROM events.outbox WHERE tenant_id = :tenant"
        assert await tx.scalar(count, tenant=tenant) == 20_000
        await tx.run("DELETE FROM events.outbox WHERE tenant_id = :tenant", tenant=tenant)


async def test_of_two_events_with_one_key_the_first_is_kept(telling: Database, tenant: int, other_tenant: int) -> None:
    for owner, what in ((tenant, "first"), (tenant, "second"), (other_tenant, "elsewhere")):
        async with telling.tenant(owner) as tx:
            emit(tx, Poured(what=what), key="invoice-1")
    assert [row["payload"]["what"] for row in await told(telling, tenant)] == ["first"]
    assert [row["payload"]["what"] for row in await told(telling, other_tenant)] == ["elsewhere"]


async def test_a_tenant_cannot_tell_events_in_the_name_of_another(
    telling: Database, tenant: int, other_tenant: int
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with telling.tenant(tenant) as tx:
            emit(tx, Poured(what="forged"), tenant=other_tenant)
    assert await told(telling, other_tenant) == []


async def test_the_installation_names_the_tenant_of_an_event(telling: Database, tenant: int) -> None:
    with pytest.raises(LookupError):
        async with telling.system() as tx:
            emit(tx, Poured(what="whose?"))
    async with telling.system() as tx:
        emit(tx, Poured(what="theirs"), tenant=tenant)
    assert [row["payload"]["what"] for row in await told(telling, tenant)] == ["theirs"]


async def test_positions_of_one_aggregate_follow_the_commits_even_when_transactions_overlap(
    telling: Database, tenant: int
) -> None:
    async def one(number: int) -> None:
        async with telling.tenant(tenant) as tx:
            emit(tx, Poured(what=str(number), jug=1))
            await asyncio.sleep(0.001 * (number % 5))
        finished.append(str(number))

    async with telling.system() as tx:
        await tx.run(
            "CREATE OR REPLACE FUNCTION marks.commits() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            "INSERT INTO marks.mark (tenant_id, who, what) VALUES (NEW.tenant_id, 'commit', NEW.payload->>'what');"
            " RETURN NULL; END $$"
        )
        await tx.run(
            "CREATE CONSTRAINT TRIGGER commits AFTER INSERT ON events.outbox DEFERRABLE INITIALLY DEFERRED"
            " FOR EACH ROW EXECUTE FUNCTION marks.commits()"
        )
    finished: list[str] = []
    try:
        await asyncio.gather(*(one(number) for number in range(40)))
    finally:
        async with telling.system() as tx:
            await tx.run("DROP TRIGGER commits ON events.outbox")
    committed = await marks(telling, tenant, "commit")
    assert sorted(finished, key=int) == [str(n) for n in range(40)]
    assert [row["payload"]["what"] for row in await told(telling, tenant)] == committed


async def test_an_event_that_commits_late_is_not_skipped(telling: Database, tenant: int) -> None:
    handlers = Handlers()

    @handlers.on(Poured, name="late")
    async def note(tx, received):  # type: ignore[no-untyped-def]
        await mark(tx, "late", received.event.what)

    relay = Relay(telling, handlers=handlers)
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow() -> None:
        async with telling.tenant(tenant) as tx:
            await tx.run(
                "INSERT INTO events.outbox (tenant_id, event_id, name, version, payload, occurred_at)"
                " VALUES (:tenant, gen_random_uuid(), 'probe.jug.poured', 1, CAST(:payload AS jsonb), now())",
                tenant=tenant,
                payload={"what": "early number, late commit"},
            )
            begun.set()
            await go_on.wait()

    task = asyncio.create_task(slow())
    await begun.wait()
    await pour(telling, tenant, "later number")
    await relay.drain()
    assert await marks(telling, tenant) == ["later number"]
    go_on.set()
    await task
    await relay.drain()
    assert await marks(telling, tenant) == ["later number", "early number, late commit"]


def test_a_received_event_is_the_one_that_was_emitted() -> None:
    sent = Poured(what="milk", litres=Decimal("1.20"), at=NOON, by=UUID(int=7))
    payload = {"what": "milk", "jug": None, "litres": "1.20", "at": "2026-03-29T12:00:00Z", "by": str(UUID(int=7))}
    received: Received[Poured] = Received(UUID(int=1), 1, 1, Poured.name, 1, None, NOON, None, 1, payload)
    assert received.event == sent


def test_an_event_of_an_older_version_is_brought_up_to_date() -> None:
    class Renamed(Event):
        name = "probe.renamed"
        version = 2
        label: str

        @classmethod
        def upgraded(cls, version, payload):  # type: ignore[no-untyped-def]
            return {"label": payload["title"]} if version == 1 else payload

    old: Received[Renamed] = Received(UUID(int=1), 1, 1, Renamed.name, 1, None, NOON, None, 1, {"title": "a"})
    new: Received[Renamed] = Received(UUID(int=1), 1, 1, Renamed.name, 2, None, NOON, None, 1, {"label": "b"})
    assert old.event.label == "a"
    assert new.event.label == "b"


def test_two_events_with_one_name_are_refused_and_the_first_stays() -> None:
    with pytest.raises(TypeError, match=r"two events are called probe\.jug\.broken"):
        type("Other", (Event,), {"name": "probe.jug.broken", "__annotations__": {}, "__module__": __name__})
    assert kind("probe.jug.broken") is Broken


def test_the_outbox_can_be_added_to_and_not_changed_by_a_tenant() -> None:
    assert metadata.tables["events.outbox"].info["rights"] == "SELECT, INSERT"
    assert metadata.tables["events.handling"].info["rights"] == "SELECT, UPDATE"
