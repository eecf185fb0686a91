"""kill -9 in the middle of everything: no event, no message and no job is lost, and no handler counts twice."""

import asyncio
import random
import sys
from collections import Counter
from pathlib import Path

import psycopg
import pytest
from tests.kernel.webhooks.partner import Partner, answering, slowly
from tests.kernel.webhooks.test_delivery import deliveries, subscribed
from tests.kernel.webhooks.victim import Struck

from gridloom.kernel.database.pool import Database
from gridloom.kernel.events.event import emit
from gridloom.kernel.jobs.schema import install

KILLS = 12
EVENTS = 400


async def _prepare(db: Database) -> None:
    with psycopg.connect(db.url) as connection:
        install(connection)
    async with db.system() as tx:
        await tx.run("CREATE SCHEMA IF NOT EXISTS marks")
        await tx.run(
            "CREATE TABLE IF NOT EXISTS marks.mark (id bigserial PRIMARY KEY, tenant_id integer, who text, what text)"
        )
        await tx.run("GRANT USAGE ON SCHEMA marks TO gridloom_tenant")
        await tx.run("GRANT ALL ON ALL TABLES IN SCHEMA marks TO gridloom_tenant")
        await tx.run("GRANT ALL ON ALL SEQUENCES IN SCHEMA marks TO gridloom_tenant")


async def _marks(db: Database, tenant: int, who: str) -> list[str]:
    async with db.system() as tx:
        rows = await tx.all(
            "SELECT what FROM marks.mark WHERE tenant_id = :tenant AND who = :who ORDER BY id", tenant=tenant, who=who
        )
    return [row["what"] for row in rows]


async def _start(url: str) -> asyncio.subprocess.Process:
    victim = str(Path(__file__).with_name("victim.py"))
    process = await asyncio.create_subprocess_exec(
        sys.executable, victim, url, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        while b"running" not in await process.stdout.readline():
            pass
    return process


async def _is_over(db: Database, tenant: int) -> bool:
    states = [row["status"] for row in await deliveries(db, tenant)]
    return states == ["delivered"] * EVENTS and len(set(await _marks(db, tenant, "job"))) == EVENTS // 5


@pytest.mark.faults
async def test_nothing_is_lost_and_nothing_counts_twice_when_the_process_is_killed_again_and_again(
    quiet: Database, tenant: int, partner: Partner
) -> None:
    await _prepare(quiet)
    await subscribed(quiet, tenant, partner.url, format="standard")
    partner.behave = slowly(0.01, answering(202))
    emitted: list[str] = []

    async def strike() -> None:
        for number in range(EVENTS):
            async with quiet.tenant(tenant) as tx:
                emitted.append(str(emit(tx, Struck(n=number, line=number % 7))))
            await asyncio.sleep(0.01)

    striking = asyncio.create_task(strike())
    for _ in range(KILLS):
        victim = await _start(quiet.url)
        await asyncio.sleep(random.uniform(0.05, 0.8))
        victim.kill()
        await victim.wait()
    await striking
    last = await _start(quiet.url)
    try:
        async with asyncio.timeout(60):
            while not await _is_over(quiet, tenant):  # noqa: ASYNC110  it happens in another process
                await asyncio.sleep(0.1)
    finally:
        last.kill()
        await last.wait()

    handled = await _marks(quiet, tenant, "handler")
    assert Counter(handled) == Counter(f"{number % 7}:{number}" for number in range(EVENTS))
    for line in range(7):
        mine = [int(each.split(":")[1]) for each in handled if each.startswith(f"{line}:")]
        assert mine == sorted(mine)
    received = Counter(request.headers["webhook-id"] for request in partner.requests)
    assert set(received) == set(emitted)
    assert {request.headers["webhook-id"]: request.body for request in partner.requests}.keys() == set(emitted)
    assert len({(request.headers["webhook-id"], request.body) for request in partner.requests}) == EVENTS
    assert set(await _marks(quiet, tenant, "job")) == {str(number) for number in range(0, EVENTS, 5)}
