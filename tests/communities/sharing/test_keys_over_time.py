"""Keys in a sharing operation: handed in, approved, rejected."""

import asyncio
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from tests.communities.keys import samples as keys
from tests.communities.keys.samples import FIXED, consumer, iteration, stored
from tests.communities.kit import Community, Person, World, refused
from tests.communities.sharing.samples import (
    BEGIN,
    DAY,
    approved,
    decide,
    done,
    hand_in,
    key_rows,
    meter,
    operation,
    read,
    stale,
    waiting,
    wire,
)

from gridloom.communities import dates
from gridloom.communities.sharing import public as sharing


async def in_force(community: Community, number: int, since: date, till: date) -> list[tuple[date, date, int]]:
    async with community.world.database.tenant(community.tenant) as tx:
        return [(each.start, each.end, each.key_id) for each in await sharing.approved(tx, number, since, till)]


def told(found: dict[str, Any] | None) -> Any:
    return found and (found["key"]["id"], found["start_date"], found["end_date"], found["status"])


async def test_a_key_waits_from_the_day_it_is_handed_in(street: Community) -> None:
    manager, number, key = await street.add("MANAGER"), await operation(street), await stored(street, "Equal")
    done(await hand_in(manager, street, number, key))
    today = dates.today()
    found = await read(manager, street, number)
    row = found["key_waiting_approval"]
    assert row == {
        "id": row["id"], "key": {"id": key, "name": "Equal", "description": ""}, "start_date": wire(today),
        "end_date": None, "status": 2,
    }  # fmt: skip
    assert (found["key"], found["history_keys"]) == (None, [])
    assert await stale(street, number) == []


async def test_handing_in_again_changes_nothing_until_the_key_changes(street: Community, ada: Person) -> None:
    number, key, today = await operation(street), await stored(street), dates.today()
    done(await hand_in(ada, street, number, key))
    before = await street.everything()
    done(await hand_in(ada, street, number, key))
    assert await street.everything() == before
    body = {**keys.SIMPLE, "id": key, "iterations": [iteration(0, 1, consumer("ean-1", 1))]}
    done(await ada.call("PUT", "/keys/", street, json=body))
    done(await hand_in(ada, street, number, key))
    assert await key_rows(street, number) == [(key, today, today, 2), (key, today, None, 2)]


async def test_a_key_is_approved_from_exactly_the_day(street: Community, ada: Person) -> None:
    number, since = await operation(street), date(2026, 3, 29)
    key = await waiting(street, number, since=date(2026, 2, 1))
    done(await decide(ada, street, number, key, 1, since))
    found = await read(ada, street, number)
    assert told(found["key"]) == (key, wire(since), None, 1)
    assert found["key_waiting_approval"] is None
    assert [told(each) for each in found["history_keys"]] == [(key, wire(date(2026, 2, 1)), wire(date(2026, 3, 28)), 2)]
    assert await stale(street, number) == [since]
    assert await in_force(street, number, date(2026, 3, 1), date(2026, 4, 30)) == [(since, date(2026, 4, 30), key)]


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("2026-03-29", date(2026, 3, 29)),
        ("2026-03-29T00:00:00Z", date(2026, 3, 29)),
        ("2026-03-28T23:00:00.000Z", date(2026, 3, 29)),
        ("2026-03-29T00:00:00+01:00", date(2026, 3, 29)),
        ("2026-06-30T22:00:00Z", date(2026, 7, 1)),
    ],
)
async def test_a_day_is_read_however_it_is_written(street: Community, ada: Person, text: str, day: date) -> None:
    number = await operation(street)
    key = await waiting(street, number)
    done(await decide(ada, street, number, key, 1, text))
    assert (await read(ada, street, number))["key"]["start_date"] == wire(day)


async def test_the_next_key_ends_the_one_before_on_the_eve(street: Community, ada: Person) -> None:
    number = await operation(street)
    first = await approved(street, number, BEGIN)
    second = await waiting(street, number)
    since = date(2026, 4, 15)
    done(await decide(ada, street, number, second, 1, since))
    found = await read(ada, street, number)
    assert told(found["key"]) == (second, wire(since), None, 1)
    assert (first, wire(BEGIN), wire(date(2026, 4, 14)), 1) in [told(each) for each in found["history_keys"]]
    april = await in_force(street, number, date(2026, 4, 1), date(2026, 4, 30))
    assert april == [(date(2026, 4, 1), date(2026, 4, 14), first), (since, date(2026, 4, 30), second)]


async def test_a_key_that_is_approved_for_later_does_not_hold_today(street: Community, ada: Person) -> None:
    number, today = await operation(street), dates.today()
    later = await waiting(street, number)
    done(await decide(ada, street, number, later, 1, today + 30 * DAY))
    assert told((await read(ada, street, number))["key"]) == (later, wire(today + 30 * DAY), None, 1)
    now = await waiting(street, number)
    done(await decide(ada, street, number, now, 1, today))
    found = await read(ada, street, number)
    assert told(found["key"]) == (now, wire(today), None, 1)
    later_row = (later, wire(today + 30 * DAY), wire(today + 30 * DAY), 3)
    assert later_row in [told(each) for each in found["history_keys"]]
    assert await in_force(street, number, today, today + 60 * DAY) == [(today, today + 60 * DAY, now)]


async def test_the_key_in_force_is_told_while_the_next_one_is_approved_already(street: Community, ada: Person) -> None:
    number, today = await operation(street), dates.today()
    now, next_ = await approved(street, number, BEGIN), await waiting(street, number)
    done(await decide(ada, street, number, next_, 1, today + 7 * DAY))
    found = await read(ada, street, number)
    assert told(found["key"]) == (now, wire(BEGIN), wire(today + 6 * DAY), 1)
    assert told(found["history_keys"][0]) == (next_, wire(today + 7 * DAY), None, 1)


async def test_approving_on_the_first_day_of_the_key_in_force_replaces_it(street: Community, ada: Person) -> None:
    number, today = await operation(street), dates.today()
    first, second = await approved(street, number, BEGIN), await waiting(street, number)
    done(await decide(ada, street, number, second, 1, BEGIN))
    assert await in_force(street, number, BEGIN - DAY, today) == [(BEGIN, today, second)]
    assert (first, BEGIN, today, 3) in await key_rows(street, number)
    assert (await read(ada, street, number))["key"]["key"]["id"] == second


async def test_a_key_is_rejected(street: Community, ada: Person) -> None:
    number, today = await operation(street), dates.today()
    first, second = await approved(street, number, BEGIN), await waiting(street, number)
    done(await decide(ada, street, number, second, 3, today))
    found = await read(ada, street, number)
    assert told(found["key"]) == (first, wire(BEGIN), None, 1)
    assert found["key_waiting_approval"] is None
    assert [told(each) for each in found["history_keys"]] == [(second, wire(today), wire(today), 3)]
    assert await stale(street, number) == []
    refused(await decide(ada, street, number, second, 1, today), 400, 70011)
    done(await hand_in(ada, street, number, second))
    assert told((await read(ada, street, number))["key_waiting_approval"]) == (second, wire(today), None, 2)


async def test_of_several_keys_the_one_that_waits_longest_is_told_and_any_is_decided(
    street: Community, ada: Person
) -> None:
    number, today = await operation(street), dates.today()
    old = await waiting(street, number, since=today - 5 * DAY)
    new = await waiting(street, number, since=today - DAY)
    found = await read(ada, street, number)
    assert told(found["key_waiting_approval"])[0] == old
    assert [told(each)[0] for each in found["history_keys"]] == [new]
    done(await decide(ada, street, number, new, 1, today))
    found = await read(ada, street, number)
    assert (told(found["key"])[0], told(found["key_waiting_approval"])[0]) == (new, old)


async def test_an_operation_follows_the_version_that_was_handed_in(street: Community, ada: Person) -> None:
    number, key, today = await operation(street), await stored(street), dates.today()
    done(await hand_in(ada, street, number, key))
    body = {**keys.SIMPLE, "id": key, "name": "Renamed", "iterations": [iteration(0, 1, consumer("ean-9", 1))]}
    done(await ada.call("PUT", "/keys/", street, json=body))
    done(await decide(ada, street, number, key, 1, BEGIN))
    async with street.world.database.tenant(street.tenant) as tx:
        (only,) = await sharing.approved(tx, number, today, today)
    (round_,) = only.key.rounds
    assert [(each.name, each.share) for each in round_.consumers] == [
        ("ean-1", Decimal("0.7")),
        ("ean-2", Decimal("0.3")),
    ]
    assert (round_.number, round_.share) == (0, 1)
    assert (await read(ada, street, number))["key"]["key"]["name"] == "Renamed"
    assert keys.plain(await keys.read(ada, street, key)) == body["iterations"] != [FIXED]


@pytest.mark.parametrize("state", ["approved", "approved for later", "waiting"])
async def test_a_key_in_use_is_not_deleted(street: Community, ada: Person, state: str) -> None:
    number, today = await operation(street), dates.today()
    match state:
        case "approved":
            key = await approved(street, number, BEGIN, today)
        case "approved for later":
            key = await approved(street, number, today + DAY)
        case _:
            key = await waiting(street, number)
    before = await street.everything()
    refused(await ada.call("DELETE", f"/keys/{key}", street, template=keys.ONE), 400, 40009)
    assert await street.everything() == before


@pytest.mark.parametrize("state", ["over", "rejected", "operation deleted"])
async def test_a_key_that_nobody_follows_any_longer_is_deleted_and_still_told(
    street: Community, ada: Person, state: str
) -> None:
    number, today = await operation(street), dates.today()
    match state:
        case "over":
            key = await approved(street, number, BEGIN, today - DAY)
        case "rejected":
            key = await waiting(street, number)
            done(await decide(ada, street, number, key, 3, today))
        case _:
            key = await approved(street, number, BEGIN)
            done(await ada.call("DELETE", f"/sharing_operations/{number}", street, template="/sharing_operations/{id}"))
    done(await ada.call("DELETE", f"/keys/{key}", street, template=keys.ONE))
    if state != "operation deleted":
        assert [each["key"]["id"] for each in (await read(ada, street, number))["history_keys"]] == [key]
    refused(await hand_in(ada, street, await operation(street), key), 400, 70003)


@pytest.mark.parametrize("whose", ["nobody's", "another community's", "another tenant's"])
async def test_keys_of_others_are_neither_handed_in_nor_decided(
    world: World, street: Community, ada: Person, whose: str
) -> None:
    number, home = await operation(street), street
    if whose == "nobody's":
        key = 2**40
    else:
        tenant = None if whose == "another community's" else world.other_tenant
        home = await world.community(await world.person(tenant=tenant), "Elsewhere")
        key = await stored(home)
    before = await street.everything(), await home.everything()
    refused(await hand_in(ada, street, number, key), 400, 70003)
    refused(await decide(ada, street, number, key, 1, dates.today()), 400, 70011)
    refused(await decide(ada, street, number, key, 3, dates.today()), 400, 70011)
    assert (await street.everything(), await home.everything()) == before


async def test_a_key_that_waits_elsewhere_is_not_decided_here(street: Community, ada: Person) -> None:
    here, there = await operation(street), await operation(street)
    key = await waiting(street, there)
    before = await street.everything()
    answer = await decide(ada, street, here, key, 1, BEGIN)
    refused(answer, 400, 70011)
    assert await street.everything() == before


async def test_an_approved_key_is_not_decided_again(street: Community, ada: Person) -> None:
    number = await operation(street)
    key = await approved(street, number, BEGIN)
    before = await street.everything()
    for status in (1, 3):
        refused(await decide(ada, street, number, key, status, dates.today()), 400, 70011)
    assert await street.everything() == before


@pytest.mark.parametrize(
    ("status", "day", "number"),
    [
        (2, "2026-03-01", 75001), (0, "2026-03-01", 75001), (4, "2026-03-01", 75001), ("1", "2026-03-01", 75001),
        (None, "2026-03-01", 75001), (1, "soon", 5005), (1, "2026-02-30", 5005), (1, "1899-12-31", 5005),
        (1, "9999-12-31", 5005), (1, 20260301, 5000), (1, None, 5000), (3, "", 5005),
    ],
)  # fmt: skip
async def test_a_wrong_decision_is_refused(street: Community, ada: Person, status: Any, day: Any, number: int) -> None:
    there = await operation(street)
    key = await waiting(street, there)
    before = await street.everything()
    refused(await decide(ada, street, there, key, status, day), 422, number)
    assert await street.everything() == before


async def test_a_wrong_status_is_told_in_german(street: Community, ada: Person) -> None:
    body = {"id_key": 1, "id_sharing": 1, "status": 2, "date": "2026-03-01"}
    answer = await ada.call("PATCH", "/sharing_operations/key", street, json=body, headers={"accept-language": "de"})
    assert refused(answer, 422, 75001)["data"] == "status: muss 1 (genehmigt) oder 3 (abgelehnt) sein"


async def test_of_many_who_approve_at_once_one_key_holds_on_every_day(street: Community, ada: Person) -> None:
    number = await operation(street)
    waits = [await waiting(street, number) for _ in range(6)]
    starts = [BEGIN + n * 10 * DAY for n in (3, 0, 2, 1, 2, 0)]
    answers = await asyncio.gather(*[
        decide(ada, street, number, key, 1, start) for key, start in zip(waits, starts, strict=True)
    ])  # fmt: skip
    for answer in answers:
        done(answer)
    found = await in_force(street, number, BEGIN, BEGIN + 100 * DAY)
    assert all(one[1] + DAY == two[0] for one, two in pairwise(found))
    assert found[0][0] == BEGIN
    assert found[-1][1] == BEGIN + 100 * DAY
    assert len(await stale(street, number)) == 6


async def test_of_two_who_decide_about_the_same_key_at_once_one_does(street: Community, ada: Person) -> None:
    number = await operation(street)
    key = await waiting(street, number)
    answers = await asyncio.gather(*[decide(ada, street, number, key, status, BEGIN) for status in (1, 3, 1)])
    assert sorted(answer.status_code for answer in answers) == [200, 400, 400]
    for answer in answers:
        if answer.status_code == 400:
            refused(answer, 400, 70011)


async def test_of_handing_in_and_deleting_a_key_at_once_one_wins(street: Community, ada: Person) -> None:
    for _ in range(5):
        number, key = await operation(street), await stored(street)
        given, gone = await asyncio.gather(
            hand_in(ada, street, number, key), ada.call("DELETE", f"/keys/{key}", street, template=keys.ONE)
        )
        if given.status_code == 200:
            refused(gone, 400, 40009)
        else:
            refused(given, 400, 70003)
            done(gone)


async def test_handing_in_twice_at_once_waits_once(street: Community, ada: Person) -> None:
    number, key = await operation(street), await stored(street)
    for answer in await asyncio.gather(*[hand_in(ada, street, number, key) for _ in range(4)]):
        done(answer)
    assert await key_rows(street, number) == [(key, dates.today(), None, 2)]


async def test_handing_in_a_key_names_consumers_who_are_no_meter_of_the_operation(
    street: Community, ada: Person
) -> None:
    number = await operation(street)
    there, gone = await meter(street, BEGIN, sharing_operation_id=number), await meter(street, BEGIN)
    body = {
        "name": "Mixed", "description": "",
        "iterations": [iteration(0, 1, consumer(there, 0.5), consumer("Mrs Éva, 2nd floor", 0.3), consumer(gone, 0.2))],
    }  # fmt: skip
    done(await ada.call("POST", "/keys/", street, json=body))
    (key,) = (each["id"] for each in (await ada.call("GET", "/keys/", street)).json()["data"])
    answer = await hand_in(ada, street, number, key)
    done(answer)
    assert answer.headers["x-unknown-consumers"] == f"Mrs%20%C3%89va%2C%202nd%20floor, {gone}"
    # The same again is the same answer; a meter that enters later is known from then on.
    assert (await hand_in(ada, street, number, key)).headers["x-unknown-consumers"].endswith(gone)
    enter = {"id_sharing": number, "date": str(dates.today()), "ean_list": [gone]}
    done(await ada.call("POST", "/sharing_operations/meter", street, json=enter))
    assert (await hand_in(ada, street, number, key)).headers["x-unknown-consumers"] == "Mrs%20%C3%89va%2C%202nd%20floor"


async def test_a_key_whose_consumers_are_all_known_is_handed_in_without_a_word(street: Community, ada: Person) -> None:
    number = await operation(street)
    there = await meter(street, BEGIN, sharing_operation_id=number)
    body = {**keys.SIMPLE, "iterations": [iteration(0, 1, consumer(there, 1))]}
    done(await ada.call("POST", "/keys/", street, json=body))
    (key,) = (each["id"] for each in (await ada.call("GET", "/keys/", street)).json()["data"])
    answer = await hand_in(ada, street, number, key)
    done(answer)
    assert "x-unknown-consumers" not in answer.headers
