"""A database whose transactions write their trail."""

import pytest

from gridloom.kernel import audit
from gridloom.kernel.database.pool import Database


@pytest.fixture(scope="session")
async def trailed(database_url):
    database = await Database(database_url, size=12).open()
    database.trail_flusher = audit.flush
    yield database
    await database.close()
