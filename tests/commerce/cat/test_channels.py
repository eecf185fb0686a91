"""Sales channels."""

from tests.commerce.kit import UNKNOWN, caller_of, refused
from tests.suites.client import Callers
from tests.suites.resource import ResourceSuite

from gridloom.commerce.cat.resources import channels


class TestChannels(ResourceSuite):
    resource = channels
    good = {"name": "Farm shop", "type": "pos", "description": "The till in the barn", "client_id": "tills"}
    changed = {"name": "Barn shop", "description": None}
    bad = {
        "name": ("", "  ", 5, None, "x" * 256, "a\x00b"),
        "type": ("kiosk", 5, None, ""),
        "description": (5, "x" * 5001),
        "client_id": (5, "x" * 256),
    }
    filtered = {"type": ("pos", "order"), "is_deleted": ("0", "1")}


async def test_a_channel_needs_a_name_and_a_type(callers: Callers) -> None:
    caller = await caller_of(callers)
    answer = await caller.post("/cat/channels", json={"description": "nothing else"})
    refused(answer, "name", "type", label="required")
    refused(await caller.post("/cat/channels", json={"name": "Farm shop"}), "type", label="required")
    assert (await caller.get("/cat/channels")).json() == []


async def test_a_closed_channel_is_only_in_the_list_of_closed_ones(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = [(await caller.post("/cat/channels", json={"name": n, "type": "order"})).json()["id"] for n in "abc"]
    assert (await caller.delete(f"/cat/channels/{made[1]}")).status_code == 204
    listed = await caller.get("/cat/channels")
    assert [each["id"] for each in listed.json()] == [made[0], made[2]]
    assert listed.headers["x-count"] == "2"
    closed = await caller.get("/cat/channels", params={"is_deleted": "1"})
    assert [each["id"] for each in closed.json()] == [made[1]]
    assert closed.headers["x-count"] == "1"
    assert "deleted_at" in closed.json()[0]
    assert "deleted_at" not in listed.json()[0]
    assert (await caller.put(f"/cat/channels/{made[1]}", json={"name": "d"})).status_code == 404


async def test_a_filter_with_another_word_is_refused(callers: Callers) -> None:
    caller = await caller_of(callers)
    refused(await caller.get("/cat/channels", params={"is_deleted": "maybe"}), "is_deleted")
    refused(await caller.get("/cat/channels", params={"type": "kiosk"}), "type")


async def test_a_channel_never_changes_its_type(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = (await caller.post("/cat/channels", json={"name": "a", "type": "order"})).json()
    changed = await caller.put(f"/cat/channels/{made['id']}", json={"name": "b", "type": "pos"})
    assert (changed.json()["name"], changed.json()["type"]) == ("b", "order")


async def test_wrong_page_headers_are_refused_by_name(callers: Callers) -> None:
    caller = await caller_of(callers)
    refused(await caller.get("/cat/channels", headers={"x-page": "0"}), "x-page")
    refused(await caller.get("/cat/channels", headers={"x-page-size": "0"}), "x-page-size")
    refused(await caller.get("/cat/channels", headers={"x-page": "no-token"}), "x-page")


async def test_a_bad_id_and_an_unknown_one_are_told_apart(callers: Callers) -> None:
    caller = await caller_of(callers)
    refused(await caller.get("/cat/channels/seven"), "id")
    assert (await caller.get(f"/cat/channels/{UNKNOWN}")).status_code == 404
