"""A database whose transactions write their events, and a place where handlers leave a mark."""

from collections.abc import AsyncIterator

import pytest

from gridloom.kernel.database.pool import Database
from gridloom.kernel.events.outbox import flush


@pytest.fixture(scope="session")
async def telling(database_url: str) -> AsyncIterator[Database]:
    """A pool of its own, wired as the program wires it."""
    database = await Database(database_url, size=8).open()
    database.outbox_flusher = flush
    async with database.system() as tx:
        await tx.run("CREATE SCHEMA IF NOT EXISTS marks")
        await tx.run(
            "CREATE TABLE IF NOT EXISTS marks.mark (id bigserial PRIMARY KEY, tenant_id integer, who text, what text)"
        )
        await tx.run("GRANT USAGE ON SCHEMA marks TO gridloom_tenant")
        await tx.run("GRANT ALL ON ALL TABLES IN SCHEMA marks TO gridloom_tenant")
        await tx.run("GRANT ALL ON ALL SEQUENCES IN SCHEMA marks TO gridloom_tenant")
    yield database
    await database.close()
