"""One socket: frames of every kind, and calls to the station."""

import asyncio
import json
from typing import Any

import pytest
from tests.charging.ocpp.support import (
    TIME,
    Notebook,
    ask,
    dial,
    heard,
    limits,
    listening,
    the_station,
    until,
)
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode

from gridloom.charging.ocpp.messages.schemas import Payload
from gridloom.charging.ocpp.outcomes import Answered, Busy, Offline, Outcome, Rejected, TimedOut

# Frames


async def test_a_message_in_many_fragments_is_one_message() -> None:
    text = json.dumps([2, "1", "BootNotification", {"chargePointVendor": "Ü" * 20, "chargePointModel": "M"}])
    async with listening(answers=accept_boot) as (listener, handler), dial(listener) as socket:
        await socket.send([text[i : i + 3] for i in range(0, len(text), 3)])
        assert (await heard(socket))[:2] == [3, "1"]
    assert handler.handled[0][2]["chargePointVendor"] == "Ü" * 20


async def accept_boot(*_: Any) -> Payload:
    """Accepted."""
    return {"status": "Accepted", "interval": 60, **TIME}


@pytest.mark.parametrize("fragments", [1, 50])
async def test_an_oversized_message_ends_the_connection(fragments: int) -> None:
    async with listening(limits=limits(message_size=10_000)) as (listener, handler), dial(listener) as socket:
        text = json.dumps([2, "1", "DataTransfer", {"vendorId": "x", "data": "y" * 10_000}])
        size = len(text) // fragments + 1
        with pytest.raises(ConnectionClosed):
            await socket.send([text[i : i + size] for i in range(0, len(text), size)] if fragments > 1 else text)
            await heard(socket)
        assert socket.close_code == CloseCode.MESSAGE_TOO_BIG
        await until(lambda: len(handler.gone) == 1)
    assert handler.handled == []


async def test_text_that_is_not_utf8_ends_the_connection() -> None:
    async with listening() as (listener, handler), dial(listener) as socket:
        socket.protocol.send_text(b'[2,"\xff","Heartbeat",{}]')
        socket.send_data()
        with pytest.raises(ConnectionClosed):
            await heard(socket)
        assert socket.close_code == CloseCode.INVALID_DATA
    assert handler.handled == []


async def test_a_binary_frame_ends_the_connection() -> None:
    async with listening() as (listener, handler), dial(listener) as socket:
        await socket.send(b'[2,"1","Heartbeat",{}]')
        with pytest.raises(ConnectionClosed):
            await heard(socket)
        assert socket.close_code == CloseCode.UNSUPPORTED_DATA
    assert handler.handled == []


async def test_a_station_that_sends_nothing_but_noise_is_cut_off_and_one_with_a_slip_is_not() -> None:
    async with listening(limits=limits(unreadable=5)) as (listener, handler), dial(listener) as socket:
        for _ in range(4):
            await socket.send("noise")
            assert (await heard(socket))[1] == "-1"
        assert (await ask(socket, 2, "ok", "Heartbeat", {}))[0] == 3
        with pytest.raises(ConnectionClosed):
            for _ in range(6):
                await socket.send("noise")
                await heard(socket)
        assert socket.close_code == CloseCode.POLICY_VIOLATION
    assert len(handler.handled) == 1


# Calls to the station


async def test_calls_go_out_one_by_one_in_their_order() -> None:
    async with listening() as (listener, handler), dial(listener) as socket:
        connection = await the_station(handler)
        calls = [
            asyncio.create_task(connection.call("ChangeConfiguration", {"key": str(i), "value": ""})) for i in range(3)
        ]
        for number in range(3):
            frame = await heard(socket)
            assert frame[3]["key"] == str(number)
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(socket.recv(), 0.05)
            await socket.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
        assert await asyncio.gather(*calls) == [Answered({"status": "Accepted"})] * 3


async def test_a_call_can_be_answered_refused_unanswered_or_made_to_nobody() -> None:
    async with listening() as (listener, handler), dial(listener) as socket:
        connection = await the_station(handler)

        async def outcome(answer: list[Any] | None) -> Outcome:
            call = asyncio.create_task(connection.call("ClearCache", {}, timeout=0.2))
            frame = await heard(socket)
            if answer is not None:
                await socket.send(json.dumps([answer[0], frame[1], *answer[1:]]))
            return await call

        assert await outcome([3, {"status": "Accepted"}]) == Answered({"status": "Accepted"})
        assert await outcome([4, "NotSupported", "no cache", {"a": 1}]) == Rejected(
            "NotSupported", "no cache", {"a": 1}
        )
        assert await outcome([4, "NotSupported"]) == Rejected("NotSupported")
        assert await outcome([4, None, None, None]) == Rejected("GenericError")
        assert await outcome([3, {"status": "Perhaps"}]) == Rejected(
            "PropertyConstraintViolation", "status: enum", malformed=True
        )
        assert await outcome(None) == TimedOut(sent=True)
        assert await listener.call((1, "NOBODY"), "ClearCache", {}) == Offline(sent=False)


async def test_a_late_answer_and_an_answer_to_no_call_change_nothing() -> None:
    notebook = Notebook()
    async with listening(journal=notebook) as (listener, handler), dial(listener) as socket:
        connection = await the_station(handler)
        assert await connection.call("ClearCache", {}, timeout=0.05) == TimedOut(sent=True)
        late = await heard(socket)
        call = asyncio.create_task(connection.call("ClearCache", {}))
        current = await heard(socket)
        for identifier in (late[1], "never-asked"):
            await socket.send(json.dumps([3, identifier, {"status": "Rejected"}]))
            await socket.send(json.dumps([4, identifier, "GenericError", "", {}]))
        await socket.send(json.dumps([3]))
        await socket.send(json.dumps([3, current[1], {"status": "Accepted"}]))
        assert await call == Answered({"status": "Accepted"})
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(socket.recv(), 0.05)
    problems = [frame.problem for frame in notebook.frames if frame.incoming]
    assert problems == ["a late answer"] * 2 + ["an answer to no call"] * 2 + ["an answer without a readable id", None]


async def test_the_queue_of_calls_is_bounded_and_waiting_counts_as_time() -> None:
    async with listening(limits=limits(calls=3)) as (listener, handler), dial(listener) as socket:
        connection = await the_station(handler)
        calls = [asyncio.create_task(connection.call("ClearCache", {}, timeout=0.2)) for _ in range(5)]
        assert await asyncio.gather(*calls) == [
            TimedOut(sent=True), TimedOut(sent=False), TimedOut(sent=False), Busy(), Busy(),
        ]  # fmt: skip
        frame = await heard(socket)
        call = asyncio.create_task(connection.call("ClearCache", {}))
        again = await heard(socket)
        assert again[1] != frame[1]
        await socket.send(json.dumps([3, again[1], {"status": "Accepted"}]))
        assert await call == Answered({"status": "Accepted"})


async def test_calls_end_as_offline_when_the_station_goes() -> None:
    async with listening() as (listener, handler):
        socket = await dial(listener)
        connection = await the_station(handler)
        calls = [asyncio.create_task(connection.call("ClearCache", {})) for _ in range(3)]
        await heard(socket)
        socket.transport.abort()
        assert await asyncio.gather(*calls) == [Offline(sent=True), Offline(sent=False), Offline(sent=False)]
        assert await connection.call("ClearCache", {}) == Offline(sent=False)


async def test_a_caller_who_gives_up_makes_room_for_the_next() -> None:
    async with listening() as (listener, handler), dial(listener) as socket:
        connection = await the_station(handler)
        first = asyncio.create_task(connection.call("ClearCache", {}))
        await heard(socket)
        first.cancel()
        second = asyncio.create_task(connection.call("ClearCache", {}))
        frame = await heard(socket)
        await socket.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
        assert await second == Answered({"status": "Accepted"})


async def test_both_sides_may_have_a_call_outstanding() -> None:
    release = asyncio.Event()

    async def slowly(*_: Any) -> Payload:
        await release.wait()
        return TIME

    async with listening(answers=slowly) as (listener, handler), dial(listener) as socket:
        connection = await the_station(handler)
        await socket.send('[2,"1","Heartbeat",{}]')
        await until(lambda: len(handler.handled) == 1)
        call = asyncio.create_task(connection.call("ClearCache", {}))
        frame = await heard(socket)
        await socket.send(json.dumps([3, frame[1], {"status": "Accepted"}]))
        assert await call == Answered({"status": "Accepted"})
        release.set()
        assert (await heard(socket))[:2] == [3, "1"]
