"""Writes through the API, of both versions, and what subscribers hear of them."""

from typing import Any

from tests.charging.drivers.kit import TAGS, USERS
from tests.charging.drivers.kit import made as made_driver
from tests.charging.kit import caller_of
from tests.charging.notifications.contract import wrong_in
from tests.charging.notifications.kit import subscribed, told
from tests.charging.sites.kit import URL as LOCATIONS
from tests.charging.sites.kit import make as make_location
from tests.charging.stations.kit import EVSES, OLD_POINTS, POINTS, ROOT, STATION, evse_of, site, station
from tests.charging.stations.test_older import template
from tests.charging.stations.test_older_locations import SITE as OLD_SITE
from tests.charging.tariffs.kit import ENERGY, TARIFFS, made, put
from tests.kernel.webhooks.partner import Partner
from tests.suites.client import Caller, Callers

from gridloom.charging.stations.public import add_operator

RFIDS = f"{ROOT}/rfid-tags/v1.0"
OLD_LOCATIONS = f"{ROOT}/locations/v1.0"
USER = {"operatorId": 7, "email": "ann@example.org", "password": "correct horse battery", "firstName": "Ann"}


async def heard(caller: Caller, partner: Partner) -> list[tuple[str, str, int]]:
    """(name, action, number) of what was told, each held against the contract."""
    found = await told(caller, partner)
    assert [wrong_in(each) for each in found] == [[] for _ in found]
    return [(each["notification"], each["action"], _number(each)) for each in found]


def _number(body: dict[str, Any]) -> int:
    for name in ("chargePointId", "evseId", "idTagsId", "userId"):
        if name in body:
            return int(body[name])
    (whole,) = (body[name] for name in ("chargePoint", "user", "tariff", "location") if name in body)
    return int(whole["id"])


async def test_a_charge_point_its_evses_and_connectors(caller: Caller, partner: Partner) -> None:
    await subscribed(caller, partner, "chargePoint.changed", "evse.changed")
    point = await station(caller)
    number = point["id"]
    assert await heard(caller, partner) == [("chargePoint.changed", "created", number)]
    assert (await caller.patch(f"{POINTS}/{number}", json={"name": "Quay 9"})).status_code == 200
    assert await heard(caller, partner) == [("chargePoint.changed", "updated", number)]
    assert (await caller.patch(f"{POINTS}/{number}", json={"type": "nothing"})).status_code == 422
    assert await heard(caller, partner) == []

    evse = await evse_of(caller, point)
    below = f"{POINTS}/{number}/evses"
    second = (await caller.post(below, json={**_evse("2")})).json()["data"]
    assert await heard(caller, partner) == [
        ("evse.changed", "created", evse["id"]),
        ("evse.changed", "created", second["id"]),
    ]
    await caller.patch(f"{EVSES}/{evse['id']}", json={"physicalReference": "Q8"})
    await caller.patch(f"{below}/{second['id']}", json={"physicalReference": "Q7"})
    assert await heard(caller, partner) == [
        ("evse.changed", "updated", evse["id"]),
        ("evse.changed", "updated", second["id"]),
    ]
    plug = await caller.post(f"{below}/{evse['id']}/connectors", json={"type": "type2"})
    assert plug.status_code == 201, plug.text
    await caller.patch(f"{below}/{evse['id']}/connectors/{plug.json()['data']['id']}", json={"status": "disabled"})
    assert await heard(caller, partner) == [("evse.changed", "updated", evse["id"])] * 2
    assert (await caller.delete(f"{below}/{second['id']}")).status_code == 204
    assert await heard(caller, partner) == [("evse.changed", "deleted", second["id"])]
    assert (await caller.delete(f"{POINTS}/{number}")).status_code == 204
    assert await heard(caller, partner) == [
        ("evse.changed", "deleted", evse["id"]),
        ("chargePoint.changed", "deleted", number),
    ]


def _evse(number: str) -> dict[str, Any]:
    return {"physicalReference": f"R{number}", "currentType": "ac", "networkId": number, "status": "enabled"}


async def test_the_last_word_on_a_charge_point_is_what_it_was(caller: Caller, partner: Partner) -> None:
    point = await station(caller)
    await evse_of(caller, point)
    await subscribed(caller, partner, "ChargePointChangedNotification")
    await told(caller, partner)
    shown = (await caller.get(f"{OLD_POINTS}/{point['id']}")).json()["data"]
    assert (await caller.delete(f"{OLD_POINTS}/{point['id']}")).status_code == 204
    (body,) = await told(caller, partner)
    assert (body["action"], body["chargePoint"]) == ("deleted", shown)
    assert wrong_in(body) == []


async def test_the_first_version_of_charge_points_and_evses(caller: Caller, partner: Partner) -> None:
    point = await station(caller)
    evse = await evse_of(caller, point)
    await told(caller, partner)
    await subscribed(caller, partner, "chargePoint.changed", "evse.changed")
    answer = await caller.patch(
        f"{OLD_POINTS}/{point['id']}", json={"name": "Old", "evses": {"1": {"physicalReference": "Q5"}}}
    )
    assert answer.status_code == 200, answer.text
    assert sorted(await heard(caller, partner)) == [
        ("chargePoint.changed", "updated", point["id"]), ("evse.changed", "updated", evse["id"]),
    ]  # fmt: skip
    whole = {
        "physicalReference": "Q4", "type": "ac", "status": "active", "networkId": "1", "connectors": [{"type": "type2"}],
        "allowsReservation": False, "maxVoltage": "480", "phases": None,
    }  # fmt: skip
    answer = await caller.put(f"{ROOT}/evses/v2.0/{evse['id']}", json=whole)
    assert answer.status_code == 200, answer.text
    assert await heard(caller, partner) == [("evse.changed", "updated", evse["id"])]
    assert (await caller.put(f"{POINTS}/{point['id']}/shared-partners", json={"partnerIds": [1]})).status_code == 422
    assert await heard(caller, partner) == []


async def test_the_first_version_makes_a_charge_point_with_evses(caller: Caller, partner: Partner) -> None:
    await subscribed(caller, partner, "chargePoint.changed", "evse.changed")
    place = await site(caller)
    body = {
        "templateId": await template(caller),
        "name": "Old",
        "networkId": "OLD-1",
        "status": "active",
        "locationId": place,
    }
    answer = await caller.post(OLD_POINTS, json=body)
    assert answer.status_code == 201, answer.text
    made_ = answer.json()["data"]
    assert sorted(await heard(caller, partner)) == sorted(
        [("chargePoint.changed", "created", made_["id"])]
        + [("evse.changed", "created", each["id"]) for each in made_["evses"]]
    )
    assert len(made_["evses"]) == 2


async def test_a_location_in_both_versions(caller: Caller, partner: Partner) -> None:
    async with caller.application.database.tenant(caller.tenant) as tx:
        await add_operator(tx, "Grid", is_default=True)
    await subscribed(caller, partner, "LocationChangedNotification")
    new = await make_location(caller)
    (body,) = await told(caller, partner)
    shown = (await caller.get(f"{OLD_LOCATIONS}/{new['id']}")).json()["data"]
    without_pictures = {name: value for name, value in shown.items() if name not in ("images", "location_image")}
    assert body == {
        "notification": "LocationChangedNotification", "location": without_pictures, "action": "created",
        "lastUpdatedAt": shown["lastUpdatedAt"],
    }  # fmt: skip
    assert wrong_in(body) == []
    await caller.patch(f"{LOCATIONS}/{new['id']}", json={"city": "Gent"})
    assert (await caller.patch(f"{OLD_LOCATIONS}/{new['id']}", json={"city": "Brugge"})).status_code == 200
    assert await heard(caller, partner) == [("LocationChangedNotification", "updated", new["id"])] * 2
    old = await caller.post(OLD_LOCATIONS, json=OLD_SITE)
    assert old.status_code == 201, old.text
    assert await heard(caller, partner) == [("LocationChangedNotification", "created", old.json()["id"])]
    assert (await caller.delete(f"{LOCATIONS}/{new['id']}")).status_code == 204
    (body,) = await told(caller, partner)
    assert body["action"] == "deleted"
    assert body["location"] == {"id": new["id"], "name": {"en": "Depot"}, "external_id": None}
    assert wrong_in(body) == []


async def test_a_tariff_is_told_as_it_is_read(caller: Caller, partner: Partner) -> None:
    await subscribed(caller, partner, "TariffChangedNotification")
    tariff = await made(caller, TARIFFS, ENERGY)
    (body,) = await told(caller, partner)
    assert body == {
        "notification": "TariffChangedNotification", "tariff": tariff, "action": "created",
        "lastUpdatedAt": tariff["lastUpdatedAt"],
    }  # fmt: skip
    changed = await put(caller, TARIFFS, tariff["id"], {**ENERGY, "name": "Dearer"})
    (body,) = await told(caller, partner)
    assert (body["action"], body["tariff"]) == ("updated", changed)
    assert (await caller.delete(f"{TARIFFS}/{tariff['id']}")).status_code == 204
    (body,) = await told(caller, partner)
    assert (body["action"], body["tariff"]) == ("deleted", changed)
    assert wrong_in(body) == []
    group = await made(caller, f"{ROOT}/tariff-groups/v1.0", {"operatorId": 7, "name": "Quays"})
    (body,) = await told(caller, partner)
    assert (body["action"], body["tariff"]["id"]) == ("created", group["tariffIds"][0])


async def test_a_user_is_told_as_it_is_read(caller: Caller, partner: Partner) -> None:
    await subscribed(caller, partner, "UserChangedNotification", "user.invoiceDetails.changed")
    user = await made_driver(caller, USERS, USER)
    (body,) = await told(caller, partner)
    assert body == {
        "notification": "UserChangedNotification", "user": user, "action": "created", "lastUpdatedAt": user["lastUpdatedAt"],
    }  # fmt: skip
    assert wrong_in(body) == []
    details = f"{ROOT}/users/v1.0/{user['id']}/invoice-details"
    for action in ("created", "updated"):
        answer = await caller.post(details, json={"requireInvoice": True, "invoiceType": "individual"})
        assert answer.status_code == 200, answer.text
        assert await heard(caller, partner) == [("user.invoiceDetails.changed", action, int(user["id"]))]
    changed = (await caller.patch(f"{USERS}/{user['id']}", json={"firstName": "Bea"})).json()["data"]
    (body,) = await told(caller, partner)
    assert (body["action"], body["user"]) == ("updated", changed)
    assert (await caller.delete(f"{USERS}/{user['id']}")).status_code == 204
    (body,) = await told(caller, partner)
    assert (body["action"], body["user"]) == ("deleted", changed)


async def test_a_tag_in_both_versions(caller: Caller, partner: Partner) -> None:
    await subscribed(caller, partner, "idTag.changed")
    tag = await made_driver(caller, TAGS, {"operatorId": 7, "idTagUid": "04A2", "status": "enabled", "type": "rfid"})
    number = tag["id"]
    await caller.patch(f"{TAGS}/{number}", json={"status": "disabled"})
    assert await heard(caller, partner) == [("idTag.changed", "created", number), ("idTag.changed", "updated", number)]
    await caller.patch(f"{RFIDS}/{number}", json={"rfidTagUid": "04A2", "status": "enabled"})
    assert await heard(caller, partner) == [("idTag.changed", "updated", number)]
    assert (await caller.delete(f"{RFIDS}/{number}")).status_code == 204
    assert await heard(caller, partner) == [("idTag.changed", "deleted", number)]


async def test_a_subscription_of_one_operator_hears_of_its_own_things_only(
    callers: Callers, caller: Caller, partner: Partner
) -> None:
    mine = await caller_of(callers, operator=7)
    names = (
        "chargePoint.changed", "ChargePointChangedNotification", "evse.changed", "LocationChangedNotification",
        "TariffChangedNotification", "UserChangedNotification", "idTag.changed",
    )  # fmt: skip
    await subscribed(mine, partner, *names)
    for operator in (8, 7):
        place = await site(caller, operator)
        point = (await caller.post(POINTS, json={**STATION, "operatorId": operator, "locationId": place})).json()[
            "data"
        ]
        await evse_of(caller, point, physicalReference=f"P{operator}")
        await made(caller, TARIFFS, {**ENERGY, "operatorId": operator})
        await made_driver(caller, USERS, {**USER, "operatorId": operator, "email": f"ann{operator}@example.org"})
        tag = {"operatorId": operator, "idTagUid": f"04A{operator}", "status": "enabled", "type": "rfid"}
        number = (await made_driver(caller, TAGS, tag))["id"]
        await caller.delete(f"{TAGS}/{number}")
        await caller.delete(f"{POINTS}/{point['id']}")
        found = [each["notification"] for each in await told(caller, partner)]
        if operator == 8:
            assert found == []
    assert set(found) == set(names)


async def test_nobody_hears_of_a_write_that_was_refused(caller: Caller, partner: Partner) -> None:
    await subscribed(caller, partner, "LocationChangedNotification", "chargePoint.changed")
    point = await station(caller)
    await told(caller, partner)
    assert (await caller.delete(f"{LOCATIONS}/{point['locationId']}")).status_code == 422
    assert await told(caller, partner) == []
