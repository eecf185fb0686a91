"""A database with a queue in it."""

from collections.abc import AsyncIterator

import psycopg
import pytest

from gridloom.kernel.database.pool import Database
from gridloom.kernel.jobs.schema import install


@pytest.fixture(scope="session")
async def queue(database_url: str) -> AsyncIterator[Database]:
    """A pool on the worker's database, which has the tables of the queue."""
    with psycopg.connect(database_url) as connection:
        install(connection)
    database = await Database(database_url, size=10).open()
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


@pytest.fixture
async def empty_queue(queue: Database) -> AsyncIterator[Database]:
    """The same with nothing waiting in it."""
    async with queue.system() as tx:
        await tx.run("TRUNCATE jobs.procrastinate_jobs, jobs.procrastinate_workers CASCADE")
    yield queue
    async with queue.system() as tx:
        await tx.run("TRUNCATE jobs.procrastinate_jobs, jobs.procrastinate_workers CASCADE")
