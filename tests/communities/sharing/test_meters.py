"""Meters that enter a sharing operation, change in it and leave it."""

import asyncio
from datetime import date
from typing import Any

import pytest
from tests.communities.kit import Community, Person, World, refused
from tests.communities.sharing.samples import (
    BEGIN,
    DAY,
    change,
    done,
    enter,
    leave,
    meter,
    operation,
    periods,
    stale,
    taking_part,
)

MARCH, APRIL, MAY = date(2026, 3, 1), date(2026, 4, 1), date(2026, 5, 1)
END = date(2026, 12, 31)


async def test_meters_enter_waiting_and_share_nothing_yet(street: Community) -> None:
    manager, number = await street.add("MANAGER"), await operation(street)
    eans = [await meter(street) for _ in range(3)]
    done(await enter(manager, street, number, eans, MARCH))
    for ean in eans:
        assert await periods(street, ean) == [(BEGIN, MARCH - DAY, 1, None), (MARCH, None, 3, number)]
    assert await taking_part(street, number, BEGIN, END) == []
    assert set(await stale(street, number)) == {MARCH}


async def test_a_meter_shares_from_the_day_on_which_it_is_active(street: Community, ada: Person) -> None:
    number, ean = await operation(street), await meter(street)
    done(await enter(ada, street, number, [ean], MARCH))
    done(await change(ada, street, number, ean, 4, APRIL))
    done(await change(ada, street, number, ean, 1, MAY))
    assert await periods(street, ean) == [
        (BEGIN, MARCH - DAY, 1, None), (MARCH, APRIL - DAY, 3, number), (APRIL, MAY - DAY, 4, number),
        (MAY, None, 1, number),
    ]  # fmt: skip
    assert await taking_part(street, number, BEGIN, END) == [(ean, MAY, END)]


async def test_a_meter_leaves_and_shares_until_the_eve(street: Community, ada: Person) -> None:
    number = await operation(street)
    ean = await meter(street, BEGIN, sharing_operation_id=number)
    done(await leave(ada, street, number, ean, MAY))
    assert await periods(street, ean) == [(BEGIN, MAY - DAY, 1, number), (MAY, None, 2, None)]
    assert await taking_part(street, number, BEGIN, END) == [(ean, BEGIN, MAY - DAY)]
    assert MAY in await stale(street, number)
    refused(await leave(ada, street, number, ean, MAY + DAY), 400, 70021)
    refused(await change(ada, street, number, ean, 1, MAY + DAY), 400, 70015)


async def test_a_change_on_the_first_day_of_a_period_is_merged_into_it(street: Community, ada: Person) -> None:
    number, ean = await operation(street), await meter(street)
    done(await enter(ada, street, number, [ean], MARCH))
    done(await change(ada, street, number, ean, 1, MARCH))
    assert await periods(street, ean) == [(BEGIN, MARCH - DAY, 1, None), (MARCH, None, 1, number)]
    done(await leave(ada, street, number, ean, MARCH))
    assert await periods(street, ean) == [(BEGIN, MARCH - DAY, 1, None), (MARCH, None, 2, None)]


async def test_a_meter_moves_from_one_operation_to_another(street: Community, ada: Person) -> None:
    old, new = await operation(street), await operation(street)
    ean = await meter(street, BEGIN, sharing_operation_id=old)
    done(await enter(ada, street, new, [ean], APRIL))
    done(await change(ada, street, new, ean, 1, MAY))
    assert await taking_part(street, old, BEGIN, END) == [(ean, BEGIN, APRIL - DAY)]
    assert await taking_part(street, new, BEGIN, END) == [(ean, MAY, END)]
    assert APRIL in await stale(street, old)
    assert await stale(street, new) == [APRIL, MAY]


async def test_a_meter_comes_back_after_it_left(street: Community, ada: Person) -> None:
    number = await operation(street)
    ean = await meter(street, BEGIN, sharing_operation_id=number)
    done(await leave(ada, street, number, ean, MARCH))
    done(await enter(ada, street, number, [ean], APRIL))
    assert [(each[0], each[2], each[3]) for each in await periods(street, ean)] == [
        (BEGIN, 1, number), (MARCH, 2, None), (APRIL, 3, number),
    ]  # fmt: skip


async def test_a_meter_whose_time_in_the_operation_is_over_is_out_and_may_enter(street: Community, ada: Person) -> None:
    number = await operation(street)
    ean = await meter(street, BEGIN, sharing_operation_id=number, end_date=MARCH - DAY)
    refused(await change(ada, street, number, ean, 4, APRIL), 400, 70015)
    refused(await leave(ada, street, number, ean, APRIL), 400, 70021)
    done(await enter(ada, street, number, [ean], APRIL))
    assert await periods(street, ean) == [(BEGIN, MARCH - DAY, 1, number), (APRIL, None, 3, number)]


@pytest.mark.parametrize("status", [1, 2, 3, 4])
async def test_a_meter_that_is_in_already_does_not_enter_again(street: Community, ada: Person, status: int) -> None:
    number, other = await operation(street), await meter(street)
    ean = await meter(street, BEGIN, sharing_operation_id=number, status=status)
    before = await street.everything()
    answer = await enter(ada, street, number, [other, ean], MARCH)
    assert "already" in refused(answer, 400, 70006)["data"]
    assert await street.everything() == before


async def test_an_ean_that_is_named_twice_enters_once(street: Community, ada: Person) -> None:
    number, ean = await operation(street), await meter(street)
    done(await enter(ada, street, number, [ean, ean], MARCH))
    assert len(await periods(street, ean)) == 2


@pytest.mark.parametrize("whose", ["nobody's", "another community's", "another tenant's", "removed"])
async def test_meters_of_others_neither_enter_nor_change_nor_leave(
    world: World, street: Community, ada: Person, whose: str
) -> None:
    number, own, home = await operation(street), await meter(street), street
    match whose:
        case "nobody's":
            ean = "541448820099999999"
        case "removed":
            ean = await meter(street)
            async with world.database.tenant(street.tenant) as tx:
                await tx.run("UPDATE communities.meter SET removed_at = now() WHERE ean = :ean", ean=ean)
        case _:
            tenant = None if whose == "another community's" else world.other_tenant
            home = await world.community(await world.person(tenant=tenant), "Elsewhere")
            ean = await meter(home)
    before = await street.everything(), await home.everything()
    refused(await enter(ada, street, number, [own, ean], MARCH), 400, 70006)
    refused(await change(ada, street, number, ean, 1, MARCH), 400, 70013)
    refused(await leave(ada, street, number, ean, MARCH), 400, 70019)
    assert (await street.everything(), await home.everything()) == before


async def test_a_meter_elsewhere_neither_changes_nor_leaves(street: Community, ada: Person) -> None:
    here, there = await operation(street), await operation(street)
    alone, inside = await meter(street), await meter(street, BEGIN, sharing_operation_id=there)
    before = await street.everything()
    for ean in (alone, inside):
        refused(await change(ada, street, here, ean, 1, MARCH), 400, 70015)
        refused(await leave(ada, street, here, ean, MARCH), 400, 70021)
    assert await street.everything() == before


async def test_a_meter_without_data_is_told_so(street: Community, ada: Person) -> None:
    number, ean = await operation(street), await meter(street)
    async with street.world.database.tenant(street.tenant) as tx:
        await tx.run("DELETE FROM communities.period")
    refused(await enter(ada, street, number, [ean], MARCH), 400, 70006)
    refused(await change(ada, street, number, ean, 1, MARCH), 400, 70014)
    refused(await leave(ada, street, number, ean, MARCH), 400, 70020)
    assert await periods(street, ean) == []


async def test_a_meter_with_later_data_refuses_for_all(street: Community, ada: Person) -> None:
    number, first, later = await operation(street), await meter(street), await meter(street, MAY)
    inside = await meter(street, MAY, sharing_operation_id=number)
    before = await street.everything()
    refused(await enter(ada, street, number, [first, later], APRIL), 400, 60006)
    refused(await change(ada, street, number, inside, 3, APRIL), 400, 60006)
    refused(await leave(ada, street, number, inside, APRIL), 400, 60006)
    assert await street.everything() == before


async def test_a_meter_that_shares_in_another_community_does_not_enter(
    world: World, street: Community, ada: Person
) -> None:
    """Another community shared it on these days, and gave it away since."""
    elsewhere = await world.community(await world.person(), "Elsewhere")
    ean = await meter(elsewhere, BEGIN, sharing_operation_id=await operation(elsewhere))
    async with elsewhere.world.database.tenant(elsewhere.tenant) as tx:
        await tx.run("UPDATE communities.meter SET removed_at = now() WHERE ean = :ean", ean=ean)
    number, other = await operation(street), await meter(street)
    await meter(street, BEGIN, ean=ean)
    before = await street.everything()
    refused(await enter(ada, street, number, [other, ean], MARCH), 400, 70006)
    assert await street.everything() == before


@pytest.mark.parametrize("path", ["number", "ean"])
async def test_the_path_of_a_leaving_meter_names_the_operation_or_the_meter(
    street: Community, ada: Person, path: str
) -> None:
    number = await operation(street)
    ean = await meter(street, BEGIN, sharing_operation_id=number)
    before = await street.everything()
    refused(await leave(ada, street, number, ean, MAY, path=number + 1), 400, 70018)
    assert await street.everything() == before
    done(await leave(ada, street, number, ean, MAY, path=number if path == "number" else ean))
    assert (await periods(street, ean))[-1] == (MAY, None, 2, None)


@pytest.mark.parametrize(
    ("status", "number"), [(2, 75005), (0, 75005), (5, 75005), ("1", 75005), (1.5, 75005), (None, 75005)]
)
async def test_a_wrong_status_is_refused(street: Community, ada: Person, status: Any, number: int) -> None:
    there = await operation(street)
    ean = await meter(street, BEGIN, sharing_operation_id=there)
    before = await street.everything()
    refused(await change(ada, street, there, ean, status, MARCH), 422, number)
    assert await street.everything() == before


@pytest.mark.parametrize("day", ["soon", "2026-02-30", "", None])
async def test_a_wrong_day_is_refused(street: Community, ada: Person, day: Any) -> None:
    there, outside = await operation(street), await meter(street)
    ean = await meter(street, BEGIN, sharing_operation_id=there)
    before = await street.everything()
    number = 5000 if day is None else 5005
    refused(await enter(ada, street, there, [outside], day), 422, number)
    refused(await change(ada, street, there, ean, 3, day), 422, number)
    refused(await leave(ada, street, there, ean, day), 422, number)
    assert await street.everything() == before


@pytest.mark.parametrize(
    ("eans", "number"),
    [([], 5008), (None, 5007), ("541", 5007), ([5], 1), ([""], 1), (["x" * 51], 1), (["1"] * 1001, 5007)],
)
async def test_a_wrong_list_of_meters_is_refused(street: Community, ada: Person, eans: Any, number: int) -> None:
    there = await operation(street)
    before = await street.everything()
    refused(await enter(ada, street, there, eans, MARCH), 422, number)
    assert await street.everything() == before


async def test_a_refusal_is_told_in_the_callers_language(street: Community, ada: Person) -> None:
    number = await operation(street)
    body = {"id_sharing": number, "date": "2026-03-01", "ean_list": ["541448820099999999"]}
    answer = await ada.call(
        "POST", "/sharing_operations/meter", street, json=body, headers={"accept-language": "fr-BE"}
    )
    assert refused(answer, 400, 70006)["data"] == (
        "Au moins un des codes EAN n'est pas celui d'un compteur de cette communauté ; rien n'a été modifié."
    )


async def test_of_two_operations_that_take_a_meter_at_once_one_has_it_on_every_day(
    street: Community, ada: Person
) -> None:
    for _ in range(4):
        one, two, ean = await operation(street), await operation(street), await meter(street)
        answers = await asyncio.gather(enter(ada, street, one, [ean], APRIL), enter(ada, street, two, [ean], MAY))
        codes = sorted(answer.status_code for answer in answers)
        assert codes in ([200, 200], [200, 400])
        starts = [each[0] for each in await periods(street, ean)]
        assert starts == ([BEGIN, APRIL, MAY] if codes == [200, 200] else [BEGIN, MAY])


async def test_many_meters_enter_at_once_from_two_callers_without_a_deadlock(street: Community, ada: Person) -> None:
    one, two = await operation(street), await operation(street)
    eans = [await meter(street) for _ in range(8)]
    answers = await asyncio.gather(enter(ada, street, one, eans, APRIL), enter(ada, street, two, eans[::-1], APRIL))
    for answer in answers:
        done(answer)
    owners = {(await periods(street, ean))[-1][3] for ean in eans}
    assert len(owners) == 1
    assert owners <= {one, two}
