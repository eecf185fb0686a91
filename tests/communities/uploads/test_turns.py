"""Who waits for whom."""

import asyncio
from contextlib import AsyncExitStack

import pytest

from gridloom.communities.uploads.turns import CSV_AT_ONCE, SMALL_BYTES, Lane, Turns

SOON = 0.02


async def waits(lane: Lane[None], tenant: int) -> bool:
    async def try_it() -> None:
        async with lane.turn(tenant):
            pass

    try:
        await asyncio.wait_for(try_it(), SOON)
    except TimeoutError:
        return True
    return False


async def test_a_tenant_has_one_turn_and_an_installation_four() -> None:
    lane = Turns().lane("csv", SMALL_BYTES)
    async with AsyncExitStack() as stack:
        for tenant in range(CSV_AT_ONCE):
            assert not await waits(lane, tenant)
            await stack.enter_async_context(lane.turn(tenant))
            assert await waits(lane, tenant)
        assert await waits(lane, 99)
    assert not await waits(lane, 99)
    assert not await waits(lane, 0)


async def test_who_waits_for_itself_holds_no_place() -> None:
    lane = Turns().lane("csv", SMALL_BYTES)
    async with lane.turn(1):
        waiting = [asyncio.create_task(waits(lane, 1)) for _ in range(2 * CSV_AT_ONCE)]
        await asyncio.sleep(0)
        assert not await waits(lane, 2)
        assert await asyncio.gather(*waiting) == [True] * len(waiting)


async def test_small_files_and_workbooks_wait_for_no_large_one() -> None:
    turns = Turns()
    async with AsyncExitStack() as stack:
        for tenant in range(CSV_AT_ONCE):
            await stack.enter_async_context(turns.lane("csv", 10 * SMALL_BYTES).turn(tenant))
        for kind, size in (("csv", SMALL_BYTES - 1), ("workbook", SMALL_BYTES - 1)):
            for tenant in (0, 99):
                assert not await waits(turns.lane(kind, size), tenant)


async def test_a_failure_in_a_thread_is_the_callers() -> None:
    def fail() -> None:
        raise ValueError("no file")

    with pytest.raises(ValueError, match="no file"):
        await Turns().lane("csv", 1).run(fail)
