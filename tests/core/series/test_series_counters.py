"""What registers are worth: set once, read by everybody, told when it changes, and counted by one function."""

import asyncio
import itertools
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.core.series.series_kit import QUARTER_MS, ms
from tests.core.series.series_strategies import of

from gridloom.core.series.counters import recounted
from gridloom.core.series.public import (
    FixedStep,
    Period,
    RegistersRecounted,
    Samples,
    amounts,
    counters_of,
    ensure_point,
    hold_counters,
    one_count,
    ordered,
    set_counters,
)
from gridloom.core.series.registers import continuous
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database

START = ms("2026-02-01T00:00Z")
NOON = ms("2026-02-01T12:00Z")
FORTY = [Period(factor=Fraction(40))]
CHANGED = [Period(None, NOON, 100.0, 108.5, Fraction(200, 3)), Period(NOON, None, 3.0, None)]


@pytest.fixture
async def point(db: Database, tenant: int) -> int:
    async with db.tenant(tenant) as tx:
        return (await ensure_point(tx, name="meter")).id


async def set_(db: Database, tenant: int, point: int, periods: Sequence[Period], code: int = 32) -> list[object]:
    """Set the meters in a transaction of its own; gives what is told then."""
    async with db.tenant(tenant) as tx:
        changed = await set_counters(tx, point, code, periods)
        events = [(each.name, each.aggregate, each.payload) for each in tx.outbox]
        tx.outbox.clear()
    assert changed or not events
    return [changed, *events]


async def known(db: Database, tenant: int, *points: int) -> dict[tuple[int, int], list[Period]]:
    async with db.tenant(tenant, read_only=True) as tx:
        before = tx.statements
        found = await counters_of(tx, points)
        assert tx.statements - before == 1
    return found


def told(point: int, since: int | None = None, till: int | None = None, code: int = 32) -> object:
    """The event between these times as it is stored."""
    text = [None if each is None else clock.from_ms(each).isoformat().replace("+00:00", "Z") for each in (since, till)]
    return (
        RegistersRecounted.name,
        f"point:{point}",
        {"point_id": point, "code": code, "since": text[0], "till": text[1]},
    )


class TestStored:
    async def test_meters_come_back_as_they_were_set(self, db: Database, tenant: int, point: int) -> None:
        async with db.tenant(tenant) as tx:
            other = (await ensure_point(tx, name="other")).id
        await set_(db, tenant, point, CHANGED)
        await set_(db, tenant, point, FORTY, code=34)
        await set_(db, tenant, other, FORTY)
        expected = {(point, 32): CHANGED, (point, 34): FORTY}
        assert await known(db, tenant, point) == expected
        assert await known(db, tenant, point, other) == expected | {(other, 32): FORTY}
        assert await known(db, tenant) == {}

    async def test_setting_replaces_all_meters_of_that_register_only(
        self, db: Database, tenant: int, point: int
    ) -> None:
        await set_(db, tenant, point, CHANGED)
        await set_(db, tenant, point, FORTY, code=34)
        await set_(db, tenant, point, FORTY)
        assert await known(db, tenant, point) == {(point, 32): FORTY, (point, 34): FORTY}
        await set_(db, tenant, point, CHANGED)
        assert (await known(db, tenant, point))[point, 32] == CHANGED
        await set_(db, tenant, point, [])
        assert await known(db, tenant, point) == {(point, 34): FORTY}

    async def test_what_changes_is_told_once(self, db: Database, tenant: int, point: int) -> None:
        assert await set_(db, tenant, point, []) == [False]
        assert await set_(db, tenant, point, FORTY) == [True, told(point)]
        assert await set_(db, tenant, point, FORTY) == [False]
        assert await set_(db, tenant, point, CHANGED) == [True, told(point)]
        later = [CHANGED[0], Period(NOON, None, 3.5)]
        assert await set_(db, tenant, point, later) == [True, told(point, NOON, NOON)]
        # What the first meter showed when it came counts for no step.
        assert await set_(db, tenant, point, [later[0]._replace(value_for_since=99.0), later[1]]) == [True]

    async def test_another_tenant_neither_sees_nor_sets_them(
        self, db: Database, tenant: int, other_tenant: int, point: int
    ) -> None:
        await set_(db, tenant, point, FORTY)
        assert await known(db, other_tenant, point) == {}
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await set_(db, other_tenant, point, CHANGED)
        assert await known(db, tenant, point) == {(point, 32): FORTY}

    async def test_who_holds_a_point_makes_others_wait(self, db: Database, tenant: int, point: int) -> None:
        """Two who each add one meter to what they read: after holding, the second reads what the first wrote."""
        held = asyncio.Event()

        async def add(factor: int, *, first: bool) -> None:
            async with db.tenant(tenant) as tx:
                if not first:
                    await held.wait()
                await hold_counters(tx, point)
                held.set()
                line = (await counters_of(tx, [point])).get((point, 32), [])
                since = line[-1].since_ms or START if line else None
                await asyncio.sleep(0.05)
                if line:
                    line[-1] = line[-1]._replace(till_ms=since + QUARTER_MS if since else START)
                await set_counters(
                    tx, point, 32, [*line, Period(line[-1].till_ms if line else None, None, factor=Fraction(factor))]
                )
                tx.outbox.clear()

        await asyncio.gather(add(2, first=True), add(3, first=False))
        (line,) = (await known(db, tenant, point)).values()
        assert [each.factor for each in line] == [2, 3]


class TestAffected:
    def test_a_factor_of_the_only_meter_counts_for_ever(self) -> None:
        assert recounted([], FORTY) == (None, None)
        assert recounted(FORTY, []) == (None, None)
        assert recounted([], [Period()]) is None

    def test_a_factor_of_one_meter_counts_while_it_hangs(self) -> None:
        line = ordered([Period(START, NOON, factor=Fraction(2))])
        assert recounted([], line) == (START, NOON)
        assert recounted(line, ordered([Period(START, NOON, factor=Fraction(3))])) == (START, NOON)
        assert recounted(line, ordered([Period(START, None, factor=Fraction(2))])) == (NOON, None)

    def test_a_change_of_equal_meters_counts_around_it(self) -> None:
        assert recounted([], [Period(None, NOON), Period(NOON, None)]) == (NOON, NOON)
        line = [Period(None, START), Period(START, NOON), Period(NOON, None)]
        assert recounted(line, []) == (START, NOON)


steps = st.integers(1, 96 * 4)
factors = st.sampled_from([Fraction(1), Fraction(1), Fraction(40), Fraction(2, 3)])
registers = st.one_of(st.none(), st.integers(0, 500).map(lambda n: n / 10))


@st.composite
def lines(draw: st.DrawFn) -> list[Period]:
    """Meters of two days, changed on quarter hours."""
    changes = sorted(draw(st.sets(st.integers(0, 192), max_size=3)))
    bounds = [None, *(START + n * QUARTER_MS for n in changes), None]
    return [
        Period(since, till, draw(registers), draw(registers), draw(factors))
        for since, till in itertools.pairwise(bounds)
    ]


class TestOneCount:
    def test_a_register_that_somebody_noted_at_a_change_is_a_reading(self) -> None:
        samples = of([NOON - QUARTER_MS, NOON + QUARTER_MS], [104.7, 3.1])
        counted = one_count(samples, CHANGED[:1] + CHANGED[1:], window=(START, NOON + QUARTER_MS))
        assert counted.time_ms.tolist() == [NOON - QUARTER_MS, NOON, NOON + QUARTER_MS]
        quarters = amounts(
            one_count(samples, _plain(CHANGED), window=(START, NOON + QUARTER_MS)),
            FixedStep(15),
            START,
            NOON + QUARTER_MS,
        )
        assert quarters.value.tolist() == [3.8, 0.1]
        assert quarters.time_ms.tolist() == [NOON - QUARTER_MS, NOON]

    def test_without_a_window_nothing_is_added(self) -> None:
        samples = of([NOON - QUARTER_MS, NOON + QUARTER_MS], [104.7, 3.1])
        assert one_count(samples, CHANGED).time_ms.tolist() == samples.time_ms.tolist()

    def test_a_change_at_which_nobody_read_is_no_reading(self) -> None:
        samples = of([NOON - QUARTER_MS, NOON + QUARTER_MS], [104.7, 3.1])
        line = [Period(None, NOON, 100.0, None), Period(NOON, None)]
        counted = one_count(samples, line, window=(START, NOON + QUARTER_MS))
        assert counted.time_ms.tolist() == samples.time_ms.tolist()
        assert amounts(counted, FixedStep(15), START, NOON + QUARTER_MS).value.tolist() == [0.0]

    def test_of_readings_before_the_window_the_last_one_stays(self) -> None:
        samples = of([NOON - 2 * QUARTER_MS, NOON + QUARTER_MS], [104.7, 3.1])
        counted = one_count(samples, CHANGED, window=(NOON, NOON + QUARTER_MS))
        assert counted.time_ms.tolist() == [NOON, NOON + QUARTER_MS]

    def test_a_factor_too_large_for_a_machine_word_is_counted_exactly(self) -> None:
        worth = Fraction(10) ** 24
        counted = continuous(of([0, 1], [0.1, 0.4]), [Period(factor=worth)])
        assert counted.value.tolist() == [0.0, float(Decimal("0.3") * 10**24)]

    @given(before=lines(), after=lines(), values=st.lists(st.integers(0, 50), min_size=193, max_size=193))
    def test_outside_of_what_is_told_nothing_is_counted_differently(
        self, before: list[Period], after: list[Period], values: list[int]
    ) -> None:
        """Quarter hours of two days under both lines: where they differ lies inside of the affected time."""
        times = [START + n * QUARTER_MS for n in range(193)]
        samples = of(times, [sum(values[: n + 1]) / 10 for n in range(193)])
        window = (times[0], times[-1])
        one, other = (
            dict(
                zip(
                    *(
                        column.tolist()
                        for column in amounts(one_count(samples, line, window=window), FixedStep(15), *window)
                    ),
                    strict=True,
                )
            )
            for line in (before, after)
        )
        differ = [time for time in times if one.get(time, 0.0) != pytest.approx(other.get(time, 0.0), abs=1e-9)]
        affected = recounted(before, after)
        if affected is None:
            assert differ == []
            return
        since, till = (START - QUARTER_MS if affected[0] is None else affected[0]), affected[1]
        assert all(since - QUARTER_MS <= time and (till is None or time <= till) for time in differ)


def _plain(line: Sequence[Period]) -> list[Period]:
    return [each._replace(factor=Fraction(1)) for each in line]


def test_samples_without_a_meter_are_left_alone() -> None:
    samples = Samples(of([0], [1.0]).time_ms, of([0], [1.0]).value)
    assert one_count(samples, [], window=(0, 1)) is samples
