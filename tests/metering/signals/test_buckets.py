"""Values in buckets over HTTP: what each kind of signal adds up to, calendars, and meters that were changed."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from tests.metering.calls import (
    DATA,
    HOUR,
    STEP,
    T0,
    columns,
    data,
    get,
    places,
    sensor,
    signal_state,
    state,
    values,
    wrote,
)
from tests.suites.client import Caller, Callers, answers

MINUTE = 60_000


@pytest.fixture
async def caller(callers: Callers) -> Caller:
    """Who may do everything in the tenant of the test."""
    return await callers.with_scopes("metering", ["*"])


@pytest.fixture
async def key(caller: Caller) -> str:
    """A sensor without values."""
    return await sensor(caller)


async def buckets(caller: Caller, key: str, moid: int, **params: Any) -> dict[int, float]:
    """Beginning -> value, with the beginnings counted from T0."""
    found = await data(caller, key, moid, **params)
    assert found["type"] == ["DBL"] * len(found["time"])
    assert found["origin"] == [3] * len(found["time"])
    return {time - T0: value for time, value in zip(found["time"], found["value"], strict=True)}


class TestAmounts:
    async def test_amounts_are_summed_where_their_steps_begin(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 132, columns([0.1] * 10))
        assert await buckets(caller, key, 132, delta_t=60) == {0: 0.4, HOUR: 0.4, 2 * HOUR: 0.2}
        assert await buckets(caller, key, 132, delta_t=15) == {n * STEP: 0.1 for n in range(10)}
        assert await buckets(caller, key, 132, delta_t=5) == {n * STEP: 0.1 for n in range(10)}

    async def test_empty_buckets_are_left_out(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 132, {"time": [T0, T0 + 5 * HOUR], "value": [1.0, 2.0]})
        assert await buckets(caller, key, 132, delta_t=60) == {0: 1.0, 5 * HOUR: 2.0}

    async def test_buckets_lie_on_the_line_of_utc_not_of_the_window(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 132, columns([1.0] * 8))
        window = {"since": T0 + STEP, "till": T0 + 6 * STEP}
        assert await buckets(caller, key, 132, delta_t=60, **window) == {0: 3.0, HOUR: 2.0}
        seven = {0 - (T0 % (7 * MINUTE)): 1.0}
        assert await buckets(caller, key, 132, delta_t=7, since=T0, till=T0 + 1) == seven

    async def test_a_correction_counts_instead_of_what_it_corrects(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 132, columns([1.0, 2.0]))
        await wrote(caller, key, 132, columns([5.0]))
        await wrote(caller, key, 132, {"time": [T0 + STEP], "value": [10.0], "origin": [5]})
        assert await buckets(caller, key, 132, delta_t=60) == {0: 15.0}


class TestInstants:
    async def test_a_regular_series_is_averaged_plainly(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 53, columns([230.0, 231.0, 232.0, 234.0, 240.0, 240.0]))
        assert await buckets(caller, key, 53, delta_t=60) == {0: 231.75, HOUR: 240.0}

    async def test_an_irregular_one_by_how_long_each_value_stood(self, caller: Caller, key: str) -> None:
        times = [T0, T0 + 6 * MINUTE, T0 + 30 * MINUTE, T0 + 90 * MINUTE]
        await wrote(caller, key, 60, {"time": times, "value": [10.0, 20.0, 5.0, 8.0]})
        first = (10.0 * 6 + 20.0 * 24 + 5.0 * 30) / 60
        assert await buckets(caller, key, 60, delta_t=60) == {0: first, HOUR: 8.0}

    async def test_the_last_value_stands_until_the_window_ends(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 60, {"time": [T0, T0 + 10 * MINUTE, T0 + 11 * MINUTE], "value": [10.0, 40.0, 20.0]})
        found = await buckets(caller, key, 60, delta_t=60, since=T0, till=T0 + 20 * MINUTE)
        assert found == {0: (10.0 * 10 + 40.0 * 1 + 20.0 * 9) / 20}

    async def test_a_temperature_is_averaged_before_it_is_converted(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 210, columns([293.15, 295.15, 294.15, 294.15]))
        assert await buckets(caller, key, 210, delta_t=60, output_unit_id=41) == {0: 21.0}


class TestRegisters:
    async def test_what_was_counted_between_the_readings_at_both_ends(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 32, columns([100.0, 100.5, 101.0, 101.5, 103.0, 103.5], start=T0))
        assert await buckets(caller, key, 32, delta_t=60) == {0: 3.0, HOUR: 0.5}
        inner = await buckets(caller, key, 32, delta_t=60, since=T0 + HOUR, till=T0 + 2 * HOUR)
        assert inner == {HOUR: 0.5}

    async def test_the_reading_before_the_window_counts_for_its_beginning(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 32, {"time": [T0 - 40 * 24 * HOUR, T0 + MINUTE], "value": [90.0, 100.0]})
        assert await buckets(caller, key, 32, delta_t=60) == {0: 10.0}

    async def test_the_buckets_add_up_to_last_less_first(self, caller: Caller, key: str) -> None:
        readings = [0.1, 0.3, 0.7, 12.9, 13.0, 99.99]
        times = [T0, T0 + 7 * MINUTE, T0 + 50 * MINUTE, T0 + 2 * HOUR, T0 + 5 * HOUR, T0 + 9 * HOUR]
        await wrote(caller, key, 32, {"time": times, "value": readings})
        for delta in (1, 15, 60, 1440):
            found = await buckets(caller, key, 32, delta_t=delta)
            total = sum((Decimal(repr(each)) for each in found.values()), Decimal())
            assert total == Decimal("99.89")

    async def test_a_register_that_no_power_is_charted_of_shows_its_last_reading(
        self, caller: Caller, key: str
    ) -> None:
        await wrote(caller, key, 202, columns([10.0, 11.0, 12.5, 13.0, 20.0]))
        assert await buckets(caller, key, 202, delta_t=60) == {0: 13.0, HOUR: 20.0}

    async def test_everything_from_the_beginning_of_time_is_counted(self, caller: Caller, key: str) -> None:
        await wrote(caller, key, 32, columns([100.0, 101.0, 105.0], step=HOUR))
        for since in (0, 946_684_799_999, 946_684_800_000):
            window = {"since": since, "till": 253_402_300_799_999}
            assert await buckets(caller, key, 32, delta_t=60, **window) == {0: 1.0, HOUR: 4.0}

    async def test_a_register_that_falls_without_a_change_of_the_meter_shows_the_fall(
        self, caller: Caller, key: str
    ) -> None:
        await wrote(caller, key, 32, columns([100.0, 110.0, 3.0, 5.0], step=HOUR))
        assert await buckets(caller, key, 32, delta_t=60) == {0: 10.0, HOUR: -107.0, 2 * HOUR: 2.0}


class TestMeterChanges:
    async def test_a_meter_that_went_before_there_were_readings_hinders_nothing(self, caller: Caller) -> None:
        key = await sensor(caller)
        long_ago = 915_148_800_000
        old = await state(caller, key, till=long_ago)
        await state(caller, key, since=long_ago)
        await signal_state(caller, old["sensor_state_id"], 32, value_for_since=5)
        await wrote(caller, key, 32, columns([100.0, 101.0, 103.0], step=HOUR))
        assert await buckets(caller, key, 32, delta_t=60) == {0: 1.0, HOUR: 2.0}
        assert await values(caller, key, 32) == [0.0, 1.0, 3.0]

    async def test_what_nobody_noted_is_taken_from_the_first_and_last_readings(self, caller: Caller) -> None:
        key = await sensor(caller)
        await state(caller, key, till=T0 + 2 * HOUR, meter_eid="old")
        await state(caller, key, since=T0 + 2 * HOUR, till=T0 + 4 * HOUR, meter_eid="new")
        await wrote(caller, key, 32, columns([990.0, 994.0, 3.0, 4.0, 7.0, 9.0], step=HOUR))
        assert await values(caller, key, 32) == [0.0, 4.0, 4.0, 5.0, 5.0, 7.0]
        assert await values(caller, key, 32, raw=True) == [990.0, 994.0, 3.0, 4.0, 7.0, 9.0]
        assert await buckets(caller, key, 32, delta_t=60) == {
            0: 4.0, HOUR: 0.0, 2 * HOUR: 1.0, 3 * HOUR: 0.0, 4 * HOUR: 2.0,
        }  # fmt: skip

    async def test_every_meter_counts_with_its_own_factor(self, caller: Caller) -> None:
        key = await sensor(caller, info='{"multiplier": 2}')
        old = await state(caller, key, since=T0, till=T0 + 2 * HOUR, info='{"current_ratio": "200/5"}')
        new = await state(caller, key, since=T0 + 2 * HOUR, info='{"multiplier": 1}')
        await signal_state(caller, old["sensor_state_id"], 32, value_for_since=10, value_for_till=13)
        await signal_state(caller, new["sensor_state_id"], 32, value_for_since=0.5)
        await wrote(caller, key, 32, columns([11.0, 12.5, 1.0, 2.5], step=HOUR))
        assert await values(caller, key, 32) == [80.0, 200.0, 240.5, 242.0]
        assert await values(caller, key, 32, apply_multiplier=False) == [1.0, 2.5, 3.5, 5.0]
        assert await buckets(caller, key, 32, delta_t=60) == {0: 120.0, HOUR: 40.5, 2 * HOUR: 1.5}

    async def test_another_signals_register_is_not_this_ones(self, caller: Caller) -> None:
        key = await sensor(caller)
        made = await state(caller, key, since=T0)
        await signal_state(caller, made["sensor_state_id"], 34, value_for_since=50)
        await wrote(caller, key, 32, columns([10.0, 12.0], step=HOUR))
        await wrote(caller, key, 34, columns([51.0, 52.0], step=HOUR))
        assert await values(caller, key, 32) == [0.0, 2.0]
        assert await values(caller, key, 34) == [1.0, 2.0]


class TestCalendars:
    BRUSSELS = ZoneInfo("Europe/Brussels")

    @pytest.mark.parametrize(
        ("day", "hours"), [((2026, 3, 28), 24), ((2026, 3, 29), 23), ((2026, 10, 25), 25), ((2025, 12, 31), 24)]
    )
    async def test_a_day_has_as_many_quarters_as_it_has_there(
        self, caller: Caller, key: str, day: tuple[int, int, int], hours: int
    ) -> None:
        midnight = datetime(*day, tzinfo=self.BRUSSELS)
        start = round(midnight.timestamp() * 1000)
        window = {"since": start - 6 * HOUR, "till": start + 48 * HOUR}
        await wrote(caller, key, 132, columns([0.1] * 4 * 54, start=window["since"]))
        found = await data(caller, key, 132, calendar="day", zone="Europe/Brussels", **window)
        following = round(datetime.combine(midnight + timedelta(days=1), midnight.time(), self.BRUSSELS).timestamp())
        assert found["time"][1:3] == [start, following * 1000]
        assert found["value"][1] == float(Decimal("0.1") * hours * 4)
        hourly = await data(caller, key, 132, calendar="hour", zone="Europe/Brussels", **window)
        assert hourly["value"] == [0.4] * 54

    async def test_months_and_years_begin_where_the_zone_has_them(self, caller: Caller, key: str) -> None:
        new_year = datetime(2026, 1, 1, tzinfo=self.BRUSSELS)
        start = round(new_year.timestamp() * 1000)
        assert datetime.fromtimestamp(start / 1000, UTC).year == 2025
        await wrote(caller, key, 132, {"time": [start - 1, start, start + 31 * 24 * HOUR], "value": [1.0, 2.0, 4.0]})
        window = {"since": start - 40 * 24 * HOUR, "till": start + 60 * 24 * HOUR, "zone": "Europe/Brussels"}
        december = round(datetime(2025, 12, 1, tzinfo=self.BRUSSELS).timestamp() * 1000)
        months = await data(caller, key, 132, calendar="month", **window)
        assert (months["time"], months["value"]) == ([december, start, start + 31 * 24 * HOUR], [1.0, 2.0, 4.0])
        years = await data(caller, key, 132, calendar="year", **window)
        of_2025 = round(datetime(2025, 1, 1, tzinfo=self.BRUSSELS).timestamp() * 1000)
        assert (years["time"], years["value"]) == ([of_2025, start], [1.0, 6.0])

    async def test_without_a_zone_the_tenants_own_is_meant(self, caller: Caller, key: str) -> None:
        start = round(datetime(2026, 6, 1, tzinfo=self.BRUSSELS).timestamp() * 1000)
        await wrote(caller, key, 132, columns([1.0, 2.0], start=start - HOUR, step=HOUR))
        window = {"since": start - 24 * HOUR, "till": start + 24 * HOUR, "calendar": "day"}
        assert (await data(caller, key, 132, **window))["time"] == [start - 24 * HOUR, start]
        assert (await data(caller, key, 132, zone="UTC", **window))["time"] == [start - 22 * HOUR]

    async def test_a_register_counts_in_the_days_of_its_zone(self, caller: Caller, key: str) -> None:
        start = round(datetime(2026, 3, 29, tzinfo=self.BRUSSELS).timestamp() * 1000)
        times = [start, start + 12 * HOUR, start + 23 * HOUR, start + 30 * HOUR]
        await wrote(caller, key, 32, {"time": times, "value": [100.0, 105.0, 110.0, 111.0]})
        window = {"since": start, "till": start + 47 * HOUR, "calendar": "day", "zone": "Europe/Brussels"}
        found = await data(caller, key, 32, **window)
        assert (found["time"], found["value"]) == ([start, start + 23 * HOUR], [10.0, 1.0])

    @pytest.mark.parametrize(
        ("params", "name"),
        [
            ({"calendar": "day", "zone": "Europe/Atlantis"}, "zone"),
            ({"calendar": "day", "zone": "../../etc/passwd"}, "zone"),
            ({"calendar": "day", "zone": "+01:00"}, "zone"),
            ({"calendar": "week"}, "calendar"),
            ({"zone": "UTC"}, "zone"),
            ({"calendar": "day", "delta_t": 60}, "delta_t"),
        ],
    )
    async def test_what_cannot_be_meant_is_named(
        self, caller: Caller, key: str, params: dict[str, Any], name: str
    ) -> None:
        answer = await get(caller, key, 132, **params)
        answers(caller.api, answer, "GET", DATA)
        assert places(answer) == [["query", name]]


async def test_the_longest_bucket_holds_everything(caller: Caller, key: str) -> None:
    await wrote(caller, key, 132, columns([1.0, 2.0]))
    found = await data(caller, key, 132, delta_t=5_256_000)
    length = 5_256_000 * MINUTE
    assert (found["time"], found["value"]) == ([T0 // length * length], [3.0])
