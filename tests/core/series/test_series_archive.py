"""Months that leave the database."""

import asyncio
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import obstore
import polars as pl
import pytest
from obstore.store import MemoryStore, ObjectStore
from tests.core.series.series_kit import CountRows, NewChannel, ms, put, quarters

from gridloom.core.series import archive
from gridloom.core.series.public import (
    ArchiveUnreachable,
    Batch,
    Channel,
    Exported,
    MonthTooRecent,
    Readings,
    Written,
    apply_retention,
    bind_archive,
    export_month,
    first_reading,
    keep_months,
    last_reading,
    last_readings,
    read,
    set_keep_months,
)
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database

MAY = date(2024, 5, 1)
SINCE, TILL = ms("2024-04-01T00:00Z"), ms("2024-07-01T00:00Z")
START = ms("2024-04-30T00:00Z")
COUNT = 33 * 96


@pytest.fixture
def store() -> Iterator[ObjectStore]:
    """An object store that the process knows as its archive for the length of a test."""
    shelf = MemoryStore()
    bind_archive(shelf)
    yield shelf
    bind_archive(None)


@pytest.fixture
async def filled(db: Database, tenant: int, channel: Channel) -> Channel:
    """A channel with 33 days around May 2024: values, corrections, removals, forecasts with bounds and comments."""
    rng = np.random.default_rng(5)
    await put(db, tenant, Batch.of(channel.id, quarters(START, COUNT), np.round(rng.random(COUNT), 3)))
    await put(db, tenant, Batch.of(channel.id, quarters(START, COUNT)[::7], np.full(len(range(0, COUNT, 7)), 5.0)))
    await put(db, tenant, Batch.of(channel.id, quarters(START, COUNT)[::11], [None] * len(range(0, COUNT, 11))))
    forecast = Batch.of(
        channel.id,
        quarters(START, COUNT)[:200],
        np.arange(200),
        origin=2,
        lower=np.arange(200) - 0.5,
        upper=[None] * 200,
        original_acq_us=np.arange(200),
        comment=["☀" if n % 3 else None for n in range(200)],
    )
    await put(db, tenant, forecast)
    return channel


def same(left: Readings, right: Readings) -> bool:
    """Whether two answers agree in every column."""
    for name in Readings.__slots__:
        a, b = getattr(left, name), getattr(right, name)
        if (a is None) != (b is None):
            return False
        if a is not None and not (
            a.tolist() == b.tolist() if a.dtype == object else np.array_equal(a, b, a.dtype.kind == "f")
        ):
            return False
    return True


async def everything(db: Database, tenant: int, channel: Channel) -> list[Readings]:
    """The channel in every way of reading."""
    async with db.tenant(tenant, read_only=True) as tx:
        return [
            await read(tx, channel, SINCE, TILL),
            await read(tx, channel, SINCE, TILL, full=True),
            await read(tx, channel, SINCE, TILL, newest=False, full=True),
            await read(tx, channel, START + 500_000_000, START + 900_000_000, origins=[2]),
            await read(tx, channel, ms("2024-05-31T22:00Z"), ms("2024-06-01T02:00Z")),
        ]


async def test_an_archived_month_reads_the_same(
    db: Database, tenant: int, filled: Channel, store: ObjectStore, count_rows: CountRows
) -> None:
    before = await everything(db, tenant, filled)
    stored = await count_rows(filled)
    done = await export_month(db, store, tenant, date(2024, 5, 17))
    assert done.month == MAY
    assert done.files == 1
    assert await count_rows(filled) == stored - done.readings
    assert done.readings > 31 * 96
    after = await everything(db, tenant, filled)
    assert [same(a, b) for a, b in zip(before, after, strict=True)] == [True] * 5
    async with db.tenant(tenant) as tx:
        left = await tx.scalar(
            "SELECT count(*) FROM series.reading WHERE cap_time >= '2024-05-01' AND cap_time < '2024-06-01'"
        )
    assert left == 0


async def test_the_file_can_be_read_by_anybody(
    db: Database, tenant: int, filled: Channel, store: ObjectStore, tmp_path: Path
) -> None:
    done = await export_month(db, store, tenant, MAY)
    async with db.tenant(tenant) as tx:
        entry = await tx.one("SELECT * FROM series.archive")
    assert entry is not None
    assert (entry["month"], entry["first_channel"], entry["last_channel"]) == (MAY, filled.id, filled.id)
    content = bytes((await obstore.get_async(store, entry["path"])).bytes())
    assert len(content) == entry["byte_count"] == done.size_bytes
    table = pl.read_parquet(content)
    assert len(table) == entry["row_count"] == done.readings
    assert table["cap_time"].min() == datetime(2024, 5, 1, tzinfo=UTC)
    assert table["cap_time"].is_sorted()
    assert table["value"].null_count() > 0
    assert table.columns == [
        "channel_id", "cap_time", "origin", "acq_time", "value", "lower", "upper", "original_acq", "comment",
    ]  # fmt: skip


async def test_the_edges_of_a_series_are_found_in_the_archive(
    db: Database, tenant: int, channel: Channel, store: ObjectStore
) -> None:
    times = [ms("2024-04-02T00:00Z"), ms("2024-05-02T00:00Z"), ms("2024-05-03T00:00Z"), ms("2024-06-02T00:00Z")]
    await put(db, tenant, Batch.of(channel.id, times, [1.0, 2.0, 3.0, 4.0]))
    await export_month(db, store, tenant, date(2024, 4, 1))
    await export_month(db, store, tenant, MAY)
    async with db.tenant(tenant) as tx:
        assert await first_reading(tx, channel) == (times[0], 1.0)
        assert await last_reading(tx, channel) == (times[3], 4.0)
        assert await last_reading(tx, channel, till=times[3]) == (times[2], 3.0)
        assert await first_reading(tx, channel, since=times[0] + 1) == (times[1], 2.0)
        assert await last_reading(tx, channel, since=times[0] + 1, till=times[1]) is None
        assert await last_readings(tx, [channel], origins=[2]) == {channel.id: None}
    await put(db, tenant, Batch.of(channel.id, [times[0], times[2]], [None, None]))
    async with db.tenant(tenant) as tx:
        assert await first_reading(tx, channel) == (times[1], 2.0)
        assert await last_reading(tx, channel, till=times[3]) == (times[1], 2.0)


@pytest.mark.parametrize("count", [5, 1000], ids=["by key", "by span"])
async def test_repeating_a_write_into_an_archived_month_changes_nothing(
    db: Database, tenant: int, channel: Channel, store: ObjectStore, count_rows: CountRows, count: int
) -> None:
    batch = Batch.of(channel.id, quarters(ms("2024-05-02T00:00Z"), count), np.arange(count) / 8)
    await put(db, tenant, batch)
    await export_month(db, store, tenant, MAY)
    assert await put(db, tenant, batch) == Written(0, count, None)
    assert await count_rows(channel) == 0


async def test_a_late_reading_of_an_archived_month_is_seen_and_archived_later(
    db: Database, tenant: int, channel: Channel, store: ObjectStore, count_rows: CountRows
) -> None:
    times = quarters(ms("2024-05-02T00:00Z"), 3)
    await put(db, tenant, Batch.of(channel.id, times, [1.0, 2.0, 3.0]))
    await export_month(db, store, tenant, MAY)
    await put(db, tenant, Batch.of(channel.id, times[:2], [None, 2.5]))
    for rows in (2, 0):
        assert await count_rows(channel) == rows
        async with db.tenant(tenant) as tx:
            assert (await read(tx, channel, SINCE, TILL)).value.tolist() == [2.5, 3.0]
            assert len(await read(tx, channel, SINCE, TILL, newest=False)) == 5
        again = await export_month(db, store, tenant, MAY)
        assert (again.readings, again.files) == ((2, 1) if rows else (0, 0))


async def test_many_channels_go_into_several_files(
    db: Database, tenant: int, new_channel: NewChannel, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archive, "ROWS_PER_FILE", 25)
    channels = [await new_channel() for _ in range(5)]
    times = quarters(ms("2024-05-02T00:00Z"), 10)
    for n, each in enumerate(channels):
        await put(db, tenant, Batch.of(each.id, times, np.arange(10) + n))
    done = await export_month(db, store, tenant, MAY)
    assert (done.readings, done.files) == (50, 3)
    async with db.tenant(tenant) as tx:
        for n, each in enumerate(channels):
            assert (await read(tx, each, SINCE, TILL)).value.tolist() == (np.arange(10.0) + n).tolist()


async def test_other_tenants_keep_their_month(
    db: Database, tenant: int, other_tenant: int, channel: Channel, new_channel: NewChannel, store: ObjectStore,
    count_rows: CountRows,
) -> None:  # fmt: skip
    theirs = await new_channel(of=other_tenant)
    times = quarters(ms("2024-05-02T00:00Z"), 10)
    await put(db, tenant, Batch.of(channel.id, times, np.arange(10)))
    await put(db, other_tenant, Batch.of(theirs.id, times, np.arange(10)))
    await export_month(db, store, tenant, MAY)
    assert await count_rows(channel) == 0
    assert await count_rows(theirs) == 10
    async with db.tenant(other_tenant) as tx:
        assert await tx.all("SELECT id FROM series.archive") == []
        assert len(await read(tx, channel, SINCE, TILL)) == 0


async def test_a_month_that_is_not_over_stays(db: Database, tenant: int, store: ObjectStore) -> None:
    with clock.at(datetime(2024, 5, 31, 23, 59, tzinfo=UTC)), pytest.raises(MonthTooRecent):
        await export_month(db, store, tenant, MAY)


async def test_a_file_that_does_not_hold_what_was_written_stops_the_move(
    db: Database,
    tenant: int,
    filled: Channel,
    store: ObjectStore,
    count_rows: CountRows,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stored = await count_rows(filled)
    monkeypatch.setattr(archive.archive_files, "to_bytes", lambda table: _parquet(table.head(len(table) - 1)))
    with pytest.raises(ArchiveUnreachable):
        await export_month(db, store, tenant, MAY)
    assert await count_rows(filled) == stored
    async with db.tenant(tenant) as tx:
        assert await tx.all("SELECT id FROM series.archive") == []


def _parquet(table: pl.DataFrame) -> bytes:
    import io

    buffer = io.BytesIO()
    table.write_parquet(buffer)
    return buffer.getvalue()


async def test_a_changed_or_missing_file_is_an_error_and_never_an_empty_answer(
    db: Database, tenant: int, filled: Channel, store: ObjectStore
) -> None:
    await export_month(db, store, tenant, MAY)
    async with db.tenant(tenant) as tx:
        path = await tx.scalar("SELECT path FROM series.archive")
        await obstore.put_async(store, path, b"something else")
        with pytest.raises(ArchiveUnreachable):
            await read(tx, filled, SINCE, TILL)
        await obstore.delete_async(store, path)
        with pytest.raises(ArchiveUnreachable) as raised:
            await read(tx, filled, SINCE, TILL)
        bind_archive(None)
        with pytest.raises(ArchiveUnreachable):
            await read(tx, filled, SINCE, TILL)
        assert len(await read(tx, filled, TILL - 1, TILL)) == 0
    assert raised.value.status == 503


async def test_what_is_written_during_the_move_is_not_lost(
    db: Database, tenant: int, channel: Channel, store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    times = quarters(ms("2024-05-02T00:00Z"), 40)
    await put(db, tenant, Batch.of(channel.id, times[:20], np.arange(20)))
    write_file = archive._write_file

    async def slowly(*given: object) -> dict:
        described = await write_file(*given)  # type: ignore[arg-type]
        await put(db, tenant, Batch.of(channel.id, times[10:], np.arange(10, 40) + 0.5))
        return described

    monkeypatch.setattr(archive, "_write_file", slowly)
    assert (await export_month(db, store, tenant, MAY)).readings == 20
    async with db.tenant(tenant) as tx:
        readings = await read(tx, channel, SINCE, TILL)
    assert readings.value.tolist() == [*np.arange(10.0).tolist(), *(np.arange(10, 40) + 0.5).tolist()]


async def test_a_tenant_keeps_as_many_months_as_it_said(
    db: Database, tenant: int, channel: Channel, store: ObjectStore
) -> None:
    days = ["2024-02-10", "2024-03-10", "2024-04-10", "2024-05-10", "2024-06-10"]
    await put(db, tenant, Batch.of(channel.id, [ms(f"{day}T00:00Z") for day in days], [2, 3, 4, 5, 6]))
    with clock.at(datetime(2024, 6, 15, tzinfo=UTC)):
        assert await apply_retention(db, store, tenant) == []
        async with db.tenant(tenant) as tx:
            assert await keep_months(tx) is None
            await set_keep_months(tx, 5)
            await set_keep_months(tx, 2)
            assert await keep_months(tx) == 2
        moved = await apply_retention(db, store, tenant)
        assert [(each.month, each.readings) for each in moved] == [(date(2024, 2, 1), 1), (date(2024, 3, 1), 1)]
        assert await apply_retention(db, store, tenant) == []
    async with db.tenant(tenant) as tx:
        assert (await read(tx, channel, 0, TILL)).value.tolist() == [2, 3, 4, 5, 6]
        await set_keep_months(tx, None)
        assert await keep_months(tx) is None


async def test_two_moves_of_one_month_at_once_move_it_once(
    db: Database, tenant: int, filled: Channel, store: ObjectStore
) -> None:
    before = await everything(db, tenant, filled)
    moves = await asyncio.gather(*(export_month(db, store, tenant, MAY) for _ in range(3)), return_exceptions=True)
    assert [each.files for each in moves if isinstance(each, Exported)].count(1) == 1
    after = await everything(db, tenant, filled)
    assert [same(a, b) for a, b in zip(before, after, strict=True)] == [True] * 5
