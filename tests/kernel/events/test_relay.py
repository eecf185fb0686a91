"""Every event reaches every handler that wants it; what a handler writes is written once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from tests.kernel.events.probes import Broken, Poured, make_due, mark, marks, pour, states

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.backoff import Backoff
from gridloom.kernel.events.event import Event, emit
from gridloom.kernel.events.handlers import Handlers, Received
from gridloom.kernel.events.letters import Backlog, backlog, dead_letters, prune, replay
from gridloom.kernel.events.listen import Listener
from gridloom.kernel.events.relay import Relay

QUICK = Backoff((0.0, 0.0), jitter=False)
LATER = Backoff((3600.0,), jitter=False)


@pytest.fixture
def handlers() -> Handlers:
    return Handlers()


@pytest.fixture
async def listener(telling: Database) -> AsyncIterator[Listener]:
    listener = Listener(telling, again_s=0.05)
    await listener.start()
    yield listener
    await listener.stop()


async def until(true: Callable[[], Awaitable[bool]], timeout_s: float = 10.0) -> None:
    """Wait until a condition holds."""
    async with asyncio.timeout(timeout_s):
        while not await true():  # noqa: ASYNC110  what it waits for happens in the database
            await asyncio.sleep(0.01)


async def test_each_handler_gets_each_event_it_asked_for_and_no_other(
    telling: Database, tenant: int, handlers: Handlers
) -> None:
    @handlers.on(Poured, name="pouring")
    async def pouring(tx: Tx, received: Received[Poured]) -> None:
        await mark(tx, "pouring", received.event.what)

    @handlers.on(Poured, Broken, name="both")
    async def both(tx: Tx, received: Received[Poured | Broken]) -> None:
        await mark(tx, "both", f"{received.name} {received.event.what}")

    @handlers.on("*", name="every")
    async def every(tx: Tx, received: Received[Event]) -> None:
        await mark(tx, "every", received.name)

    async with telling.tenant(tenant) as tx:
        emit(tx, Poured(what="milk"))
        emit(tx, Broken(what="jug"))
    assert await Relay(telling, handlers=handlers).drain() == 5
    assert await marks(telling, tenant, "pouring") == ["milk"]
    assert sorted(await marks(telling, tenant, "both")) == ["probe.jug.broken jug", "probe.jug.poured milk"]
    assert sorted(await marks(telling, tenant, "every")) == ["probe.jug.broken", "probe.jug.poured"]


async def test_a_handler_works_as_the_tenant_of_the_event(
    telling: Database, tenant: int, other_tenant: int, handlers: Handlers
) -> None:
    seen: dict[int, int] = {}

    @handlers.on(Poured, name="who")
    async def who(tx: Tx, received: Received[Poured]) -> None:
        seen[received.tenant] = tx.tenant
        assert await tx.scalar("SELECT count(DISTINCT tenant_id) FROM events.outbox") == 1

    await pour(telling, tenant, "a")
    await pour(telling, other_tenant, "b")
    await Relay(telling, handlers=handlers).drain()
    assert {number: seen[number] for number in (tenant, other_tenant)} == {tenant: tenant, other_tenant: other_tenant}


async def test_a_system_handler_sees_the_installation(telling: Database, tenant: int, handlers: Handlers) -> None:
    seen: list[int | None] = []

    @handlers.on(Poured, name="system", system=True)
    async def system(tx: Tx, received: Received[Poured]) -> None:
        seen.append(tx.tenant_id)
        await tx.run("INSERT INTO marks.mark (tenant_id, what) VALUES (:tenant, 'seen')", tenant=received.tenant)

    await pour(telling, tenant, "a")
    await Relay(telling, handlers=handlers).drain()
    assert set(seen) == {None}
    assert await marks(telling, tenant) == ["seen"]


async def test_what_a_failing_handler_wrote_is_undone_and_what_it_emitted_is_not_told(
    telling: Database, tenant: int, handlers: Handlers
) -> None:
    calls: list[int] = []

    @handlers.on(Poured, name="shaky", backoff=QUICK)
    async def shaky(tx: Tx, received: Received[Poured]) -> None:
        await mark(tx, "shaky", received.event.what)
        emit(tx, Broken(what=received.event.what))
        if received.tenant == tenant:
            calls.append(received.attempt)
            if len(calls) < 3:
                raise RuntimeError("not yet")

    await pour(telling, tenant, "milk")
    await Relay(telling, handlers=handlers).drain()
    assert calls == [1, 2, 3]
    assert await marks(telling, tenant) == ["milk"]
    assert await states(telling, tenant, "shaky") == [("milk", "done", 3)]
    async with telling.system() as tx:
        broken = "SELECT count(*) FROM events.outbox WHERE tenant_id = :tenant AND name = 'probe.jug.broken'"
        assert await tx.scalar(broken, tenant=tenant) == 1


async def test_a_handler_that_fails_holds_up_no_other_handler_and_no_other_aggregate(
    telling: Database, tenant: int, handlers: Handlers
) -> None:
    @handlers.on(Poured, name="picky", backoff=LATER)
    async def picky(tx: Tx, received: Received[Poured]) -> None:
        if received.event.what == "sour":
            raise ValueError("sour")
        await mark(tx, "picky", received.event.what)

    @handlers.on(Poured, name="easy")
    async def easy(tx: Tx, received: Received[Poured]) -> None:
        await mark(tx, "easy", received.event.what)

    await pour(telling, tenant, "sour", "behind it", jug=1)
    await pour(telling, tenant, "beside it", jug=2)
    await pour(telling, tenant, "alone")
    relay = Relay(telling, handlers=handlers)
    await relay.drain()
    assert sorted(await marks(telling, tenant, "picky")) == ["alone", "beside it"]
    assert sorted(await marks(telling, tenant, "easy")) == ["alone", "behind it", "beside it", "sour"]
    await pour(telling, tenant, "came later", jug=1)
    await relay.drain()
    assert sorted(await marks(telling, tenant, "picky")) == ["alone", "beside it"]
    assert await states(telling, tenant, "picky") == [
        ("sour", "waiting", 1),
        ("behind it", "waiting", 0),
        ("beside it", "done", 1),
        ("alone", "done", 1),
        ("came later", "waiting", 0),
    ]


async def test_an_event_that_is_given_up_is_a_dead_letter_and_lets_the_next_pass_in_order(
    telling: Database, tenant: int, other_tenant: int, handlers: Handlers
) -> None:
    cured: list[bool] = []

    @handlers.on(Poured, name="deadly", backoff=QUICK)
    async def deadly(tx: Tx, received: Received[Poured]) -> None:
        if received.event.what == "sour" and not cured:
            raise ValueError("sour milk")
        await mark(tx, "deadly", received.event.what)

    (sour, *_) = await pour(telling, tenant, "sour", "second", "third", jug=1)
    await pour(telling, other_tenant, "sour")
    relay = Relay(telling, handlers=handlers)
    await relay.drain()
    await make_due(telling, tenant)
    await relay.drain()
    assert await marks(telling, tenant) == ["second", "third"]
    async with telling.tenant(tenant) as tx:
        assert await backlog(tx) == Backlog(new=0, waiting=0, dead=1, oldest_s=0)
        (letter,) = await dead_letters(tx, handler="deadly")
    assert (letter.tenant, letter.event_id, letter.payload["what"]) == (tenant, sour, "sour")
    assert (letter.attempts, letter.error) == (3, "ValueError: sour milk")

    cured.append(True)
    async with telling.tenant(tenant) as tx:
        assert await replay(tx, handler="someone else") == 0
        assert await replay(tx, events=[sour]) == 1
        assert await replay(tx, events=[sour]) == 0
    await relay.drain()
    assert await marks(telling, tenant) == ["second", "third", "sour"]
    assert await marks(telling, other_tenant) == []
    async with telling.tenant(tenant) as tx:
        assert await dead_letters(tx) == []
    async with telling.tenant(other_tenant) as tx:
        assert len(await dead_letters(tx)) == 1


async def test_events_of_one_aggregate_are_handled_in_order_by_several_relays_at_once(
    telling: Database, tenant: int, listener: Listener
) -> None:
    failed: set[str] = set()
    relays = []
    for _ in range(3):
        handlers = Handlers()

        @handlers.on(Poured, name="ordered", backoff=QUICK)
        async def ordered(tx: Tx, received: Received[Poured]) -> None:
            what = received.event.what
            await mark(tx, "ordered", what)
            await asyncio.sleep(0.001)
            if received.tenant == tenant and int(what.split(":")[1]) % 7 == 3 and what not in failed:
                failed.add(what)
                raise RuntimeError("stumbled")

        relays.append(Relay(telling, handlers=handlers, listener=listener, batch=7, concurrency=2, poll_s=0.02))
    for relay in relays:
        await relay.start()
    for number in range(60):
        await pour(telling, tenant, f"{number % 4}:{number}", jug=number % 4)
    expected = [f"{number % 4}:{number}" for number in range(60)]

    async def all_marked() -> bool:
        return len(await marks(telling, tenant, "ordered")) >= 60

    await until(all_marked, 30)
    for relay in relays:
        await relay.stop()
    done = await marks(telling, tenant, "ordered")
    assert len(failed) == 9
    for jug in "0123":
        assert [each for each in done if each[0] == jug] == [each for each in expected if each[0] == jug]


async def test_a_batch_handler_gets_many_events_of_one_tenant_in_one_transaction(
    telling: Database, tenant: int, other_tenant: int, handlers: Handlers
) -> None:
    sizes: list[tuple[int, int]] = []

    @handlers.on(Poured, name="batch", batch=40)
    async def batch(tx: Tx, received: list[Received[Poured]]) -> None:
        sizes.append((tx.tenant, len(received)))
        assert {each.tenant for each in received} == {tx.tenant}
        await mark(tx, "batch", ",".join(each.event.what for each in received))

    await pour(telling, tenant, *map(str, range(100)))
    await pour(telling, other_tenant, "x", "y")
    await Relay(telling, handlers=handlers).drain()
    own = sorted(size for size in sizes if size[0] in (tenant, other_tenant))
    assert own == sorted([(tenant, 20), (tenant, 40), (tenant, 40), (other_tenant, 2)])
    assert ",".join(await marks(telling, tenant)).split(",") == [str(n) for n in range(100)]


async def test_one_bad_event_in_a_batch_fails_alone(telling: Database, tenant: int, handlers: Handlers) -> None:
    @handlers.on(Poured, name="strict-batch", batch=10, backoff=LATER)
    async def strict(tx: Tx, received: list[Received[Poured]]) -> None:
        for each in received:
            await mark(tx, "strict", each.event.what)
            if each.event.what == "bad":
                raise ValueError("bad")

    await pour(telling, tenant, "a", "bad", "b")
    await Relay(telling, handlers=handlers).drain()
    assert sorted(await marks(telling, tenant)) == ["a", "b"]
    assert [state for _, state, _ in await states(telling, tenant, "strict-batch")] == ["done", "waiting", "done"]


async def test_a_condition_keeps_a_general_handler_from_what_it_does_not_need(
    telling: Database, tenant: int, other_tenant: int, handlers: Handlers
) -> None:
    @handlers.on("*", name="chosen", when=f"o.tenant_id = {tenant} AND o.aggregate IS NOT NULL")
    async def chosen(tx: Tx, received: Received[Poured]) -> None:
        await mark(tx, "chosen", received.event.what)

    await pour(telling, tenant, "loose")
    await pour(telling, tenant, "in a jug", jug=1)
    await pour(telling, other_tenant, "elsewhere", jug=1)
    await Relay(telling, handlers=handlers).drain()
    assert await states(telling, tenant, "chosen") == [("in a jug", "done", 1)]
    assert await states(telling, other_tenant, "chosen") == []


async def test_a_relay_wakes_when_an_event_is_committed(
    telling: Database, tenant: int, handlers: Handlers, listener: Listener
) -> None:
    came = asyncio.Event()

    @handlers.on(Poured, name="woken")
    async def woken(_: Tx, received: Received[Poured]) -> None:
        if received.tenant == tenant:
            came.set()

    relay = Relay(telling, handlers=handlers, listener=listener, poll_s=3600)
    await relay.start()
    await asyncio.sleep(0.2)
    await pour(telling, tenant, "milk")
    async with asyncio.timeout(5):
        await came.wait()
    await relay.stop()


async def test_a_relay_without_notifications_looks_by_itself(
    telling: Database, tenant: int, handlers: Handlers
) -> None:
    came = asyncio.Event()

    @handlers.on(Poured, name="polled")
    async def polled(_: Tx, received: Received[Poured]) -> None:
        if received.tenant == tenant:
            came.set()

    relay = Relay(telling, handlers=handlers, poll_s=0.05)
    await relay.start()
    await asyncio.sleep(0.1)
    await pour(telling, tenant, "milk")
    async with asyncio.timeout(5):
        await came.wait()
    await relay.stop()


async def test_the_listener_comes_back_when_its_connection_is_cut(telling: Database, listener: Listener) -> None:
    heard: list[str] = []
    listener.on("probe_channel", heard.append)

    async def connected() -> bool:
        return listener.is_connected and heard == [""]

    await until(connected)
    async with telling.system() as tx:
        await tx.run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE query LIKE 'LISTEN%' AND pid <> pg_backend_pid() AND datname = current_database()"
        )

    async def again() -> bool:
        return heard == ["", ""]

    await until(again)
    async with telling.system() as tx:
        await tx.run("SELECT pg_notify('probe_channel', 'hello')")

    async def hello() -> bool:
        return heard == ["", "", "hello"]

    await until(hello)


async def test_a_handler_cancelled_between_its_work_and_its_commit_is_called_again_and_counts_once(
    telling: Database, tenant: int
) -> None:
    calls: list[str] = []
    stuck = asyncio.Event()

    async def work(tx: Tx, received: Received[Poured]) -> None:
        await mark(tx, "cancelled", received.event.what)
        if received.tenant == tenant:
            calls.append(str(received.id))
            if len(calls) == 1:
                stuck.set()
                await asyncio.sleep(3600)

    first, second = Handlers(), Handlers()
    for handlers in (first, second):
        handlers.on(Poured, name="cancelled")(work)
    (event_id,) = await pour(telling, tenant, "milk")
    relay = Relay(telling, handlers=first, poll_s=0.05)
    await relay.start()
    await stuck.wait()
    await relay.stop(grace_s=0.01)
    assert await marks(telling, tenant) == []
    assert await states(telling, tenant, "cancelled") == [("milk", "waiting", 0)]
    await Relay(telling, handlers=second).drain()
    assert calls == [str(event_id), str(event_id)]
    assert await marks(telling, tenant) == ["milk"]


async def test_a_handler_that_takes_too_long_has_failed(telling: Database, tenant: int, handlers: Handlers) -> None:
    @handlers.on(Poured, name="sleepy", timeout_s=0.05, backoff=LATER)
    async def sleepy(tx: Tx, received: Received[Poured]) -> None:
        await mark(tx, "sleepy", received.event.what)
        await asyncio.sleep(3600)

    await pour(telling, tenant, "milk")
    await Relay(telling, handlers=handlers).drain()
    assert await states(telling, tenant, "sleepy") == [("milk", "waiting", 1)]
    assert await marks(telling, tenant) == []


async def test_a_slow_handler_does_not_hold_up_another(
    telling: Database, tenant: int, handlers: Handlers, listener: Listener
) -> None:
    let_go, came = asyncio.Event(), asyncio.Event()

    @handlers.on(Poured, name="slow")
    async def slow(_: Tx, received: Received[Poured]) -> None:
        if received.tenant == tenant:
            await let_go.wait()

    @handlers.on(Poured, name="fast")
    async def fast(_: Tx, received: Received[Poured]) -> None:
        if received.tenant == tenant and received.event.what == "second":
            came.set()

    relay = Relay(telling, handlers=handlers, listener=listener, poll_s=0.1)
    await relay.start()
    await pour(telling, tenant, "first")
    await asyncio.sleep(0.1)
    await pour(telling, tenant, "second")
    async with asyncio.timeout(5):
        await came.wait()
    let_go.set()
    await relay.stop()


async def test_old_events_are_pruned_once_everyone_has_taken_them(
    telling: Database, tenant: int, handlers: Handlers
) -> None:
    @handlers.on(Poured, name="pruned", backoff=Backoff(()))
    async def pruned(_: Tx, received: Received[Poured]) -> None:
        if received.event.what == "dead":
            raise ValueError

    await pour(telling, tenant, "old", "dead", "new")
    await Relay(telling, handlers=handlers).drain()
    await pour(telling, tenant, "not relayed")
    async with telling.system() as tx:
        await tx.run(
            "UPDATE events.outbox SET occurred_at = now() - interval '31 days'"
            " WHERE tenant_id = :tenant AND payload->>'what' <> 'new'",
            tenant=tenant,
        )
        assert await prune(tx, keep_days=30, limit=1000) >= 1
        left = await tx.all("SELECT payload FROM events.outbox WHERE tenant_id = :tenant ORDER BY id", tenant=tenant)
    assert [row["payload"]["what"] for row in left] == ["dead", "new", "not relayed"]
    assert [what for what, _, _ in await states(telling, tenant, "pruned")] == ["dead", "new"]


def test_a_handler_is_refused_that_could_not_be_told_apart_or_listens_to_nothing(handlers: Handlers) -> None:
    async def work(tx: Tx, received: Received[Poured]) -> None: ...

    handlers.on(Poured, name="one")(work)
    with pytest.raises(ValueError, match="two handlers are called one"):
        handlers.on(Broken, name="one")(work)
    with pytest.raises(ValueError, match="listens to no event"):
        handlers.on(name="none")(work)
    with pytest.raises(ValueError, match="is no name of a handler"):
        handlers.on(Poured, name="a'; DROP TABLE x")(work)
    with pytest.raises(ValueError, match="a condition goes with"):
        handlers.on(Poured, name="conditional", when="TRUE")(work)
    assert list(handlers.known) == ["one"]
