"""What holds of a user beyond its fields: its address, its password, its person, its groups and its end."""

from typing import Any

import pytest
from tests.charging.drivers.kit import GROUPS, OLD_USERS, TAGS, USERS, changed, made, read, refused
from tests.charging.kit import caller_of, caller_of_user
from tests.suites.client import Caller, Callers

from gridloom.core.parties import public as parties
from gridloom.kernel.security.passwords import verify_password

PLAIN: dict[str, Any] = {"operatorId": 7, "email": "ada@example.org", "password": "secret"}
HOME: dict[str, Any] = {"country": "US", "state": "CA", "city": "Oakland", "post_code": "94612", "address": "1 Plaza"}


async def row_of(caller: Caller, user: dict[str, Any]) -> Any:
    async with caller.application.database.tenant(caller.tenant) as tx:
        return await tx.one("SELECT * FROM charging.driver WHERE id = :id", id=int(user["id"]))


async def person_of(caller: Caller, user: dict[str, Any]) -> parties.Party:
    row = await row_of(caller, user)
    async with caller.application.database.tenant(caller.tenant) as tx:
        person = await parties.by_id(tx, row["party_id"])
    assert person is not None
    return person


@pytest.mark.parametrize("other", ["ada@example.org", "ADA@EXAMPLE.ORG"])
async def test_an_address_is_there_once_with_each_operator(callers: Callers, other: str) -> None:
    caller = await caller_of(callers)
    user = await made(caller, USERS, PLAIN)
    answer = await caller.post(USERS, json={**PLAIN, "email": other})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["email"])
    assert await caller.all(USERS) == [user]
    elsewhere = await made(caller, USERS, {**PLAIN, "operatorId": 8, "email": other})
    third = await made(caller, USERS, {**PLAIN, "email": "third@example.org"})
    assert await refused(caller, USERS, third["id"], {"email": other, "first_name": "A"}) == ["email"]
    assert (await person_of(caller, third)).given_name is None
    assert elsewhere["email"] == other


async def test_a_password_is_kept_as_a_hash_and_shown_nowhere(callers: Callers) -> None:
    caller = await caller_of(callers)
    user = await made(caller, USERS, PLAIN)
    before = (await row_of(caller, user))["password_hash"]
    assert before.startswith("$argon2id$")
    assert await verify_password(before, "secret")
    await changed(caller, USERS, user["id"], {"city": "Gent"})
    assert (await row_of(caller, user))["password_hash"] == before
    answer = await caller.patch(f"{USERS}/{user['id']}", json={"password": "other secret"})
    assert "password" not in answer.json()["data"]
    after = (await row_of(caller, user))["password_hash"]
    assert await verify_password(after, "other secret")
    assert not await verify_password(after, "secret")
    assert "argon2" not in (await caller.get(USERS)).text


async def test_the_trail_of_a_write_holds_no_password(callers: Callers) -> None:
    caller = await caller_of(callers)
    await made(caller, USERS, {**PLAIN, "password": "most secret of all"})
    async with caller.application.database.system() as tx:
        told = await tx.all("SELECT CAST(t AS text) AS line FROM audit.entry t WHERE tenant_id = :id", id=caller.tenant)
    assert told
    assert [row for row in told if "most secret" in row["line"] or "argon2" in row["line"]] == []


async def test_what_is_written_of_a_user_is_the_persons(callers: Callers) -> None:
    caller = await caller_of(callers)
    body = {
        **PLAIN,
        **HOME,
        "first_name": "Ada",
        "middle_name": "M.",
        "last_name": "Peeters",
        "locale": "fr",
        "phone": "+32 470 12 34 56",
    }
    user = await made(caller, USERS, body)
    assert user["phone"] == "+32470123456"
    person = await person_of(caller, user)
    assert (person.name, person.given_name, person.additional_name, person.family_name) == (
        "Ada M. Peeters", "Ada", "M.", "Peeters",
    )  # fmt: skip
    assert (person.email, person.language) == ("ada@example.org", "fr")
    assert person.phones.primary is not None
    assert person.phones.primary.number == "+32470123456"
    home = person.address("home")
    assert home is not None
    assert (home.line_1, home.postcode, home.city, home.region, home.country) == (
        "1 Plaza",
        "94612",
        "Oakland",
        "CA",
        "US",
    )


async def test_what_another_api_writes_of_the_person_is_shown(callers: Callers) -> None:
    caller = await caller_of(callers)
    user = await made(caller, USERS, PLAIN)
    person = await person_of(caller, user)
    async with caller.application.database.tenant(caller.tenant) as tx:
        await parties.change(tx, person.id, parties.PartyFields(given_name="Eva", email="contact@example.org"))
        await parties.set_phone(tx, person.id, "0470 12 34 56", "BE")
        fields = parties.AddressFields(
            street="Kerkstraat", number="12", supplement="A", city="Gent", country="BE", region="East"
        )
        await parties.set_address(tx, person.id, "home", fields)
    after = await read(caller, USERS, user["id"])
    assert after == {
        **user, "firstName": "Eva", "phone": "+32470123456", "address": "Kerkstraat 12 A", "city": "Gent", "country": "BE",
        "state": "East", "lastUpdatedAt": after["lastUpdatedAt"],
    }  # fmt: skip
    assert after["lastUpdatedAt"] > user["lastUpdatedAt"]
    assert await caller.all(USERS, lastUpdatedAfter=after["lastUpdatedAt"]) == [after]
    assert after["email"] == "ada@example.org", "what a user signs in with is changed here only"


async def test_one_part_of_an_address_changes_and_the_others_stay(callers: Callers) -> None:
    caller = await caller_of(callers)
    user = await made(caller, USERS, PLAIN)
    person = await person_of(caller, user)
    async with caller.application.database.tenant(caller.tenant) as tx:
        await parties.set_address(
            tx, person.id, "home", parties.AddressFields(street="Kerkstraat", number="12", city="Gent", country="BE")
        )
    await changed(caller, USERS, user["id"], {"city": "Aalst", "address": "Kerkstraat 12"})
    home = (await person_of(caller, user)).address("home")
    assert home is not None
    assert (home.street, home.number, home.line_1, home.city, home.country) == ("Kerkstraat", "12", None, "Aalst", "BE")
    await changed(caller, USERS, user["id"], {"address": "Markt 1"})
    home = (await person_of(caller, user)).address("home")
    assert home is not None
    assert (home.street, home.number, home.line_1, home.city) == (None, None, "Markt 1", "Aalst")
    emptied = await changed(caller, USERS, user["id"], {"address": "", "city": ""})
    assert (emptied["address"], emptied["city"], emptied["country"]) == (None, None, "BE")


async def test_a_write_that_makes_nothing_different_makes_no_version_of_the_person(callers: Callers) -> None:
    caller = await caller_of(callers)
    body = {**HOME, "first_name": "Ada", "phone": "+32470123456"}
    user = await made(caller, USERS, {**PLAIN, **body})
    before = await person_of(caller, user)
    await changed(caller, USERS, user["id"], body)
    assert await person_of(caller, user) == before
    await changed(caller, USERS, user["id"], {**body, "first_name": "Eva"})
    assert (await person_of(caller, user)).number == before.number + 1


async def test_an_empty_text_takes_away_what_was_known(callers: Callers) -> None:
    caller = await caller_of(callers)
    user = await made(
        caller,
        USERS,
        {**PLAIN, **HOME, "first_name": "Ada", "phone": "+32470123456", "vehicle_no": "1", "personal_id": "2"},
    )
    body = {
        "first_name": "",
        "phone": "",
        "vehicle_no": "",
        "personal_id": "",
        "city": "",
        "post_code": "",
        "address": "",
    }
    after = await changed(caller, USERS, user["id"], body)
    assert [after[name] for name in ("firstName", "phone", "vehicleNo", "city", "postCode", "address")] == [None] * 6
    assert "personalId" not in after
    assert (after["country"], after["state"]) == ("US", "CA")


async def test_a_state_counts_where_the_contract_says_so(callers: Callers) -> None:
    caller = await caller_of(callers)
    user = await made(caller, USERS, {**PLAIN, **HOME})
    assert user["state"] == "CA"
    assert await refused(caller, USERS, user["id"], {"state": "NSW"}) == ["state"]
    assert (await changed(caller, USERS, user["id"], {"country": "AU", "state": "NSW"}))["state"] == "NSW"
    assert (await changed(caller, USERS, user["id"], {"country": "BE", "state": "CA"}))["state"] is None
    answer = await caller.post(USERS, json={**PLAIN, **HOME, "email": "x@example.org", "state": "NSW"})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["state"])
    assert len(await caller.all(USERS)) == 1


async def test_groups_are_replaced_as_a_whole_and_are_the_operators_own(callers: Callers) -> None:
    caller = await caller_of(callers)
    one, two, foreign = [
        (await made(caller, GROUPS, {"operatorId": operator, "name": "G"}))["id"] for operator in (7, 7, 8)
    ]
    user = await made(caller, USERS, {**PLAIN, "userGroupIds": [two, one, two]})
    assert user["userGroupIds"] == [one, two]
    assert await refused(caller, USERS, user["id"], {"userGroupIds": [one, foreign]}) == ["userGroupIds.1"]
    assert (await changed(caller, USERS, user["id"], {"city": "Gent"}))["userGroupIds"] == [one, two]
    assert (await changed(caller, USERS, user["id"], {"userGroupIds": [two]}))["userGroupIds"] == [two]
    assert await caller.all(USERS, userGroupId=one) == []
    assert (await changed(caller, USERS, user["id"], {"userGroupIds": []}))["userGroupIds"] == []
    assert (await caller.delete(f"{GROUPS}/{two}")).status_code == 204


async def test_bank_details_are_merged_by_key(callers: Callers) -> None:
    caller = await caller_of(callers)
    user = await made(caller, USERS, {**PLAIN, "bankDetails": {"bankIban": "BE68539007547034", "bankName": "B"}})
    after = await changed(caller, USERS, user["id"], {"bankDetails": {"bankName": None, "bankCode": "KB"}})
    assert after["bankDetails"] == {"bankIban": "BE68539007547034", "bankName": None, "bankCode": "KB"}


async def test_a_moment_without_an_offset_is_utc(callers: Callers) -> None:
    caller = await caller_of(callers)
    user = await made(caller, USERS, {**PLAIN, "emailVerified": "2022-11-12 12:00:00"})
    assert user["emailVerified"] == "2022-11-12T12:00:00Z"


async def test_who_created_a_user(callers: Callers) -> None:
    service = await caller_of(callers)
    assert (await made(service, USERS, PLAIN))["createdBy"].startswith("token:")
    admin, number = await caller_of_user(callers, "root@example.org")
    assert (await made(admin, USERS, {**PLAIN, "email": "b@example.org"}))["createdBy"] == f"admin:{number}"


async def test_a_deleted_user_lets_go_of_tags_groups_and_address_and_the_person_stays(callers: Callers) -> None:
    caller = await caller_of(callers)
    group = await made(caller, GROUPS, {"operatorId": 7, "name": "Fleet"})
    user = await made(caller, USERS, {**PLAIN, "userGroupIds": [group["id"]]})
    tag_body = {"operatorId": 7, "idTagUid": "CAFE", "status": "enabled", "type": "rfid", "userId": int(user["id"])}
    tag = await made(caller, TAGS, tag_body)
    person = await person_of(caller, user)
    assert (await caller.delete(f"{OLD_USERS}/{user['id']}")).status_code == 204
    assert (await caller.get(f"{USERS}/{user['id']}")).status_code == 404
    assert (await caller.patch(f"{USERS}/{user['id']}", json={"city": "X"})).status_code == 404
    assert await caller.all(USERS) == []
    assert (await read(caller, TAGS, tag["id"]))["userId"] is None
    assert await refused(caller, TAGS, tag["id"], {"userId": int(user["id"])}) == ["userId"]
    assert (await caller.delete(f"{GROUPS}/{group['id']}")).status_code == 204
    assert await person_of(caller, user) == person
    again = await made(caller, USERS, PLAIN)
    assert again["id"] != user["id"]


async def test_an_operator_sees_and_changes_its_own_users_only(callers: Callers) -> None:
    seven, eight = await caller_of(callers, operator=7), await caller_of(callers, operator=8)
    mine = await made(seven, USERS, {**PLAIN, "operatorId": None})
    assert mine["operatorId"] == 7
    assert await eight.all(USERS) == []
    for url in (USERS, OLD_USERS):
        for method, body in (("GET", None), ("PATCH", {"first_name": "Mallory"}), ("DELETE", None)):
            assert (await eight.request(method, f"{url}/{mine['id']}", json=body)).status_code == 404
    assert await read(seven, USERS, mine["id"]) == mine
    answer = await seven.post(USERS, json={**PLAIN, "operatorId": 8, "email": "x@example.org"})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["operatorId"])


async def test_a_user_whose_person_was_removed_elsewhere_is_written_to_a_new_one(callers: Callers) -> None:
    caller = await caller_of(callers)
    user = await made(caller, USERS, {**PLAIN, "first_name": "Ada"})
    before = await person_of(caller, user)
    async with caller.application.database.tenant(caller.tenant) as tx:
        await parties.remove(tx, before.id)
    assert (await read(caller, USERS, user["id"]))["firstName"] == "Ada"
    assert (await changed(caller, USERS, user["id"], {"first_name": "Eva"}))["firstName"] == "Eva"
    after = await person_of(caller, user)
    assert after.id != before.id
    assert (after.given_name, after.email) == ("Eva", "ada@example.org")


async def test_billing_periods_are_switched_off_for_a_user_who_is_there(callers: Callers) -> None:
    caller, other = await caller_of(callers), await caller_of(callers, operator=8)
    user = await made(caller, USERS, PLAIN)
    for below in ("", "/1"):
        url = f"{OLD_USERS}/{user['id']}/subscription-billing-periods{below}"
        answer = await caller.get(url)
        assert (answer.status_code, answer.json()) == (
            405,
            {"message": "Subscriptions are switched off for this system."},
        )
        assert (await other.get(url)).status_code == 404
        assert (await caller.get(f"{OLD_USERS}/987654321/subscription-billing-periods{below}")).status_code == 404
    url = f"{OLD_USERS}/{user['id']}/subscription-billing-periods"
    answer = await caller.get(url, params={"filter[subscriptionId]": "x"})
    assert (answer.status_code, "subscriptionId" in answer.text) == (422, True)


async def test_a_user_has_no_way_to_pay_while_nothing_takes_money(callers: Callers) -> None:
    caller, other = await caller_of(callers), await caller_of(callers, operator=8)
    user = await made(caller, USERS, PLAIN)
    url = f"{OLD_USERS}/{user['id']}/payment-methods"
    listed = (await caller.get(url)).json()
    assert (listed["data"], listed["meta"]["total"], listed["meta"]["current_page"]) == ([], 0, 1)
    answer = await caller.post(url, json={"tokenizedType": "card"})
    assert (answer.status_code, answer.json()) == (422, {"message": "Payment processor not installed", "errors": {}})
    answer = await caller.post(url, json={"tokenizedType": "bank_transfer"})
    assert (answer.status_code, list(answer.json()["errors"])) == (422, ["bankTransferType"])
    for method, body in (("GET", None), ("PATCH", {"default": True}), ("DELETE", None)):
        assert (await caller.request(method, f"{url}/corporate:1", json=body)).status_code == 404
    for method, body in (("GET", None), ("POST", {})):
        assert (await other.request(method, url, json=body)).status_code == 404
    assert (await caller.anonymous().get(f"{url}/1")).status_code == 401
