"""Commands that are about records alone: owners, sharing codes, EVSEs of satellites, tariff groups, texts of tariffs."""

from typing import Any

import pytest
from tests.charging.commands.kit import ACTIONS, POINT1, POINT2, stored, told, trail
from tests.charging.csms.support import rows
from tests.charging.drivers.kit import driver_row
from tests.charging.kit import caller_of
from tests.charging.stations.kit import POINTS, evse_of, home, read, set_columns, station
from tests.charging.tariffs.kit import ENERGY, GROUPS, TARIFFS, made
from tests.charging.tariffs.kit import read as read_tariff
from tests.suites.client import Caller, Callers

from gridloom.kernel.database.pool import Database

BULK = f"{ACTIONS}/evse/v1.0/bulk-assign-tariff-group"


async def test_a_home_gets_an_owner_and_loses_it(db: Database, operators: Callers, tenant: int) -> None:
    caller = await caller_of(operators)
    mine, driver = await home(caller), await driver_row(caller)
    url = f"{POINT1}/{mine['id']}/change-owner"
    for body, owner in (
        ({"userId": driver}, driver),
        ({}, None),
        ({"userId": driver}, driver),
        ({"userId": None}, None),
    ):
        answer = await caller.post(url, json=body)
        assert (answer.status_code, answer.content) == (202, b"")
        assert (await read(caller, f"{POINTS}/{mine['id']}"))["user"]["id"] == owner
    changes = await told(db, tenant, "charge_point.changed")
    assert [(each["charge_point_id"], each["action"]) for each in changes][-4:] == [(mine["id"], "updated")] * 4
    assert len([each for each in await trail(db, tenant) if each["action"] == "chargePointChangeOwner"]) == 4


async def test_who_cannot_own_a_charge_point_does_not(
    db: Database, operators: Callers, tenant: int, other_tenant: int
) -> None:
    caller = await caller_of(operators)
    mine, public = await home(caller), await station(caller)
    driver = await driver_row(caller)
    disabled = await driver_row(caller, email="off@example.org", status="disabled")
    foreign = await driver_row(caller, email="eight@example.org", operator=8)
    before = await stored(db, tenant, mine["id"])
    assert (await caller.post(f"{POINT1}/{public['id']}/change-owner", json={"userId": driver})).status_code == 406
    assert (await caller.post(f"{POINT1}/{mine['id']}/change-owner", json={"userId": disabled})).status_code == 406
    for wrong in (foreign, 987654321, 0, "x"):
        answer = await caller.post(f"{POINT1}/{mine['id']}/change-owner", json={"userId": wrong})
        assert (answer.status_code, list(answer.json()["errors"])) == (422, ["userId"])
    stranger = await operators.with_scopes("charging", ["*"], other_tenant)
    for other in (stranger, await caller_of(operators, operator=8)):
        assert (await other.post(f"{POINT1}/{mine['id']}/change-owner", json={})).status_code == 404
    reader = await caller_of(operators, scopes=("charging.charge-points:read",))
    assert (await reader.post(f"{POINT1}/{mine['id']}/change-owner", json={})).status_code == 403
    assert await stored(db, tenant, mine["id"]) == before


async def test_a_sharing_code_is_of_one_home(db: Database, operators: Callers, tenant: int) -> None:
    caller = await caller_of(operators)
    mine, other, public = await home(caller), await home(caller), await station(caller)

    async def share(number: int, **body: Any) -> Any:
        return await caller.post(f"{POINT2}/{number}/change-sharing-code", json=body)

    assert (await share(mine["id"], sharingCode="tulip")).status_code == 202
    assert (await read(caller, f"{POINTS}/{mine['id']}"))["sharingCode"] == "tulip"
    before = await stored(db, tenant, other["id"])
    taken = await share(other["id"], sharingCode="tulip")
    assert (taken.status_code, taken.json()["errors"]) == (422, {"sharingCode": ["This value is taken already."]})
    assert (await share(public["id"], sharingCode="rose")).status_code == 406
    assert (await share(other["id"], sharingCode="x" * 256)).status_code == 422
    assert (await share(987654321, sharingCode="rose")).status_code == 404
    assert await stored(db, tenant, other["id"]) == before
    for body in ({}, {"sharingCode": ""}):
        assert (await share(mine["id"], **body)).status_code == 202
        assert "sharingCode" not in await read(caller, f"{POINTS}/{mine['id']}")


async def test_evses_go_to_a_satellite_with_their_connectors(db: Database, operators: Callers, tenant: int) -> None:
    caller = await caller_of(operators)
    master = await station(caller, network={"id": "MASTER"})
    satellite = await station(
        caller, communicationMode="via_ocpp_connected_charge_point", ocppConnectedChargePointId=master["id"]
    )
    first, second, third = [
        await evse_of(caller, master, physicalReference=f"M{n}", networkId=str(n)) for n in (1, 2, 3)
    ]
    connectors = f"{POINTS}/{{}}/evses/{first['id']}/connectors"
    assert (await caller.post(connectors.format(master["id"]), json={"type": "ccs2"})).status_code in (200, 201)
    url = f"{POINT1}/{master['id']}/move-evses-to-satellite"
    body = {"satelliteChargePointId": satellite["id"], "evseIds": [first["id"], second["id"], first["id"]]}
    answer = await caller.post(url, json=body)
    assert (answer.status_code, answer.content) == (202, b"")
    found = await rows(db, tenant, "SELECT id, charge_point_id, network_id FROM charging.evse ORDER BY id")
    assert [(row["charge_point_id"], row["network_id"]) for row in found] == [
        (satellite["id"], "1"), (satellite["id"], "2"), (master["id"], "3"),
    ]  # fmt: skip
    assert len((await caller.get(connectors.format(satellite["id"]))).json()["data"]) == 1
    assert [each["evse_id"] for each in await told(db, tenant, "evse.changed")][-2:] == [first["id"], second["id"]]
    stranger = await caller_of(operators, operator=8)
    assert (await stranger.post(url, json=body)).status_code == 404
    await evse_of(caller, satellite, physicalReference="S3", networkId="3")
    for wrong, field in (
        ({**body, "evseIds": [third["id"], first["id"]]}, "evseIds.1"),
        ({**body, "evseIds": [third["id"]]}, "evseIds"),
        ({**body, "satelliteChargePointId": master["id"], "evseIds": [third["id"]]}, "satelliteChargePointId"),
        ({**body, "evseIds": []}, "evseIds"),
        ({"evseIds": [third["id"]]}, "satelliteChargePointId"),
    ):
        refused = await caller.post(url, json=wrong)
        assert (refused.status_code, list(refused.json()["errors"])) == (422, [field]), wrong
    still = await rows(db, tenant, "SELECT charge_point_id FROM charging.evse WHERE id = :id", id=third["id"])
    assert still == [{"charge_point_id": master["id"]}]


async def priced(db: Database, tenant: int) -> list[int | None]:
    return [row["g"] for row in await rows(db, tenant, "SELECT tariff_group_id AS g FROM charging.evse ORDER BY id")]


async def two_stations(caller: Caller) -> tuple[list[int], list[dict[str, Any]]]:
    points = [await station(caller), await station(caller)]
    evses = [
        await evse_of(caller, point, physicalReference=f"E{i}{n}", networkId=str(n))
        for i, point in enumerate(points)
        for n in (1, 2)
    ]
    return [each["id"] for each in evses], points


async def test_many_evses_get_a_tariff_group_at_once(db: Database, operators: Callers, tenant: int) -> None:
    caller = await caller_of(operators)
    evses, points = await two_stations(caller)
    group = (await made(caller, GROUPS, {"operatorId": 7, "name": "G"}))["id"]
    start = await priced(db, tenant)
    await set_columns(caller, "charge_point", points[1]["id"], partner_id=4)
    x, y = points[0]["id"], points[1]["id"]
    place = points[0]["locationId"]
    cases: list[tuple[dict[str, Any], list[bool]]] = [
        ({"filters": {"evseIds": [evses[0], 987654321]}}, [True, False, False, False]),
        ({"filters": {"chargePointIds": [x]}}, [True, True, False, False]),
        ({"filters": {"chargePointIds": [x, y], "evseIds": [evses[1], evses[2]]}}, [False, True, True, False]),
        ({"filters": {"partnerIds": [4], "locationIds": [place]}}, [False, False, True, True]),
        ({"filters": {"locationIds": [987654321]}}, [False] * 4),
        ({"filters": {"evseIds": []}}, [True] * 4),
        ({}, [True] * 4),
    ]
    for body, wanted in cases:
        async with db.tenant(tenant) as tx:
            for number, before in zip(evses, start, strict=True):
                await tx.run("UPDATE charging.evse SET tariff_group_id = :g WHERE id = :id", g=before, id=number)
        answer = await caller.post(BULK, json={"tariffGroupId": group, **body})
        assert (answer.status_code, answer.content) == (202, b""), answer.text
        assert [found == group for found in await priced(db, tenant)] == wanted, body
    detach = {"tariffGroupId": None, "filters": {"tariffGroupIds": [group]}}
    told_before = len(await told(db, tenant, "evse.changed"))
    assert (await caller.post(BULK, json=detach)).status_code == 202
    assert await priced(db, tenant) == [None] * 4
    assert len(await told(db, tenant, "evse.changed")) == told_before + 4


async def test_a_bulk_assignment_stays_within_its_bounds(
    db: Database, operators: Callers, tenant: int, other_tenant: int
) -> None:
    caller, mine = await caller_of(operators), await caller_of(operators, operator=7)
    _, points = await two_stations(caller)
    group = (await made(caller, GROUPS, {"operatorId": 7, "name": "G"}))["id"]
    foreign = (await made(caller, GROUPS, {"operatorId": 8, "name": "H"}))["id"]
    before = await priced(db, tenant)
    for wrong, field in (
        ({"tariffGroupId": 987654321}, "tariffGroupId"),
        ({"tariffGroupId": foreign}, "filters"),
        ({}, "tariffGroupId"),
        ({"tariffGroupId": group, "filters": {"evseIds": ["x"]}}, "filters.evseIds.0"),
        ({"tariffGroupId": group, "filters": {"evseIds": [1] * 1001}}, "filters.evseIds"),
    ):
        answer = await caller.post(BULK, json=wrong)
        assert (answer.status_code, list(answer.json()["errors"])) == (422, [field]), wrong
    own = await mine.post(BULK, json={"tariffGroupId": foreign})
    assert (own.status_code, list(own.json()["errors"])) == (422, ["tariffGroupId"])
    stranger = await operators.with_scopes("charging", ["*"], other_tenant)
    assert (await stranger.post(BULK, json={"tariffGroupId": None})).status_code == 202
    assert await priced(db, tenant) == before
    async with db.tenant(tenant) as tx:
        await tx.run(
            "INSERT INTO charging.evse (tenant_id, charge_point_id, operator_id, physical_reference, network_id, "
            "current_type, status) SELECT :tenant, :point, 7, 'B' || n, n::text, 'ac', 'enabled' "
            "FROM generate_series(3, 999) n",
            tenant=tenant, point=points[0]["id"],
        )  # fmt: skip
    over = await caller.post(BULK, json={"tariffGroupId": group})
    assert (over.status_code, list(over.json()["errors"])) == (422, ["filters"])
    assert set(await priced(db, tenant)) == {*before, None}
    allowed = await caller.post(BULK, json={"tariffGroupId": group, "filters": {"chargePointIds": [points[0]["id"]]}})
    assert allowed.status_code == 202
    assert (await priced(db, tenant)).count(group) == 999


TEXTS = {
    "defaultPriceInformation": "0.30 a kWh", "defaultPriceInformationOffline": "see the website",
    "priceInformation": "0.25 for you", "totalCostInformation": "with VAT",
}  # fmt: skip


async def test_the_texts_of_a_tariff_are_replaced_as_a_whole(db: Database, operators: Callers, tenant: int) -> None:
    caller = await caller_of(operators)
    tariff = await made(caller, TARIFFS, ENERGY)
    group = await made(caller, GROUPS, {"operatorId": 7, "name": "G"})
    base = (await read_tariff(caller, GROUPS, group["id"]))["tariffIds"][0]

    def url(number: int) -> str:
        return f"{ACTIONS}/tariffs/v2.0/{number}/set-tariff-display-information"

    first = await caller.post(
        url(tariff["id"]), json={"priceInformation": "0.25 for you", "totalCostInformation": None}
    )
    assert (first.status_code, first.content) == (201, b"")
    second = await caller.post(url(tariff["id"]), json={"totalCostInformation": "with VAT"})
    assert second.status_code == 200
    assert (await read_tariff(caller, TARIFFS, tariff["id"]))["display"] == {"totalCostInformation": "with VAT"}
    assert (await caller.post(url(base), json=TEXTS)).status_code == 201
    assert (await read_tariff(caller, TARIFFS, base))["display"] == TEXTS
    before = await read_tariff(caller, TARIFFS, tariff["id"])
    for name in ("defaultPriceInformation", "defaultPriceInformationOffline"):
        assert (await caller.post(url(tariff["id"]), json={name: "x"})).status_code == 406
        assert (await caller.post(url(tariff["id"]), json={name: "x" * 151})).status_code == 422
    assert (await caller.post(url(987654321), json={})).status_code == 404
    assert (await (await caller_of(operators, operator=8)).post(url(tariff["id"]), json={})).status_code == 404
    assert await read_tariff(caller, TARIFFS, tariff["id"]) == before
    changed = [each["tariff_id"] for each in await told(db, tenant, "tariff.changed")]
    assert changed[-3:] == [tariff["id"], tariff["id"], base]
    assert (await caller.post(url(base), json={})).status_code == 200
    assert (await caller.post(url(base), json=TEXTS)).status_code == 201


@pytest.mark.parametrize("name", ["change-owner", "change-sharing-code", "move-evses-to-satellite"])
async def test_records_of_nobody_are_changed_by_nobody(operators: Callers, name: str) -> None:
    caller = await caller_of(operators)
    root = POINT2 if name == "change-sharing-code" else POINT1
    bodies = {"move-evses-to-satellite": {"satelliteChargePointId": 1, "evseIds": [1]}}
    assert (await caller.post(f"{root}/987654321/{name}", json=bodies.get(name, {}))).status_code == 404
