"""Energy and cost between marks of the wall clock, and how long rows of samples are thinned: rules without I/O."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from gridloom.charging.pricing.engine.public import Reading, Timeline
from gridloom.charging.sessions.consumption import MOST_SAMPLES, thinned
from gridloom.charging.sessions.curves import Paid, marks, pieces
from gridloom.kernel import clock

START = datetime(2025, 10, 25, 22, 7, tzinfo=UTC)
MINUTES = st.integers(1, 3000)
ZONES = st.sampled_from(["Europe/Brussels", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns", "UTC"])


@given(st.integers(0, 200), MINUTES, st.sampled_from([15, 30, 60]), ZONES)
def test_between_its_ends_a_session_is_cut_where_the_wall_shows_a_whole_multiple(
    first: int, minutes: int, every: int, name: str
) -> None:
    start = START + timedelta(minutes=first)
    stop = start + timedelta(minutes=minutes)
    zone = clock.zone(name)
    cuts = marks(start, stop, every, zone)
    assert (cuts[0], cuts[-1]) == (start, stop)
    assert cuts == sorted(set(cuts))
    each = start + timedelta(minutes=1)
    wanted = []
    while each < stop:
        if each.astimezone(zone).minute % every == 0:
            wanted.append(each)
        each += timedelta(minutes=1)
    assert cuts[1:-1] == wanted


def test_a_session_of_no_time_has_no_slices() -> None:
    line = Timeline(started_at=START, stopped_at=START)
    assert pieces(line, marks(START, START, 15, clock.zone("UTC")), (), (Decimal(1), Decimal(1))) == []


AMOUNTS = st.decimals(0, 1000, places=2)


@given(
    st.lists(st.tuples(st.integers(0, 600), st.integers(0, 50_000)), max_size=8),
    st.lists(st.tuples(st.integers(1, 600), AMOUNTS), min_size=1, max_size=5),
    AMOUNTS,
    st.sampled_from([15, 30, 60]),
)
def test_slices_add_up_to_the_whole_session(
    readings: list[tuple[int, int]], periods: list[tuple[int, Decimal]], total: Decimal, every: int
) -> None:
    stop = START + timedelta(minutes=600)
    line = Timeline(
        started_at=START,
        stopped_at=stop,
        readings=tuple(Reading(START + timedelta(minutes=m), Decimal(wh)) for m, wh in readings),
    )
    ends = sorted({minute for minute, _ in periods} | {600})
    costs = [amount for _, amount in periods] + [Decimal(1)] * len(ends)
    bounds = [START + timedelta(minutes=minute) for minute in (0, *ends)]
    paid = [Paid(a, b, cost, cost / 2) for a, b, cost in zip(bounds, bounds[1:], costs, strict=False)]
    found = pieces(line, marks(START, stop, every, clock.zone("Europe/Brussels")), paid, (total, total / 2))
    assert sum(each.energy_wh for each in found) == line.energy_wh
    assert sum(each.cost[0] for each in found if each.cost) == total
    assert all(each.cost is not None and min(each.cost) >= 0 for each in found)
    assert [each.start for each in found[1:]] == [each.stop for each in found[:-1]]


@given(st.integers(0, 2000), st.integers(2, MOST_SAMPLES))
def test_thinning_keeps_the_ends_and_no_more_than_it_may(count: int, most: int) -> None:
    items = list(range(count))
    kept = thinned(items, most)
    assert len(kept) == min(count, most)
    assert kept == sorted(set(kept))
    if items:
        assert (kept[0], kept[-1]) == (0, count - 1)
