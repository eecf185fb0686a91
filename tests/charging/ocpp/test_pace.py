"""Many who come at once go on one after the other."""

from hypothesis import given
from hypothesis import strategies as st

from gridloom.charging.ocpp.admission import Pace


def test_the_first_go_on_at_once_and_the_others_in_their_order() -> None:
    pace = Pace(rate=10, burst=3)
    assert [round(pace.wait(100.0), 3) for _ in range(6)] == [0, 0, 0, 0.1, 0.2, 0.3]


def test_a_quiet_time_makes_room_for_as_many_again_and_no_more() -> None:
    pace = Pace(rate=10, burst=3)
    for _ in range(3):
        pace.wait(100.0)
    assert [round(pace.wait(1000.0), 3) for _ in range(4)] == [0, 0, 0, 0.1]


@given(gaps=st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_within_any_second_no_more_go_on_than_the_rate_and_the_first(gaps: list[float]) -> None:
    pace, now, went = Pace(rate=10, burst=3), 50.0, []
    for gap in gaps:
        now += gap
        went.append(now + pace.wait(now))
    for start in went:
        assert sum(start <= each < start + 1 - 1e-6 for each in went) <= 13
