"""Requests that ask for more than one answer can hold."""

import asyncio
from typing import Any

import pytest
from tests.metering.calls import HOUR, MANY, T0, columns, places, sensor, wrote
from tests.suites.client import Callers, answers

from gridloom.metering.signals import actions


def question(key: str) -> dict[str, Any]:
    """One signal of a sensor through a day."""
    cid, mid = key.split(".")
    return {
        "client_cid": int(cid), "sensor_mid": int(mid), "signal_type_moid": 132, "since": T0, "till": T0 + 24 * HOUR,
    }  # fmt: skip


async def test_the_same_question_over_and_over_is_refused_where_the_answer_grows_too_large(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "MAX_ANSWERED", 8)
    caller = await callers.with_scopes("metering", ["*"])
    key = await sensor(caller)
    await wrote(caller, key, 132, columns([1.0, 2.0, 3.0, 4.0]))

    enough = await caller.post(f"{MANY}/v2", json=[question(key)] * 2)
    answers(caller.api, enough, "POST", f"{MANY}/v2")
    assert [each["data"]["value"] for each in enough.json()] == [[1.0, 2.0, 3.0, 4.0]] * 2

    too_much = await caller.post(f"{MANY}/v2", json=[question(key)] * 3)
    answers(caller.api, too_much, "POST", f"{MANY}/v2")
    assert too_much.status_code == 422
    assert places(too_much) == [["body", 2]]


async def test_a_question_that_takes_longer_than_a_request_may_is_given_up(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(actions, "READ_SECONDS", 0.05)
    read = actions.read_signal

    async def slow(*given: Any) -> Any:
        await asyncio.sleep(0.03)
        return await read(*given)

    monkeypatch.setattr(actions, "read_signal", slow)
    caller = await callers.with_scopes("metering", ["*"])
    key = await sensor(caller)
    answer = await caller.post(f"{MANY}/v2", json=[question(key)] * 4)
    assert (answer.status_code, answer.json()) == (503, {"detail": "This took too long and was given up."})
    monkeypatch.undo()
    again = await caller.post(f"{MANY}/v2", json=[question(key)])
    assert again.status_code == 200
