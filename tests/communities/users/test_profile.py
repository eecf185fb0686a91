"""The caller's own profile."""

import asyncio
from typing import Any

import pytest
from tests.communities.kit import Person, World, refused
from tests.suites.client import Callers

from gridloom.core.parties import public as parties

HOME = {"street": "Kerkstraat", "number": 12, "city": "Gent", "postcode": "9000", "supplement": "bus 3"}


async def changed(person: Person, **given: Any) -> dict[str, Any]:
    answer = await person.call("PUT", "/users/", json=given)
    assert answer.json() == {"data": "success", "error_code": 0}
    return await read(person)


async def read(person: Person) -> dict[str, Any]:
    answer = await person.call("GET", "/users/")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    assert found.pop("error_code") == 0
    return found["data"]


async def versions(person: Person) -> int:
    async with person.world.database.tenant(person.tenant) as tx:
        found = await parties.party_of_user(tx, person.user_id)
    return found.number if found is not None else 0


async def test_the_first_read_makes_the_profile_with_the_address_of_the_login(ada: Person) -> None:
    first = await read(ada)
    assert first == {
        "id": first["id"], "email": ada.email, "first_name": None, "last_name": None, "nrn": None,
        "phone_number": None, "iban": None,
    }  # fmt: skip
    assert await read(ada) == first


async def test_reading_twice_at_once_makes_one_profile_and_one_person(ada: Person, world: World) -> None:
    both = await asyncio.gather(*(read(ada) for _ in range(4)))
    assert len({each["id"] for each in both}) == 1
    async with world.database.tenant(world.tenant) as tx:
        assert await tx.scalar("SELECT count(*) FROM parties.party") == 1


async def test_the_profile_is_read_with_and_without_the_slash_at_the_end(ada: Person) -> None:
    with_slash = await ada.call("GET", "/users/")
    without = await ada.call("GET", "/users", template="/users/")
    assert without.json() == with_slash.json()


@pytest.mark.parametrize(
    ("field", "given", "shown"),
    [
        ("first_name", "Ada", "Ada"),
        ("last_name", "Peeters", "Peeters"),
        ("nrn", "85.07.30-033.28", "85.07.30-033.28"),
        ("nrn", "85073003328", "85.07.30-033.28"),
        ("nrn", "not yet known", "not yet known"),
        ("phone_number", "0470 12 34 56", "+32470123456"),
        ("phone_number", "ask my son", "ask my son"),
        ("iban", "BE68 5390 0754 7034", "BE68539007547034"),
        ("iban", "BE00 1234", "BE001234"),
    ],
)
async def test_a_field_is_written_read_back_and_emptied(ada: Person, field: str, given: str, shown: str) -> None:
    before = await read(ada)
    assert await changed(ada, **{field: given}) == before | {field: shown}
    assert await changed(ada) == before | {field: shown}
    assert await changed(ada, **{field: None}) == before


async def test_an_address_keeps_its_id_until_it_is_another_one(ada: Person) -> None:
    await read(ada)
    first = (await changed(ada, home_address=HOME))["home_address"]
    assert first == {"id": first["id"], **HOME}
    assert (await changed(ada, home_address=HOME))["home_address"] == first
    without_box = {key: value for key, value in HOME.items() if key != "supplement"}
    assert (await changed(ada, home_address=without_box))["home_address"] == first
    moved = (await changed(ada, home_address=without_box | {"street": "Veldstraat", "number": "7A"}))["home_address"]
    assert moved == {"id": moved["id"], **without_box, "street": "Veldstraat", "number": "7A"}
    assert moved["id"] != first["id"]
    assert "home_address" not in await changed(ada, home_address=None)


async def test_home_and_billing_are_two_addresses(ada: Person) -> None:
    await read(ada)
    after = await changed(ada, home_address=HOME, billing_address=HOME | {"city": "Brugge"})
    assert after["home_address"]["city"] == "Gent"
    assert after["billing_address"]["city"] == "Brugge"
    assert (await changed(ada, billing_address=None))["home_address"] == after["home_address"]


async def test_what_is_written_here_is_read_in_the_parties_core(ada: Person) -> None:
    await read(ada)
    await changed(ada, first_name="Ada", last_name="Peeters", iban="BE68539007547034", home_address=HOME)
    async with ada.world.database.tenant(ada.tenant) as tx:
        person = await parties.party_of_user(tx, ada.user_id)
    assert person is not None
    assert (person.name, person.email, person.ibans) == ("Ada Peeters", ada.email, ("BE68539007547034",))
    home = person.address("home")
    assert home is not None
    assert (home.street, home.number, home.supplement) == ("Kerkstraat", "12", "bus 3")


async def test_a_person_that_is_known_already_is_shown(ada: Person) -> None:
    async with ada.world.database.tenant(ada.tenant) as tx:
        known = await parties.create(tx, "person", parties.PartyFields(given_name="Ada", ibans=["BE68539007547034"]))
        await parties.attach_user(tx, ada.user_id, known.id)
    found = await read(ada)
    assert (found["first_name"], found["iban"]) == ("Ada", "BE68539007547034")


async def test_a_person_that_was_removed_elsewhere_begins_anew(ada: Person) -> None:
    first = await changed_after_read(ada, first_name="Ada")
    async with ada.world.database.tenant(ada.tenant) as tx:
        person = await parties.party_of_user(tx, ada.user_id)
        assert person is not None
        await parties.remove(tx, person.id)
    again = await read(ada)
    assert again == first | {"first_name": None}


async def changed_after_read(person: Person, **given: Any) -> dict[str, Any]:
    await read(person)
    return await changed(person, **given)


async def test_a_profile_that_was_never_read_cannot_be_changed(ada: Person) -> None:
    refused(await ada.call("PUT", "/users/", json={"first_name": "Ada"}), 400, 80002)
    assert await versions(ada) == 0


@pytest.mark.parametrize(
    ("given", "number"),
    [
        ({"first_name": 5}, 5000),
        ({"iban": ["BE68"]}, 5000),
        ({"first_name": "x" * 201}, 5000),
        ({"home_address": "Kerkstraat 12"}, 1),
        ({"home_address": {"street": "Kerkstraat"}}, 1),
        ({"billing_address": HOME | {"number": None}}, 1),
        ({"last_name": "a\x00b"}, 5000),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_changes(ada: Person, given: dict[str, Any], number: int) -> None:
    before = await read(ada)
    known = await versions(ada)
    body = refused(await ada.call("PUT", "/users/", json={"nrn": "1", **given}), 422, number)
    assert body["data"].startswith(next(iter(given)))
    assert await read(ada) == before
    assert await versions(ada) == known


async def test_every_wrong_field_is_told_at_once(ada: Person) -> None:
    answer = await ada.call("PUT", "/users/", json={"first_name": 5, "last_name": 6, "home_address": {"street": 7}})
    assert refused(answer, 422, 5000)["data"].split("; ")[:2] == ["first_name: must be text", "last_name: must be text"]
    assert "home_address.street" in answer.json()["data"]


async def test_a_body_that_is_no_json_is_refused(ada: Person) -> None:
    refused(await ada.call("PUT", "/users/", content=b"{", headers={"content-type": "application/json"}), 422, 1)


async def test_each_user_sees_only_their_own_profile(ada: Person, world: World) -> None:
    other, foreign = await world.person(), await world.person(tenant=world.other_tenant)
    await changed_after_read(ada, first_name="Ada")
    assert (await read(other))["first_name"] is None
    assert (await read(foreign))["email"] == foreign.email


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_nobody_has_a_profile_without_signing_in(world: World, method: str) -> None:
    refused(await world.client.request(method, "/users/", json={}), 401, 6)


@pytest.mark.parametrize("method", ["GET", "PUT"])
async def test_a_program_has_no_profile(callers: Callers, method: str) -> None:
    program = await callers.with_scopes("communities", ["*"])
    refused(await program.request(method, "/users/", json={}), 400, 6)


async def test_a_login_without_rights_in_this_api_is_turned_away(world: World) -> None:
    stranger = await world.person(roles=("metering",))
    refused(await stranger.call("GET", "/users/"), 403, 4)
    async with world.database.tenant(world.tenant) as tx:
        assert await tx.scalar("SELECT count(*) FROM communities.profile") == 0
