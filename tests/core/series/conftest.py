"""A point with a channel, and how the rows of a channel are counted behind the store's back."""

import pytest
from tests.core.series.series_kit import CountRows, NewChannel

from gridloom.core.series.public import Channel, Kind, ensure_channel, ensure_point
from gridloom.kernel.database.pool import Database


@pytest.fixture
def new_channel(db: Database, tenant: int) -> NewChannel:
    """Make a channel of a new point: `await new_channel(kind="register")`; `of` is another tenant than the test's."""

    async def make(*, kind: Kind = "interval", unit: str = "kW.h", code: int = 32, of: int | None = None) -> Channel:
        async with db.tenant(tenant if of is None else of) as tx:
            point = await ensure_point(tx, name="meter")
            return await ensure_channel(tx, point, code, unit=unit, kind=kind, step_s=900)

    return make


@pytest.fixture
async def channel(new_channel: NewChannel) -> Channel:
    """A channel of quarter-hourly amounts in kW.h."""
    return await new_channel()


@pytest.fixture
def count_rows(db: Database) -> CountRows:
    """How many rows of `series.reading` a channel has, every acquisition, seen by the owner."""

    async def count(channel: Channel) -> int:
        async with db.system() as tx:
            number: int = await tx.scalar("SELECT count(*) FROM series.reading WHERE channel_id = :id", id=channel.id)
        return number

    return count
