"""Notes, on locations here: who may do what, and in which order they come."""

from typing import Any, ClassVar

import pytest
from tests.charging.kit import caller_of, caller_of_user
from tests.charging.sites.kit import URL as LOCATIONS
from tests.charging.sites.kit import make, stored
from tests.suites.client import Caller, Callers, answers
from tests.suites.resource import ResourceSuite

from gridloom.charging.notes.public import NotesOn
from gridloom.charging.sites.resources import location_notes
from gridloom.charging.sites.tables import location

LATER, EARLIER = "2999-01-01T00:00:00Z", "1999-01-01T00:00:00Z"
ONE = f"{LOCATIONS}/{{location}}/notes/{{note}}"


class TestLocationNotes(ResourceSuite):
    resource = location_notes
    good: ClassVar = {"summary": "Cable replaced", "details": "On the left side.", "pinned": True}
    changed: ClassVar = {"summary": "Cable replaced twice", "pinned": False}
    bad: ClassVar = {
        "summary": (None, "", 5, "x" * 256, "a\x00b"),
        "details": (5, "x" * 2001, ["x"]),
        "pinned": (None, "yes", 1),
    }
    filtered: ClassVar = {
        "pinned": (True, False),
        "createdAfter": (lambda row: row["createdAt"], LATER),
        "createdBefore": (lambda row: row["createdAt"], EARLIER),
        "updatedAfter": (lambda row: row["updatedAt"], LATER),
        "updatedBefore": (lambda row: row["updatedAt"], EARLIER),
    }

    async def path(self, caller: Caller) -> dict[str, Any]:
        return {"location": (await make(caller))["id"]}


async def notes_of_a_location(caller: Caller) -> tuple[dict[str, Any], str]:
    """A location and the address of its notes."""
    made = await make(caller)
    return made, f"{LOCATIONS}/{made['id']}/notes"


async def write(caller: Caller, url: str, summary: str, **more: Any) -> dict[str, Any]:
    answer = await caller.post(url, json={"summary": summary, **more})
    assert answer.status_code == 201, answer.text
    written: dict[str, Any] = answer.json()["data"]
    return written


async def test_pinned_notes_come_first_and_then_the_newest(callers: Callers) -> None:
    caller = await caller_of(callers)
    _, url = await notes_of_a_location(caller)
    for summary, pinned in (("a", False), ("b", True), ("c", False), ("d", True), ("e", False)):
        await write(caller, url, summary, pinned=pinned)
    for size in (100, 2, 1):
        walked, following = [], f"{url}?per_page={size}"
        while following:
            page = (await caller.get(following)).json()
            walked += [note["summary"] for note in page["data"]]
            following = page["links"]["next"]
        assert walked == ["d", "b", "e", "c", "a"]
    assert [note["summary"] for note in await caller.all(url, pinned="false")] == ["e", "c", "a"]


async def test_the_notes_of_a_location_come_with_it_in_the_same_order(callers: Callers) -> None:
    caller = await caller_of(callers)
    made, url = await notes_of_a_location(caller)
    _, elsewhere = await notes_of_a_location(caller)
    for summary, pinned in (("a", False), ("b", True), ("c", False)):
        await write(caller, url, summary, pinned=pinned)
    other = await write(caller, elsewhere, "other")
    included = (await stored(caller, made, **{"include[]": "notes"}))["notes"]
    assert included == await caller.all(url)
    assert [note["summary"] for note in included] == ["b", "c", "a"]
    both = (await caller.get(LOCATIONS, params={"include[]": "notes"})).json()["data"]
    assert [each["notes"] for each in both] == [included, [other]]


async def test_empty_details_are_left_out(callers: Callers) -> None:
    caller = await caller_of(callers)
    _, url = await notes_of_a_location(caller)
    assert ["details" in await write(caller, url, "x", details=given) for given in ("", None)] == [False, False]
    note = await write(caller, url, "x", details="Something")
    where = f"{url}/{note['id']}"
    kept = (await caller.patch(where, json={"summary": "y"})).json()["data"]
    assert (kept["summary"], kept["details"]) == ("y", "Something")
    for empty in ("", None):
        await caller.patch(where, json={"details": "Something"})
        assert "details" not in (await caller.patch(where, json={"details": empty})).json()["data"]


async def test_who_wrote_a_note_is_said_when_an_administrator_stands_behind_the_token(callers: Callers) -> None:
    nobody = await caller_of(callers)
    ann, ann_id = await caller_of_user(callers, "ann@example.org")
    bob, bob_id = await caller_of_user(callers, "bob@example.org")
    _, url = await notes_of_a_location(nobody)
    assert not {"createdByAdminId", "updatedByAdminId"} & (await write(nobody, url, "machine")).keys()
    note = await write(ann, url, "Ann's")
    assert (note["createdByAdminId"], "updatedByAdminId" in note) == (ann_id, False)
    assert note["updatedAt"] == note["createdAt"]
    changed = (await bob.patch(f"{url}/{note['id']}", json={"details": "And Bob's"})).json()["data"]
    assert (changed["createdByAdminId"], changed["updatedByAdminId"]) == (ann_id, bob_id)
    assert changed["updatedAt"] > changed["createdAt"] == note["createdAt"]
    answers(bob.api, await bob.get(f"{url}/{note['id']}"), "GET", ONE)


@pytest.mark.parametrize(
    ("scopes", "may"),
    [
        (["charging.notes:view"], {"list", "read"}),
        (["charging.notes:create"], {"create", "create pinned"}),
        (["charging.notes:update"], {"change"}),
        (["charging.notes:pin"], {"pin"}),
        (["charging.notes:update", "charging.notes:pin"], {"change", "pin", "change and pin"}),
        (["charging.notes:delete"], {"delete"}),
        (["charging.locations"], set()),
        (["charging.notes:read", "charging.notes:write"], set()),
        (["charging.*"], {"list", "read", "create", "create pinned", "change", "pin", "change and pin", "delete"}),
        (["charging.notes"], {"list", "read", "create", "create pinned", "change", "pin", "change and pin", "delete"}),
    ],
)
async def test_each_right_on_notes_opens_what_it_should(callers: Callers, scopes: list[str], may: set[str]) -> None:
    owner, caller = await caller_of(callers), await caller_of(callers, scopes=scopes)
    _, url = await notes_of_a_location(owner)
    note = await write(owner, url, "x")
    where = f"{url}/{note['id']}"
    tried = {
        "list": ("GET", url, None),
        "read": ("GET", where, None),
        "create": ("POST", url, {"summary": "y"}),
        "create pinned": ("POST", url, {"summary": "y", "pinned": True}),
        "change": ("PATCH", where, {"summary": "z"}),
        "pin": ("PATCH", where, {"pinned": True}),
        "change and pin": ("PATCH", where, {"details": "z", "pinned": False}),
        "delete": ("DELETE", where, None),
    }
    statuses = {
        name: (await caller.request(method, at, json=body)).status_code for name, (method, at, body) in tried.items()
    }
    assert {name for name, status in statuses.items() if status < 300} == may
    assert {status for name, status in statuses.items() if name not in may} <= {403}


async def test_a_refused_pin_changes_nothing(callers: Callers) -> None:
    owner, caller = await caller_of(callers), await caller_of(callers, scopes=["charging.notes:update"])
    _, url = await notes_of_a_location(owner)
    note = await write(owner, url, "x")
    answer = await caller.patch(f"{url}/{note['id']}", json={"summary": "y", "pinned": True})
    assert (answer.status_code, answer.json()) == (403, {"message": "This action is unauthorized."})
    assert await owner.all(url) == [note]


async def test_notes_are_included_only_for_those_who_may_see_them(callers: Callers) -> None:
    owner, blind = await caller_of(callers), await caller_of(callers, scopes=["charging.locations:read"])
    made, url = await notes_of_a_location(owner)
    await write(owner, url, "secret")
    for where in (LOCATIONS, f"{LOCATIONS}/{made['id']}"):
        assert (await blind.get(where)).status_code == 200
        answer = await blind.get(where, params={"include[]": "notes"})
        assert (answer.status_code, "secret" in answer.text) == (403, False)


async def test_a_note_is_found_below_its_own_location_only(callers: Callers) -> None:
    caller = await caller_of(callers)
    _, url = await notes_of_a_location(caller)
    _, elsewhere = await notes_of_a_location(caller)
    note = await write(caller, url, "x")
    for method in ("GET", "PATCH", "DELETE"):
        answer = await caller.request(method, f"{elsewhere}/{note['id']}", json={"summary": "y"})
        assert answer.status_code == 404
    assert await caller.all(url) == [note]
    assert await caller.all(elsewhere) == []


async def test_notes_of_a_location_that_is_not_there(callers: Callers) -> None:
    caller = await caller_of(callers)
    for method in ("GET", "POST"):
        answer = await caller.request(method, f"{LOCATIONS}/987654321/notes", json={"summary": "x"})
        assert answer.status_code == 404


async def test_notes_on_one_kind_of_object_are_none_on_another_with_the_same_number(callers: Callers) -> None:
    caller = await caller_of(callers)
    made, url = await notes_of_a_location(caller)
    note = await write(caller, url, "on the location")
    async with caller.application.database.tenant(caller.tenant) as tx:
        await tx.run(
            "INSERT INTO charging.note (tenant_id, object_kind, object_id, summary) VALUES (:tenant, 'partner', :id, 'other')",
            tenant=caller.tenant,
            id=made["id"],
        )
        await NotesOn("evse", location).forget(tx, made["id"])
    assert await caller.all(url) == [note]
    assert (await stored(caller, made, **{"include[]": "notes"}))["notes"] == [note]
    async with caller.application.database.tenant(caller.tenant) as tx:
        await NotesOn("location", location).forget(tx, made["id"])
        left = await tx.all("SELECT summary FROM charging.note")
    assert [row["summary"] for row in left] == ["other"]


async def test_a_note_does_not_count_as_a_change_of_its_location(callers: Callers) -> None:
    caller = await caller_of(callers)
    made, url = await notes_of_a_location(caller)
    await write(caller, url, "x")
    assert await stored(caller, made) == made


def test_notes_are_about_the_kinds_that_the_contract_knows() -> None:
    with pytest.raises(ValueError, match="tariff is no kind"):
        NotesOn("tariff", location)


def test_five_kinds_of_objects_have_the_same_operations_under_their_own_names(callers: Callers) -> None:
    made = NotesOn("chargePoint", location).resource("charge-points/v2.0", tag="resource / charge points")
    operations = made.operations(callers.api_of(location_notes).dialect)
    assert [(each.method, each.path, each.name) for each in operations] == [
        ("GET", "charge-points/v2.0/{chargePoint}/notes", "chargePointNotesListing"),
        ("GET", "charge-points/v2.0/{chargePoint}/notes/{note}", "chargePointNoteShow"),
        ("POST", "charge-points/v2.0/{chargePoint}/notes", "chargePointNoteCreate"),
        ("PATCH", "charge-points/v2.0/{chargePoint}/notes/{note}", "chargePointNoteUpdate"),
        ("DELETE", "charge-points/v2.0/{chargePoint}/notes/{note}", "chargePointNoteDelete"),
    ]
