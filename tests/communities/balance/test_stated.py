"""What the grid operator states of some meters stands where it can be true, and ours is computed around it."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.communities.balance.street import Meter, Street, quarters

from gridloom.communities.allocation.public import BY_NEED, Round
from gridloom.communities.balance.amounts import NOTHING, Amounts, Given, key_of, standing
from gridloom.communities.balance.days import HOUR_MS, QUARTER_MS, Days, Span
from gridloom.communities.balance.readings import Found
from gridloom.communities.balance.sharing import Agreed, share
from gridloom.core.series import codes

MAY = date(2026, 5, 1)
SPAN = Span(MAY, MAY)
DAY = Days.of(SPAN)
KWH = 1_000_000


def rows(*micro: int) -> Amounts:
    time = np.arange(len(micro)) * QUARTER_MS
    return Amounts(np.zeros(len(micro), dtype=np.int64), time, np.array(micro), np.full(len(micro), QUARTER_MS))


def said(**at: int) -> Given:
    """q0=5: that many micro-kWh in the first quarter hour."""
    pairs = sorted((int(name[1:]) * QUARTER_MS, micro) for name, micro in at.items())
    return Given(np.array([time for time, _ in pairs]), np.array([micro for _, micro in pairs]))


@pytest.mark.parametrize(
    ("shared", "net", "holds"),
    [
        (6, 4, (10, 6, 4)), (0, 10, (10, 0, 10)),
        # Within a watt-hour of the gross amount.
        (6, 4.001, (10, 6, 4.001)), (10.001, 0, (10, 10.001, 0)), (6, 4.0011, None), (10.0011, 0, None),
        # A corrected gross amount, and nonsense.
        (6, 9, None), (6, 0, None), (12, None, None), (None, 12, None), (-1, 11, None), (11, -1, None), (-1, None, None),
        (None, -1, None),
        # One of the two.
        (7, None, (10, 7, 3)), (None, 7, (10, 3, 7)), (10.0005, None, (10, 10.0005, 0)), (None, 10.0005, (10, 0, 10.0005)),
    ],
)  # fmt: skip
def test_the_operators_numbers_stand_only_where_they_can_be_true(
    shared: float | None, net: float | None, holds: tuple[float, float, float] | None
) -> None:
    def one(kwh: float | None) -> Given:
        return NOTHING if kwh is None else said(q0=round(kwh * KWH))

    found = standing(rows(10 * KWH), np.array([2 * KWH]), one(shared), one(net))
    expected = holds or (10, 2, 8)
    assert (found.gross.tolist(), found.shared.tolist(), found.net.tolist()) == tuple(
        [round(kwh * KWH)] for kwh in expected
    )


def test_without_a_gross_amount_it_is_what_the_operator_says_unless_that_is_nonsense() -> None:
    found = standing(rows(), np.zeros(0, dtype=np.int64), said(q1=5, q2=-5, q3=7), said(q1=6, q2=9, q4=8))
    assert found.time_ms.tolist() == [QUARTER_MS, 3 * QUARTER_MS, 4 * QUARTER_MS]
    assert found.gross.tolist() == [11, 7, 8]
    assert found.shared.tolist() == [5, 7, 0]
    assert found.net.tolist() == [6, 0, 8]


STEPS, CONSUMERS, PRODUCERS = 8, 4, 3
PLACES = CONSUMERS + PRODUCERS
EVERYBODY = [Round(Decimal(1), tuple((c, BY_NEED) for c in range(CONSUMERS)))]
FIXED = [
    Round(Decimal("0.6"), ((0, Decimal("0.5")), (1, Decimal("0.2")), (2, Decimal("0.3")))),
    Round(Decimal("0.4"), ((3, BY_NEED), (0, BY_NEED))),
]


class Case:
    """Some steps with statements of some meters."""

    def __init__(self, gross: Any, injected: Any, taken: dict[Any, int], fed: dict[Any, int], rounds: Any) -> None:
        self.gross, self.injected, self.taken, self.fed, self.rounds = gross, injected, taken, fed, rounds

    def shared(self, step_ms: int = QUARTER_MS) -> Any:
        """(shared, injected) of each step and meter, as they stand."""
        takes, feeds = np.zeros((1, PLACES), dtype=np.bool_), np.zeros((1, PLACES), dtype=np.bool_)
        takes[:, :CONSUMERS], feeds[:, CONSUMERS:] = True, True
        taken = Found(table(self.gross, 0), NOTHING, statements(self.taken, 0), NOTHING)
        fed = Found(
            table(self.injected, CONSUMERS, step_ms), NOTHING, statements(self.fed, CONSUMERS, step_ms), NOTHING
        )
        consumers, producers, sums = share(DAY, taken, fed, takes, feeds, [Agreed(SPAN, self.rounds)])
        assert sums.columns[1].sum() == consumers.stands.shared.sum()
        assert sums.columns[4].sum() == producers.stands.shared.sum()
        return (
            grid(consumers.stands, len(self.gross), CONSUMERS, 0, QUARTER_MS),
            grid(producers.stands, len(self.injected), PRODUCERS, CONSUMERS, step_ms),
        )


def table(micro: Any, first: int, step_ms: int = QUARTER_MS) -> Amounts:
    steps, places = micro.shape
    place = np.repeat(np.arange(places) + first, steps)
    times = np.tile(DAY.since_ms + np.arange(steps) * step_ms, places)
    return Amounts(place, times, micro.T.ravel().astype(np.int64), np.full(steps * places, step_ms))


def statements(said_: dict[Any, int], first: int, step_ms: int = QUARTER_MS) -> Given:
    keys = sorted((int(key_of(place + first, DAY.since_ms + step * step_ms)), v) for (step, place), v in said_.items())
    return Given(np.array([k for k, _ in keys], dtype=np.int64), np.array([v for _, v in keys], dtype=np.int64))


def grid(stands: Any, steps: int, places: int, first: int, step_ms: int) -> Any:
    found = np.zeros((steps, places), dtype=np.int64)
    found[(stands.time_ms - DAY.since_ms) // step_ms, stands.place - first] = stands.shared
    return found


energies = st.one_of(st.integers(0, 9), st.integers(0, 3 * KWH))


@st.composite
def cases(draw: Any, producers_say: bool = True) -> Case:
    gross = np.array([[draw(energies) for _ in range(CONSUMERS)] for _ in range(STEPS)])
    injected = np.array([[draw(energies) for _ in range(PRODUCERS)] for _ in range(STEPS)])

    def some(amounts: Any, places: int) -> dict[Any, int]:
        cells = st.tuples(st.integers(0, STEPS - 1), st.integers(0, places - 1))
        return {cell: draw(st.integers(0, int(amounts[cell]))) for cell in draw(st.sets(cells, max_size=12))}

    fed = some(injected, PRODUCERS) if producers_say else {}
    return Case(gross, injected, some(gross, CONSUMERS), fed, draw(st.sampled_from([EVERYBODY, FIXED])))


@given(cases())
def test_what_is_shared_is_what_was_injected_for_it_whoever_states_what(case: Case) -> None:
    shared, injected = case.shared()
    for step in range(STEPS):
        got = {c: v for (at, c), v in case.taken.items() if at == step}
        gave = {p: v for (at, p), v in case.fed.items() if at == step}
        for place, value in got.items():
            assert shared[step, place] == value
        for place, value in gave.items():
            assert injected[step, place] == value
        open_p = [p for p in range(PRODUCERS) if p not in gave]
        named = {c for each in case.rounds for c, _ in each.consumers}
        most_given = sum(gave.values()) + int(case.injected[step, open_p].sum())
        most_got = sum(got.values()) + sum(int(case.gross[step, c]) for c in named - set(got))
        if sum(got.values()) > most_given:
            # The statements about consumers exceed what there can have been.
            assert int(injected[step].sum()) == most_given
            assert int(shared[step].sum()) == sum(got.values())
        elif sum(gave.values()) > most_got:
            # Those about producers exceed what anybody can have taken.
            assert int(injected[step].sum()) == sum(gave.values())
            assert int(shared[step].sum()) == most_got
        else:
            assert int(shared[step].sum()) == int(injected[step].sum())
    assert (shared >= 0).all()
    assert (shared <= case.gross).all()
    assert (injected >= 0).all()
    assert (injected <= case.injected).all()


@given(cases(), st.integers(2, 4))
def test_the_law_holds_at_the_coarser_step_of_the_day(case: Case, hours: int) -> None:
    """Producers give whole hours: consumers' quarter hours are stated in part of them."""
    case.injected = case.injected[:2]
    case.fed = {}
    shared, injected = case.shared(HOUR_MS)
    for hour in range(2):
        block = slice(4 * hour, 4 * hour + 4)
        got = sum(v for (at, _), v in case.taken.items() if at // 4 == hour)
        most = int(case.injected[hour].sum())
        assert int(injected[hour].sum()) == min(most, int(shared[block].sum()))
        assert int(shared[block].sum()) == int(injected[hour].sum()) or got > most
    for (step, place), value in case.taken.items():
        assert shared[step, place] == value
    assert (shared <= case.gross).all()


def test_ours_is_computed_around_what_is_stated() -> None:
    gross, injected = np.array([[4, 4, 4, 4]]) * KWH, np.array([[6, 3, 0]]) * KWH
    case = Case(gross, injected, {(0, 0): 3 * KWH}, {}, EVERYBODY)
    shared, given_ = case.shared()
    assert shared.tolist() == [[3 * KWH, 2 * KWH, 2 * KWH, 2 * KWH]]
    assert given_.tolist() == [[6 * KWH, 3 * KWH, 0]]
    shared, given_ = Case(gross, injected, {}, {(0, 0): KWH}, EVERYBODY).shared()
    assert shared.tolist() == [[KWH] * 4]
    assert given_.tolist() == [[KWH, 3 * KWH, 0]]


def test_where_everybody_is_stated_and_they_disagree_both_stand() -> None:
    gross, injected = np.full((1, CONSUMERS), KWH), np.full((1, PRODUCERS), KWH)
    taken, fed = {(0, c): 700_000 for c in range(CONSUMERS)}, {(0, p): 400_000 for p in range(PRODUCERS)}
    shared, given_ = Case(gross, injected, taken, fed, EVERYBODY).shared()
    assert (shared.tolist(), given_.tolist()) == ([[700_000] * CONSUMERS], [[400_000] * PRODUCERS])


@pytest.fixture
async def street_of_three(sun: Street) -> tuple[Meter, Meter, Meter]:
    """Two houses that share a roof in halves, all since May."""
    houses, roof = [await sun.meter(MAY), await sun.meter(MAY)], await sun.meter(MAY, injects=True)
    await sun.key(MAY, [("1", {each.ean: "-1" for each in houses})])
    for each in houses:
        await sun.readings(each, codes.GROSS_CONSUMPTION, quarters(MAY)[:4], [1.0] * 4)
    await sun.readings(roof, codes.GROSS_INJECTION, quarters(MAY)[:4], [1.0] * 4)
    return houses[0], houses[1], roof


async def test_the_others_get_what_a_statement_leaves(sun: Street, street_of_three: Sequence[Meter]) -> None:
    one, other, _ = street_of_three
    times = quarters(MAY)[:4]
    await sun.readings(one, codes.SHARED_CONSUMPTION, times[:3], [0.25, 0.75, 7.0])
    await sun.readings(one, codes.NET_CONSUMPTION, times[:2], [0.75, 0.25])
    await sun.catch_up(MAY, MAY)
    # Ours of the stated meter is the check: what it would have been by the key alone.
    assert list((await sun.series(one.point, codes.SHARED_CONSUMPTION, MAY, MAY)).values()) == [500_000] * 4
    assert list((await sun.series(other.point, codes.SHARED_CONSUMPTION, MAY, MAY)).values()) == [
        750_000, 250_000, 500_000, 500_000,
    ]  # fmt: skip
    assert list((await sun.sums(codes.SHARED_CONSUMPTION, MAY, MAY)).values()) == [KWH] * 4
    assert list((await sun.sums(codes.SHARED_INJECTION, MAY, MAY)).values()) == [KWH] * 4


async def test_a_corrected_gross_amount_takes_the_old_statement_away(
    sun: Street, street_of_three: Sequence[Meter]
) -> None:
    one = street_of_three[0]
    times = quarters(MAY)[:1]
    await sun.readings(one, codes.SHARED_CONSUMPTION, times, [0.25])
    await sun.readings(one, codes.NET_CONSUMPTION, times, [0.75])
    await sun.catch_up(MAY, MAY)
    await sun.readings(one, codes.GROSS_CONSUMPTION, times, [3.0])
    await sun.catch_up(MAY, MAY)
    first = int(times[0])
    assert (await sun.sums(codes.GROSS_CONSUMPTION, MAY, MAY))[first] == 4 * KWH
    assert (await sun.sums(codes.SHARED_CONSUMPTION, MAY, MAY))[first] == KWH
    assert (await sun.sums(codes.NET_CONSUMPTION, MAY, MAY))[first] == 3 * KWH
    assert (await sun.series(one.point, codes.SHARED_CONSUMPTION, MAY, MAY))[first] == 750_000
