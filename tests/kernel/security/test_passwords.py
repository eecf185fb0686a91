"""Passwords are checked in threads, at one cost for everybody, and only so many at once."""

import asyncio
import threading

import pytest
from argon2 import extract_parameters

from gridloom.kernel.security import passwords as module
from gridloom.kernel.security.passwords import MAX_LENGTH, Passwords, PasswordsBusy, PasswordTooLong


@pytest.fixture
def cheap():
    return Passwords(passes=1, memory_kib=64, workers=2)


async def test_a_password_is_known_again_and_another_is_not(cheap):
    stored = await cheap.hash("correct horse")
    assert stored.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert stored != await cheap.hash("correct horse")
    assert await cheap.verify(stored, "correct horse")
    assert not await cheap.verify(stored, "correct Horse")
    assert not await cheap.verify(stored, "")


async def test_an_accent_typed_as_one_character_or_two_is_the_same_password(cheap):
    assert await cheap.verify(await cheap.hash("caf\u00e9"), "cafe\u0301")


async def test_an_unknown_login_costs_a_whole_check_and_fails(cheap, monkeypatch):
    checked = []
    verify = cheap._hasher.verify

    def watch(stored, given):
        checked.append(stored)
        return verify(stored, given)

    cheap._hasher = type("Watched", (), {"verify": staticmethod(watch)})()
    for stored in (None, "", "not a hash"):
        checked.clear()
        assert not await cheap.verify(stored, "anything")
        decoy = extract_parameters(checked[-1])
        assert (decoy.memory_cost, decoy.time_cost, decoy.parallelism) == (64, 1, 1)
        assert (decoy.hash_len, decoy.salt_len) == (32, 16)


async def test_a_hash_of_another_cost_is_to_be_renewed(cheap):
    dearer = Passwords(passes=2, memory_kib=64)
    stored = await cheap.hash("x")
    assert await dearer.verify(stored, "x")
    assert dearer.needs_rehash(stored)
    assert not cheap.needs_rehash(stored)
    assert cheap.needs_rehash("not a hash")


async def test_an_endless_password_is_refused_before_it_costs_anything(cheap):
    with pytest.raises(PasswordTooLong, match=str(MAX_LENGTH)):
        await cheap.hash("x" * (MAX_LENGTH + 1))
    stored = await cheap.hash("x" * MAX_LENGTH)
    assert await cheap.verify(stored, "x" * MAX_LENGTH)
    assert not await cheap.verify(stored, "x" * (MAX_LENGTH + 1))


async def test_no_more_are_checked_at_once_than_there_are_workers_and_a_full_queue_refuses():
    busy = Passwords(passes=1, memory_kib=64, workers=2, waiting=3)
    gate, running, most = threading.Event(), [0], [0]
    lock = threading.Lock()

    def slow(stored, given):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        gate.wait(10)
        with lock:
            running[0] -= 1
        return True

    busy._hasher = type("Slow", (), {"verify": staticmethod(slow)})()
    checks = [asyncio.create_task(busy.verify("stored", "x")) for _ in range(5)]
    await asyncio.sleep(0.05)
    with pytest.raises(PasswordsBusy):
        await busy.verify("stored", "x")
    gate.set()
    assert await asyncio.gather(*checks) == [True] * 5
    assert most[0] == 2
    assert await busy.verify("stored", "x")


async def test_a_caller_who_gives_up_makes_room():
    busy = Passwords(passes=1, memory_kib=64, workers=1, waiting=1)
    gate = threading.Event()
    busy._hasher = type("Slow", (), {"verify": staticmethod(lambda stored, given: gate.wait(10))})()
    first, second = (asyncio.create_task(busy.verify("stored", "x")) for _ in range(2))
    await asyncio.sleep(0.05)
    second.cancel()
    await asyncio.sleep(0)
    third = asyncio.create_task(busy.verify("stored", "x"))
    await asyncio.sleep(0.05)
    gate.set()
    assert await asyncio.gather(first, third) == [True, True]


async def test_the_process_has_one_instance_at_the_recommended_cost():
    stored = await module.hash_password("x")
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert await module.verify_password(stored, "x")
    assert not await module.verify_password(None, "x")
    assert not module.needs_rehash(stored)


async def test_half_a_surrogate_pair_is_a_wrong_password_and_no_crash(cheap):
    assert not await cheap.verify(await cheap.hash("x"), "\ud800")
