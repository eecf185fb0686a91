"""Whose a location is: tokens of one operator, and tokens of all."""

from typing import Any

from tests.charging.kit import caller_of
from tests.charging.sites.kit import PLAIN, URL, make, stored
from tests.suites.client import Caller, Callers

WITHOUT = {name: value for name, value in PLAIN.items() if name != "operatorId"}


async def roaming_location(caller: Caller) -> int:
    """A site of a roaming partner, which only an import makes."""
    async with caller.application.database.tenant(caller.tenant) as tx:
        return int(
            await tx.scalar(
                "INSERT INTO charging.location (tenant_id, name, address, latitude, longitude, country, is_roaming, "
                "roaming_operator_id, roaming) VALUES (:tenant, CAST(:texts AS jsonb), CAST(:texts AS jsonb), 1, 2, 'NL', "
                "true, 44, CAST(:roaming AS jsonb)) RETURNING id",
                tenant=caller.tenant,
                texts=[{"locale": "nl", "translation": "Haven"}],
                roaming={"owner": {"name": "Port"}, "operator": {"name": "Cranes Ltd"}},
            )
        )


async def test_a_global_token_names_the_operator(callers: Callers) -> None:
    caller = await caller_of(callers)
    for body in (WITHOUT, {**WITHOUT, "operatorId": None}):
        answer = await caller.post(URL, json=body)
        assert answer.status_code == 422
        assert answer.json()["errors"] == {"operatorId": ["This field is required."]}
    assert await caller.all(URL) == []
    assert (await make(caller, operatorId=8))["operatorId"] == 8


async def test_a_token_of_an_operator_writes_its_own(callers: Callers) -> None:
    caller = await caller_of(callers, operator=7)
    assert [(await make(caller, operatorId=given))["operatorId"] for given in (None, 7)] == [7, 7]
    answer = await caller.post(URL, json=WITHOUT)
    assert (answer.status_code, answer.json()["data"]["operatorId"]) == (201, 7)


async def test_a_token_of_an_operator_cannot_write_for_another(callers: Callers) -> None:
    caller = await caller_of(callers, operator=7)
    answer = await caller.post(URL, json={**PLAIN, "operatorId": 8})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["operatorId"]
    assert await (await caller_of(callers)).all(URL) == []


async def test_a_token_of_an_operator_sees_its_own_and_one_of_all_sees_all(callers: Callers) -> None:
    everybody, seven, eight = [await caller_of(callers, operator=number) for number in (None, 7, 8)]
    mine, theirs = await make(seven), await make(eight, operatorId=8)
    assert await seven.all(URL) == [mine]
    assert await eight.all(URL) == [theirs]
    assert await everybody.all(URL) == [mine, theirs]


async def test_the_filter_by_operator(callers: Callers) -> None:
    everybody, seven = await caller_of(callers), await caller_of(callers, operator=7)
    one, two, three = [await make(everybody, operatorId=number) for number in (7, 8, 9)]
    assert await everybody.all(URL, operatorId="8") == [two]
    assert await everybody.all(URL, operatorId=["8", "9"]) == [two, three]
    assert await everybody.all(URL, operatorId=["10"]) == []
    assert await seven.all(URL, operatorId="7") == [one]
    assert await seven.all(URL, operatorId="8") == []
    assert await seven.all(URL, operatorId=["7", "8"]) == [one]


async def test_a_location_of_another_operator_is_not_there(callers: Callers) -> None:
    everybody, seven, eight = [await caller_of(callers, operator=number) for number in (None, 7, 8)]
    mine = await make(seven)
    where = f"{URL}/{mine['id']}"
    zone = (await seven.post(f"{where}/charging-zones", json={"name": "A", "status": "enabled"})).json()["data"]
    note = (await seven.post(f"{where}/notes", json={"summary": "Mine"})).json()["data"]
    requests: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", where, None), ("PATCH", where, {"city": "X"}), ("DELETE", where, None),
        ("GET", f"{where}/charging-zones", None), ("GET", f"{where}/notes", None),
        ("POST", f"{where}/charging-zones", {"name": "B", "status": "enabled"}), ("POST", f"{where}/notes", {"summary": "x"}),
    ]  # fmt: skip
    for below, body in ((f"charging-zones/{zone['id']}", {"name": "C"}), (f"notes/{note['id']}", {"summary": "y"})):
        requests += [(method, f"{where}/{below}", body) for method in ("GET", "PATCH", "DELETE")]
    for method, url, body in requests:
        answer = await eight.request(method, url, json=body)
        assert (answer.status_code, answer.json()) == (404, {"message": "Not found."}), f"{method} {url}"
    assert await stored(everybody, mine) == await stored(seven, mine)
    assert (await seven.get(f"{where}/charging-zones")).json()["data"] == [zone]
    assert (await seven.get(f"{where}/notes")).json()["data"] == [note]


async def test_a_roaming_location_belongs_to_nobody_and_everybody_sees_it(callers: Callers) -> None:
    everybody, seven = await caller_of(callers), await caller_of(callers, operator=7)
    mine = await make(seven)
    number = await roaming_location(everybody)
    shown = (await seven.get(f"{URL}/{number}")).json()["data"]
    assert (shown["operatorId"], shown["isRoaming"], shown["roamingOperatorId"]) == (None, True, 44)
    assert shown["roaming"] == {"owner": {"name": "Port"}, "operator": {"name": "Cranes Ltd"}}
    for caller in (everybody, seven):
        assert await caller.all(URL) == [mine, shown]
        assert await caller.all(URL, roaming="true") == [shown]
        assert await caller.all(URL, roaming="false") == [mine]
        assert await caller.all(URL, operatorId="7") == [mine]
    for method, body in (("PATCH", {"city": "X"}), ("DELETE", None)):
        assert (await seven.request(method, f"{URL}/{number}", json=body)).status_code == 404
    assert await stored(seven, {"id": number}) == shown


async def test_operators_of_two_tenants_with_one_number_do_not_meet(callers: Callers) -> None:
    seven = await caller_of(callers, operator=7)
    mine = await make(seven)
    other = await callers.with_scopes("charging", ["*"], callers._other)
    assert await other.all(URL) == []
    assert (await other.get(f"{URL}/{mine['id']}")).status_code == 404
