"""A tenant with stations, whose events are remembered instead of told."""

from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from tests.charging.sessions.engine.kit import Line, World

from gridloom.charging.csms.public import Commands
from gridloom.charging.sessions.intake import Intake
from gridloom.charging.sessions.stops import Stops
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Services


@pytest.fixture
async def world(database_url: str, tenant: int) -> AsyncIterator[World]:
    """Stations of a fresh tenant; what the program emits is in `events`."""
    database = Database(database_url, size=6)
    services, line = Services(), Line()
    stops = Stops(database, line)
    intake = Intake(database, stops)
    made = World(database, tenant, services, line, intake, stops)

    async def remember(_: Tx, emitted: Sequence[Any]) -> None:
        made.events.extend(emitted)

    database.outbox_flusher = remember
    database.observer = lambda tx: made.counted.append(tx.statements)
    services.add(database)
    services.add(line, kind=Commands)
    services.add(stops)
    services.add(intake)
    await database.open()
    await made_operator(made)
    async with stops, intake:
        yield made
    await database.close()


async def made_operator(world: World) -> None:
    """Who runs the stations."""
    async with world.database.tenant(world.tenant) as tx:
        await tx.run(
            "INSERT INTO charging.operator (tenant_id, id, name, currency, timezone, is_default) "
            "VALUES (:tenant, 7, 'Quays', 'EUR', 'Europe/Brussels', true)",
            tenant=world.tenant,
        )
