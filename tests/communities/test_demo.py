"""The community that a newcomer finds."""

import asyncio
from collections import Counter
from typing import Any

from stdnum import iban
from stdnum.be import nn, vat
from tests.communities.kit import Community, Person, World

from gridloom.communities.demo_data import NAME, OPERATION, fill
from gridloom.metering import demo_data as metering_demo
from gridloom.samples import readings

CONSUMPTIONS = "/sharing_operations/{id}/consumptions"


async def found(person: Person) -> Community:
    """The demo community, as its administrator sees it."""
    (row,) = (await person.call("GET", "/communities/my-communities")).json()["data"]
    assert (row["name"], row["role"]) == (NAME, "ADMIN")
    return Community(person.world, row["id"], row["auth_community_id"], person.tenant)


async def listed(person: Person, community: Community, path: str) -> list[dict[str, Any]]:
    answer = await person.call("GET", f"{path}?limit=100", community, template=path)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


async def test_the_demo_community_has_the_first_user_as_administrator(world: World) -> None:
    first, second = await world.person(), await world.person()
    await fill(world.application.services, world.tenant)
    await found(first)
    assert (await second.call("GET", "/communities/my-communities")).json()["data"] == []


async def test_the_street_has_its_members_with_their_meters(world: World) -> None:
    ada = await world.person()
    await fill(world.application.services, world.tenant)
    street = await found(ada)
    members = await listed(ada, street, "/members/")
    assert Counter(each["member_type"] for each in members) == {1: 15, 2: 3}
    meters = await listed(ada, street, "/meters/")
    assert sorted(each["EAN"] for each in meters) == sorted(each.ean for each in readings.meters())
    assert {each["status"] for each in meters} == {1}
    assert {each["holder"]["id"] for each in meters} == {each["id"] for each in members}
    (operation,) = await listed(ada, street, "/sharing_operations/")
    assert operation["name"] == OPERATION


async def test_numbers_of_made_up_people_have_right_check_digits(world: World) -> None:
    ada = await world.person()
    await fill(world.application.services, world.tenant)
    street = await found(ada)
    for row in await listed(ada, street, "/members/"):
        path = f"/members/{row['id']}"
        one = (await ada.call("GET", path, street, template="/members/{id_member}")).json()["data"]
        assert iban.is_valid(one["iban"])
        if one["member_type"] == 1:
            assert nn.is_valid(one["NRN"])
        else:
            assert vat.is_valid(one["vat_number"])
            assert nn.is_valid(one["manager"]["NRN"])


async def test_a_newcomer_sees_a_real_month(world: World) -> None:
    ada = await world.person()
    await fill(world.application.services, world.tenant)
    await metering_demo.fill(world.application.services, world.tenant)
    street = await found(ada)
    (operation,) = await listed(ada, street, "/sharing_operations/")
    path = f"/sharing_operations/{operation['id']}/consumptions?date_start=2026-03-01&date_end=2026-03-31"
    answer = await ada.call("GET", path, street, template=CONSUMPTIONS)
    assert answer.status_code == 200, answer.text
    data = answer.json()["data"]
    # A month with a day of 23 hours.
    assert len(data["timestamps"]) == (31 * 24 - 1) * 4
    assert (data["timestamps"][0], data["timestamps"][-1]) == ("2026-02-28T23:00:00Z", "2026-03-31T21:45:00Z")
    energy = readings.energy()
    taken = sum(v for m in readings.meters() if m.signal == readings.IMPORT for _, v in energy[m.ean][: 743 * 4])
    fed = sum(v for m in readings.meters() if m.signal == readings.EXPORT for _, v in energy[m.ean][: 743 * 4])
    sums = {
        name: round(sum(data[name]), 6) for name in ("gross", "shared", "net", "inj_gross", "inj_shared", "inj_net")
    }
    assert (sums["gross"], sums["inj_gross"]) == (float(taken), float(fed))
    assert 0 < sums["shared"] == sums["inj_shared"] < sums["inj_gross"]
    assert round(sums["shared"] + sums["net"], 6) == sums["gross"]


async def test_the_demo_may_be_made_again(world: World) -> None:
    ada = await world.person()
    await fill(world.application.services, world.tenant)
    street = await found(ada)
    before = await street.everything()
    await fill(world.application.services, world.tenant)
    assert await street.everything() == before


async def test_two_demos_at_once_are_one(world: World) -> None:
    ada = await world.person()
    await asyncio.gather(*(fill(world.application.services, world.tenant) for _ in range(2)))
    street = await found(ada)
    assert len(await listed(ada, street, "/meters/")) == 18
