"""Points, channels, registers over meter changes, and the view for people who write SQL."""

import asyncio
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from sqlalchemy import create_engine, make_url
from tests.core.series.series_kit import CountRows, NewChannel, ms, put, quarters

from gridloom.core.series import ddl
from gridloom.core.series.public import (
    Batch,
    Calendar,
    Channel,
    ChannelDiffers,
    FixedStep,
    OverlappingPeriods,
    Period,
    PointTaken,
    UnknownChannel,
    UnknownPoint,
    amounts,
    change_point,
    channels_for,
    complete_periods,
    continuous,
    ensure_channel,
    ensure_point,
    find_channels,
    find_points,
    get_channel,
    prefer,
    read,
    read_register,
    remove_point,
    resample,
    total,
)
from gridloom.kernel.database.pool import Database
from gridloom.kernel.units import UnknownUnit

EAN = "541448820000000011"
START = ms("2026-01-05T00:00Z")
HOUR_MS = 3_600_000


class TestPoints:
    async def test_a_number_leads_to_one_point_whoever_asks(self, db: Database, tenant: int) -> None:
        async with db.tenant(tenant) as tx:
            first = await ensure_point(tx, eid=EAN, name="house", lat=50.6, lon=5.6)
            assert await ensure_point(tx, eid=EAN, name="other") == first
            assert await find_points(tx, eids=[EAN, "unknown"]) == [first]
            assert await find_points(tx, ids=[first.id, 2**40]) == [first]
        assert (first.name, first.lat, first.lon, first.owner_cid) == ("house", 50.6, 5.6, None)

    async def test_a_point_without_a_number_is_always_a_new_one(self, db: Database, tenant: int) -> None:
        async with db.tenant(tenant) as tx:
            assert (await ensure_point(tx, name="a")).id != (await ensure_point(tx, name="a")).id

    async def test_a_client_takes_over_a_point_that_nobody_owns(self, db: Database, tenant: int) -> None:
        async with db.tenant(tenant) as tx:
            known = await ensure_point(tx, eid=EAN)
            owned = await ensure_point(tx, eid=EAN, owner_cid=7)
            assert (owned.id, owned.owner_cid) == (known.id, 7)
            assert await ensure_point(tx, eid=EAN, owner_cid=7) == owned
            assert await ensure_point(tx, eid=EAN) == owned
            other = await ensure_point(tx, eid=EAN, owner_cid=8)
            assert other.id != owned.id
            assert await find_points(tx, eids=[EAN]) == [owned, other]

    async def test_two_that_ask_at_once_get_the_same_point(self, db: Database, tenant: int) -> None:
        async def ask() -> int:
            async with db.tenant(tenant) as tx:
                return (await ensure_point(tx, eid=EAN)).id

        assert len(set(await asyncio.gather(*(ask() for _ in range(8))))) == 1

    async def test_each_tenant_has_points_of_its_own(self, db: Database, tenant: int, other_tenant: int) -> None:
        async with db.tenant(tenant) as tx:
            point = await ensure_point(tx, eid=EAN)
        async with db.tenant(other_tenant) as tx:
            assert await find_points(tx, eids=[EAN]) == []
            assert (await ensure_point(tx, eid=EAN)).id != point.id
            with pytest.raises(UnknownPoint):
                await change_point(tx, point.id, name="mine")
            with pytest.raises(UnknownPoint):
                await ensure_channel(tx, point.id, 32, unit="kW.h", kind="register")
            with pytest.raises(UnknownPoint):
                await remove_point(tx, point.id)
        async with db.tenant(tenant) as tx:
            assert await find_points(tx, ids=[point.id]) == [point]

    async def test_only_what_is_given_changes(self, db: Database, tenant: int) -> None:
        async with db.tenant(tenant) as tx:
            point = await ensure_point(tx, eid=EAN, name="house", lat=50.0)
            changed = await change_point(tx, point.id, name="barn", lat=None)
        assert (changed.name, changed.lat, changed.eid) == ("barn", None, EAN)

    async def test_a_number_is_not_given_twice_to_one_owner(self, db: Database, tenant: int) -> None:
        async with db.tenant(tenant) as tx:
            taken = await ensure_point(tx, eid=EAN, owner_cid=1)
            point = await ensure_point(tx, eid="541448820000000028", owner_cid=1)
            with pytest.raises(PointTaken) as raised:
                await change_point(tx, point.id, eid=EAN)
            assert await find_points(tx, ids=[taken.id, point.id]) == [taken, point]
            moved = await change_point(tx, point.id, eid=EAN, owner_cid=2)
        assert raised.value.status == 409
        assert (moved.eid, moved.owner_cid) == (EAN, 2)

    async def test_a_point_goes_with_its_channels_and_their_readings(
        self, db: Database, tenant: int, channel: Channel, count_rows: CountRows
    ) -> None:
        await put(db, tenant, Batch.of(channel.id, [START], [1.0]))
        async with db.tenant(tenant) as tx:
            await remove_point(tx, channel.point_id)
            assert await find_channels(tx, ids=[channel.id]) == []
            assert await find_points(tx, ids=[channel.point_id]) == []
        assert await count_rows(channel) == 0


class TestChannels:
    async def test_a_channel_is_made_once_in_the_symbol_of_its_unit(self, db: Database, tenant: int) -> None:
        async with db.tenant(tenant) as tx:
            point = await ensure_point(tx, eid=EAN)
            channel = await ensure_channel(
                tx, point, 32, unit="kWh", kind="register", step_s=900, attributes={"obis": "1.8.0"}
            )
            again = await ensure_channel(tx, point.id, 32, unit="kW.h", kind="register")
        assert again == channel
        assert (channel.unit, channel.quantity, channel.step_s) == ("kW.h", "energy", 900)
        assert (channel.attributes, channel.first_cap, channel.last_cap) == ({"obis": "1.8.0"}, None, None)

    @pytest.mark.parametrize(("unit", "kind"), [("W.h", "register"), ("kW.h", "interval"), ("kW", "instant")])
    async def test_a_channel_never_changes_its_meaning(self, db: Database, tenant: int, unit: str, kind: str) -> None:
        async with db.tenant(tenant) as tx:
            point = await ensure_point(tx, eid=EAN)
            channel = await ensure_channel(tx, point, 32, unit="kW.h", kind="register")
            with pytest.raises(ChannelDiffers) as raised:
                await ensure_channel(tx, point, 32, unit=unit, kind=kind)  # type: ignore[arg-type]
            assert await find_channels(tx, points=[point.id]) == [channel]
        assert raised.value.status == 409

    async def test_a_channel_has_a_known_unit_and_a_point(self, db: Database, tenant: int) -> None:
        async with db.tenant(tenant) as tx:
            point = await ensure_point(tx, eid=EAN)
            with pytest.raises(UnknownUnit):
                await ensure_channel(tx, point, 1, unit="furlong", kind="instant")
            with pytest.raises(UnknownPoint):
                await ensure_channel(tx, 2**40, 1, unit="K", kind="instant")
            with pytest.raises(UnknownChannel):
                await get_channel(tx, 2**40)
            assert await find_channels(tx, points=[point.id]) == []

    async def test_channels_are_found_by_pairs_in_one_statement(self, db: Database, tenant: int) -> None:
        async with db.tenant(tenant) as tx:
            points = [await ensure_point(tx) for _ in range(3)]
            for point in points[:2]:
                for code in (34, 32):
                    await ensure_channel(tx, point, code, unit="kW.h", kind="register")
            before = tx.statements
            found = await channels_for(
                tx, [(points[0].id, 34), (points[1].id, 32), (points[2].id, 32), (points[0].id, 1)]
            )
            assert tx.statements == before + 1
            assert set(found) == {(points[0].id, 34), (points[1].id, 32)}
            assert await get_channel(tx, found[points[0].id, 34].id) == found[points[0].id, 34]
            listed = await find_channels(tx, points=[each.id for each in points])
            assert [(each.point_id, each.code) for each in listed] == [
                (point.id, code) for point in points[:2] for code in (32, 34)
            ]
            assert [each.code for each in await find_channels(tx, points=[points[0].id], codes=[34, 99])] == [34]
            assert await channels_for(tx, []) == {}

    async def test_two_that_ask_at_once_get_the_same_channel(self, db: Database, tenant: int) -> None:
        async with db.tenant(tenant) as tx:
            point = await ensure_point(tx, eid=EAN)

        async def ask() -> int:
            async with db.tenant(tenant) as tx:
                return (await ensure_channel(tx, point, 32, unit="kW.h", kind="register")).id

        assert len(set(await asyncio.gather(*(ask() for _ in range(8))))) == 1


class TestStoredRegisters:
    async def test_a_window_comes_with_the_reading_before_it_and_at_its_end(
        self, db: Database, tenant: int, new_channel: NewChannel
    ) -> None:
        channel = await new_channel(kind="register")
        times = quarters(START, 13)
        await put(db, tenant, Batch.of(channel.id, times, [round(n * 0.1, 1) for n in range(13)]))
        await put(db, tenant, Batch.of(channel.id, times[4:5], [None]))
        async with db.tenant(tenant) as tx:
            samples = await read_register(tx, channel, times[4], times[8])
            from_the_start = await read_register(tx, channel, times[0], times[4])
        assert samples.time_ms.tolist() == [times[3], *times[5:9]]
        hours = amounts(samples, FixedStep(60), times[4], times[8])
        assert (hours.time_ms.tolist(), hours.value.tolist()) == ([times[4]], [0.5])
        assert from_the_start.time_ms.tolist() == times[:4]

    async def test_the_ends_of_a_meter_are_found_in_the_store(
        self, db: Database, tenant: int, new_channel: NewChannel
    ) -> None:
        channel = await new_channel(kind="register")
        times = quarters(START, 8)
        await put(db, tenant, Batch.of(channel.id, times, [10.5, 11.0, 12.25, 900.0, 901.5, 5.0, 5.5, 6.0]))
        meters = [Period(times[5], None), Period(None, times[2], None, 11.75)]
        async with db.tenant(tenant) as tx:
            line = await complete_periods(tx, channel, meters, unknown_factor=Fraction(2))
            window = await read_register(tx, channel, times[6], times[7])
            with pytest.raises(OverlappingPeriods):
                await complete_periods(tx, channel, [Period(None, None), Period(5, 6)])
            assert await complete_periods(tx, channel, []) == []
        assert line == [
            Period(None, times[2], 10.5, 11.75),
            Period(times[2], times[5], 12.25, 901.5, Fraction(2)),
            Period(times[5], None, 5.0, None),
        ]
        assert continuous(window, line).value.tolist() == [1780.25, 1780.75]


class TestTotals:
    async def test_totals_out_of_the_store_are_those_of_the_written_text(
        self, db: Database, tenant: int, channel: Channel
    ) -> None:
        """Values as a client writes them, summed with a pencil and summed by the store: equal to the last digit."""
        rng = np.random.default_rng(11)
        texts = [
            f"{whole}.{part:03}"
            for whole, part in zip(rng.integers(0, 9, 9000), rng.integers(0, 1000, 9000), strict=True)
        ]
        times = quarters(ms("2026-02-01T00:00Z"), 9000)
        await put(db, tenant, Batch.of(channel.id, times, [float(text) for text in texts]))
        async with db.tenant(tenant) as tx:
            samples = prefer(await read(tx, channel, times[0], times[-1] + 1))
        expected = sum(map(Decimal, texts))
        assert Decimal(repr(total(samples.value))) == expected
        for grid in (FixedStep(60), Calendar("day", "Europe/Brussels"), Calendar("month", "Europe/Brussels")):
            parts = resample(samples, grid, "interval").value.tolist()
            assert sum(Decimal(repr(part)) for part in parts) == expected
        days = resample(samples, Calendar("day", "Europe/Brussels"), "interval")
        short = days.time_ms.tolist().index(ms("2026-03-29T00:00+01:00"))
        first = times.index(ms("2026-03-29T00:00+01:00"))
        assert Decimal(repr(days.value.tolist()[short])) == sum(map(Decimal, texts[first : first + 23 * 4]))


class TestView:
    @pytest.fixture
    def view(self, database_url: str) -> None:
        """The view and the first partitions, made twice as two runs of the migrations would."""
        engine = create_engine(make_url(database_url).set(drivername="postgresql+psycopg"))
        for _ in range(2):
            with engine.begin() as connection:
                ddl.create(connection)
        engine.dispose()

    async def test_the_view_shows_what_the_store_reads(
        self, db: Database, tenant: int, other_tenant: int, channel: Channel, new_channel: NewChannel, view: None
    ) -> None:
        theirs = await new_channel(of=other_tenant)
        times = quarters(START, 4)
        await put(db, tenant, Batch.of(channel.id, times, [1, 2, 3, 4]))
        await put(db, tenant, Batch.of(channel.id, times[:2], [None, 2.5]))
        await put(db, tenant, Batch.of(channel.id, times[:1], [9.0], origin=2))
        await put(db, other_tenant, Batch.of(theirs.id, times, [5, 6, 7, 8]))
        async with db.tenant(tenant) as tx:
            rows = await tx.all("SELECT channel_id, origin, value FROM series.newest ORDER BY cap_time, origin")
            readings = await read(tx, channel, START, times[-1] + 1)
        assert [tuple(row) for row in rows] == [
            (channel.id, 2, 9.0),
            (channel.id, 1, 2.5),
            (channel.id, 1, 3.0),
            (channel.id, 1, 4.0),
        ]
        assert [row["value"] for row in rows] == readings.value.tolist()

    async def test_the_view_reaches_only_the_months_it_was_asked_for(
        self, db: Database, tenant: int, channel: Channel, view: None
    ) -> None:
        times = [ms("2026-01-10T00:00Z"), ms("2026-02-10T00:00Z")]
        await put(db, tenant, Batch.of(channel.id, times, [1, 2]))
        async with db.tenant(tenant) as tx:
            plan = await tx.all(
                "EXPLAIN SELECT * FROM series.newest WHERE channel_id = :id "
                "AND cap_time >= '2026-02-01 00:00+00' AND cap_time < '2026-03-01 00:00+00'",
                id=channel.id,
            )
        text = "\n".join(row[0] for row in plan)
        assert "reading_2026_02" in text
        assert "reading_2026_01" not in text
