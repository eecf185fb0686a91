"""How many are let in, how often, and who stays when two want one name."""

import asyncio

import pytest
from tests.charging.ocpp.support import (
    SECRET,
    UNHURRIED,
    Memory,
    Notebook,
    Recorder,
    ask,
    dial,
    limits,
    listening,
    refused,
    station,
    until,
    works,
)
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from gridloom.charging.ocpp.admission import (
    Failures,
    Flapping,
    Policy,
)
from gridloom.charging.ocpp.connection import Connection
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.ocpp.ports import Incident

# Limits


async def test_too_many_failures_of_an_address_are_stopped_before_any_lookup() -> None:
    memory, notebook = Memory(station()), Notebook()
    policy = Policy(failures_per_address=3, failures_per_id=100)
    async with listening(stations=memory, policy=policy, journal=notebook) as (listener, handler):
        for number in range(3):
            assert (await refused(dial(listener, f"GUESS-{number}"))).response.status_code == 401
        refusal = await refused(dial(listener, "CP-1", SECRET))
        assert refusal.response.status_code == 429
        assert 1 <= int(refusal.response.headers["Retry-After"]) <= 60
    assert memory.lookups == 3
    assert handler.connections == []
    assert notebook.incidents[-1][:2] == (Incident.THROTTLED, "CP-1")


async def test_too_many_failures_of_a_name_are_stopped_but_not_where_it_was_proven() -> None:
    policy = Policy(failures_per_id=3, failures_per_address=100, trusted_proxies=("127.0.0.1",), connects=100)
    home, thief = {"X-Forwarded-For": "192.0.2.1"}, {"X-Forwarded-For": "192.0.2.66"}
    async with listening(policy=policy) as (listener, _):
        async with dial(listener, headers=home) as socket:
            assert await works(socket)
        for _ in range(3):
            assert (
                await refused(dial(listener, password="wrong-password-16", headers=thief))
            ).response.status_code == 401
        # Even the right password is not tried any more from there.
        assert (await refused(dial(listener, headers=thief))).response.status_code == 429
        async with dial(listener, headers=home) as socket:
            assert await works(socket)


def test_failures_are_forgotten_after_the_window_and_memory_is_bounded() -> None:
    failures = Failures(2, window=60, size=3)
    failures.add("a", 0)
    assert failures.wait("a", 1) == 0
    failures.add("a", 10)
    assert failures.wait("a", 10) == 50
    assert failures.wait("a", 60) == 0
    failures.add("a", 61)
    assert failures.wait("a", 61) == 0
    for key in "bcd":
        failures.add(key, 62)
    assert len(failures._counts) == 3


async def test_a_station_that_comes_and_goes_waits_and_the_others_do_not() -> None:
    memory = Memory(station("FLAPS"), station("CALM"))
    async with listening(stations=memory, policy=Policy(connects=5)) as (listener, _):
        for _ in range(5):
            async with dial(listener, "FLAPS") as socket:
                assert await works(socket)
        before = memory.lookups
        for _ in range(15):
            refusal = await refused(dial(listener, "FLAPS"))
            assert refusal.response.status_code == 429
            assert refusal.response.headers["Retry-After"] == "1"
        assert memory.lookups == before
        async with dial(listener, "CALM") as socket:
            assert await works(socket)
        await asyncio.sleep(1.05)
        async with dial(listener, "FLAPS") as socket:
            assert await works(socket)


def test_each_further_connection_doubles_the_wait_up_to_a_bound_and_quiet_ends_it() -> None:
    flapping = Flapping(Policy(connects=3, first_wait=1, longest_wait=8, steady=60))
    now, waits = 0.0, []
    for _ in range(8):
        flapping.connected("a", "10.0.0.1", now)
        waits.append(flapping.wait("a", "10.0.0.1", now))
        now += waits[-1]
    assert waits == [0, 0, 1, 2, 4, 8, 8, 8]
    flapping.connected("a", "10.0.0.1", now + 60)
    assert flapping.wait("a", "10.0.0.1", now + 60) == 0


def test_a_station_elsewhere_does_not_wait_for_one_of_its_name() -> None:
    flapping = Flapping(Policy(connects=1, first_wait=10))
    flapping.connected("a", "10.0.0.1", 0.0)
    assert flapping.wait("a", "10.0.0.1", 1.0) == 9.0
    assert flapping.wait("a", "10.0.0.2", 1.0) == 0.0


async def test_no_more_connections_than_allowed() -> None:
    known = [station(f"CP-{number}") for number in range(3)]
    async with listening(*known, policy=Policy(connections=2)) as (listener, _):
        async with dial(listener, "CP-0"), dial(listener, "CP-1"):
            await until(lambda: listener.count == 2)
            refusal = await refused(dial(listener, "CP-2"))
            assert refusal.response.status_code == 503
            async with dial(listener, "CP-1") as again:
                assert await works(again)
        await until(lambda: listener.count == 0)
        async with dial(listener, "CP-2") as socket:
            assert await works(socket)


async def test_sockets_that_prove_nothing_are_bounded_and_end() -> None:
    async with listening(policy=Policy(handshakes=5, handshake=0.5, connects=100)) as (listener, _):
        idle = [await asyncio.open_connection("127.0.0.1", listener.port) for _ in range(5)]
        await until(lambda: listener.handshakes == 5)
        more = await asyncio.open_connection("127.0.0.1", listener.port)
        assert await asyncio.wait_for(idle[0][0].read(), 0.4) == b""  # the oldest went for it
        assert listener.handshakes == 5
        await until(lambda: listener.handshakes == 0)
        async with dial(listener) as socket:
            assert await works(socket)
        for _, writer in (*idle, more):
            writer.close()


async def test_a_store_that_is_away_is_not_a_wrong_password() -> None:
    memory = Memory(station())
    memory.broken = True
    async with listening(stations=memory, policy=Policy(failures_per_address=1)) as (listener, _):
        for _ in range(3):
            refusal = await refused(dial(listener))
            assert refusal.response.status_code == 503
        memory.broken = False
        async with dial(listener) as socket:
            assert await works(socket)


async def test_an_unknown_station_is_recorded_only_by_policy_and_never_let_in() -> None:
    for record, expected in ((False, []), (True, [("NEW", "127.0.0.1", Version.V201)])):
        memory = Memory(station())
        policy = Policy(record_unknown=record, pending_per_minute=1)
        async with listening(stations=memory, policy=policy) as (listener, handler):
            for name in ("NEW", "NEWER"):
                refusal = await refused(dial(listener, name, version=Version.V201))
                assert refusal.response.status_code == 401
        assert memory.recorded == expected
        assert handler.connections == []


# Two for one name


class Ordered(Recorder):
    """Remembers in which order stations come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.order: list[tuple[str, int]] = []

    async def connected(self, connection: Connection) -> None:
        """Number it."""
        await super().connected(connection)
        self.order.append(("came", len(self.connections)))

    async def disconnected(self, connection: Connection) -> None:
        """Its number."""
        await asyncio.sleep(0.05)
        await super().disconnected(connection)
        self.order.append(("went", self.connections.index(connection) + 1))


async def test_a_newcomer_with_the_same_credential_takes_the_place_and_the_old_one_ends_first() -> None:
    handler = Ordered()
    async with listening(handler=handler) as (listener, _):
        old = await dial(listener)
        assert await works(old)
        async with dial(listener) as new:
            assert await works(new)
            with pytest.raises(ConnectionClosed):
                await old.recv()
            assert old.close_code == CloseCode.POLICY_VIOLATION
            assert handler.order == [("came", 1), ("went", 1), ("came", 2)]
            assert listener.connection((1, "CP-1")) is handler.connections[1]
            assert listener.count == 1


async def test_a_newcomer_without_the_credential_leaves_the_old_one_alone() -> None:
    async with listening() as (listener, handler), dial(listener) as old:
        assert await works(old)
        for password in (None, "wrong-password-16"):
            assert (await refused(dial(listener, password=password))).response.status_code == 401
        assert (await ask(old, 2, "2", "Heartbeat", {}))[0] == 3
        assert handler.gone == []


async def test_where_nothing_is_proven_the_old_connection_stays_as_long_as_it_lives() -> None:
    policy = Policy(old_answers_within=0.2, connects=100)
    async with listening(station(password=None, profile=0), policy=policy, limits=limits(closing=0.2)) as (
        listener,
        handler,
    ):
        old = await dial(listener, password=None)
        assert await works(old)
        assert (await refused(dial(listener, password=None))).response.status_code == 409
        assert (await ask(old, 2, "2", "Heartbeat", {}))[0] == 3
        old.transport.pause_reading()  # it answers no ping any more
        async with dial(listener, password=None) as new:
            assert await works(new)
            assert handler.gone == handler.connections[:1]
        old.transport.abort()


async def test_newcomers_all_at_once_end_with_exactly_one() -> None:
    handler = Ordered()
    async with listening(handler=handler, limits=UNHURRIED) as (listener, _):
        sockets = await asyncio.gather(*(dial(listener) for _ in range(10)))
        await until(lambda: len(handler.connections) == 10 and len(handler.gone) == 9)
        assert listener.count == 1
        assert handler.order == [each for number in range(1, 11) for each in (("came", number), ("went", number))][:-1]
        for socket in sockets:
            await socket.close()
    assert len(handler.gone) == 10
