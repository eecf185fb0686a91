"""Adding, reading, changing and removing members."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from tests.communities.kit import Community, Person, World, refused
from tests.communities.members.samples import (
    BILLING,
    COMPANY,
    HOME,
    INDIVIDUAL,
    LINK,
    MANAGER,
    ONE,
    added,
    done,
    listed,
    made,
    read,
    without,
)

from gridloom.core.parties import public as parties
from gridloom.kernel.database.transaction import Tx

MANAGER_SHOWN = without(MANAGER, "phone_number") | {"phone_number": "+32470123456"}


async def put(caller: Person, community: Community, number: Any, **given: Any) -> httpx.Response:
    return await caller.call("PUT", "/members/", community, json={"id": number, **given})


async def remove(caller: Person, community: Community, number: int) -> httpx.Response:
    return await caller.call("DELETE", f"/members/{number}", community, template=ONE)


async def test_an_individual_is_read_as_it_was_added(street: Community, ada: Person) -> None:
    number = await added(ada, street, INDIVIDUAL)
    found = await read(ada, street, number)
    home, billing = found["home_address"], found["billing_address"]
    assert found == {
        "id": number, "name": "Lambert", "member_type": 1, "status": 1, "iban": "BE68539007547034",
        "home_address": {"id": home["id"], **HOME}, "billing_address": {"id": billing["id"], **BILLING},
        "NRN": "85.07.30-033.28", "first_name": "Ada", "email": "ada.lambert@example.org",
        "phone_number": "+32470123457", "social_rate": True,
    }  # fmt: skip
    assert home["id"] != billing["id"]
    assert await listed(ada, street) == [{"id": number, "name": "Lambert", "member_type": 1, "status": 1}]


async def test_a_company_is_read_as_it_was_added(street: Community, ada: Person) -> None:
    number = await added(ada, street, COMPANY | {"first_name": "ignored", "social_rate": True, "NRN": None})
    found = await read(ada, street, number)
    assert found == {
        "id": number, "name": "Soleil SA", "member_type": 2, "status": 3, "iban": "BE68539007547034",
        "home_address": {"id": found["home_address"]["id"], **HOME},
        "billing_address": {"id": found["billing_address"]["id"], **BILLING},
        "vat_number": "BE0403019261", "manager": {"id": found["manager"]["id"], **MANAGER_SHOWN},
    }  # fmt: skip
    assert await listed(ada, street) == [{"id": number, "name": "Soleil SA", "member_type": 2, "status": 3}]


async def test_an_individual_may_have_a_manager(street: Community, ada: Person) -> None:
    number = await added(ada, street, INDIVIDUAL | {"manager": MANAGER})
    manager = (await read(ada, street, number))["manager"]
    assert manager == {"id": manager["id"], **MANAGER_SHOWN}
    done(await put(ada, street, number, manager_id=None))
    assert "manager" not in await read(ada, street, number)


@pytest.mark.parametrize("way", ["by number", "by national number", "both"])
async def test_one_manager_speaks_for_two_companies(street: Community, ada: Person, way: str) -> None:
    first = await added(ada, street, COMPANY)
    manager = (await read(ada, street, first))["manager"]["id"]
    given: dict[str, Any] = {} if way == "by number" else {"manager": MANAGER | {"email": "new@example.org"}}
    given |= {} if way == "by national number" else {"manager_id": manager}
    second = await added(ada, street, without(COMPANY, "manager") | given | {"name": "Lune SA"})
    email = "grace@example.org" if way == "by number" else "new@example.org"
    for number in (first, second):
        assert (await read(ada, street, number))["manager"] == {"id": manager, **MANAGER_SHOWN, "email": email}


async def test_a_manager_with_a_wrong_national_number_is_somebody_else_each_time(
    street: Community, ada: Person
) -> None:
    unknown = COMPANY | {"manager": MANAGER | {"NRN": "not yet known"}}
    first, second = await added(ada, street, unknown), await added(ada, street, unknown)
    one, other = [(await read(ada, street, number))["manager"] for number in (first, second)]
    assert one["NRN"] == other["NRN"] == "not yet known"
    assert one["id"] != other["id"]


@pytest.mark.parametrize("whose", ["nobody's", "another community's", "another tenant's"])
@pytest.mark.parametrize("way", ["POST", "PUT"])
async def test_a_manager_of_another_community_is_unknown(
    world: World, street: Community, ada: Person, whose: str, way: str
) -> None:
    founder = await world.person(tenant=world.other_tenant if "tenant" in whose else None)
    elsewhere = await world.community(founder)
    await made(elsewhere, COMPANY)
    async with world.database.tenant(founder.tenant) as tx:
        manager = await tx.scalar("SELECT max(id) FROM communities.guardian")
    manager = 2**40 if whose == "nobody's" else manager
    number = await made(street, COMPANY)
    before = await everything(street)
    if way == "POST":
        body = without(COMPANY, "manager") | {"manager_id": manager}
        refused(await ada.call("POST", "/members/", street, json=body), 400, 50000)
    else:
        refused(await put(ada, street, number, manager_id=manager, name="Other"), 400, 50012)
    assert await everything(street) == before


@pytest.mark.parametrize(
    ("lacking", "number"),
    [("first_name", 5000), ("NRN", 5000), ("email", 5000), ("social_rate", 5004), ("name", 5000), ("iban", 5000),
     ("member_type", 55000), ("status", 55000), ("home_address", 1), ("billing_address", 1)],
)  # fmt: skip
async def test_an_individual_lacks_nothing(street: Community, ada: Person, lacking: str, number: int) -> None:
    before = await everything(street)
    answer = await ada.call("POST", "/members/", street, json=without(INDIVIDUAL, lacking))
    assert refused(answer, 422, number)["data"] == f"{lacking}: is missing"
    assert await everything(street) == before


@pytest.mark.parametrize(
    ("lacking", "told", "number"),
    [
        ("vat_number", "vat_number: is missing", 5000),
        (
            "manager",
            "manager: is missing; a company has one (or `manager_id`, for somebody who manages a member already)",
            1,
        ),
    ],
)
async def test_a_company_lacks_nothing(street: Community, ada: Person, lacking: str, told: str, number: int) -> None:
    before = await everything(street)
    for body in (without(COMPANY, lacking), COMPANY | {lacking: None}):
        answer = await ada.call("POST", "/members/", street, json=body)
        assert refused(answer, 422, number)["data"] == told
    assert await everything(street) == before


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({"member_type": 3}, 55000), ({"member_type": "1"}, 55000), ({"status": 4}, 55000), ({"name": ""}, 5008),
        ({"name": "  "}, 5008), ({"name": 5}, 5000), ({"email": "nobody"}, 5002), ({"email": ""}, 5002),
        ({"NRN": 85073003328}, 5000), ({"iban": None}, 5000), ({"social_rate": "yes"}, 5004), ({"first_name": ""}, 5008),
        ({"home_address": "Rue Haute 12"}, 1), ({"home_address": without(HOME, "street")}, 1),
        ({"manager": {"name": "Grace"}}, 1), ({"manager_id": "x"}, 5001), ({"name": "a\x00"}, 5000),
        ({"phone_number": 470}, 5000), ({"name": "x" * 201}, 5000),
    ],
)  # fmt: skip
async def test_a_wrong_field_is_told_and_nothing_is_added(
    street: Community, ada: Person, given: dict[str, Any], number: int
) -> None:
    before = await everything(street)
    answer = await ada.call("POST", "/members/", street, json=INDIVIDUAL | given)
    assert refused(answer, 422, number)["data"].startswith(next(iter(given)))
    assert await everything(street) == before


@pytest.mark.parametrize(
    ("field", "given", "shown"),
    [
        ("NRN", "85.07.30-033.29", "85.07.30-033.29"), ("NRN", "unknown", "unknown"), ("NRN", "", ""),
        ("iban", "BE00 1234", "BE001234"), ("iban", "", ""), ("phone_number", "ask my son", "ask my son"),
        ("phone_number", "", ""), ("phone_number", None, ""), ("email", " Ada@Example.ORG ", "Ada@Example.ORG"),
        ("social_rate", False, False), ("status", 3, 3),
    ],
)  # fmt: skip
async def test_what_is_wrong_in_life_is_kept_as_it_is_written(
    street: Community, ada: Person, field: str, given: Any, shown: Any
) -> None:
    number = await added(ada, street, INDIVIDUAL | {field: given})
    assert (await read(ada, street, number))[field] == shown


async def test_a_vat_number_that_is_none_is_kept(street: Community, ada: Person) -> None:
    number = await added(ada, street, COMPANY | {"vat_number": "BE1"})
    assert (await read(ada, street, number))["vat_number"] == "BE1"
    done(await put(ada, street, number, vat_number=""))
    assert (await read(ada, street, number))["vat_number"] == ""


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ({"name": "Peeters"}, {"name": "Peeters"}), ({"status": 2}, {"status": 2}), ({"iban": "BE1"}, {"iban": "BE1"}),
        ({"first_name": "Grace"}, {"first_name": "Grace"}), ({"NRN": "1"}, {"NRN": "1"}),
        ({"email": "g@example.org"}, {"email": "g@example.org"}), ({"phone_number": None}, {"phone_number": ""}),
        ({"phone_number": "+3281234567"}, {"phone_number": "+3281234567"}), ({"social_rate": False}, {"social_rate": False}),
        ({"vat_number": "BE1", "member_type": 2}, {}), ({}, {}),
    ],
)  # fmt: skip
async def test_what_is_given_changes_and_the_rest_stays(
    street: Community, ada: Person, given: dict[str, Any], shown: dict[str, Any]
) -> None:
    number = await added(ada, street, INDIVIDUAL)
    before = await read(ada, street, number)
    done(await put(ada, street, number, **given))
    assert await read(ada, street, number) == before | shown
    (row,) = await listed(ada, street)
    assert row == {name: (before | shown)[name] for name in row}


async def test_a_part_of_an_address_changes_and_the_rest_stays(street: Community, ada: Person) -> None:
    number = await added(ada, street, INDIVIDUAL)
    before = await read(ada, street, number)
    done(await put(ada, street, number, home_address=HOME, billing_address={"number": "7A"}))
    assert await read(ada, street, number) == before
    done(await put(ada, street, number, billing_address={"supplement": None}, home_address={"number": 14}))
    after = await read(ada, street, number)
    assert after["home_address"] == {"id": after["home_address"]["id"], **HOME, "number": 14}
    assert after["billing_address"] == {"id": after["billing_address"]["id"], **without(BILLING, "supplement")}
    assert after["home_address"]["id"] != before["home_address"]["id"]


async def test_a_company_gets_another_manager_and_never_none(street: Community, ada: Person) -> None:
    number = await added(ada, street, COMPANY)
    first = (await read(ada, street, number))["manager"]
    done(await put(ada, street, number, manager=MANAGER | {"surname": "Lambert"}))
    assert (await read(ada, street, number))["manager"] == first | {"surname": "Lambert"}
    done(await put(ada, street, number, manager=MANAGER | {"NRN": "90.01.01-001.23", "name": "Ida"}))
    second = (await read(ada, street, number))["manager"]
    assert (second["name"], second["id"] != first["id"]) == ("Ida", True)
    done(await put(ada, street, number, manager_id=first["id"], name="Lune SA", social_rate=True))
    after = await read(ada, street, number)
    assert (after["name"], after["manager"]) == ("Lune SA", first | {"surname": "Lambert"})
    answer = await put(ada, street, number, manager_id=None, name="Nobody")
    assert refused(answer, 422, 5001)["data"] == "manager_id: is missing"
    assert await read(ada, street, number) == after


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({"name": ""}, 5008), ({"status": 9}, 55000), ({"email": "x"}, 5002), ({"iban": 5}, 5000),
        ({"home_address": {"street": 5}}, 1), ({"id": "x"}, 5001), ({"social_rate": 1}, 5004),
    ],
)  # fmt: skip
async def test_a_wrong_change_is_told_and_nothing_changes(
    street: Community, ada: Person, given: dict[str, Any], number: int
) -> None:
    member = await made(street)
    before = await everything(street)
    refused(await ada.call("PUT", "/members/", street, json={"id": member, "first_name": "New", **given}), 422, number)
    assert await everything(street) == before


@pytest.mark.parametrize("status", [1, 2, 3])
async def test_any_state_follows_any(street: Community, ada: Person, status: int) -> None:
    number = await made(street)
    done(await ada.call("PATCH", "/members/status", street, json={"id_member": number, "status": status}))
    assert (await read(ada, street, number))["status"] == status
    assert [each["id"] for each in await listed(ada, street, f"status={status}")] == [number]


async def test_a_state_is_one_of_three(street: Community, ada: Person) -> None:
    number = await made(street)
    for status in (0, 4, "1", None):
        answer = await ada.call("PATCH", "/members/status", street, json={"id_member": number, "status": status})
        refused(answer, 422, 55000)
    assert (await read(ada, street, number))["status"] == 1


Ask = Callable[[Person, Community, int], Awaitable[httpx.Response]]
ASKS: dict[str, tuple[Ask, int]] = {
    "read": (lambda who, where, n: who.call("GET", f"/members/{n}", where, template=ONE), 50003),
    "change": (lambda who, where, n: put(who, where, n, name="Other"), 50008),
    "status": (
        lambda who, where, n: who.call("PATCH", "/members/status", where, json={"id_member": n, "status": 2}),
        50004,
    ),
    "invite": (
        lambda who, where, n: who.call(
            "PATCH", "/members/invite", where, json={"id_member": n, "user_email": "a@example.org"}
        ),
        50006,
    ),
    "link": (lambda who, where, n: who.call("GET", f"/members/{n}/link", where, template=LINK), 50003),
    "unlink": (lambda who, where, n: who.call("DELETE", f"/members/{n}/link", where, template=LINK), 50002),
    "remove": (remove, 50001),
}


@pytest.mark.parametrize("whose", ["nobody", "another community", "another tenant", "removed"])
@pytest.mark.parametrize("what", ASKS)
async def test_a_member_that_is_not_here_is_not_found(
    world: World, street: Community, ada: Person, whose: str, what: str
) -> None:
    founder = await world.person(tenant=world.other_tenant if whose == "another tenant" else None)
    elsewhere = await world.community(founder)
    number = await made(elsewhere if "another" in whose else street)
    if whose == "removed":
        done(await remove(ada, street, number))
    elif whose == "nobody":
        number = 2**40
    before = await everything(street), await everything(elsewhere)
    ask, code = ASKS[what]
    told = refused(await ask(ada, street, number), 400, code)["data"]
    assert told == "This community has no such member."
    assert (await everything(street), await everything(elsewhere)) == before
    assert number not in [each["id"] for each in await listed(ada, street)]


async def test_a_refusal_is_told_in_the_callers_language(street: Community, ada: Person) -> None:
    answer = await ada.call("GET", "/members/1", street, template=ONE, headers={"accept-language": "nl"})
    assert refused(answer, 400, 50003)["data"] == "Dit lid bestaat niet in deze gemeenschap."


async def test_a_number_too_large_for_any_member_is_refused(street: Community, ada: Person) -> None:
    number = 10**30
    for answer in (
        await put(ada, street, number, name="x"),
        await ada.call("PATCH", "/members/status", street, json={"id_member": number, "status": 2}),
    ):
        assert answer.status_code in (400, 422), answer.text


@pytest.mark.parametrize(
    ("status", "start", "end", "is_held"),
    [
        (1, -30, None, True), (2, -30, None, True), (3, 10, None, True), (1, -30, 0, True), (1, -30, -1, False),
        (2, -30, -1, False),
    ],
)  # fmt: skip
async def test_a_member_who_holds_a_meter_today_or_later_stays(
    street: Community, ada: Person, status: int, start: int, end: int | None, is_held: bool
) -> None:
    number = await made(street)
    async with street.world.database.tenant(street.tenant) as tx:
        await hold_meter(tx, street.id, number, status=status, start=start, end=end)
    before = await everything(street)
    answer = await remove(ada, street, number)
    if is_held:
        refused(answer, 400, 50013)
        assert await everything(street) == before
        assert (await read(ada, street, number))["id"] == number
    else:
        done(answer)
        assert await listed(ada, street) == []


async def test_a_removed_member_keeps_its_row(street: Community, ada: Person) -> None:
    number = await made(street)
    done(await remove(ada, street, number))
    async with street.world.database.tenant(street.tenant) as tx:
        row = await tx.one("SELECT removed_at, party_id FROM communities.member WHERE id = :id", id=number)
        assert row is not None
        assert row["removed_at"] is not None
        assert await parties.by_id(tx, row["party_id"]) is not None


async def test_of_two_removals_at_once_one_counts(street: Community, ada: Person) -> None:
    number = await made(street)
    codes = [each.json()["error_code"] for each in await asyncio.gather(*(remove(ada, street, number) for _ in "ab"))]
    assert sorted(codes) == [0, 50001]


async def test_what_is_written_here_is_read_in_the_parties_core(street: Community, ada: Person) -> None:
    person, company = await made(street), await made(street, COMPANY)
    async with street.world.database.tenant(street.tenant) as tx:
        found = await parties.find_by_email(tx, "ADA.lambert@example.org")
        assert found is not None
        assert (found.kind, found.name, found.national_number) == ("person", "Ada Lambert", "85073003328")
        rows = await tx.all("SELECT id, party_id FROM communities.member ORDER BY id")
        there = await parties.by_ids(tx, [row["party_id"] for row in rows])
        organisation = there[rows[1]["party_id"]]
        assert [row["id"] for row in rows] == [person, company]
        assert (organisation.kind, organisation.name, organisation.ibans) == (
            "organisation", "Soleil SA", ("BE68539007547034",),
        )  # fmt: skip
        assert [each.number for each in organisation.registrations] == ["BE0403019261"]
        await parties.change(tx, found.id, parties.PartyFields(family_name="Maes", ibans=["BE1", "BE2"]))
    shown = await read(ada, street, person)
    assert (shown["name"], shown["iban"]) == ("Maes", "BE1")
    assert [each["name"] for each in await listed(ada, street, "sort_name=ASC")] == ["Maes", "Soleil SA"]
    done(await put(ada, street, person, iban="BE3"))
    async with street.world.database.tenant(street.tenant) as tx:
        after = await parties.by_id(tx, found.id)
    assert after is not None
    assert after.ibans == ("BE3", "BE2")


@pytest.mark.parametrize("body", [INDIVIDUAL, COMPANY], ids=["individual", "company"])
async def test_a_member_whose_party_was_removed_elsewhere_keeps_the_name(
    street: Community, ada: Person, body: dict[str, Any]
) -> None:
    number = await made(street, body)
    async with street.world.database.tenant(street.tenant) as tx:
        for row in await tx.all(
            "SELECT party_id FROM communities.member UNION SELECT party_id FROM communities.guardian"
        ):
            await parties.remove(tx, row["party_id"])
    shown = await read(ada, street, number)
    assert (shown["name"], shown["iban"], shown["home_address"]["street"]) == (body["name"], "", "")
    assert [each["name"] for each in await listed(ada, street)] == [body["name"]]
    given = {"home_address": HOME, "iban": "BE1"} | ({"manager": MANAGER} if body is COMPANY else {})
    done(await put(ada, street, number, **given))
    again = await read(ada, street, number)
    assert (again["name"], again["iban"], again["home_address"]["street"]) == (body["name"], "BE1", "Rue Haute")
    assert again.get("manager", MANAGER)["surname"] == "Peeters"


async def hold_meter(
    tx: Tx, community_id: int, member: int, *, status: int = 1, start: int = -30, end: int | None = None
) -> None:
    """Days count from today on the grid."""
    address = await parties.add_address(tx, parties.AddressFields(street="Rue Haute"))
    point = await tx.scalar("INSERT INTO series.point (tenant_id) VALUES (:tenant) RETURNING id", tenant=tx.tenant)
    meter = await tx.scalar(
        "INSERT INTO communities.meter (tenant_id, community_id, ean, point_id, meter_number, address_id, tarif_group, "
        "phases_number, reading_frequency) VALUES (:tenant, :community, '541448900000000001', :point, '1', :address, 1, 1, 1) "
        "RETURNING id",
        tenant=tx.tenant, community=community_id, point=point, address=address.id,
    )  # fmt: skip
    await tx.run(
        "INSERT INTO communities.period (tenant_id, meter_id, point_id, start_date, end_date, status, rate, client_type, "
        "member_id) SELECT :tenant, :meter, :point, today + CAST(:start AS integer), today + CAST(:end AS integer), "
        "CAST(:status AS smallint), 1, 1, :member FROM (SELECT CAST(now() AT TIME ZONE 'Europe/Brussels' AS date)) AS d (today)",
        tenant=tx.tenant, meter=meter, point=point, start=start, end=end, status=status, member=member,
    )  # fmt: skip


async def everything(community: Community) -> tuple[Any, ...]:
    """What the tables of this API and of the people hold."""
    async with community.world.database.tenant(community.tenant) as tx:
        people = await tx.one("SELECT count(*), (SELECT count(*) FROM parties.party_version) FROM parties.party")
    assert people is not None
    return *await community.everything(), tuple(people)
