"""Monthly partitions that come and go."""

import asyncio
from datetime import UTC, date, datetime

import numpy as np
import pytest
from tests.core.series.series_kit import CountRows, NewChannel, ms, put, quarters

from gridloom.core.series.moments import months_in
from gridloom.core.series.partitions import is_partition, make, month_named, name_of
from gridloom.core.series.public import (
    Batch,
    Channel,
    drop_empty_partitions,
    make_partitions_ahead,
    remove_channels,
)
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database

START = ms("2024-04-30T00:00Z")
MAY = date(2024, 5, 1)


async def test_two_writers_that_miss_the_same_month_both_succeed(
    db: Database, tenant: int, new_channel: NewChannel
) -> None:
    channels = [await new_channel() for _ in range(6)]
    times = [ms(f"2003-{month:02}-10T00:00Z") for month in range(1, 7)]
    batches = [Batch.of(each.id, times, np.full(6, 1.0)) for each in channels]
    written = await asyncio.gather(*(put(db, tenant, batch) for batch in batches))
    assert [each.stored for each in written] == [6] * 6
    async with db.system() as tx:
        made = await tx.all(
            "SELECT relname FROM pg_inherits JOIN pg_class ON oid = inhrelid "
            "WHERE inhparent = CAST('series.reading' AS regclass) AND relname LIKE 'reading_2003%' ORDER BY 1"
        )
    assert [row["relname"] for row in made] == [f"reading_2003_{month:02}" for month in range(1, 7)]


async def test_a_month_made_by_a_transaction_that_fails_is_made_again(
    db: Database, tenant: int, channel: Channel
) -> None:
    batch = Batch.of(channel.id, [ms("2002-02-02T00:00Z")], [1.0])

    async def fail() -> None:
        async with db.tenant(tenant) as tx:
            await make(tx, months_in(batch.time_ms))
            raise RuntimeError("after the month was made")

    with pytest.raises(RuntimeError):
        await fail()
    assert (await put(db, tenant, batch)).stored == 1


async def test_a_partition_has_the_indexes_of_its_parent_and_no_grants(
    db: Database, tenant: int, channel: Channel
) -> None:
    await put(db, tenant, Batch.of(channel.id, [ms("2002-03-02T00:00Z")], [1.0]))
    async with db.system() as tx:
        indexes = await tx.all(
            "SELECT am.amname, inhparent IS NOT NULL AS attached FROM pg_index x JOIN pg_class c ON c.oid = x.indexrelid "
            "JOIN pg_am am ON am.oid = c.relam LEFT JOIN pg_inherits ON inhrelid = c.oid "
            "WHERE x.indrelid = CAST('series.reading_2002_03' AS regclass) ORDER BY 1"
        )
        granted = await tx.scalar("SELECT has_table_privilege('gridloom_tenant', 'series.reading_2002_03', 'SELECT')")
    assert [tuple(row) for row in indexes] == [("brin", True), ("btree", True)]
    assert granted is False


async def test_months_are_made_ahead(db: Database) -> None:
    with clock.at(datetime(2001, 11, 20, tzinfo=UTC)):
        await make_partitions_ahead(db, 2)
        await make_partitions_ahead(db, 2)
    async with db.system() as tx:
        for name in ("reading_2001_11", "reading_2001_12", "reading_2002_01"):
            assert await tx.scalar("SELECT to_regclass('series.' || :name) IS NOT NULL", name=name)


async def test_only_empty_old_months_are_dropped(
    db: Database, tenant: int, channel: Channel, count_rows: CountRows
) -> None:
    await put(db, tenant, Batch.of(channel.id, [ms("2000-02-02T00:00Z"), ms("2000-03-02T00:00Z")], [1.0, 2.0]))
    async with db.system() as tx:
        await make(tx, [date(2000, 1, 1), date(2000, 4, 1)])
    assert await drop_empty_partitions(db, date(2000, 4, 1)) == ["reading_2000_01"]
    assert await count_rows(channel) == 2
    assert (await put(db, tenant, Batch.of(channel.id, [ms("2000-01-02T00:00Z")], [3.0]))).stored == 1


async def test_a_month_in_use_is_not_dropped(db: Database) -> None:
    async with db.system() as tx:
        await make(tx, [date(2000, 7, 1)])
    async with db.system() as tx:
        await tx.run("LOCK TABLE series.reading_2000_07 IN ROW EXCLUSIVE MODE")
        assert "reading_2000_07" not in await drop_empty_partitions(db, date(2000, 8, 1))
    assert "reading_2000_07" in await drop_empty_partitions(db, date(2000, 8, 1))


async def test_removing_a_channel_removes_its_readings(
    db: Database, tenant: int, other_tenant: int, channel: Channel, new_channel: NewChannel, count_rows: CountRows
) -> None:
    theirs = await new_channel(of=other_tenant)
    for owner, each in ((tenant, channel), (other_tenant, theirs)):
        await put(db, owner, Batch.of(each.id, quarters(START, 5), np.arange(5)))
    async with db.tenant(tenant) as tx:
        assert await remove_channels(tx, [channel.id, theirs.id]) == 1
    assert await count_rows(channel) == 0
    assert await count_rows(theirs) == 5


def test_names_of_partitions_and_months_belong_together() -> None:
    assert name_of(MAY) == "reading_2024_05"
    assert month_named("reading_2024_05") == MAY
    assert is_partition("reading_2024_05")
    assert not is_partition("reading")
