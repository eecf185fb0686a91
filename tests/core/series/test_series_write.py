"""Writing and reading back, on a real PostgreSQL."""

import asyncio
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from tests.core.series.series_kit import CountRows, NewChannel, ms, put, quarters

from gridloom.core.series.public import (
    ABSENT,
    Batch,
    CaptureTimeOutOfRange,
    Channel,
    NotANumber,
    Origin,
    UnequalColumns,
    UnknownChannel,
    UnknownOrigin,
    Written,
    WrongWindow,
    find_channels,
    first_reading,
    last_reading,
    last_readings,
    read,
    read_many,
    write,
)
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database

START = ms("2026-01-05T00:00Z")
END = ms("2026-04-01T00:00Z")


async def test_what_was_written_is_read_back(db: Database, tenant: int, channel: Channel) -> None:
    times = quarters(START, 4)
    written = await put(db, tenant, Batch.of(channel.id, times, [0.1, 0.25, 0.0, 12.5]))
    assert (written.stored, written.unchanged) == (4, 0)
    async with db.tenant(tenant) as tx:
        readings = await read(tx, channel, START, END)
    assert readings.time_ms.tolist() == times
    assert readings.value.tolist() == [0.1, 0.25, 0.0, 12.5]
    assert readings.origin.tolist() == [1, 1, 1, 1]
    assert written.acq_time is not None
    assert set(readings.acq_us.tolist()) == {(written.acq_time - clock.EPOCH) // timedelta(microseconds=1)}


async def test_a_window_holds_its_beginning_and_not_its_end(db: Database, tenant: int, channel: Channel) -> None:
    times = quarters(START, 4)
    await put(db, tenant, Batch.of(channel.id, times, [1, 2, 3, 4]))
    async with db.tenant(tenant) as tx:
        assert (await read(tx, channel.id, times[1], times[3])).value.tolist() == [2, 3]
        assert len(await read(tx, channel, times[1], times[1])) == 0
        assert (await read(tx, channel, clock.from_ms(times[2]), datetime(2199, 1, 1, tzinfo=UTC))).value.tolist() == [
            3,
            4,
        ]
        with pytest.raises(WrongWindow):
            await read(tx, channel, times[1], times[0])


async def test_a_late_reading_makes_a_new_acquisition(
    db: Database, tenant: int, channel: Channel, count_rows: CountRows
) -> None:
    times = quarters(START, 3)
    first = await put(db, tenant, Batch.of(channel.id, times, [1.0, 2.0, 3.0]))
    second = await put(db, tenant, Batch.of(channel.id, times[1:2], [2.5]))
    assert first.acq_time is not None
    assert second.acq_time is not None
    assert second.acq_time > first.acq_time
    async with db.tenant(tenant) as tx:
        assert (await read(tx, channel, START, END)).value.tolist() == [1.0, 2.5, 3.0]
        every = await read(tx, channel, START, END, newest=False)
    assert every.time_ms.tolist() == [times[0], times[1], times[1], times[2]]
    assert every.value.tolist() == [1.0, 2.0, 2.5, 3.0]
    assert every.acq_us[2] > every.acq_us[1]
    assert await count_rows(channel) == 4


async def test_a_removed_value_vanishes_and_may_come_back(db: Database, tenant: int, channel: Channel) -> None:
    times = quarters(START, 2)
    await put(db, tenant, Batch.of(channel.id, times, [1.0, 2.0]))
    await put(db, tenant, Batch.of(channel.id, times[:1], [None]))
    async with db.tenant(tenant) as tx:
        assert (await read(tx, channel, START, END)).time_ms.tolist() == times[1:]
        every = await read(tx, channel, START, END, newest=False)
    assert np.isnan(every.value).tolist() == [False, True, False]
    await put(db, tenant, Batch.of(channel.id, times[:1], [1.0]))
    async with db.tenant(tenant) as tx:
        assert (await read(tx, channel, START, END)).value.tolist() == [1.0, 2.0]


@pytest.mark.parametrize("count", [3, 600], ids=["by key", "by span"])
async def test_repeating_a_write_changes_nothing(
    db: Database, tenant: int, channel: Channel, count_rows: CountRows, count: int
) -> None:
    batch = Batch.of(channel.id, quarters(START, count), np.arange(count) / 10)
    first = await put(db, tenant, batch)
    async with db.tenant(tenant) as tx:
        (before,) = await find_channels(tx, ids=[channel.id])
    again = await put(db, tenant, batch)
    assert first.stored == count
    assert again == Written(0, count, None)
    assert await count_rows(channel) == count
    async with db.tenant(tenant) as tx:
        assert await find_channels(tx, ids=[channel.id]) == [before]


@pytest.mark.parametrize("count", [4, 3000], ids=["by key", "by span"])
async def test_only_what_changed_is_stored_again(
    db: Database, tenant: int, channel: Channel, count_rows: CountRows, count: int
) -> None:
    times = quarters(START, count)
    values = np.arange(count, dtype=float)
    await put(db, tenant, Batch.of(channel.id, times, values))
    values[1] = 0.5
    values[-1] = np.nan
    longer = Batch.of(channel.id, [*times, times[-1] + 1, times[0] - 1], [*values, 7.0, 8.0])
    assert (await put(db, tenant, longer)).stored == 4
    assert await count_rows(channel) == count + 4
    async with db.tenant(tenant) as tx:
        readings = await read(tx, channel, 0, END)
    assert readings.value.tolist() == [8.0, 0.0, 0.5, *values[2:-1].tolist(), 7.0]


async def test_removing_what_does_not_stand_stores_nothing(
    db: Database, tenant: int, channel: Channel, count_rows: CountRows
) -> None:
    times = quarters(START, 3)
    assert await put(db, tenant, Batch.of(channel.id, times, [None] * 3)) == Written(0, 3, None)
    await put(db, tenant, Batch.of(channel.id, [times[0], times[2]], [1.0, 1.0]))
    assert await put(db, tenant, Batch.of(channel.id, [times[1]], [None])) == Written(0, 1, None)
    assert await count_rows(channel) == 2


async def test_of_several_rows_about_the_same_the_last_counts(
    db: Database, tenant: int, channel: Channel, count_rows: CountRows
) -> None:
    batch = Batch.of(
        channel.id,
        [START, START + 1, START, START, START],
        [1.0, 2.0, 3.0, 4.0, 5.0],
        origin=[1, 1, 1, 2, 1],
    )
    written = await put(db, tenant, batch)
    assert (written.stored, written.unchanged) == (3, 2)
    assert await count_rows(channel) == 3
    async with db.tenant(tenant) as tx:
        readings = await read(tx, channel, START, END)
    assert list(zip(readings.time_ms.tolist(), readings.origin.tolist(), readings.value.tolist(), strict=True)) == [
        (START, 1, 5.0),
        (START, 2, 4.0),
        (START + 1, 1, 2.0),
    ]


async def test_origins_stand_side_by_side(db: Database, tenant: int, channel: Channel) -> None:
    await put(db, tenant, Batch.of(channel.id, [START] * 3, [1.0, 2.0, 3.0], origin=[2, 4, 1]))
    await put(db, tenant, Batch.of(channel.id, [START], [2.2], origin=Origin.ESTIMATED))
    async with db.tenant(tenant) as tx:
        assert (await read(tx, channel, START, END)).value.tolist() == [3.0, 1.0, 2.2]
        assert (await read(tx, channel, START, END, origins=[4])).value.tolist() == [2.2]
        assert (await read(tx, channel, START, END, origins=[1, 2])).origin.tolist() == [1, 2]
        assert len(await read(tx, channel, START, END, origins=[5])) == 0


async def test_bounds_comments_and_original_acquisitions_are_kept(
    db: Database, tenant: int, channel: Channel, count_rows: CountRows
) -> None:
    batch = Batch.of(
        channel.id,
        quarters(START, 4),
        [1.0, None, 3.0, 4.0],
        lower=[0.5, None, None, 3.5],
        upper=[1.5, None, 3.5, None],
        original_acq_us=[ABSENT, ABSENT, 1_767_000_000_123_456, ABSENT],
        comment=["café ☀", None, "", None],
    )
    assert (await put(db, tenant, batch)).stored == 3
    async with db.tenant(tenant) as tx:
        readings = await read(tx, channel, START, END, full=True)
    assert readings.comment is not None
    assert readings.comment.tolist() == ["café ☀", "", None]
    assert np.array_equal(readings.lower, [0.5, np.nan, 3.5], equal_nan=True)
    assert np.array_equal(readings.upper, [1.5, 3.5, np.nan], equal_nan=True)
    assert readings.original_acq_us is not None
    assert readings.original_acq_us.tolist() == [ABSENT, 1_767_000_000_123_456, ABSENT]
    assert (await put(db, tenant, batch)).stored == 0
    other = batch.take([0, 2])
    assert other.comment is not None
    other.comment[1] = "read again"
    assert (await put(db, tenant, other)).stored == 1
    assert await count_rows(channel) == 4


async def test_columns_without_comments_keep_an_empty_place(db: Database, tenant: int, channel: Channel) -> None:
    await put(db, tenant, Batch.of(channel.id, quarters(START, 2), [1, 2], lower=[None, 1.0]))
    async with db.tenant(tenant) as tx:
        readings = await read(tx, channel, START, END, full=True)
    assert readings.comment is not None
    assert readings.comment.tolist() == [None, None]
    assert np.array_equal(readings.lower, [np.nan, 1.0], equal_nan=True)


async def test_one_batch_fills_several_channels_over_several_months(
    db: Database, tenant: int, new_channel: NewChannel
) -> None:
    first, second = await new_channel(), await new_channel()
    times = [ms("2025-11-30T23:45Z"), ms("2025-12-01T00:00Z"), ms("2026-01-31T23:45Z")]
    batch = Batch.of([second.id] * 3 + [first.id] * 3, times * 2, [1, 2, 3, 4, 5, 6])
    assert (await put(db, tenant, batch)).stored == 6
    async with db.tenant(tenant) as tx:
        both = await read_many(tx, [first, second, -5], times[0], times[2] + 1)
        assert await last_readings(tx, [first, second]) == {first.id: (times[2], 6.0), second.id: (times[2], 3.0)}
        assert await first_reading(tx, first, since=times[0] + 1) == (times[1], 5.0)
        assert await last_reading(tx, second, till=times[2]) == (times[1], 2.0)
        assert await last_reading(tx, second, till=times[0]) is None
        extent = [(each.first_cap, each.last_cap) for each in await find_channels(tx, ids=[first.id, second.id])]
    assert both[first.id].value.tolist() == [4, 5, 6]
    assert both[second.id].value.tolist() == [1, 2, 3]
    assert len(both[-5]) == 0
    assert extent == [(clock.from_ms(times[0]), clock.from_ms(times[2]))] * 2


async def test_the_edges_of_a_series_pass_over_what_was_removed(db: Database, tenant: int, channel: Channel) -> None:
    times = quarters(START, 3)
    await put(db, tenant, Batch.of(channel.id, times, [1, 2, 3]))
    await put(db, tenant, Batch.of(channel.id, [times[0], times[2]], [None, None]))
    async with db.tenant(tenant) as tx:
        assert await first_reading(tx, channel) == (times[1], 2.0)
        assert await last_reading(tx, channel) == (times[1], 2.0)
        assert await last_reading(tx, channel, origins=[2]) is None


async def test_acquisition_times_rise_though_the_clock_goes_back(db: Database, tenant: int, channel: Channel) -> None:
    first = await put(db, tenant, Batch.of(channel.id, [START], [1.0]))
    assert first.acq_time is not None
    with clock.at(first.acq_time - timedelta(hours=1)):
        second = await put(db, tenant, Batch.of(channel.id, [START], [2.0]))
    assert second.acq_time == first.acq_time + timedelta(microseconds=1)
    async with db.tenant(tenant) as tx:
        assert (await read(tx, channel, START, END)).value.tolist() == [2.0]


@pytest.mark.parametrize(
    ("columns", "fault", "place"),
    [
        ({"time_ms": [START, ms("1999-12-31T23:59:59Z")], "value": [1, 2]}, CaptureTimeOutOfRange, 1),
        ({"time_ms": [ms("2150-01-01T00:00Z"), START], "value": [1, 2]}, CaptureTimeOutOfRange, 0),
        ({"time_ms": [START, 10**30], "value": [1, 2]}, CaptureTimeOutOfRange, None),
        ({"time_ms": [START, START + 1], "value": [1, float("inf")]}, NotANumber, 1),
        ({"time_ms": [START], "value": [1], "upper": [float("-inf")]}, NotANumber, 0),
        ({"time_ms": [START, START + 1], "value": [1, 2], "origin": [1, 6]}, UnknownOrigin, 1),
        ({"time_ms": [START], "value": [1], "origin": 0}, UnknownOrigin, 0),
        ({"time_ms": [START], "value": [1, 2]}, UnequalColumns, None),
        ({"time_ms": [START], "value": [1], "comment": []}, UnequalColumns, None),
    ],
)
async def test_a_wrong_batch_is_refused_and_stores_nothing(
    db: Database, tenant: int, channel: Channel, count_rows: CountRows, columns: dict, fault: type, place: int | None
) -> None:
    with pytest.raises(fault) as raised:
        await put(db, tenant, Batch.of(channel.id, **columns))
    assert raised.value.index == place
    assert raised.value.status == 422
    assert await count_rows(channel) == 0


async def test_an_empty_batch_is_no_write(db: Database, tenant: int) -> None:
    assert await put(db, tenant, Batch.of(7, [], [])) == Written(0, 0, None)
    assert await put(db, tenant, Batch.join([])) == Written(0, 0, None)


async def test_joined_batches_fill_up_missing_columns(db: Database, tenant: int, channel: Channel) -> None:
    plain = Batch.of(channel.id, [START], [1])
    rich = Batch.of(channel.id, [START + 1], [2], lower=[1.5], comment=["from a file"])
    assert (await put(db, tenant, Batch.join([plain, rich]))).stored == 2
    async with db.tenant(tenant) as tx:
        readings = await read(tx, channel, START, END, full=True)
    assert readings.comment is not None
    assert readings.comment.tolist() == [None, "from a file"]
    assert np.array_equal(readings.lower, [np.nan, 1.5], equal_nan=True)


async def test_a_failing_transaction_leaves_nothing_of_its_writes(
    db: Database, tenant: int, channel: Channel, count_rows: CountRows
) -> None:
    async def write_twice() -> None:
        async with db.tenant(tenant) as tx:
            await write(tx, Batch.of(channel.id, quarters(START, 5), np.arange(5)))
            await write(tx, Batch.of(2**40, [START], [1.0]))

    with pytest.raises(UnknownChannel):
        await write_twice()
    assert await count_rows(channel) == 0


async def test_another_tenant_sees_nothing_and_cannot_write(
    db: Database, tenant: int, other_tenant: int, channel: Channel, new_channel: NewChannel, count_rows: CountRows
) -> None:
    await put(db, tenant, Batch.of(channel.id, [START], [1.0]))
    own = await new_channel(of=other_tenant)
    async with db.tenant(other_tenant) as tx:
        assert len(await read(tx, channel, START, END)) == 0
        assert await last_reading(tx, channel) is None
        assert await find_channels(tx, ids=[channel.id]) == []
    with pytest.raises(UnknownChannel) as raised:
        await put(db, other_tenant, Batch.of([own.id, own.id, channel.id], [START, START + 1, START], [5.0, 6.0, 7.0]))
    assert raised.value.index == 2
    assert await count_rows(channel) == 1
    assert await count_rows(own) == 0


async def test_tenants_cannot_touch_the_table_behind_the_store(db: Database, tenant: int, channel: Channel) -> None:
    await put(db, tenant, Batch.of(channel.id, [START], [1.0]))
    for command in (
        "UPDATE series.reading SET value = 0",
        "DELETE FROM series.reading",
        "SELECT value FROM series.reading_2026_01",
    ):
        with pytest.raises(Exception, match="permission denied"):
            async with db.tenant(tenant) as tx:
                await tx.run(command)
    async with db.tenant(tenant) as tx:
        assert (await read(tx, channel, START, END)).value.tolist() == [1.0]


async def test_two_writers_of_one_channel_follow_one_another(
    db: Database, tenant: int, channel: Channel, count_rows: CountRows
) -> None:
    batches = [Batch.of(channel.id, quarters(START, 50), np.full(50, float(n))) for n in range(6)]
    written = await asyncio.gather(*(put(db, tenant, batch) for batch in batches))
    assert len({each.acq_time for each in written}) == 6
    assert await count_rows(channel) == 300
    last = max(range(6), key=lambda n: written[n].acq_time or clock.EPOCH)
    async with db.tenant(tenant) as tx:
        assert set((await read(tx, channel, START, END)).value.tolist()) == {float(last)}


async def test_writers_of_many_channels_in_any_order_do_not_block_each_other_for_ever(
    db: Database, tenant: int, new_channel: NewChannel, count_rows: CountRows
) -> None:
    channels = [await new_channel() for _ in range(8)]
    rng = np.random.default_rng(7)

    def batch(value: float) -> Batch:
        order = rng.permutation([each.id for each in channels])
        return Batch.of(order, np.full(8, START), np.full(8, value))

    await asyncio.gather(*(put(db, tenant, batch(float(n))) for n in range(10)))
    assert [await count_rows(each) for each in channels] == [10] * 8


async def test_an_append_asks_the_readings_nothing(db: Database, tenant: int, channel: Channel) -> None:
    await put(db, tenant, Batch.of(channel.id, quarters(START, 10), np.arange(10)))
    async with db.tenant(tenant) as tx:
        await write(tx, Batch.of(channel.id, [START + 86_400_000], [1.0]))
        assert tx.statements == 3


async def test_a_read_is_one_statement_however_many_channels(
    db: Database, tenant: int, new_channel: NewChannel
) -> None:
    channels = [await new_channel() for _ in range(4)]
    async with db.tenant(tenant, read_only=True) as tx:
        await read_many(tx, channels, START, END)
        await read(tx, channels[0], START, END, full=True, newest=False)
        assert tx.statements == 2
