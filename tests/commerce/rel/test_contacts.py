"""Contacts over HTTP: written by e-mail address, read in any version, listed, removed."""

import asyncio
from typing import Any
from uuid import uuid4

from tests.commerce.kit import UNKNOWN, address, caller_of, contact, done, organisation, phone, refused, stranger_of
from tests.commerce.rel.contact_kit import count, read, versions
from tests.suites.client import Callers

from gridloom.core.parties import public as parties
from gridloom.core.parties.public import AddressFields, PartyFields

# --- writing and reading --------------------------------------------------------------------------------------------------


async def test_a_contact_is_written_and_read_back(callers: Callers) -> None:
    caller = await caller_of(callers)
    fields = {
        "is_guest": True, "audience": "members", "tags": ["solar", "board"], "given_name": "Ada", "additional_name": "van",
        "family_name": "Dam", "metadata": {"shoe": 38, "deep": {"list": [1, None]}},
    }  # fmt: skip
    made = await contact(caller, **fields)
    assert {name: made[name] for name in fields} == fields
    assert made["email"] == "ada@example.org"
    empty: dict[str, Any] = {"secondary": []}
    assert [made[each] for each in ("organisations", "billing", "shipping", "phone_numbers")] == [empty] * 4
    assert "deleted_at" not in made
    assert await read(caller, made) == made
    assert await versions(caller, made) == [made["version"]]


async def test_metadata_comes_back_as_it_went(callers: Callers) -> None:
    caller = await caller_of(callers)
    metadata = {
        "": "", "ünï": "日本 😀", "zero": 0, "big": 2**63 - 1, "small": -(2**63), "half": 0.5, "tiny": 1e-300, "huge": 1e300,
        "no": None, "yes": True, "deep": {"a": [{"b": [[], {}]}]}, "quote": "\"\\/\n\t",
    }  # fmt: skip
    made = await contact(caller, metadata=metadata)
    assert made["metadata"] == metadata
    assert (await read(caller, made))["metadata"] == metadata
    assert await contact(caller, metadata=metadata) == made


async def test_a_contact_needs_no_more_than_an_address(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await contact(caller)
    assert (made["is_guest"], made["audience"], made["tags"], made["metadata"]) == (False, "default", [], {})
    assert not {"given_name", "additional_name", "family_name"} & made.keys()


async def test_the_same_address_is_the_same_contact_whatever_its_case(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await contact(caller, given_name="Ada", family_name="Peeters")
    again = await contact(caller, " ADA@example.org", given_name="Adèle")
    assert again["id"] == made["id"]
    assert (again["given_name"], again["family_name"]) == ("Adèle", "Peeters")
    assert await count(caller) == 1


async def test_another_address_or_another_audience_is_another_contact(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await contact(caller)
    assert (await contact(caller, audience="members"))["id"] != made["id"]
    assert (await contact(caller, "eve@example.org"))["id"] != made["id"]
    assert await count(caller) == 3


async def test_what_is_left_out_stays_and_null_empties(callers: Callers) -> None:
    caller = await caller_of(callers)
    await contact(caller, given_name="Ada", family_name="Peeters", tags=["a"], metadata={"b": 1})
    changed = await contact(caller, family_name=None, tags=[])
    assert (changed["given_name"], changed["tags"], changed["metadata"]) == ("Ada", [], {"b": 1})
    assert "family_name" not in changed


async def test_a_contact_is_written_by_its_id_and_can_get_another_address(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await contact(caller, given_name="Ada")
    moved = await done(caller, "PUT", "/rel/contacts", json={"id": made["id"], "email": "ada@peeters.example"})
    assert (moved["id"], moved["email"], moved["given_name"]) == (made["id"], "ada@peeters.example", "Ada")
    assert (await contact(caller))["id"] != made["id"]
    assert (await contact(caller, "ada@peeters.example"))["version"] == moved["version"]


async def test_a_contact_cannot_take_the_address_of_another(callers: Callers) -> None:
    caller = await caller_of(callers)
    ada, eve = await contact(caller), await contact(caller, "eve@example.org")
    answer = await caller.put("/rel/contacts", json={"id": eve["id"], "email": "Ada@Example.org"})
    assert (answer.status_code, answer.json()["message"]) == (409, "Another contact has this e-mail address.")
    assert await read(caller, eve) == eve
    assert await read(caller, ada) == ada


async def test_an_id_that_nobody_has_makes_no_contact(callers: Callers) -> None:
    caller = await caller_of(callers)
    answer = await caller.put("/rel/contacts", json={"id": UNKNOWN, "email": "ada@example.org"})
    assert answer.status_code == 404
    assert await count(caller) == 0


async def test_two_who_write_the_same_new_contact_at_once_write_one(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await asyncio.gather(*(contact(caller, tags=[f"t{n}"]) for n in range(5)))
    assert len({each["id"] for each in made}) == 1
    assert await count(caller) == 1
    assert len(await versions(caller, made[0])) == 5


# --- lists of addresses, numbers and organisations ------------------------------------------------------------------------


async def test_a_displaced_primary_becomes_secondary(callers: Callers) -> None:
    caller = await caller_of(callers)
    first, second = await address(caller), await address(caller, premise_number=13)
    await contact(caller, billing={"primary": first["id"]})
    changed = await contact(caller, billing={"primary": second["id"]})
    assert changed["billing"] == {"primary": second, "secondary": [first]}
    back = await contact(caller, billing={"primary": first["id"]})
    assert back["billing"] == {"primary": first, "secondary": [second]}
    assert back["shipping"] == {"secondary": []}


async def test_secondary_entries_are_added_and_never_dropped(callers: Callers) -> None:
    caller = await caller_of(callers)
    first, second, third = [await phone(caller, f"+3247123456{n}") for n in range(3)]
    await contact(caller, phone_numbers={"primary": first["id"], "secondary": [second["id"]]})
    changed = await contact(caller, phone_numbers={"secondary": [third["id"], first["id"]]})
    assert changed["phone_numbers"] == {"primary": first, "secondary": [second, third]}
    none = await contact(caller, phone_numbers={"primary": None})
    assert none["phone_numbers"] == {"secondary": [first, second, third]}


async def test_a_contact_shows_its_organisations_newest_unless_a_version_was_asked_for(callers: Callers) -> None:
    caller = await caller_of(callers)
    zon, wind = await organisation(caller), await organisation(caller, "Wind")
    pinned = {"id": wind["id"], "version": wind["version"]}
    made = await contact(caller, organisations={"primary": {"id": zon["id"]}, "secondary": [pinned]})
    assert made["organisations"] == {"primary": zon, "secondary": [wind]}
    for each in (zon, wind):
        await done(
            caller, "PUT", f"/rel/organisations/{each['id']}", "/rel/organisations/{organisation}", json={"name": "New"}
        )
    now = await read(caller, made)
    assert now["version"] == made["version"]
    assert (now["organisations"]["primary"]["name"], now["organisations"]["secondary"]) == ("New", [wind])
    assert await read(caller, made, made["version"]) == made


async def test_every_unknown_id_of_a_contact_is_named_and_nothing_is_written(callers: Callers) -> None:
    caller = await caller_of(callers)
    known, zon = await address(caller), await organisation(caller)
    answer = await caller.put(
        "/rel/contacts",
        json={
            "email": "ada@example.org",
            "billing": {"primary": UNKNOWN, "secondary": [known["id"], UNKNOWN]},
            "shipping": {"primary": known["id"]},
            "phone_numbers": {"secondary": [known["id"]]},
            "organisations": {"primary": {"id": UNKNOWN}, "secondary": [{"id": zon["id"], "version": UNKNOWN}]},
        },
    )
    refused(
        answer, "billing.primary", "billing.secondary.1", "phone_numbers.secondary.0", "organisations.primary.id",
        "organisations.secondary.0.version",
    )  # fmt: skip
    assert await count(caller) == 0


async def test_what_belongs_to_another_tenant_is_unknown(callers: Callers) -> None:
    caller, stranger = await caller_of(callers), await stranger_of(callers)
    theirs, zon = await address(stranger), await organisation(stranger)
    answer = await caller.put(
        "/rel/contacts",
        json={
            "email": "a@b.example",
            "billing": {"primary": theirs["id"]},
            "organisations": {"primary": {"id": zon["id"]}},
        },
    )
    refused(answer, "billing.primary", "organisations.primary.id")


# --- versions -------------------------------------------------------------------------------------------------------------


async def test_each_change_adds_one_version_and_the_old_ones_stay_as_they_were(callers: Callers) -> None:
    caller = await caller_of(callers)
    home, number = await address(caller), await phone(caller)
    states = [await contact(caller)]
    for fields in (
        {"given_name": "Ada"},
        {"billing": {"primary": home["id"]}},
        {"phone_numbers": {"primary": number["id"]}},
        {"tags": ["x"]},
        {"metadata": {"a": 1}},
        {"email": "ADA@example.org"},
    ):
        states.append(await contact(caller, **{"email": "ada@example.org", **fields}))
        assert await versions(caller, states[0]) == [each["version"] for each in reversed(states)]
    for state in states:
        assert await read(caller, states[0], state["version"]) == state


async def test_a_write_that_changes_nothing_makes_no_version(callers: Callers) -> None:
    caller = await caller_of(callers)
    home = await address(caller)
    fields: dict[str, Any] = {"given_name": "Ada", "billing": {"primary": home["id"]}, "metadata": {"b": 1, "a": [1]}}
    made = await contact(caller, **fields)
    assert await contact(caller, **fields) == made
    assert await versions(caller, made) == [made["version"]]


async def test_versions_that_are_not_there(callers: Callers) -> None:
    caller = await caller_of(callers)
    ada, eve = await contact(caller), await contact(caller, "eve@example.org")
    for version in (str(uuid4()), eve["version"]):
        answer = await caller.get(f"/rel/contacts/{ada['id']}", params={"version": version})
        assert answer.status_code == 404
    refused(await caller.get(f"/rel/contacts/{ada['id']}", params={"version": "2"}), "version")
    assert (await caller.get(f"/rel/contacts/{UNKNOWN}/versions")).status_code == 404


# --- removing -------------------------------------------------------------------------------------------------------------


async def test_a_removed_contact_is_gone_but_for_its_versions(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await contact(caller, given_name="Ada")
    url = f"/rel/contacts/{made['id']}"
    answer = await caller.delete(url)
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await caller.get(url)).status_code == 404
    assert (await caller.delete(url)).status_code == 404
    assert (await caller.put("/rel/contacts", json={"id": made["id"], "given_name": "Eve"})).status_code == 404
    assert (await caller.get("/rel/contacts")).json() == []
    last, first = await versions(caller, made)
    assert first == made["version"]
    assert await read(caller, made, first) == made
    assert (await read(caller, made, last))["deleted_at"] == (await read(caller, made, last))["updated_at"]
    assert (await contact(caller))["id"] != made["id"]


# --- lists ----------------------------------------------------------------------------------------------------------------


async def test_pages_by_token_hold_every_contact_once_while_others_are_added(callers: Callers) -> None:
    caller = await caller_of(callers)
    known = [(await contact(caller, f"p{n}@example.org"))["id"] for n in range(7)]
    seen: list[str] = []
    headers = {"x-page-size": "3"}
    for step in range(10):
        answer = await caller.get("/rel/contacts", headers=headers)
        seen += [each["id"] for each in answer.json()]
        assert answer.headers["x-page-size"] == "3"
        assert answer.headers["x-count"] == str(7 + min(step, 2))
        if "x-page" not in answer.headers:
            break
        if step < 2:
            known.append((await contact(caller, f"late{step}@example.org"))["id"])
        headers = {"x-page-size": "3", "x-page": answer.headers["x-page"]}
    assert seen == known


async def test_pages_by_number(callers: Callers) -> None:
    caller = await caller_of(callers)
    known = [(await contact(caller, f"p{n}@example.org"))["id"] for n in range(5)]
    second = await caller.get("/rel/contacts", headers={"x-page": "2", "x-page-size": "2"})
    assert ([each["id"] for each in second.json()], second.headers["x-page"]) == (known[2:4], "3")
    third = await caller.get("/rel/contacts", headers={"x-page": "3", "x-page-size": "2"})
    assert ([each["id"] for each in third.json()], third.headers.get("x-page")) == (known[4:], None)


async def test_a_list_costs_the_same_statements_for_one_contact_and_for_many(callers: Callers) -> None:
    caller = await caller_of(callers)
    zon, wind, home, number = (
        await organisation(caller), await organisation(caller, "Wind"), await address(caller), await phone(caller),
    )  # fmt: skip
    fields = {
        "organisations": {"primary": {"id": zon["id"]}, "secondary": [{"id": wind["id"], "version": wind["version"]}]},
        "billing": {"primary": home["id"]},
        "phone_numbers": {"primary": number["id"]},
    }
    await contact(caller, **fields)
    one = await caller.statements("/rel/contacts")
    for n in range(4):
        await contact(caller, f"p{n}@example.org", **fields)
    assert await caller.statements("/rel/contacts") == one == 4


async def test_another_tenants_contact_is_not_there(callers: Callers) -> None:
    caller, stranger = await caller_of(callers), await stranger_of(callers)
    made = await contact(caller)
    url = f"/rel/contacts/{made['id']}"
    assert (await stranger.get("/rel/contacts")).json() == []
    for method, path in (("GET", url), ("DELETE", url), ("GET", f"{url}/versions")):
        assert (await stranger.request(method, path)).status_code == 404
    assert (await stranger.get(url, params={"version": made["version"]})).status_code == 404
    assert (await stranger.put("/rel/contacts", json={"id": made["id"], "given_name": "Eve"})).status_code == 404
    assert (await contact(stranger))["id"] != made["id"]
    assert await read(caller, made) == made


# --- one record behind all APIs -------------------------------------------------------------------------------------------


async def test_a_contact_is_the_party_that_others_see_and_change(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await contact(caller, given_name="Ada", family_name="Peeters")
    database = caller.application.database
    async with database.tenant(caller.tenant) as tx:
        ada = await parties.find_by_email(tx, "ada@example.org")
        assert ada is not None
        assert (str(ada.public_id), ada.name) == (made["id"], "Ada Peeters")
        fields = AddressFields(street="Dok", number="12-14B", supplement="bus 3", postcode="9000", country="BE")
        await parties.set_address(tx, ada.id, "billing", fields)
        await parties.set_phone(tx, ada.id, "0471 23 45 67", "BE")
    shown = await read(caller, made)
    billing = shown["billing"]["primary"]
    assert (billing["thoroughfare"], billing["premise_number"], billing["premise_number_suffix"]) == (
        "Dok",
        12,
        "-14B bus 3",
    )
    assert billing["address_line_1"] == "Dok 12-14B bus 3"
    assert shown["phone_numbers"]["primary"]["number"] == "+32471234567"
    assert len(await versions(caller, made)) == 3


async def test_somebody_known_to_another_api_by_a_whole_name_is_a_contact(callers: Callers) -> None:
    caller = await caller_of(callers)
    async with caller.application.database.tenant(caller.tenant) as tx:
        await parties.create(tx, "person", PartyFields(name="Ada Peeters", email="ada@example.org"))
    listed = await done(caller, "GET", "/rel/contacts")
    assert [(each["email"], each["family_name"]) for each in listed] == [("ada@example.org", "Ada Peeters")]


async def test_the_trail_and_the_outbox_hold_each_write_once(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await contact(caller)
    await contact(caller)
    await caller.delete(f"/rel/contacts/{made['id']}")
    async with caller.application.database.system() as tx:
        trail = await tx.all("SELECT action FROM audit.entry WHERE tenant_id = :t ORDER BY id", t=caller.tenant)
        told = await tx.all("SELECT name FROM events.outbox WHERE tenant_id = :t ORDER BY id", t=caller.tenant)
    assert [each["action"] for each in trail] == ["put_rel_contacts", "put_rel_contacts", "delete_rel_contacts_id"]
    assert [each["name"] for each in told] == ["parties.party.created", "parties.party.removed"]
