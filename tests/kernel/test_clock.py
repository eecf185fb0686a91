"""Time stands still in tests; days of a zone follow one another without gap or overlap, however long they are."""

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gridloom.kernel import clock

BRUSSELS = clock.zone("Europe/Brussels")
ZONES = [
    "Europe/Brussels",
    "America/Sao_Paulo",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Havana",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "America/New_York",
    "UTC",
]
days = st.dates(date(1975, 1, 1), date(2037, 12, 30))
zones = st.sampled_from(ZONES).map(clock.zone)


def at_utc(*parts):
    return datetime(*parts, tzinfo=UTC)


def test_now_is_the_present_in_utc():
    before = datetime.now(UTC)
    assert before <= clock.now() <= datetime.now(UTC)
    assert clock.now().tzinfo is UTC


def test_a_stopped_clock_stands_until_it_is_moved_and_runs_again_afterwards():
    with clock.at(datetime(2026, 3, 29, 2, tzinfo=timezone(timedelta(hours=1)))) as stopped:
        assert clock.now() == at_utc(2026, 3, 29, 1)
        assert stopped.move(timedelta(minutes=5)) == clock.now() == at_utc(2026, 3, 29, 1, 5)
    assert clock.now() > at_utc(2026, 4, 1)


def test_travel_shifts_a_stopped_clock_and_adds_up():
    with clock.at(at_utc(2026, 1, 1)), clock.travel(timedelta(days=1)), clock.travel(timedelta(hours=-2)):
        assert clock.now() == at_utc(2026, 1, 1, 22)


def test_travel_lets_the_clock_run_on():
    with clock.travel(timedelta(days=1000)):
        first = clock.now()
        while clock.now() == first:
            pass
        assert timedelta(days=999) < first - datetime.now(UTC) < timedelta(days=1001)


async def test_a_stopped_clock_holds_in_the_tasks_started_under_it_and_nowhere_else():
    started = asyncio.Event()

    async def read():
        started.set()
        return clock.now()

    async def wait_and_read():
        await started.wait()
        return clock.now()

    outside = asyncio.create_task(wait_and_read())
    with clock.at(at_utc(2000, 1, 1)):
        inside = asyncio.create_task(read())
    assert await inside == at_utc(2000, 1, 1)
    assert await outside > at_utc(2026, 1, 1)


def test_a_datetime_without_a_zone_is_no_instant():
    naive = datetime(2026, 1, 1)  # noqa: DTZ001 - this is what must be refused
    for refuses in (clock.utc, clock.to_ms, lambda it: clock.day_of(it, BRUSSELS), clock.StoppedClock):
        with pytest.raises(ValueError, match="no time zone"):
            refuses(naive)


def test_milliseconds_round_down_on_both_sides_of_1970():
    assert clock.to_ms(at_utc(1970, 1, 1, 0, 0, 1, 1999)) == 1001
    assert clock.to_ms(at_utc(1969, 12, 31, 23, 59, 59, 999_999)) == -1


@given(st.integers(-62_135_596_800_000, 253_402_300_799_999))
def test_milliseconds_come_back_exactly(ms):
    assert clock.to_ms(clock.from_ms(ms)) == ms


@given(st.one_of(st.integers(min_value=253_402_300_800_000), st.integers(max_value=-62_135_596_800_001)))
def test_milliseconds_beyond_the_calendar_are_refused(ms):
    with pytest.raises(ValueError, match="beyond the years"):
        clock.from_ms(ms)


@pytest.mark.parametrize(
    "name", ["", "Mars/Olympus", "Europe", "/etc/passwd", "../UTC", "Europe/", "a\0b", "Europe/Brussels ", "x" * 5000]
)
def test_a_name_that_is_no_zone_is_refused_with_an_example(name):
    with pytest.raises(clock.UnknownZone, match="Europe/Brussels") as fault:
        clock.zone(name)
    assert fault.value.name == name


def test_a_zone_is_the_same_object_each_time():
    assert clock.zone("Etc/GMT+5") is clock.zone("Etc/GMT+5")
    assert clock.zone("America/Argentina/Buenos_Aires") == ZoneInfo("America/Argentina/Buenos_Aires")


@pytest.mark.parametrize(
    ("day", "start", "hours"),
    [
        (date(2026, 3, 28), at_utc(2026, 3, 27, 23), 24),
        (date(2026, 3, 29), at_utc(2026, 3, 28, 23), 23),
        (date(2026, 10, 25), at_utc(2026, 10, 24, 22), 25),
    ],
)
def test_days_of_23_24_and_25_hours_in_brussels(day, start, hours):
    assert clock.day_bounds(day, BRUSSELS) == (start, start + timedelta(hours=hours))


def test_a_day_whose_midnight_is_skipped_begins_at_one():
    assert clock.start_of_day(date(2018, 11, 4), clock.zone("America/Sao_Paulo")) == at_utc(2018, 11, 4, 3)


def test_a_day_whose_midnight_comes_twice_begins_at_the_first():
    # Havana sets its clocks back from 01:00 to 00:00: 04:00 and 05:00 UTC both read midnight.
    start, end = clock.day_bounds(date(2026, 11, 1), clock.zone("America/Havana"))
    assert (start, end) == (at_utc(2026, 11, 1, 4), at_utc(2026, 11, 2, 5))


def test_a_day_that_a_gap_across_midnight_cuts_begins_where_the_gap_ends():
    # On 30 March 1919 Toronto went from 23:30 to 00:30.
    toronto = clock.zone("America/Toronto")
    start = clock.start_of_day(date(1919, 3, 31), toronto)
    assert start == at_utc(1919, 3, 31, 4, 30)
    assert start.astimezone(toronto).time().isoformat() == "00:30:00"


def test_a_day_that_never_was_has_no_length():
    # Samoa skipped 30 December 2011.
    start, end = clock.day_bounds(date(2011, 12, 30), clock.zone("Pacific/Apia"))
    assert start == end == at_utc(2011, 12, 30, 10)


@given(day=days, of=zones)
def test_a_day_holds_its_own_instants_and_no_others(day, of):
    start, end = clock.day_bounds(day, of)
    assume(start < end)
    assert clock.day_of(start, of) == clock.day_of(end - timedelta(microseconds=1), of) == day
    assert clock.day_of(start - timedelta(microseconds=1), of) < day
    assert timedelta(hours=22) <= end - start <= timedelta(hours=26)


@given(day=days, of=zones)
def test_days_fill_their_month_and_months_their_year(day, of):
    start, end = clock.month_bounds(day.year, day.month, of)
    length = (clock.next_month(day) - day.replace(day=1)).days
    bounds = [clock.day_bounds(day.replace(day=number), of) for number in range(1, length + 1)]
    total = sum((upper - lower for lower, upper in bounds), timedelta())
    assert total == end - start
    assert clock.start_of_month(day, of) == start <= clock.start_of_day(day, of) < end
    assert clock.start_of_year(day, of) == clock.month_bounds(day.year, 1, of)[0]


def test_a_week_begins_on_its_monday():
    assert clock.start_of_week(date(2026, 11, 22), BRUSSELS) == at_utc(2026, 11, 15, 23)
    assert clock.start_of_week(date(2026, 11, 23), BRUSSELS) == at_utc(2026, 11, 22, 23)


def test_december_is_followed_by_january():
    assert clock.next_month(date(2026, 12, 31)) == date(2027, 1, 1)
