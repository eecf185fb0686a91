"""Entries are chained behind the requests, once, in one order, however many sealers run."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from gridloom.kernel import audit, clock
from gridloom.kernel.audit.chain import GENESIS
from gridloom.kernel.audit.sealing import _seal_batch

SEALED = "SELECT object_id, position, previous, digest, sealed_at FROM audit.entry WHERE digest IS NOT NULL ORDER BY position"


async def write(db, tenant, *names):
    async with db.tenant(tenant) as tx:
        for name in names:
            audit.record(tx, "a.b", ("thing", name))


async def sealed(db, tenant):
    async with db.tenant(tenant) as tx:
        return await tx.all(SEALED)


async def verdict(db, tenant, **options):
    async with db.tenant(tenant) as tx:
        return await audit.verify(tx, **options)


async def test_sealed_entries_follow_one_another_from_the_first(trailed, tenant):
    await write(trailed, tenant, "a", "b")
    await write(trailed, tenant, "c")
    with clock.at(datetime(2030, 1, 1, tzinfo=UTC)):
        assert await audit.seal(trailed) >= 3
    rows = await sealed(trailed, tenant)
    assert [(row["object_id"], row["position"]) for row in rows] == [("a", 1), ("b", 2), ("c", 3)]
    assert [row["previous"] for row in rows] == [GENESIS, rows[0]["digest"], rows[1]["digest"]]
    assert {row["sealed_at"] for row in rows} == {datetime(2030, 1, 1, tzinfo=UTC)}
    found = await verdict(trailed, tenant)
    assert (found.holds, found.checked, found.unsealed, found.digest) == (True, 3, 0, rows[2]["digest"])


async def test_sealing_again_changes_nothing(trailed, tenant):
    await write(trailed, tenant, "a")
    await audit.seal(trailed)
    before = await sealed(trailed, tenant)
    await audit.seal(trailed)
    assert await sealed(trailed, tenant) == before


async def test_more_than_a_batch_is_sealed_to_the_end(trailed, tenant):
    await write(trailed, tenant, *map(str, range(7)))
    await audit.seal(trailed, batch=3)
    found = await verdict(trailed, tenant)
    assert (found.holds, found.checked, found.unsealed) == (True, 7, 0)


async def test_an_entry_that_commits_late_comes_later_in_the_chain(trailed, tenant):
    async with trailed.tenant(tenant) as slow:
        audit.record(slow, "a.b", ("thing", "early, committed late"))
        await audit.flush(slow, slow.trail)
        slow.trail.clear()
        await write(trailed, tenant, "late, committed early")
        await audit.seal(trailed)
    assert (await verdict(trailed, tenant)).unsealed == 1
    await audit.seal(trailed)
    rows = await sealed(trailed, tenant)
    assert [row["object_id"] for row in rows] == ["late, committed early", "early, committed late"]
    assert (await verdict(trailed, tenant)).holds


async def test_writers_and_sealers_at_the_same_time_make_one_whole_chain(trailed, tenant, other_tenant):
    async def writer(number):
        for turn in range(10):
            await write(trailed, tenant if number % 2 else other_tenant, f"{number}.{turn}.a", f"{number}.{turn}.b")

    async def sealer():
        for _ in range(15):
            await audit.seal(trailed, batch=7)

    await asyncio.gather(*(writer(number) for number in range(6)), *(sealer() for _ in range(4)))
    await audit.seal(trailed)
    for each in (tenant, other_tenant):
        found = await verdict(trailed, each)
        assert (found.broken, found.checked, found.unsealed) == (None, 60, 0)
        rows = await sealed(trailed, each)
        assert [row["position"] for row in rows] == list(range(1, 61))
        assert len({row["object_id"] for row in rows}) == 60


async def test_a_sealer_passes_by_a_chain_that_another_one_holds(trailed, tenant, other_tenant):
    await write(trailed, tenant, "a")
    await audit.seal(trailed)
    await write(trailed, tenant, "b")
    await write(trailed, other_tenant, "c")
    async with trailed.system() as tx:
        assert await _seal_batch(tx, tenant, 10) == 1
        await asyncio.wait_for(audit.seal(trailed), 10)
        assert len(await sealed(trailed, other_tenant)) == 1
        assert len(await sealed(trailed, tenant)) == 1
    assert [row["object_id"] for row in await sealed(trailed, tenant)] == ["a", "b"]


async def test_writers_do_not_wait_for_a_sealer(trailed, tenant):
    await write(trailed, tenant, "a")
    async with trailed.system() as tx:
        await _seal_batch(tx, tenant, 10)
        await asyncio.wait_for(write(trailed, tenant, "b"), 10)
    assert (await verdict(trailed, tenant)).unsealed == 1


async def test_the_new_head_goes_to_the_log(trailed, tenant):
    await write(trailed, tenant, "a", "b")
    with capture_logs() as logs:
        await audit.seal(trailed)
    (line,) = [line for line in logs if line["event"] == "trail_sealed" and line["tenant_id"] == tenant]
    assert (line["position"], line["entries"]) == (2, 2)
    assert line["head"] == (await verdict(trailed, tenant)).digest.hex()


@pytest.fixture
async def years(trailed, tenant):
    for year in range(2020, 2026):
        with clock.at(datetime(year, 6, 1, tzinfo=UTC)):
            await write(trailed, tenant, f"{year}.a", f"{year}.b")
            await audit.seal(trailed)
    return tenant


@pytest.mark.parametrize("batch", [1, 3, 100])
async def test_what_is_too_old_goes_and_the_rest_still_proves_itself(trailed, years, batch):
    before = await verdict(trailed, years)
    assert await audit.expire(trailed, datetime(2023, 1, 1, tzinfo=UTC), batch=batch) >= 6
    after = await verdict(trailed, years)
    assert (after.holds, after.checked, after.position, after.digest) == (True, 6, 12, before.digest)
    assert (await sealed(trailed, years))[0]["object_id"] == "2023.a"
    assert await audit.expire(trailed, datetime(2023, 1, 1, tzinfo=UTC), batch=batch) == 0
    await write(trailed, years, "new")
    await audit.seal(trailed)
    assert (await verdict(trailed, years)).checked == 7


async def test_a_whole_trail_can_expire_and_goes_on(trailed, years):
    await audit.expire(trailed, datetime(2026, 1, 1, tzinfo=UTC))
    assert await sealed(trailed, years) == []
    assert (await verdict(trailed, years)).holds
    await write(trailed, years, "new")
    await audit.seal(trailed)
    assert [row["position"] for row in await sealed(trailed, years)] == [13]
    assert (await verdict(trailed, years)).holds


async def test_an_old_entry_behind_a_young_one_stays(trailed, tenant):
    with clock.at(datetime(2025, 1, 1, tzinfo=UTC)) as stopped:
        await write(trailed, tenant, "young")
        await audit.seal(trailed)
        stopped.move(-timedelta(days=3000))
        await write(trailed, tenant, "old, sealed later")
        await audit.seal(trailed)
    await audit.expire(trailed, datetime(2024, 1, 1, tzinfo=UTC))
    assert [row["object_id"] for row in await sealed(trailed, tenant)] == ["young", "old, sealed later"]


async def test_entries_that_are_not_sealed_never_expire(trailed, tenant):
    with clock.at(datetime(2001, 1, 1, tzinfo=UTC)):
        await write(trailed, tenant, "a")
    await audit.expire(trailed, datetime(2024, 1, 1, tzinfo=UTC))
    assert (await verdict(trailed, tenant)).unsealed == 1


async def test_a_damaged_chain_is_reported_and_leaves_the_others_to_be_sealed(trailed, tenant, other_tenant):
    damaged, whole = sorted((tenant, other_tenant))
    await write(trailed, damaged, "a", "b")
    await audit.seal(trailed)
    async with trailed.system() as tx:
        await tx.run("UPDATE audit.chain SET position = 1 WHERE tenant_id = :t", t=damaged)
    await write(trailed, damaged, "c")
    await write(trailed, whole, "d")
    with capture_logs() as logs:
        await audit.seal(trailed)
    assert damaged in [line["tenant_id"] for line in logs if line["event"] == "trail_damaged"]
    assert [row["object_id"] for row in await sealed(trailed, whole)] == ["d"]
    assert [row["object_id"] for row in await sealed(trailed, damaged)] == ["a", "b"]
