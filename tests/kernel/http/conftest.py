"""A database with the tiny API's tables in it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import create_engine, make_url, text
from tests.kernel.http import kit

from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.tenancy import policy_of


@pytest.fixture(scope="session")
def tiny_url(new_database: Any) -> str:
    """The address of a database with all tables, and those of `kit` under row-level security."""
    url: str = new_database("tiny")
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg"))
    with engine.begin() as connection:
        connection.execute(text("CREATE SCHEMA tiny"))
        kit.tables.create_all(connection)
        connection.execute(text("GRANT USAGE ON SCHEMA tiny TO gridloom_tenant"))
        for table in kit.tables.sorted_tables:
            for command in policy_of(table):
                connection.execute(text(command))
    engine.dispose()
    return url


@pytest.fixture(scope="session")
async def tiny(tiny_url: str) -> AsyncIterator[Database]:
    """A pool on that database."""
    database = await Database(tiny_url, size=5).open()
    yield database
    await database.close()


@pytest.fixture
async def owner(tiny: Database) -> int:
    """A tenant of that database that only this test knows."""
    return await _tenant(tiny)


@pytest.fixture
async def stranger(tiny: Database) -> int:
    """Another one."""
    return await _tenant(tiny)


async def _tenant(database: Database) -> int:
    async with database.system() as tx:
        number: int = await tx.scalar(
            "INSERT INTO identity.tenant (slug, name) VALUES ('tiny-' || gen_random_uuid(), 'Tiny') RETURNING id"
        )
    return number
