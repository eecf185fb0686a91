"""Meters for the other modules: who takes part in an operation, and when."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from tests.communities.kit import Community, Person, World
from tests.communities.meters.samples import EAN, OTHER_EAN, days, done, made, new_member, new_operation, remove

from gridloom.communities.meters import public as meters
from gridloom.communities.meters.faults import NoMeterToChange
from gridloom.communities.meters.public import LaterPeriod, MeterRef, Presence
from gridloom.kernel import clock

MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)


@pytest.fixture(autouse=True)
def _may() -> Iterator[None]:
    with clock.at(datetime(2026, 5, 15, 10, tzinfo=UTC)):
        yield


async def opened(street: Community, meter: MeterRef, start: date, **changes: object) -> None:
    async with street.world.database.tenant(street.tenant) as tx:
        await meters.open_period(tx, meter.id, start, **changes)


async def test_who_takes_part_is_told_for_the_days_of_the_window(street: Community) -> None:
    operation, member = await new_operation(street), await new_member(street)
    one = await made(street, sharing_operation_id=operation, member_id=member)
    other = await made(street, OTHER_EAN, MARCH, injection_status=3)
    await opened(street, one, APRIL, status=2)
    await opened(street, one, MAY, status=1, member_id=None)
    await opened(street, other, date(2026, 3, 15), sharing_operation_id=operation)
    await opened(street, other, date(2026, 4, 10), sharing_operation_id=None)
    async with street.world.database.tenant(street.tenant) as tx:
        found = await meters.in_operation(tx, operation, MARCH, date(2026, 5, 31))
        assert found == [
            Presence(one.id, EAN, one.point_id, member, MARCH, date(2026, 3, 31), injects=False, status=1),
            Presence(one.id, EAN, one.point_id, None, MAY, date(2026, 5, 31), injects=False, status=1),
            Presence(
                other.id, OTHER_EAN, other.point_id, None, date(2026, 3, 15), date(2026, 4, 9), injects=True, status=1
            ),
        ]
        (only,) = await meters.in_operation(tx, operation, date(2026, 4, 9), date(2026, 4, 9))
        assert (only.ean, only.start, only.end) == (OTHER_EAN, date(2026, 4, 9), date(2026, 4, 9))
        assert await meters.in_operation(tx, operation, date(2026, 4, 10), date(2026, 4, 30)) == []
        assert await meters.in_operation(tx, operation, date(2025, 12, 1), date(2025, 12, 31)) == []


@pytest.mark.parametrize("status", [2, 3, 4])
async def test_a_meter_that_is_not_active_is_in_the_operation_and_takes_no_part(street: Community, status: int) -> None:
    operation = await new_operation(street)
    meter = await made(street, sharing_operation_id=operation, status=status)
    async with street.world.database.tenant(street.tenant) as tx:
        assert await meters.in_operation(tx, operation, MARCH, MAY) == []
        assert await meters.ever_in_operation(tx, operation) == {EAN: meter}


async def test_a_removed_meter_took_part(street: Community, ada: Person) -> None:
    operation = await new_operation(street)
    old = await made(street, sharing_operation_id=operation)
    await opened(street, old, MAY, sharing_operation_id=None)
    done(await remove(ada, street))
    async with street.world.database.tenant(street.tenant) as tx:
        assert [each.meter_id for each in await meters.in_operation(tx, operation, MARCH, MAY)] == [old.id]
        assert await meters.ever_in_operation(tx, operation) == {EAN: old}
        assert await meters.by_eans(tx, street.id, [EAN]) == {}
    new = await made(street, start=date(2026, 6, 1), sharing_operation_id=operation)
    async with street.world.database.tenant(street.tenant) as tx:
        assert await meters.ever_in_operation(tx, operation) == {EAN: new}
        assert await meters.by_eans(tx, street.id, [EAN, OTHER_EAN]) == {EAN: new}
    assert new.point_id == old.point_id


async def test_meters_of_elsewhere_are_not_told_of(world: World, street: Community) -> None:
    moon = await world.community(await world.person())
    operation = await new_operation(moon)
    await made(moon, sharing_operation_id=operation)
    async with street.world.database.tenant(street.tenant) as tx:
        assert await meters.by_eans(tx, street.id, [EAN]) == {}
    async with world.database.tenant(world.other_tenant) as tx:
        assert await meters.by_eans(tx, moon.id, [EAN]) == {}
        assert await meters.in_operation(tx, operation, MARCH, MAY) == []
        assert await meters.ever_in_operation(tx, operation) == {}


async def test_the_latest_period_is_the_one_that_begins_last(street: Community) -> None:
    one, other = await made(street), await made(street, OTHER_EAN, end_date=MARCH)
    await opened(street, one, date(2026, 9, 1), status=4)
    async with street.world.database.tenant(street.tenant) as tx:
        found = await meters.latest_periods(tx, [one.id, other.id, 2**40])
    assert {key: (each.start_date, each.end_date, each.status) for key, each in found.items()} == {
        one.id: (date(2026, 9, 1), None, 4),
        other.id: (date(2026, 1, 1), MARCH, 1),
    }


async def test_who_opens_a_period_gives_only_what_changes(street: Community) -> None:
    operation = await new_operation(street)
    meter = await made(street, sharing_operation_id=operation)
    await opened(street, meter, MARCH, status=3)
    assert await days(street) == [(date(2026, 1, 1), date(2026, 2, 28), 1, operation), (MARCH, None, 3, operation)]
    with pytest.raises(LaterPeriod):
        await opened(street, meter, date(2026, 2, 28), status=1)


async def test_nobody_opens_a_period_of_a_removed_meter(street: Community, ada: Person) -> None:
    meter = await made(street)
    done(await remove(ada, street))
    before = await street.everything()
    with pytest.raises(NoMeterToChange):
        await opened(street, meter, date(2026, 6, 1), status=3)
    assert await street.everything() == before


@pytest.mark.parametrize(
    ("start", "end", "holds"),
    [
        (MARCH, None, True),
        (MARCH, date(2026, 5, 15), True),
        (date(2026, 8, 1), None, True),
        (MARCH, date(2026, 5, 14), False),
    ],
)
async def test_a_member_holds_a_meter_today_or_later(
    street: Community, start: date, end: date | None, *, holds: bool
) -> None:
    member, other = await new_member(street), await new_member(street)
    await made(street, start=start, end_date=end, member_id=member)
    async with street.world.database.tenant(street.tenant) as tx:
        assert await meters.member_has_periods(tx, member) is holds
        assert await meters.member_has_periods(tx, other) is False
