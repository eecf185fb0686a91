"""When a session is found to idle."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import msgspec

from gridloom.charging.pricing.engine.public import (
    Calendar,
    DurationEnergy,
    Reading,
    State,
    StateChange,
    Terms,
    Thresholds,
    Timeline,
    price,
    states_of,
)

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
CHARGING, IDLE, HELD = State.CHARGING, State.IDLE, State.SUSPENDED_EVSE


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


def ride(
    readings: Sequence[tuple[float, int] | tuple[float, int, int]], states: Sequence[tuple[float, State]] = ()
) -> Timeline:
    """readings: (minute, Wh) or (minute, Wh, percent); the last is the end."""
    return Timeline(
        started_at=START,
        stopped_at=after(readings[-1][0]),
        readings=tuple(
            Reading(after(each[0]), Decimal(each[1]), None, Decimal(each[2]) if len(each) == 3 else None)
            for each in readings
        ),
        states=tuple(StateChange(after(at), state) for at, state in states),
    )


def found(timeline: Timeline, thresholds: Thresholds | None = None) -> list[tuple[float, State]]:
    return [
        ((each.at - START) / timedelta(minutes=1), each.state)
        for each in states_of(timeline, thresholds or Thresholds())
    ]


def by_minute(*steps: tuple[int, int]) -> list[tuple[float, int]]:
    """(minutes, Wh a minute) one after the other, as a reading a minute."""
    readings = [(0.0, 0)]
    for minutes, wh in steps:
        readings += [(readings[-1][0] + n, readings[-1][1] + n * wh) for n in range(1, minutes + 1)]
    return readings


def test_idling_is_dated_back_to_the_beginning_of_the_five_minutes() -> None:
    assert found(ride(by_minute((30, 120), (20, 0)))) == [(0, CHARGING), (30, IDLE)]


def test_four_minutes_without_power_are_no_idling() -> None:
    assert found(ride(by_minute((30, 120), (4, 0), (10, 120)))) == [(0, CHARGING)]


def test_charging_again_ends_the_idling_where_power_came_back() -> None:
    assert found(ride(by_minute((30, 120), (20, 0), (10, 120)))) == [(0, CHARGING), (30, IDLE), (50, CHARGING)]


def test_power_at_the_threshold_is_charging_and_below_it_is_idling() -> None:
    # 0.12 kW are 2 Wh a minute.
    timeline = ride(by_minute((10, 2)))
    assert found(timeline, Thresholds(average_power_idle_threshold=Decimal("0.12"))) == [(0, CHARGING)]
    assert found(timeline, Thresholds(average_power_idle_threshold=Decimal("0.121"))) == [(0, IDLE)]


def test_rare_readings_are_judged_from_one_to_the_next() -> None:
    assert found(ride([(0, 0), (15, 1800), (30, 1800), (45, 3600)])) == [(0, CHARGING), (15, IDLE), (30, CHARGING)]


def test_a_session_shorter_than_the_window_does_not_idle() -> None:
    assert found(ride([(0, 0), (4, 0)])) == [(0, CHARGING)]


def test_a_full_battery_idles_until_it_is_not_full_any_more() -> None:
    timeline = ride([(0, 0, 70), (10, 1200, 80), (20, 2400, 81), (30, 3600, 82), (40, 4800, 80), (50, 6000, 80)])
    full = Thresholds(state_of_charge_idle_threshold=80)
    assert found(timeline, full) == [(0, CHARGING), (20, IDLE), (40, CHARGING)]
    assert found(timeline) == [(0, CHARGING)]


def test_a_car_that_suspends_idles_at_once() -> None:
    timeline = ride(by_minute((10, 120), (2, 0), (10, 120)), [(10, State.SUSPENDED_EV), (12, CHARGING)])
    assert found(timeline) == [(0, CHARGING), (10, IDLE), (12, CHARGING)]


def test_a_station_that_holds_power_back_makes_nobody_idle() -> None:
    timeline = ride(by_minute((30, 120), (30, 0)), [(30, HELD), (45, CHARGING)])
    assert found(timeline) == [(0, CHARGING), (30, HELD), (45, IDLE)]


def test_a_session_priced_by_what_was_detected_owes_idle_time_from_its_beginning() -> None:
    timeline = ride(by_minute((30, 120), (20, 0)))
    timeline = msgspec.structs.replace(timeline, states=states_of(timeline, Thresholds()))
    tariff = DurationEnergy(
        price_per_kwh=Decimal("0.30"),
        price_per_period=Decimal("0.50"),
        idle_fee_per_minute=Decimal("0.10"),
        idle_fee_grace_period_minutes=Decimal(10),
    )
    done = price(timeline, tariff, Calendar(ZoneInfo("Europe/Brussels")), Terms(currency="EUR"))
    # 3.6 kWh x 0.30 = 1.08; 30 min = 2 x 0.50; (20 - 10) x 0.10
    assert done.total_amount.with_tax == Decimal("3.08")
    assert [(each.started_at, each.charging_state, each.grace_time_end_at) for each in done.periods] == [
        (START, "charging", None),
        (after(30), "idle", after(40)),
        (after(40), "idle", after(40)),
    ]
