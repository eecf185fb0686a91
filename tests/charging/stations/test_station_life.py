"""What stations report, and what others find of them: logs, configurations, the registry, sharing."""

from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

import pytest
from tests.charging.kit import caller_of
from tests.charging.stations.kit import EVSES, OLD_POINTS, POINTS, ROOT, evse_of, home, read, station
from tests.charging.stations.test_hardware import vendor_of
from tests.suites.client import Caller, Callers, answers
from tests.suites.resource import ResourceSuite

from gridloom.charging.stations import public
from gridloom.charging.stations.configurations.resources import configurations, old_configurations
from gridloom.charging.stations.logs.resources import charge_point_hardware_logs, evse_hardware_logs, network_logs
from gridloom.charging.stations.sharing.resources import shared_partners, shares
from gridloom.kernel.security.sealing import Sealer

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


class TestHardwareLogs(ResourceSuite):
    resource = charge_point_hardware_logs


class TestEvseHardwareLogs(ResourceSuite):
    resource = evse_hardware_logs


class TestNetworkLogs(ResourceSuite):
    resource = network_logs


class TestConfigurations(ResourceSuite):
    resource = configurations


class TestOldConfigurations(ResourceSuite):
    resource = old_configurations


class TestSharedPartners(ResourceSuite):
    resource = shared_partners


class TestShares(ResourceSuite):
    resource = shares
    good: ClassVar = {"userId": 5}
    bad: ClassVar = {"userId": (0, "x", None, 1.5, 2**63)}

    async def path(self, caller: Caller) -> dict[str, Any]:
        found = await caller.all(POINTS)
        return {"chargePoint": (found[0] if found else await home(caller))["id"]}

    async def body_again(self, caller: Caller, number: int) -> dict[str, Any]:
        return {"userId": number + 6}


def tenant_of(caller: Caller) -> Any:
    return caller.application.database.tenant(caller.tenant)


async def test_a_guest_comes_once_and_to_homes_only(callers: Callers) -> None:
    caller = await caller_of(callers)
    url = f"{POINTS}/{(await home(caller))['id']}/shares"
    assert (await caller.post(url, json={"userId": 5})).status_code == 201
    again = await caller.post(url, json={"userId": 5})
    assert (again.status_code, again.json()["errors"]) == (422, {"userId": ["This value is taken already."]})
    public_one = f"{POINTS}/{(await station(caller))['id']}/shares"
    refused = await caller.post(public_one, json={"userId": 5})
    assert (refused.status_code, list(refused.json()["errors"])) == (422, ["userId"])
    assert (len(await caller.all(url)), await caller.all(public_one)) == (1, [])


async def test_partners_are_set_as_a_whole_and_keep_their_day(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await station(caller, type="private", partner={"id": 1, "contractId": 2})
    url = f"{POINTS}/{made['id']}/shared-partners"
    answer = await caller.put(url, json={"partnerIds": [5, 6, 5]})
    answers(caller.api, answer, "PUT", f"{POINTS}/{{charge_point}}/shared-partners")
    assert answer.status_code == 204
    first = await read(caller, url)
    assert sorted(each["id"] for each in first) == [5, 6]
    assert (await caller.put(url, json={"partnerIds": [6, 7]})).status_code == 204
    second = {each["id"]: each["sharedAt"] for each in await read(caller, url)}
    assert sorted(second) == [6, 7]
    assert second[6] == next(each["sharedAt"] for each in first if each["id"] == 6)
    scoped = await caller_of(callers, operator=8)
    assert (await scoped.put(url, json={"partnerIds": []})).status_code == 404
    assert len(await read(caller, url)) == 2


@pytest.mark.parametrize("body", [{}, {"partnerIds": None}, {"partnerIds": [0]}, {"partnerIds": [5]}])
async def test_a_public_station_is_shared_with_no_partner(callers: Callers, body: dict[str, Any]) -> None:
    caller = await caller_of(callers)
    url = f"{POINTS}/{(await station(caller))['id']}/shared-partners"
    answer = await caller.put(url, json=body)
    assert answer.status_code == 422
    assert "partnerIds" in answer.text
    assert await read(caller, url) == []


async def test_the_newest_state_is_shown_and_a_late_one_only_logged(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await station(caller)
    number = made["id"]
    async with tenant_of(caller) as tx:
        await public.append_hardware_status(
            tx, number, "faulted", NOON, error_code="GroundFailure", vendor_error_code="E1", info="wet"
        )
        await public.append_hardware_status(tx, number, "available", NOON - HOUR)
        await public.append_network_status(tx, number, "available", NOON)
        await public.append_network_status(tx, number, "temporarily_unavailable", NOON - HOUR)
    shown = await read(caller, f"{POINTS}/{number}")
    assert (shown["hardwareStatus"], shown["vendorErrorCode"]) == ("faulted", "E1")
    assert (shown["networkStatus"], shown["lastNetworkStatusUpdateAt"]) == ("available", "2026-03-01T12:00:00Z")
    assert shown["firstContactAt"] == "2026-03-01"
    newest = {
        "status": "faulted", "timestamp": "2026-03-01T12:00:00Z", "errorCode": "GroundFailure", "info": "wet",
        "vendorErrorCode": "E1",
    }  # fmt: skip
    older = {"status": "available", "timestamp": "2026-03-01T11:00:00Z", "errorCode": "NoError"}
    assert await read(caller, f"{POINTS}/{number}/hardware-status-logs") == [newest, older]
    assert await read(caller, f"{POINTS}/{number}/latest-hardware-status-log") == newest
    assert [each["status"] for each in await read(caller, f"{POINTS}/{number}/network-status-logs")] == [
        "available", "temporarily_unavailable",
    ]  # fmt: skip
    assert await read(caller, f"{POINTS}/{number}/latest-network-status-log") == {
        "status": "available", "timestamp": "2026-03-01T12:00:00Z",
    }  # fmt: skip


async def test_logs_are_walked_and_filtered_by_time(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await station(caller)
    url = f"{POINTS}/{made['id']}/hardware-status-logs"
    async with tenant_of(caller) as tx:
        for step in range(5):
            await public.append_hardware_status(tx, made["id"], "available", NOON + step * HOUR)
    stamps = [f"2026-03-01T{hour}:00:00Z" for hour in (16, 15, 14, 13, 12)]
    first = (await caller.get(url, params={"per_page": "3"})).json()
    rest = (await caller.get(first["links"]["next"])).json()
    assert [each["timestamp"] for each in first["data"] + rest["data"]] == stamps
    found = await caller.all(url, createdAfter="2026-03-01T13:00:00Z", createdBefore="2026-03-01T15:00:00+01:00")
    assert [each["timestamp"] for each in found] == stamps[2:4]


async def test_an_evse_has_a_log_of_its_own(callers: Callers) -> None:
    caller = await caller_of(callers)
    place = await station(caller)
    made = await evse_of(caller, place)
    latest = f"{ROOT}/evses/v2.0/{made['id']}/latest-hardware-status-log"
    assert (await caller.get(latest)).status_code == 404
    async with tenant_of(caller) as tx:
        found = await public.evses_numbered(tx, [(place["id"], 1), (place["id"], 2)])
        assert found == {(place["id"], 1): (made["id"], place["id"])}
        await public.append_hardware_status(tx, place["id"], "suspendedEV", NOON, evse_id=made["id"])
    answer = await caller.get(latest)
    answers(caller.api, answer, "GET", f"{ROOT}/evses/v2.0/{{evse}}/latest-hardware-status-log")
    assert answer.json()["data"]["status"] == "suspendedEV"
    assert (await read(caller, f"{EVSES}/{made['id']}"))["hardwareStatus"] == "suspendedEV"
    assert "hardwareStatus" not in await read(caller, f"{POINTS}/{place['id']}")
    assert await read(caller, f"{POINTS}/{place['id']}/hardware-status-logs") == []
    assert (await caller.delete(f"{POINTS}/{place['id']}")).status_code == 204


async def test_no_log_can_be_changed_or_removed_by_its_tenant(callers: Callers) -> None:
    caller = await caller_of(callers)
    for table in ("hardware_status_log", "network_status_log"):
        for command in (f"UPDATE charging.{table} SET status = 'x'", f"DELETE FROM charging.{table}"):
            with pytest.raises(Exception, match="permission denied"):
                async with tenant_of(caller) as tx:
                    await tx.run(command)


ENDS = (
    "hardware-status-logs", "latest-hardware-status-log", "network-status-logs", "latest-network-status-log",
    "configurations", "configurations/HeartbeatInterval", "shared-partners", "shares",
)  # fmt: skip


@pytest.mark.parametrize("end", ENDS)
async def test_nothing_of_another_operators_station_is_found(callers: Callers, end: str) -> None:
    caller = await caller_of(callers)
    foreign = await station(caller, operatorId=8)
    scoped = await caller_of(callers, operator=7)
    assert (await scoped.get(f"{POINTS}/{foreign['id']}/{end}")).status_code == 404


async def test_cached_variables_are_shown_in_the_words_of_both_versions(callers: Callers) -> None:
    caller = await caller_of(callers)
    made = await station(caller)
    said = [
        {"name": "HeartbeatInterval", "value": "60", "required": True},
        {"name": "Power", "value": "off", "component": "Lamp", "instance": "a", "evse_id": 2, "max_limit": 9, "readonly": True},
    ]  # fmt: skip
    async with tenant_of(caller) as tx:
        await public.keep_variables(tx, made["id"], said, NOON)
        await public.keep_variables(tx, made["id"], [{"name": "HeartbeatInterval", "value": "1"}], NOON - HOUR)
    url, old = f"{POINTS}/{made['id']}/configurations", f"{OLD_POINTS}/{made['id']}/configurations"
    beat, lamp = await read(caller, url)
    stamp = {"timestamp": "2026-03-01T12:00:00Z", "lastUpdatedAt": beat["lastUpdatedAt"]}
    assert beat == {"key": {"name": "HeartbeatInterval", "value": "60"}, "readonly": False, "required": True, **stamp}
    assert lamp["key"] == {
        "name": "Power",
        "value": "off",
        "componentName": "Lamp",
        "instance": "a",
        "evseId": 2,
        "maxLimit": 9,
    }
    plain = {"key": "HeartbeatInterval", "value": "60", "readonly": False, "required": True, **stamp}
    assert (await read(caller, old))[0] == plain
    assert await read(caller, f"{url}/HeartbeatInterval") == beat
    assert await read(caller, f"{old}/HeartbeatInterval") == plain
    for filters in ({"name": "Power"}, {"instance": "a"}, {"componentName": "Lamp"}, {"evseId": 2}):
        assert await caller.all(url, **filters) == [lamp]
    assert (await caller.get(f"{url}/Other")).status_code == 404


@pytest.mark.parametrize("base", [POINTS, OLD_POINTS])
async def test_a_station_that_nobody_reaches_takes_no_value(callers: Callers, base: str) -> None:
    caller = await caller_of(callers)
    made = await station(caller)
    async with tenant_of(caller) as tx:
        await public.keep_variables(tx, made["id"], [{"name": "HeartbeatInterval", "value": "60"}], NOON)
    url = f"{base}/{made['id']}/configurations/HeartbeatInterval"
    before = await read(caller, url)
    answer = await caller.patch(url, json={"value": "30"})
    answers(caller.api, answer, "PATCH", f"{base}/{{charge_point}}/configurations/{{key}}")
    assert (answer.status_code, list(answer.json())) == (406, ["message"])
    missing = await caller.patch(url, json={})
    assert (missing.status_code, list(missing.json()["errors"])) == (422, ["value"])
    assert (await caller.patch(f"{base}/987654321/configurations/X", json={"value": "1"})).status_code == 404
    assert await read(caller, url) == before


async def test_a_station_that_takes_a_value_shows_it(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    caller = await caller_of(callers)
    made = await station(caller)
    control = caller.application.services.part(public.StationControl)

    async def take(_: Any, charge_point: int, name: str, value: str) -> bool:
        async with tenant_of(caller) as tx:
            await public.keep_variables(tx, charge_point, [{"name": name, "value": value}], NOON)
        return True

    monkeypatch.setattr(control, "set_variable", take)
    for base, value in ((POINTS, "30"), (OLD_POINTS, "40")):
        answer = await caller.patch(f"{base}/{made['id']}/configurations/HeartbeatInterval", json={"value": value})
        assert answer.status_code == 200, answer.text
        shown = await read(caller, f"{POINTS}/{made['id']}/configurations/HeartbeatInterval")
        assert shown["key"]["value"] == value


async def test_a_station_is_found_by_its_name_with_what_proves_it(callers: Callers) -> None:
    mine, theirs = await caller_of(callers), await callers.other(charge_point_hardware_logs)
    made = await station(mine, network={"id": "NAMED-1", "password": "secret"}, security={"desiredProfile": 2})
    sealer = mine.application.services.part(Sealer)
    async with tenant_of(mine) as tx:
        (found,) = await public.stations_named(tx, "NAMED-1")
        assert await public.station(tx, made["id"]) == found
        assert await public.stations_named(tx, "NAMED") == []
    async with mine.application.database.tenant(theirs.tenant) as tx:
        assert await public.stations_named(tx, "NAMED-1") == []
    async with mine.application.database.system() as tx:
        assert found in await public.stations_named(tx, "NAMED-1")
    assert (found.tenant, found.id, found.operator_id, found.desired_profile) == (mine.tenant, made["id"], 7, 2)
    assert (found.password(sealer), found.allows_no_authentication) == ("secret", False)
    assert [found.proves(sealer, each) for each in (b"secret", b"Secret", b"", b"secret ")] == [
        True,
        False,
        False,
        False,
    ]
    assert "sealed" not in repr(found)


@pytest.mark.parametrize(
    ("said", "allowed"),
    [
        ({}, False),
        ({"security": {"desiredProfile": 0}}, True),
        ({"security": {"desiredProfile": 0}, "network": {"id": "FREE", "password": "x"}}, False),
        ({"security": {"desiredProfile": 1}}, False),
    ],
)
async def test_no_authentication_is_for_those_whose_record_says_so(
    callers: Callers, said: dict[str, Any], allowed: bool
) -> None:
    caller = await caller_of(callers)
    made = await station(caller, **{"network": {"id": "FREE"}, **said})
    async with tenant_of(caller) as tx:
        found = await public.station(tx, made["id"])
    assert found is not None
    assert found.allows_no_authentication is allowed


async def test_a_boot_is_kept_and_brings_the_model_that_it_names(callers: Callers) -> None:
    caller = await caller_of(callers)
    model = {"name": "A22", "vendorId": await vendor_of(caller)}
    known = (await caller.post(f"{ROOT}/charge-point-models/v1.0", json=model)).json()["data"]["id"]
    made = await station(caller, security={"desiredProfile": 1})
    said = {"model": "a22", "vendor": "AMBER chargers", "chargePointSerialNumber": "SN-1", "iccid": None}
    async with tenant_of(caller) as tx:
        await public.record_boot(tx, made["id"], said, NOON)
        await public.record_boot(tx, made["id"], {"model": "B", "vendor": "Old"}, NOON - HOUR)
        await public.record_profile(tx, made["id"], 1)
    shown = await read(caller, f"{POINTS}/{made['id']}", **{"include[]": "lastBootNotification"})
    assert (shown["modelId"], shown["firstContactAt"]) == (known, "2026-03-01")
    assert shown["lastBootNotification"] == {**said, "lastUpdatedAt": "2026-03-01T12:00:00Z"}
    assert shown["security"] == {"currentProfile": 1, "desiredProfile": 1, "desiredProfileStatus": "applied"}
    async with tenant_of(caller) as tx:
        await public.record_boot(tx, made["id"], {"model": "B", "vendor": "New"}, NOON + HOUR)
    assert (await read(caller, f"{POINTS}/{made['id']}"))["modelId"] == known
