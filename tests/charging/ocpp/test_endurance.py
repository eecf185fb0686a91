"""One socket under stress: bursts, deaf and dead stations, failing handlers, and the end of the server."""

import asyncio
import itertools
import json
import statistics
from typing import Any

import pytest
from tests.charging.ocpp.support import (
    METER_VALUES,
    TIME,
    UNHURRIED,
    Memory,
    Notebook,
    Recorder,
    ask,
    dial,
    heard,
    limits,
    listening,
    station,
    the_station,
    until,
)
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from gridloom.charging.ocpp.connection import Connection, Limits
from gridloom.charging.ocpp.messages.schemas import Payload
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.ocpp.outcomes import Offline
from gridloom.charging.ocpp.ports import Frame, Station

# Bursts


async def test_a_burst_is_held_back_at_the_socket_and_nothing_of_it_is_lost() -> None:
    count, release = 5_000, asyncio.Event()

    async def held(_: Station, __: Version, ___: str, payload: Payload) -> Payload:
        await release.wait()
        return {}

    async with (
        listening(answers=held, limits=limits(inbox=4, frames=4)) as (listener, handler),
        dial(listener) as socket,
    ):
        connection = await the_station(handler)
        payload = METER_VALUES | {"transactionId": 1}
        padding = " " * 4_000  # so that it does not all fit into the buffers of the socket

        async def burst() -> None:
            for number in range(count):
                message = json.dumps([2, str(number), "MeterValues", payload | {"transactionId": number}])
                await socket.send(message + padding)

        sending = asyncio.create_task(burst())
        reading = asyncio.create_task(answers_of(socket, count))
        await asyncio.sleep(0.5)
        assert not sending.done()
        assert len(handler.handled) == 1
        assert connection._inbox.qsize() == 4
        assert not connection._socket.transport.is_reading()
        release.set()
        answered = await asyncio.wait_for(reading, 60)
        await sending
    assert [payload["transactionId"] for _, _, payload in handler.handled] == list(range(count))
    assert answered == [[3, str(number), {}] for number in range(count)]


async def answers_of(socket: ClientConnection, count: int) -> list[Any]:
    """So many frames."""
    return [json.loads(await socket.recv()) for _ in range(count)]


async def test_a_station_that_sends_without_pause_does_not_make_another_wait() -> None:
    """The other's p99, counted in messages of the flood that are handled meanwhile: a handful, not the burst."""
    flood = 0

    async def count(who: Station, *_: Any) -> Payload:
        nonlocal flood
        flood += who.network_id == "FLOOD"
        return TIME

    memory = Memory(station("FLOOD"), station("OTHER"))
    async with (
        listening(stations=memory, answers=count) as (listener, _),
        dial(listener, "FLOOD") as loud,
        dial(listener, "OTHER") as quiet,
    ):

        async def flooding() -> None:
            for number in itertools.count():
                await loud.send(f'[2,"{number}","Heartbeat",{{}}]')
                if number % 10 == 0:
                    await asyncio.sleep(0)

        async def draining() -> None:
            async for _ in loud:
                pass

        tasks = [asyncio.create_task(flooding()), asyncio.create_task(draining())]
        await until(lambda: flood > 1_000)
        waits = []
        for number in range(200):
            before = flood
            await ask(quiet, 2, f"q{number}", "Heartbeat", {})
            waits.append(flood - before)
        at_the_end = flood
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        loud.transport.abort()
    assert at_the_end > 1_200
    assert statistics.quantiles(waits, n=100)[98] <= 50


async def test_answers_to_nothing_without_pause_do_not_stop_the_loop() -> None:
    memory = Memory(station("FLOOD"), station("OTHER"))
    async with (
        listening(stations=memory) as (listener, _),
        dial(listener, "FLOOD") as loud,
        dial(listener, "OTHER") as quiet,
    ):
        for number in range(20_000):
            await loud.send(f'[3,"{number}",{{}}]')
        assert (await ask(quiet, 2, "1", "Heartbeat", {}))[0] == 3
        assert (await ask(loud, 2, "1", "Heartbeat", {}))[0] == 3


async def test_a_station_gets_no_more_than_its_share_for_long() -> None:
    async with listening(limits=Limits(rate=50, burst=10)) as (listener, handler), dial(listener) as socket:
        for number in range(40):
            await socket.send(f'[2,"{number}","Heartbeat",{{}}]')
        started = asyncio.get_running_loop().time()
        await answers_of(socket, 40)
        assert asyncio.get_running_loop().time() - started >= 0.5
    assert len(handler.handled) == 40


async def test_a_station_that_does_not_read_is_cut_off_and_the_others_go_on() -> None:
    large = {"status": "Accepted", "data": "x" * 900_000}

    async def much(_: Station, __: Version, action: str, ___: Payload) -> Payload:
        return large if action == "DataTransfer" else TIME

    memory = Memory(station("DEAF"), station("OTHER"))
    async with (
        listening(stations=memory, answers=much, limits=limits(sending=0.3)) as (listener, handler),
        dial(listener, "OTHER") as other,
    ):
        deaf = await dial(listener, "DEAF")
        deaf.transport.pause_reading()
        for number in range(40):
            await deaf.send(json.dumps([2, str(number), "DataTransfer", {"vendorId": "x"}]))
        while not handler.gone:
            assert (await ask(other, 2, f"{len(handler.handled)}-{listener.count}", "Heartbeat", {}))[0] == 3
            await asyncio.sleep(0.01)
        assert [each.station.network_id for each in handler.gone] == ["DEAF"]
        deaf.transport.abort()


# Silence


async def test_a_half_open_socket_is_found_and_a_silent_station_that_answers_pings_stays() -> None:
    memory = Memory(station("DEAD"), station("SILENT"))
    async with (
        listening(stations=memory, limits=limits(ping=0.15, pong=0.15, closing=0.1)) as (listener, handler),
        dial(listener, "SILENT") as silent,
    ):
        dead = await dial(listener, "DEAD")
        dead.transport.pause_reading()
        await until(lambda: [each.station.network_id for each in handler.gone] == ["DEAD"])
        await asyncio.sleep(0.6)
        assert listener.count == 1
        assert (await ask(silent, 2, "1", "Heartbeat", {}))[0] == 3
        dead.transport.abort()


async def test_a_station_whose_messages_take_long_is_not_taken_for_dead() -> None:
    async def slowly(*_: Any) -> Payload:
        await asyncio.sleep(0.5)
        return TIME

    slow = limits(ping=0.1, pong=0.1, inbox=1)
    async with listening(answers=slowly, limits=slow) as (listener, handler), dial(listener) as socket:
        for number in range(4):
            await socket.send(f'[2,"{number}","Heartbeat",{{}}]')
        assert len(await answers_of(socket, 4)) == 4
        assert handler.gone == []


async def test_what_a_station_said_before_it_vanished_is_handled() -> None:
    async def slowly(*_: Any) -> Payload:
        await asyncio.sleep(0.05)
        return {}

    async with listening(answers=slowly) as (listener, handler):
        socket = await dial(listener)
        for number in range(5):
            await socket.send(json.dumps([2, str(number), "MeterValues", METER_VALUES | {"transactionId": number}]))
        await until(lambda: len(handler.handled) == 1)
        socket.transport.close()
        await until(lambda: len(handler.gone) == 1)
        assert [payload["transactionId"] for _, _, payload in handler.handled] == [0, 1, 2, 3, 4]


async def test_a_handler_that_takes_too_long_is_an_internal_error_and_the_next_message_is_handled() -> None:
    async def first_hangs(*_: Any) -> Payload:
        if len(handler.handled) == 1:
            await asyncio.Event().wait()
        return TIME

    async with (
        listening(answers=first_hangs, limits=limits(handling=0.1)) as (listener, handler),
        dial(listener) as socket,
    ):
        assert (await ask(socket, 2, "1", "Heartbeat", {}))[:3] == [4, "1", "InternalError"]
        assert (await ask(socket, 2, "2", "Heartbeat", {}))[0] == 3


async def test_a_handler_that_cannot_receive_a_station_ends_only_that_connection() -> None:
    class Picky(Recorder):
        async def connected(self, connection: Connection) -> None:
            await super().connected(connection)
            if connection.station.network_id == "BAD":
                raise LookupError

    memory = Memory(station("BAD"), station("GOOD"))
    async with (
        listening(stations=memory, handler=Picky()) as (listener, handler),
        dial(listener, "GOOD") as good,
        dial(listener, "BAD") as bad,
    ):
        with pytest.raises(ConnectionClosed):
            await heard(bad)
        assert (await ask(good, 2, "1", "Heartbeat", {}))[0] == 3
        await until(lambda: len(handler.gone) == 1)
        assert await handler.gone[0].call("ClearCache", {}) == Offline(sent=False)


async def test_a_journal_that_fails_ends_only_the_connection_it_failed_for() -> None:
    class Full(Notebook):
        def frame(self, frame: Frame) -> None:
            if frame.station.network_id == "BAD":
                raise OSError("no space left")

    memory = Memory(station("BAD"), station("GOOD"))
    async with (
        listening(stations=memory, journal=Full()) as (listener, handler),
        dial(listener, "GOOD") as good,
        dial(listener, "BAD") as bad,
    ):
        await bad.send('[2,"1","Heartbeat",{}]')
        with pytest.raises(ConnectionClosed):
            await heard(bad)
        assert (await ask(good, 2, "1", "Heartbeat", {}))[0] == 3
        await until(lambda: listener.count == 1)
        assert [who for who, _, _ in handler.handled] == ["GOOD"]


# The end


async def test_at_shutdown_the_message_in_hand_is_answered_and_every_station_hears_goodbye() -> None:
    release = asyncio.Event()

    async def slowly(who: Station, *_: Any) -> Payload:
        if who.network_id == "CP-0":
            await release.wait()
        return TIME

    known = [station(f"CP-{number}") for number in range(20)]
    async with listening(*known, answers=slowly, limits=UNHURRIED) as (listener, handler):
        sockets = await asyncio.gather(*(dial(listener, each.network_id) for each in known))
        await sockets[0].send('[2,"1","Heartbeat",{}]')
        await until(lambda: len(handler.handled) == 1 and listener.count == 20)
        outstanding = asyncio.create_task(listener.call((1, "CP-1"), "ClearCache", {}))
        await heard(sockets[1])
        closing = asyncio.create_task(listener.close())
        await until(lambda: len(handler.gone) == 19)
        with pytest.raises(OSError, match="Connect call failed"):
            await asyncio.open_connection("127.0.0.1", sockets[0].remote_address[1])
        release.set()
        await asyncio.wait_for(closing, 10)
        assert await outstanding == Offline(sent=True)
        assert (await heard(sockets[0]))[:2] == [3, "1"]
        for socket in sockets:
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == CloseCode.GOING_AWAY
        assert listener.count == 0
        assert len(handler.gone) == 20


async def test_shutdown_does_not_wait_for_stations_that_do_not_answer() -> None:
    async with listening(limits=limits(closing=0.2)) as (listener, handler):
        dead = await dial(listener)
        await the_station(handler)
        dead.transport.pause_reading()
        await asyncio.wait_for(listener.close(), 5)
        assert len(handler.gone) == 1
        dead.transport.abort()


async def test_the_journal_holds_every_frame_both_ways() -> None:
    notebook = Notebook()
    async with listening(journal=notebook) as (listener, handler), dial(listener) as socket:
        connection = await the_station(handler)
        await ask(socket, 2, "1", "Heartbeat", {})
        await ask(socket, 2, "2", "Heartbeat", {"x": 1})
        call = asyncio.create_task(connection.call("ClearCache", {}))
        frame = await heard(socket)
        await socket.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
        await call
    assert [(each.incoming, each.action, each.message_id, each.problem) for each in notebook.frames] == [
        (True, "Heartbeat", "1", None),
        (False, "Heartbeat", "1", None),
        (True, "Heartbeat", "2", "payload: additionalProperties"),
        (False, "Heartbeat", "2", None),
        (False, "ClearCache", frame[1], None),
        (True, "ClearCache", frame[1], None),
    ]
    assert [incident.value for incident, _, _ in notebook.incidents] == ["Connect", "Disconnect"]
