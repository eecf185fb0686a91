"""When a location is open, and when it ends a session; without I/O."""

from datetime import UTC, datetime

import pytest

from gridloom.charging.sessions.hours import is_open, must_stop
from gridloom.kernel import clock

HOURS = {
    "isAlwaysOpen": False,
    "hours": {"wednesday": [{"start": "08:00", "end": "12:00"}, {"start": "20:00", "end": "23:59"}]},
}


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        ("07:59:59", False), ("08:00:00", True), ("11:59:59", True), ("12:00:00", False), ("20:00:00", True),
        ("23:59:00", True), ("23:59:59", True),
    ],
)  # fmt: skip
def test_an_interval_is_open_from_its_start_until_before_its_end(at: str, wanted: bool) -> None:
    instant = datetime.fromisoformat(f"2025-06-04T{at}+00:00")
    assert is_open(HOURS, instant, clock.zone("UTC")) is wanted


def test_a_session_ends_at_closing_time_only_where_the_location_says_so() -> None:
    night = datetime(2025, 6, 4, 13, tzinfo=UTC)
    zone = clock.zone("UTC")
    stopping = {**HOURS, "stopSessionOutsideWorkingHours": True, "alwaysOpenForUserGroupIds": [5]}
    assert must_stop(HOURS, (), night, zone) is False
    assert must_stop(stopping, (), night, zone) is True
    assert must_stop(stopping, (4, 5), night, zone) is False
    assert must_stop({**stopping, "allowChargingOutsideWorkingHours": True}, (), night, zone) is False
