"""What sessions have drawn over time: slices by the wall clock, and samples."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.charging.kit import caller_of
from tests.charging.sessions.api.kit import (
    NOON,
    SESSIONS,
    Site,
    finished,
    measured,
    metered,
    running,
    set_columns,
    shown,
    site,
)
from tests.suites.client import Callers

BY_KWH: dict[str, Any] = {"type": "duration+energy", "pricing": {"pricePerKwh": 0.3}}


def slices_of(read: dict[str, Any]) -> list[tuple[str, str, float, float]]:
    return [
        (each["start"][11:16], each["end"][11:16], each["energyConsumption"]["total"], each["totalCost"]["withTax"])
        for each in read["clockAlignedEnergyConsumption"]
    ]


async def test_slices_end_at_marks_of_the_wall_clock(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    start = datetime(2025, 6, 4, 10, 7, tzinfo=UTC)
    session = await running(at, start)
    await metered(at, start, (0, 0), (11, 1100), (33, 3300))
    read = await finished(at, session, start, 33, 3300)
    # 3.3 kWh cost 0.99.
    assert slices_of(read) == [
        ("10:07", "10:15", 800, 0.24), ("10:15", "10:30", 1500, 0.45), ("10:30", "10:40", 1000, 0.3),
    ]  # fmt: skip
    assert [each["energyConsumed"] for each in read["clockAlignedEnergyConsumption"]] == [800, 1500, 1000]
    half = await shown(at.caller, session, clockAlignedInterval="30")
    assert slices_of(half) == [("10:07", "10:30", 2300, 0.69), ("10:30", "10:40", 1000, 0.3)]
    whole = await shown(at.caller, session, clockAlignedInterval="60")
    assert slices_of(whole) == [("10:07", "10:40", 3300, 0.99)]


async def test_marks_are_those_of_the_place_where_the_hour_is_shifted(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    await set_columns(at.caller, "location", at.station["locationId"], timezone="Asia/Kathmandu")
    start = datetime(2025, 6, 4, 10, 7, tzinfo=UTC)
    session = await running(at, start)
    await finished(at, session, start, 33, 3300)
    # It is 5 hours and 45 minutes later there: the hour is full at 10:15 UTC.
    read = await shown(at.caller, session, clockAlignedInterval="60")
    assert [each[:2] for each in slices_of(read)] == [("10:07", "10:15"), ("10:15", "10:40")]


async def test_a_slice_of_a_night_costs_what_the_night_costs(callers: Callers) -> None:
    by_day = {
        "type": "duration+energy time of day", "dayTariffStart": "06:00", "nightTariffStart": "22:00",
        "pricing": {"dayPricePerKwh": 0.4, "nightPricePerKwh": 0.2},
    }  # fmt: skip
    at = await site(await caller_of(callers), by_day)
    start = datetime(2025, 6, 4, 19, 30, tzinfo=UTC)
    session = await running(at, start)
    await metered(at, start, *[(m, 100 * m) for m in range(0, 61, 4)])
    await finished(at, session, start, 60, 6000)
    read = await shown(at.caller, session, clockAlignedInterval="30")
    assert slices_of(read) == [("19:30", "20:00", 3000, 1.2), ("20:00", "20:30", 3000, 0.6)]


async def test_slices_of_a_session_that_runs_have_no_cost_yet(callers: Callers) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    now = datetime.now(UTC).replace(microsecond=0)
    session = await running(at, now - timedelta(minutes=10))
    await metered(at, now - timedelta(minutes=10), (0, 0), (5, 900))
    read = await shown(at.caller, session)
    assert sum(each["energyConsumption"]["total"] for each in read["clockAlignedEnergyConsumption"]) == 900
    assert all("totalCost" not in each for each in read["clockAlignedEnergyConsumption"])


async def stats(at: Site, session: int) -> list[dict[str, Any]]:
    answer = await at.caller.get(f"{SESSIONS}/{session}/consumption-stats")
    assert answer.status_code == 200, answer.text
    assert answer.json().keys() == {"data"}
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_samples_tell_energy_since_the_start_and_power(callers: Callers) -> None:
    at = await site(await caller_of(callers))
    session = await running(at)
    await metered(at, NOON, (0, 0), (30, 6000))
    await measured(at, "Power.Active.Import", [(NOON + timedelta(minutes=30), 11000.5)])
    await finished(at, session, NOON, 60, 12000)
    assert await stats(at, session) == [
        {"energy": 0, "power": None, "timestamp": "2025-06-04T12:00:00Z"},
        {"energy": 6000, "power": 11000.5, "timestamp": "2025-06-04T12:30:00Z"},
        {"energy": 12000, "power": None, "timestamp": "2025-06-04T13:00:00Z"},
    ]


async def test_a_session_that_is_over_tells_at_most_300_samples_the_first_and_the_last_among_them(
    callers: Callers,
) -> None:
    at = await site(await caller_of(callers))
    session = await running(at)
    await metered(at, NOON, *[(m / 2, 50 * m) for m in range(801)])
    assert len(await stats(at, session)) == 801
    await finished(at, session, NOON, 400, 40000)
    thinned = await stats(at, session)
    assert len(thinned) == 300
    assert [thinned[0]["energy"], thinned[-1]["energy"]] == [0, 40000]
    assert thinned[-1]["timestamp"] == "2025-06-04T18:40:00Z"
    times = [each["timestamp"] for each in thinned]
    assert times == sorted(set(times))


async def test_a_session_that_never_ran_has_no_samples(callers: Callers) -> None:
    at = await site(await caller_of(callers))
    session = await running(at)
    await set_columns(at.caller, "session", session, status="failed")
    assert await stats(at, session) == []
    unknown = await at.caller.get(f"{SESSIONS}/987654321/consumption-stats")
    assert unknown.status_code == 404
