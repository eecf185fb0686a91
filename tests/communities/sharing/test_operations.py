"""Making, listing, reading and deleting sharing operations."""

import asyncio
from typing import Any

import pytest
from tests.communities.keys.samples import stored
from tests.communities.kit import Community, Person, World, refused
from tests.communities.sharing.samples import (
    BEGIN,
    DAY,
    KEY,
    METER,
    ONE,
    ROOT,
    approved,
    change,
    decide,
    done,
    enter,
    hand_in,
    key_rows,
    leave,
    listed,
    meter,
    operation,
    periods,
    read,
    waiting,
    wire,
)
from tests.suites.client import Callers

from gridloom.communities import dates
from gridloom.communities.sharing import store


async def add(person: Person, community: Community, name: str = "Roofs", kind: int = 2) -> int:
    done(await person.call("POST", ROOT, community, json={"name": name, "type": kind}))
    return max(each["id"] for each in await listed(person, community, "limit=200"))


async def remove(person: Person, community: Community, number: int) -> Any:
    return await person.call("DELETE", f"{ROOT}{number}", community, template=ONE)


async def test_a_new_operation_is_listed_and_has_no_keys(street: Community) -> None:
    manager = await street.add("MANAGER")
    number = await add(manager, street, "  Roofs ", 3)
    assert await listed(manager, street) == [{"id": number, "name": "Roofs", "type": 3}]
    assert await read(manager, street, number) == {
        "id": number, "name": "Roofs", "type": 3, "key": None, "history_keys": [], "key_waiting_approval": None,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("change_", "number"),
    [
        ({"name": ""}, 5008), ({"name": " "}, 5008), ({"name": None}, 5000), ({"name": "x" * 201}, 5000),
        ({"type": 0}, 75000), ({"type": 4}, 75000), ({"type": "2"}, 75000), ({"type": None}, 75000),
    ],
)  # fmt: skip
async def test_a_wrong_operation_is_refused(
    street: Community, ada: Person, change_: dict[str, Any], number: int
) -> None:
    before = await street.everything()
    refused(await ada.call("POST", ROOT, street, json={"name": "Roofs", "type": 2, **change_}), 422, number)
    assert await street.everything() == before


async def test_a_missing_field_is_named(street: Community, ada: Person) -> None:
    answer = await ada.call("POST", ROOT, street, json={"name": "Roofs"}, headers={"accept-language": "nl"})
    assert refused(answer, 422, 75000)["data"] == "type: ontbreekt"


async def test_lists_are_filtered_sorted_and_paged(street: Community, ada: Person) -> None:
    for name, kind in (("Beech", 2), ("ash", 1), ("Oak", 2), ("Elm", 3)):
        await add(ada, street, name, kind)

    async def names(query: str) -> list[str]:
        return [each["name"] for each in await listed(ada, street, query)]

    assert await names("") == ["Beech", "ash", "Oak", "Elm"]
    assert await names("name=A") == ["ash", "Oak"]
    assert await names("type=2") == ["Beech", "Oak"]
    assert await names("type=2&name=oak") == ["Oak"]
    assert await names("sort_type=ASC") == ["ash", "Beech", "Oak", "Elm"]
    assert await names("sort_type=DESC&sort_name=DESC") == ["Elm", "Oak", "Beech", "ash"]
    body = (await ada.call("GET", f"{ROOT}?limit=3&page=2", street, template=ROOT)).json()
    assert body["pagination"] == {"page": 2, "limit": 3, "total": 4, "total_pages": 2}
    refused(await ada.call("GET", f"{ROOT}?type=4", street, template=ROOT), 422, 75000)
    refused(await ada.call("GET", f"{ROOT}?sort_type=UP", street, template=ROOT), 422, 5009)


@pytest.mark.parametrize("status", [1, 2, 3, 4])
@pytest.mark.parametrize("when", ["now", "later"])
async def test_an_operation_with_meters_is_not_deleted(street: Community, ada: Person, status: int, when: str) -> None:
    number, today = await operation(street), dates.today()
    await waiting(street, number)
    start = today if when == "now" else today + 30 * DAY
    await meter(street, start, status=status, sharing_operation_id=number, end_date=start)
    before = await street.everything()
    refused(await remove(ada, street, number), 400, 70017)
    assert await street.everything() == before


async def test_a_deleted_operation_is_gone_and_its_past_stays(street: Community, ada: Person) -> None:
    number, today = await operation(street), dates.today()
    ean = await meter(street, BEGIN, sharing_operation_id=number, end_date=today - DAY)
    past = await approved(street, number, BEGIN, today - 2 * DAY)
    now = await approved(street, number, today - DAY, today + 10 * DAY)
    coming = await approved(street, number, today + 11 * DAY)
    waits = await waiting(street, number)
    done(await remove(ada, street, number))
    assert await listed(ada, street) == []
    assert sorted(await key_rows(street, number)) == sorted([
        (past, BEGIN, today - 2 * DAY, 1), (now, today - DAY, today, 1), (coming, today + 11 * DAY, today + 11 * DAY, 3),
        (waits, today, today, 3),
    ])  # fmt: skip
    assert await periods(street, ean) == [(BEGIN, today - DAY, 1, number)]
    async with street.world.database.tenant(street.tenant) as tx:
        assert [each.key_id for each in await store.approved(tx, number, BEGIN, today)] == [past, now]
        assert await store.operations_of(tx, street.id) == []
    refused(await remove(ada, street, number), 400, 70009)
    refused(await ada.call("GET", f"{ROOT}{number}", street, template=ONE), 400, 70009)


async def test_a_meter_that_was_removed_does_not_hold_an_operation(street: Community, ada: Person) -> None:
    number = await operation(street)
    ean = await meter(street, BEGIN, sharing_operation_id=number)
    async with street.world.database.tenant(street.tenant) as tx:
        await tx.run("UPDATE communities.meter SET removed_at = now() WHERE ean = :ean", ean=ean)
    done(await remove(ada, street, number))


async def test_only_an_administrator_deletes_an_operation(street: Community) -> None:
    manager, number = await street.add("MANAGER"), await operation(street)
    refused(await remove(manager, street, number), 403, 4)
    assert [each["id"] for each in await listed(manager, street)] == [number]


async def test_a_meter_that_enters_while_the_operation_is_deleted_is_in_or_out(street: Community, ada: Person) -> None:
    for _ in range(5):
        number, ean = await operation(street), await meter(street)
        entered, gone = await asyncio.gather(
            enter(ada, street, number, [ean], dates.today()), remove(ada, street, number)
        )
        if entered.status_code == 200:
            refused(gone, 400, 70017)
            assert (await periods(street, ean))[-1][3] == number
        else:
            refused(entered, 400, 70005)
            done(gone)
            assert await periods(street, ean) == [(BEGIN, None, 1, None)]


@pytest.mark.parametrize("whose", ["nobody's", "another community's", "another tenant's", "deleted"])
async def test_operations_of_others_are_not_there(world: World, street: Community, ada: Person, whose: str) -> None:
    home = street
    match whose:
        case "nobody's":
            number = 2**40
        case "another community's":
            home = await world.community(await world.person(), "Elsewhere")
            number = await operation(home)
        case "another tenant's":
            home = await world.community(await world.person(tenant=world.other_tenant), "Elsewhere")
            number = await operation(home)
        case _:
            number = await operation(home)
            done(await remove(ada, street, number))
    key, ean, today = await stored(street), await meter(street), dates.today()
    before = await street.everything(), await home.everything()
    refused(await ada.call("GET", f"{ROOT}{number}", street, template=ONE), 400, 70009)
    refused(await remove(ada, street, number), 400, 70009)
    refused(await hand_in(ada, street, number, key), 400, 70002)
    refused(await decide(ada, street, number, key, 1, today), 400, 70010)
    refused(await enter(ada, street, number, [ean], today), 400, 70005)
    refused(await change(ada, street, number, ean, 1, today), 400, 70012)
    refused(await leave(ada, street, number, ean, today), 400, 70018)
    assert (await street.everything(), await home.everything()) == before


async def test_a_member_sees_and_changes_nothing(street: Community) -> None:
    member, number, key, ean = (
        await street.add("MEMBER"),
        await operation(street),
        await stored(street),
        await meter(street),
    )
    today = dates.today()
    before = await street.everything()
    refused(await member.call("GET", ROOT, street), 403, 4)
    refused(await member.call("POST", ROOT, street, json={"name": "Roofs", "type": 2}), 403, 4)
    refused(await hand_in(member, street, number, key), 403, 4)
    refused(await decide(member, street, number, key, 1, today), 403, 4)
    refused(await enter(member, street, number, [ean], today), 403, 4)
    refused(await change(member, street, number, ean, 1, today), 403, 4)
    refused(await leave(member, street, number, ean, today), 403, 4)
    assert await street.everything() == before


async def test_a_scope_opens_reading_or_writing(street: Community, callers: Callers) -> None:
    named = {"x-community-id": street.auth_id}
    reader = await callers.with_scopes("communities", ["communities.sharing:read"])
    assert (await reader.get(ROOT, headers=named)).status_code == 200
    refused(await reader.post(ROOT, headers=named, json={"name": "Roofs", "type": 2}), 403, 4)
    writer = await callers.with_scopes("communities", ["communities.sharing:write"])
    done(await writer.post(ROOT, headers=named, json={"name": "Roofs", "type": 2}))
    refused(await writer.get(ROOT, headers=named), 403, 4)


@pytest.mark.parametrize("path", [KEY, METER])
async def test_an_empty_body_names_every_missing_field(street: Community, ada: Person, path: str) -> None:
    said = refused(await ada.call("PATCH", path, street, json={}), 422, 5001 if path == KEY else 5000)["data"]
    first = "id_key" if path == KEY else "id_meter"
    assert said == f"{first}: is missing; id_sharing: is missing; status: is missing; date: is missing"


async def test_reading_costs_the_same_number_of_statements_however_many_keys_there_were(
    street: Community, ada: Person
) -> None:
    number, today = await operation(street), dates.today()
    for ago in range(6, 0, -1):
        await approved(street, number, today - ago * DAY, today - ago * DAY)
    seen: list[int] = []
    database = ada.world.database
    database.observer = lambda tx: seen.append(tx.statements) if tx.tenant_id == ada.tenant else None
    try:
        found = await read(ada, street, number)
    finally:
        database.observer = None
    assert [each["start_date"] for each in found["history_keys"]] == [wire(today - ago * DAY) for ago in range(1, 7)]
    # One at the door; the operation, its rows, the names of their keys.
    assert sum(seen) == 4


@pytest.mark.parametrize(
    ("wrong", "number", "said"),
    [
        (10**30, 5001, "id_sharing: is too large"), (2**63, 5001, "id_sharing: is too large"),
        (1.5, 5001, "id_sharing: must be a whole number"), ("1", 5001, "id_sharing: must be a whole number"),
        (-1, 70002, "This community has no such sharing operation."),
    ],
)  # fmt: skip
async def test_an_id_that_cannot_be_one_is_refused(
    street: Community, ada: Person, wrong: Any, number: int, said: str
) -> None:
    answer = await hand_in(ada, street, wrong, await stored(street))
    assert refused(answer, 400 if number == 70002 else 422, number)["data"] == said
