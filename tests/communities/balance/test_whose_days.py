"""Whose days a meter's numbers are, and how many of them one may ask for."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from tests.communities.balance.street import Meter, Street, quarters
from tests.communities.balance.test_consumptions import DAY, METER, NEXT, OPERATION, data, pair, read, stamps
from tests.communities.kit import Community, Person, World, refused

from gridloom.core.series import codes

__all__ = ["pair"]
AFTER = date(2026, 5, 6)


async def remove(sun: Street, meter: Meter, last: date) -> None:
    """The meter goes; `last` is its last day."""
    async with sun.database.tenant(sun.tenant) as tx:
        await tx.run("UPDATE communities.period SET end_date = :d WHERE meter_id = :m", d=last, m=meter.id)
        await tx.run("UPDATE communities.meter SET removed_at = now() WHERE id = :m", m=meter.id)


async def give_up(sun: Street) -> None:
    """Delete the operation."""
    async with sun.database.tenant(sun.tenant) as tx:
        await tx.run("UPDATE communities.sharing_operation SET deleted_at = now() WHERE id = :o", o=sun.operation.id)


async def test_a_correction_after_the_operation_is_gone_is_shared_all_the_same(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter]
) -> None:
    house = pair[0]
    assert (await data(ada, street, METER, house.ean, date_end="2026-05-04"))["shared"] == [0.4, 0.5, 0.1, 0.0]
    for each in pair:
        await sun.change(each, NEXT, status=2, sharing_operation_id=None)
    await give_up(sun)
    await sun.readings(house, codes.GROSS_CONSUMPTION, quarters(DAY)[:1], [0.1])
    found = await data(ada, street, METER, house.ean, date_end="2026-05-04")
    assert (found["gross"], found["shared"]) == ([0.1, 0.5, 0.1, 2.0], [0.1, 0.5, 0.1, 0.0])
    assert found["net"] == [0.0, 0.0, 0.0, 2.0]


async def test_a_meter_registered_again_shows_its_past(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter]
) -> None:
    house = pair[0]
    before = await data(ada, street, METER, house.ean)
    await remove(sun, house, NEXT)
    refused(await read(ada, street, METER, house.ean), 400, 60007)
    await sun.meter(AFTER, is_in=False, ean=house.ean)
    assert await data(ada, street, METER, house.ean) == before
    assert sum(before["shared"]) > 0


async def test_days_of_another_communitys_meter_are_not_shown(
    world: World, ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter]
) -> None:
    house = pair[0]
    elsewhere = await Street.of(await world.community(ada, "Elsewhere"))
    await remove(sun, house, DAY)
    await elsewhere.meter(NEXT, ean=house.ean, is_in=False)
    theirs = await data(ada, elsewhere.community, METER, house.ean)
    assert (theirs["timestamps"], theirs["shared"]) == (stamps(NEXT), [0.0] * 4)
    async with sun.database.tenant(sun.tenant) as tx:
        await tx.run(
            "UPDATE communities.meter SET removed_at = now() WHERE community_id = :c", c=elsewhere.community.id
        )
    await sun.meter(date(2026, 5, 7), ean=house.ean)
    assert (await data(ada, street, METER, house.ean))["timestamps"] == stamps(DAY)


async def test_days_before_a_meter_came_to_the_community_are_not_shown(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter]
) -> None:
    meter = await sun.meter(NEXT, is_in=False)
    for day in (DAY, NEXT):
        await sun.readings(meter, codes.GROSS_CONSUMPTION, quarters(day)[:4], [1.0] * 4)
    assert (await data(ada, street, METER, meter.ean))["timestamps"] == stamps(NEXT)
    assert (await data(ada, street, METER, meter.ean, date_end="2026-05-04"))["timestamps"] == []


async def test_too_many_days_are_refused_before_anything_is_computed(
    ada: Person, street: Community, sun: Street
) -> None:
    meter = await sun.meter(date(2001, 1, 1))
    for year in (2001, 2010, 2026):
        await sun.readings(meter, codes.GROSS_CONSUMPTION, quarters(date(year, 1, 1))[:1], [1.0])
    notes = await sun.stale()
    for path, which in ((OPERATION, sun.operation.id), (METER, meter.ean)):
        refused(await read(ada, street, path, which), 422, 5005)
        assert await sun.stale() == notes
        assert await sun.series(meter.point, codes.SHARED_CONSUMPTION, date(2001, 1, 1), AFTER) == {}


async def test_readings_from_before_the_meter_took_part_are_not_too_many_days(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter]
) -> None:
    old = quarters(date(2001, 1, 1))
    await sun.readings(pair[0], codes.GROSS_CONSUMPTION, old, np.ones(len(old)))
    for path, which in ((OPERATION, sun.operation.id), (METER, pair[0].ean)):
        found: dict[str, Any] = await data(ada, street, path, which)
        assert found["timestamps"] == stamps(DAY, NEXT)


@pytest.mark.parametrize("path", [OPERATION, METER])
async def test_three_years_are_given(ada: Person, street: Community, sun: Street, path: str) -> None:
    meter = await sun.meter(date(2020, 1, 1))
    for day in (date(2020, 1, 1), date(2022, 12, 31)):
        await sun.readings(meter, codes.GROSS_CONSUMPTION, quarters(day)[:1], [1.0])
    which = sun.operation.id if path == OPERATION else meter.ean
    assert len((await data(ada, street, path, which))["timestamps"]) == 2
