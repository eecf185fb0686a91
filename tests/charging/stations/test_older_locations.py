"""Locations in the words of their first version: the same rows, presented."""

from typing import Any

import pytest
from tests.charging.kit import caller_of
from tests.charging.stations.kit import ROOT, posted, read, station
from tests.suites.client import Caller, Callers
from tests.suites.resource import ResourceSuite

from gridloom.charging.stations.older.locations.resources import old_locations
from gridloom.charging.stations.operators.store import add_operator

OLD, NEW = f"{ROOT}/locations/v1.0", f"{ROOT}/locations/v2.0"
SITE: dict[str, Any] = {
    "name": {"en": "Depot", "nl": "Loods", "fr": None}, "geoposition": {"latitude": 50.85, "longitude": 4.35},
    "address": {"en": "Kaai 1"}, "post_code": "1000", "region": "Brussels", "city": "Brussels", "country": "BE",
    "description": {"en": "Short"}, "detailed_description": {"en": "Long"}, "status": "active", "external_id": "d-1",
    "working_hours": {"is_always_open": False, "hours": {"monday": [{"start": "08:00", "end": "18:00"}]}},
}  # fmt: skip


class TestOldLocations(ResourceSuite):
    resource = old_locations


async def older(caller: Caller, **changes: Any) -> dict[str, Any]:
    """A location that an older request makes."""
    answer = await caller.post(OLD, json={**SITE, **changes})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


async def owner(callers: Callers) -> Caller:
    caller = await callers.with_scopes("charging", ["*"])
    async with caller.application.database.tenant(caller.tenant) as tx:
        await add_operator(tx, "Grid", is_default=True)
    return caller


async def placed(caller: Caller, made: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """A charge point of the operator whose location it is."""
    whose = (await read(caller, f"{NEW}/{made['id']}"))["operatorId"]
    return await station(caller, operatorId=whose, locationId=made["id"], **changes)


async def test_an_older_location_is_the_same_one_in_the_new_version(callers: Callers) -> None:
    caller = await owner(callers)
    made = await older(caller)
    assert made["name"] == {"en": "Depot", "nl": "Loods"}
    assert (made["status"], made["public_charge_points"], made["public_charge_points_ids"]) == ("active", 0, [])
    assert made["working_hours"] == {
        "is_always_open": False, "stop_session_outside_working_hours": None, "always_open_for_user_group_ids": None,
        "hours": {"monday": [{"start": "08:00", "end": "18:00"}]},
    }  # fmt: skip
    new = await read(caller, f"{NEW}/{made['id']}")
    assert sorted((each["locale"], each["translation"]) for each in new["name"]) == [("en", "Depot"), ("nl", "Loods")]
    assert (new["status"], new["externalId"], new["region"]) == ("enabled", "d-1", "Brussels")
    assert new["shortDescription"] == [{"locale": "en", "translation": "Short"}]
    assert new["description"] == [{"locale": "en", "translation": "Long"}]


async def test_a_language_that_an_update_leaves_out_is_gone_in_both_versions(callers: Callers) -> None:
    caller = await owner(callers)
    made = await older(caller)
    answer = await caller.patch(f"{OLD}/{made['id']}", json={"name": {"de": "Halle"}, "status": "disabled"})
    assert answer.json() == {
        **made, "name": {"de": "Halle"}, "status": "disabled", "lastUpdatedAt": answer.json()["lastUpdatedAt"]
    }  # fmt: skip
    assert (await read(caller, f"{NEW}/{made['id']}"))["name"] == [{"locale": "de", "translation": "Halle"}]


async def test_the_public_charge_points_that_are_on_are_counted(callers: Callers) -> None:
    caller = await owner(callers)
    made = await older(caller)
    point = await placed(caller, made, type="public", status="enabled")
    await placed(caller, made, type="public", status="disabled", name="Off")
    shown = await read(caller, f"{OLD}/{made['id']}")
    assert (shown["public_charge_points"], shown["public_charge_points_ids"]) == (1, [point["id"]])


async def test_a_state_of_america_is_the_region_of_the_old_version(callers: Callers) -> None:
    caller = await owner(callers)
    made = await older(caller, country="US", region="CA", city="Oakland")
    assert made["region"] == "CA"
    new = await read(caller, f"{NEW}/{made['id']}")
    assert (new["state"], new["region"]) == ("CA", None)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"name": {}}, "name"), ({"name": {"en": None}}, "name"), ({"country": "US", "region": "Brussels"}, "region"),
        ({"timezone": "Mars/Olympus"}, "timezone"), ({"working_hours": {"is_always_open": False}}, "working_hours.hours"),
        ({"geoposition": {"latitude": 91, "longitude": 0}}, "geoposition.latitude"), ({"status": "enabled"}, "status"),
    ],
)  # fmt: skip
async def test_a_wrong_field_is_named_and_nothing_is_kept(
    callers: Callers, changes: dict[str, Any], field: str
) -> None:
    caller = await owner(callers)
    answer = await caller.post(OLD, json={**SITE, **changes})
    assert answer.status_code == 422, answer.text
    assert list(answer.json()["errors"]) == [field]
    assert (await caller.get(OLD)).json()["data"] == []


async def test_locations_are_found_by_partner_status_code_and_country(callers: Callers) -> None:
    caller = await owner(callers)
    made = await older(caller)
    other = await older(caller, external_id="d-2", post_code="9000", status="disabled", country="NL")
    await placed(caller, made)

    async def found(**filters: Any) -> list[int]:
        answer = await caller.get(OLD, params={f"filter[{name}]": value for name, value in filters.items()})
        assert answer.status_code == 200, answer.text
        return [each["id"] for each in answer.json()["data"]]

    assert await found(status="disabled") == [other["id"]]
    assert await found(postCode="1000") == [made["id"]]
    assert await found(country="NL") == [other["id"]]
    assert await found(externalId="d-1") == [made["id"]]
    assert await found(partnerId="null") == [made["id"]]
    assert await found(partnerId="5") == []
    assert (await caller.get(OLD, params={"filter[partnerId]": "x"})).status_code == 422


async def test_a_token_of_an_operator_makes_locations_of_its_own_and_sees_no_others(callers: Callers) -> None:
    caller = await owner(callers)
    made = await older(caller)
    mine = await caller_of(callers, operator=77)
    own = await older(mine, external_id="d-9")
    assert (await mine.get(f"{OLD}/{made['id']}")).status_code == 404
    assert (await mine.patch(f"{OLD}/{made['id']}", json={"city": "Gent"})).status_code == 404
    assert (await read(caller, f"{NEW}/{own['id']}"))["operatorId"] == 77


async def test_a_location_where_a_charge_point_stands_stays(callers: Callers) -> None:
    caller = await owner(callers)
    made = await older(caller)
    await placed(caller, made)
    assert (await caller.delete(f"{OLD}/{made['id']}")).status_code == 422
    other = await posted(caller, NEW, {
        "operatorId": 7, "name": [{"locale": "en", "translation": "x"}], "country": "BE",
        "geoposition": {"latitude": 1, "longitude": 1}, "address": [{"locale": "en", "translation": "x"}],
    })  # fmt: skip
    assert (await caller.delete(f"{OLD}/{other['id']}")).status_code == 204
    assert (await caller.get(f"{NEW}/{other['id']}")).status_code == 404
