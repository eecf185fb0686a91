"""Allocation keys through the API."""

import asyncio
from typing import Any

import pytest
from tests.communities.keys.samples import (
    DOWNLOAD,
    FIXED,
    ONE,
    SIMPLE,
    TWO_ROUNDS,
    add,
    consumer,
    done,
    iteration,
    plain,
    read,
    stored,
    versions_of,
    written,
)
from tests.communities.kit import Community, Person, World, refused
from tests.suites.client import Callers


async def listed(person: Person, community: Community, query: str = "") -> list[dict[str, Any]]:
    answer = await person.call("GET", f"/keys/?{query}", community, template="/keys/")
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


async def test_a_new_key_is_listed_and_read_as_it_was_written(street: Community) -> None:
    manager = await street.add("MANAGER")
    number = await add(manager, street, {**TWO_ROUNDS, "name": "  Two rounds "})
    assert await listed(manager, street) == [{"id": number, "name": "Two rounds", "description": "Half by need"}]
    found = await read(manager, street, number)
    assert (found["id"], found["name"], found["description"]) == (number, "Two rounds", "Half by need")
    assert plain(found) == TWO_ROUNDS["iterations"][::-1]
    ids = [each["id"] for each in found["iterations"]] + [c["id"] for e in found["iterations"] for c in e["consumers"]]
    assert all(isinstance(each, int) for each in ids)
    assert len(set(ids[2:])) == 4


async def test_shares_are_kept_to_the_last_digit_and_travel_as_numbers(street: Community, ada: Person) -> None:
    thirds = [consumer(name, 0.3333333333333333) for name in "abc"]
    number = await add(ada, street, written(iteration(0, 1, *thirds)))
    found = await read(ada, street, number)
    assert plain(found) == [iteration(0, 1, *thirds)]
    async with street.world.database.tenant(street.tenant) as tx:
        kept = await tx.all("SELECT DISTINCT energy_allocated_percentage::text AS share FROM communities.consumer")
    assert [row["share"] for row in kept] == ["0.3333333333333333"]
    answer = await ada.call("GET", f"/keys/{number}", street, template=ONE)
    assert '"energy_allocated_percentage":"' not in answer.text


@pytest.mark.parametrize("method", ["POST", "PUT"])
@pytest.mark.parametrize(
    ("change", "number"),
    [
        ({"name": ""}, 5008),
        ({"name": "  "}, 5008),
        ({"name": "x" * 201}, 5000),
        ({"name": 5}, 5000),
        ({"name": None}, 5000),
        ({"description": None}, 5000),
        ({"description": "x" * 2001}, 5000),
        ({"iterations": None}, 5007),
        ({"iterations": "all"}, 5007),
        ({"iterations": [FIXED] * 11}, 5007),
        ({"iterations": [5]}, 1),
        ({"iterations": [iteration(0, "1", consumer("a", 1))]}, 1),
        ({"iterations": [iteration(0, 1, consumer("a", "1"))]}, 1),
        ({"iterations": [iteration(0, 1, consumer("", 1))]}, 1),
        ({"iterations": [iteration(0, 1, consumer(" ", 1))]}, 1),
        ({"iterations": [iteration(0, 1, consumer("x" * 201, 1))]}, 1),
        ({"iterations": [iteration(0.5, 1, consumer("a", 1))]}, 1),
        ({"iterations": [iteration(True, 1, consumer("a", 1))]}, 1),
        ({"iterations": [iteration(0, None, consumer("a", 1))]}, 1),
        ({"iterations": [iteration(0, 1, *[consumer(f"c{n}", -1) for n in range(5001)])]}, 1),
        ({"iterations": [iteration(-1, 1, consumer("a", 1))]}, 45002),
        ({"iterations": [iteration(3, 1, consumer("a", 1))]}, 45003),
        ({"iterations": [FIXED, iteration(0, 0, consumer("a", 1))]}, 45003),
        ({"iterations": [iteration(0, -1, consumer("a", 1))]}, 45004),
        ({"iterations": [iteration(0, 1, consumer("a", -1.5))]}, 45000),
        ({"iterations": [iteration(0, 1, consumer("a", -0.5))]}, 45000),
        ({"iterations": [iteration(0, 1, consumer("a", 1.5))]}, 45001),
        ({"iterations": [iteration(0, 1, consumer("a", 1e300))]}, 45001),
        ({"iterations": [iteration(0, 1, consumer("a", 0.5))]}, 45005),
        ({"iterations": [iteration(0, 1)]}, 45005),
        ({"iterations": [iteration(0, 1, consumer("a", 0.5), consumer(" a ", 0.5))]}, 45005),
        ({"iterations": [iteration(0, 1, consumer("a", -1), consumer("b", 0.9), consumer("c", 0.2))]}, 45005),
    ],
)
async def test_a_wrong_key_is_refused_and_nothing_changes(
    street: Community, ada: Person, method: str, change: dict[str, Any], number: int
) -> None:
    there = await add(ada, street)
    before = await street.everything()
    refused(await ada.call(method, "/keys/", street, json={**SIMPLE, "id": there, **change}), 422, number)
    assert await street.everything() == before


@pytest.mark.parametrize(("method", "number"), [("POST", 45006), ("PUT", 45007)])
@pytest.mark.parametrize("iterations", [[], [iteration(0, 0.5, consumer("a", 1))]])
async def test_the_iterations_share_the_whole_production(
    street: Community, ada: Person, method: str, number: int, iterations: list[Any]
) -> None:
    there = await add(ada, street)
    before = await street.everything()
    body = {**SIMPLE, "id": there, "iterations": iterations}
    refused(await ada.call(method, "/keys/", street, json=body), 422, number)
    assert await street.everything() == before


@pytest.mark.parametrize("share", ["NaN", "Infinity", "-Infinity", "1e999"])
async def test_a_share_that_is_no_number_is_refused(street: Community, ada: Person, share: str) -> None:
    before = await street.everything()
    raw = (
        '{"name":"K","description":"","iterations":[{"number":0,"energy_allocated_percentage":1,'
        f'"consumers":[{{"name":"a","energy_allocated_percentage":{share}}}]}}]}}'
    )
    answer = await ada.call("POST", "/keys/", street, content=raw, headers={"content-type": "application/json"})
    refused(answer, 422, 1)
    assert await street.everything() == before


async def test_every_wrong_field_is_named_in_the_callers_language(street: Community, ada: Person) -> None:
    wrong = written(iteration(5, 1, consumer("a", 2)), iteration(0, -1, consumer("b", 1)))
    answer = await ada.call("POST", "/keys/", street, json=wrong, headers={"accept-language": "fr"})
    assert refused(answer, 422, 45003)["data"] == (
        "iterations.0.number: doit valoir 2 au plus; "
        "iterations.0.consumers.0.energy_allocated_percentage: doit valoir 1 au plus; "
        "iterations.1.energy_allocated_percentage: doit valoir au moins 0; "
        "iterations: les parts des itérations doivent totaliser 1 (0.6 pour 60 %) ; leur somme est 0"
    )


async def test_a_key_of_the_greatest_size_is_taken(street: Community, ada: Person) -> None:
    shares = [iteration(n, share, *[consumer(f"{n}{c:017}", 0.0002) for c in range(5000)])
              for n, share in enumerate((0.5, 0.3, 0.2))]  # fmt: skip
    number = await add(ada, street, written(*shares))
    assert plain(await read(ada, street, number)) == shares


async def test_name_and_description_change_in_place(street: Community, ada: Person) -> None:
    number = await add(ada, street, TWO_ROUNDS)
    before = await read(ada, street, number)
    same = {
        **TWO_ROUNDS,
        "id": number,
        "name": "Renamed",
        "description": "",
        "iterations": TWO_ROUNDS["iterations"][::-1],
    }
    done(await ada.call("PUT", "/keys/", street, json=same))
    assert await read(ada, street, number) == before | {"name": "Renamed", "description": ""}
    assert await versions_of(street, number) == [1]
    assert [each["name"] for each in await listed(ada, street)] == ["Renamed"]


@pytest.mark.parametrize(
    "iterations",
    [
        [iteration(0, 1, consumer("ean-1", 0.6), consumer("ean-2", 0.4))],
        [iteration(0, 1, consumer("ean-2", 0.3), consumer("ean-1", 0.7))],
        [iteration(0, 1, consumer("ean-1", 0.7), consumer("ean-3", 0.3))],
        [iteration(1, 1, consumer("ean-1", 0.7), consumer("ean-2", 0.3))],
        [FIXED, iteration(2, 0, consumer("ean-1", -1))],
    ],
)
async def test_other_iterations_make_a_new_version(street: Community, ada: Person, iterations: list[Any]) -> None:
    number = await add(ada, street)
    before = await read(ada, street, number)
    done(await ada.call("PUT", "/keys/", street, json={**SIMPLE, "id": number, "iterations": iterations}))
    after = await read(ada, street, number)
    assert plain(after) == iterations
    assert await versions_of(street, number) == [1, 2]
    assert {each["id"] for each in after["iterations"]} & {each["id"] for each in before["iterations"]} == set()


async def test_two_who_change_a_key_at_once_make_two_versions(street: Community, ada: Person) -> None:
    number = await add(ada, street)
    shares = [(0.1 * n, 1 - 0.1 * n) for n in range(1, 6)]
    bodies = [
        {**SIMPLE, "id": number, "iterations": [iteration(0, 1, consumer("ean-1", one), consumer("ean-2", other))]}
        for one, other in shares
    ]
    for answer in await asyncio.gather(*[ada.call("PUT", "/keys/", street, json=body) for body in bodies]):
        done(answer)
    assert await versions_of(street, number) == [1, 2, 3, 4, 5, 6]
    assert plain(await read(ada, street, number)) in [body["iterations"] for body in bodies]


async def test_a_deleted_key_is_gone(street: Community, ada: Person) -> None:
    number, other = await add(ada, street), await add(ada, street)
    done(await ada.call("DELETE", f"/keys/{number}", street, template=ONE))
    assert [each["id"] for each in await listed(ada, street)] == [other]
    refused(await ada.call("GET", f"/keys/{number}", street, template=ONE), 400, 40000)
    refused(await ada.call("DELETE", f"/keys/{number}", street, template=ONE), 400, 40000)
    refused(await ada.call("GET", f"/keys/{number}/download", street, template=DOWNLOAD), 400, 40000)
    refused(await ada.call("PUT", "/keys/", street, json={**SIMPLE, "id": number}), 400, 40005)


@pytest.mark.parametrize("whose", ["nobody's", "another community's", "another tenant's"])
async def test_keys_of_others_are_not_there(world: World, street: Community, ada: Person, whose: str) -> None:
    match whose:
        case "nobody's":
            number, home = 2**40, street
        case "another community's":
            home = await world.community(await world.person(), "Elsewhere")
            number = await stored(home)
        case _:
            home = await world.community(await world.person(tenant=world.other_tenant), "Elsewhere")
            number = await stored(home)
    before = await street.everything(), await home.everything()
    assert await listed(ada, street) == []
    refused(await ada.call("GET", f"/keys/{number}", street, template=ONE), 400, 40000)
    refused(await ada.call("GET", f"/keys/{number}/download", street, template=DOWNLOAD), 400, 40000)
    refused(await ada.call("PUT", "/keys/", street, json={**SIMPLE, "id": number}), 400, 40005)
    refused(await ada.call("DELETE", f"/keys/{number}", street, template=ONE), 400, 40000)
    assert (await street.everything(), await home.everything()) == before


async def test_a_member_reads_and_writes_no_keys(street: Community) -> None:
    member, number = await street.add("MEMBER"), await stored(street)
    before = await street.everything()
    refused(await member.call("GET", "/keys/", street), 403, 4)
    refused(await member.call("POST", "/keys/", street, json=SIMPLE), 403, 4)
    refused(await member.call("DELETE", f"/keys/{number}", street, template=ONE), 403, 4)
    assert await street.everything() == before


async def test_a_scope_opens_reading_or_writing(street: Community, callers: Callers) -> None:
    reader = await callers.with_scopes("communities", ["communities.keys:read"])
    named = {"x-community-id": street.auth_id}
    assert (await reader.get("/keys/", headers=named)).status_code == 200
    refused(await reader.post("/keys/", headers=named, json=SIMPLE), 403, 4)
    writer = await callers.with_scopes("communities", ["communities.keys:write"])
    done(await writer.post("/keys/", headers=named, json=SIMPLE))
    refused(await writer.get("/keys/", headers=named), 403, 4)


@pytest.mark.parametrize("number", ["x", "1.5", str(2**63)])
async def test_an_id_is_a_whole_number(street: Community, ada: Person, number: str) -> None:
    refused(await ada.call("GET", f"/keys/{number}", street, template=ONE), 422, 5001)


async def test_an_id_of_the_body_is_a_number_that_can_be_one(street: Community, ada: Person) -> None:
    refused(await ada.call("PUT", "/keys/", street, json={**SIMPLE, "id": 2**63}), 422, 5001)
    refused(await ada.call("PUT", "/keys/", street, json={**SIMPLE, "id": "1"}), 422, 5001)
    refused(await ada.call("PUT", "/keys/", street, json={**SIMPLE, "id": 2**63 - 1}), 400, 40005)


async def test_lists_are_filtered_sorted_and_paged(street: Community, ada: Person) -> None:
    for name, text in (("Beech", "by need"), ("ash", "100 % fixed"), ("Oak", "By Need, two rounds")):
        await add(ada, street, {**SIMPLE, "name": name, "description": text})

    async def names(query: str) -> list[str]:
        return [each["name"] for each in await listed(ada, street, query)]

    assert await names("") == ["Beech", "ash", "Oak"]
    assert await names("name=A") == ["ash", "Oak"]
    assert await names("description=by+need") == ["Beech", "Oak"]
    assert await names("description=%25") == ["ash"]
    assert await names("name=a&description=need") == ["Oak"]
    assert await names("sort_name=DESC") == (await names("sort_name=ASC"))[::-1]
    body = (await ada.call("GET", "/keys/?page=2&limit=2", street, template="/keys/")).json()
    assert [each["name"] for each in body["data"]] == ["Oak"]
    assert body["pagination"] == {"page": 2, "limit": 2, "total": 3, "total_pages": 2}
    refused(await ada.call("GET", "/keys/?sort_name=UP", street, template="/keys/"), 422, 5009)


async def test_reading_costs_the_same_number_of_statements_however_large_a_key_is(
    street: Community, ada: Person
) -> None:
    number = await add(ada, street, TWO_ROUNDS)
    seen: list[int] = []
    database = ada.world.database
    database.observer = lambda tx: seen.append(tx.statements) if tx.tenant_id == ada.tenant else None
    try:
        await read(ada, street, number)
    finally:
        database.observer = None
    # One at the door; the key, its rounds, their consumers.
    assert sum(seen) == 4


async def test_shares_in_percent_are_told_how_they_are_written_and_what_they_sum_up_to(
    street: Community, ada: Person
) -> None:
    wrong = written(iteration(0, 60, consumer("a", 1)), iteration(1, 40, consumer("b", 0.5), consumer("c", 0.25)))
    told = refused(await ada.call("POST", "/keys/", street, json=wrong), 422, 45005)["data"]
    assert told == (
        "iterations.1.consumers: the shares of the consumers must sum up to 1 (0.6 for 60 %); their sum is 0.75; "
        "iterations: the shares of the iterations must sum up to 1 (0.6 for 60 %); their sum is 100"
    )
