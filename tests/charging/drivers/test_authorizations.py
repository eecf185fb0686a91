"""The log of decisions whether somebody may charge."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.charging.drivers.kit import EARLIER, LATER, driver_row
from tests.charging.kit import caller_of
from tests.suites.client import Caller, Callers
from tests.suites.resource import ResourceSuite

from gridloom.charging.drivers import public as drivers
from gridloom.charging.drivers.resources import authorizations, authorizations_1_0, authorizations_2_0
from gridloom.kernel import clock

URL = "/public-api/resources/authorizations/v2.1"
URL_2_0 = "/public-api/resources/authorizations/v2.0"
URL_1_0 = "/public-api/resources/authorizations/v1.0"
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
EMSP = drivers.RoamingPartner(
    platform_id=3, platform_role_id=9, platform_role="EMSP", reference="ref-1", client="BE-8AA-1"
)
SHOWN_EMSP = {
    "platformId": 3, "platformRoleId": 9, "platformRole": "EMSP", "reference": "ref-1", "client": "BE-8AA-1",
}  # fmt: skip


class TestAuthorizations(ResourceSuite):
    resource = authorizations


class TestAuthorizations20(ResourceSuite):
    resource = authorizations_2_0


class TestAuthorizations10(ResourceSuite):
    resource = authorizations_1_0


async def recorded(caller: Caller, **changes: Any) -> int:
    given: dict[str, Any] = {"method": "id_tag", "status": "accepted", "operator_id": 7, **changes}
    async with caller.application.database.tenant(caller.tenant) as tx:
        with clock.at(NOON):
            return await drivers.record_authorization(tx, **given)


async def shown(caller: Caller, url: str, number: int) -> dict[str, Any]:
    answer = await caller.get(f"{url}/{number}")
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()["data"]
    return row


async def test_a_decision_about_somebody_known_as_each_version_shows_it(callers: Callers) -> None:
    caller = await caller_of(callers)
    driver = await driver_row(caller)
    number = await recorded(
        caller,
        driver_id=driver,
        id_tag_uid="04:A2",
        charge_point_id=3,
        evse_id=4,
        status="rejected",
        rejection_reason="id_tag_expired",
    )
    row = await shown(caller, URL, number)
    stamps = {"createdAt": "2026-03-01T12:00:00Z", "lastUpdatedAt": "2026-03-01T12:00:00Z"}
    assert row == {
        "id": number, "operatorId": 7, "method": "id_tag", "source": "local", "status": "rejected",
        "rejectionReason": "id_tag_expired", "userId": driver, "idTagUid": "04:A2", "chargePointId": 3, "evseId": 4,
        "sessionIds": [], **stamps,
    }  # fmt: skip
    assert await shown(caller, URL_2_0, number) == {
        **{name: value for name, value in row.items() if name != "operatorId"}, "roaming": None,
    }  # fmt: skip
    assert await shown(caller, URL_1_0, number) == {
        "id": number, "operatorId": 7, "method": "rfid_tag", "source": "local", "status": "rejected",
        "rejectionReason": "id_tag_expired", "userId": driver, "rfidTagUid": "04:A2", **stamps,
    }  # fmt: skip
    assert await caller.all(URL) == [row]


async def test_a_decision_about_somebody_without_a_name(callers: Callers) -> None:
    caller = await caller_of(callers)
    number = await recorded(caller, method="payment_terminal")
    row = await shown(caller, URL, number)
    assert (row["userId"], row["idTagUid"]) == (0, "")
    assert not {"rejectionReason", "roaming", "chargePointId", "evseId"} & row.keys()
    old = await shown(caller, URL_2_0, number)
    assert (old["userId"], old["idTagUid"], old["rejectionReason"], old["chargePointId"]) == (0, None, None, None)


@pytest.mark.parametrize(
    ("method", "uid", "in_2_0", "in_1_0"),
    [
        ("user_device", None, "user_device", "user_device"),
        ("id_tag", "CAFE", "id_tag", "rfid_tag"),
        ("mac_address", "CAFE", "id_tag", "rfid_tag"),
        ("admin", None, "admin", "admin"),
        ("plug_and_charge", None, "plug_and_charge", "plug_and_charge"),
        ("roaming", None, "roaming", "user_device"),
        ("roaming", "CAFE", "roaming", "rfid_tag"),
        ("payment_terminal", None, "payment_terminal", "user_device"),
        ("plug_and_charge_iso15118", "BE8AACA2B3C4D5N", "plug_and_charge_iso15118", "plug_and_charge"),
    ],
)
async def test_older_versions_know_fewer_methods(
    callers: Callers, method: str, uid: str | None, in_2_0: str, in_1_0: str
) -> None:
    caller = await caller_of(callers)
    number = await recorded(caller, method=method, id_tag_uid=uid, roaming=EMSP if method == "roaming" else None)
    assert (await shown(caller, URL, number))["method"] == method
    assert (await shown(caller, URL_2_0, number))["method"] == in_2_0
    assert (await shown(caller, URL_1_0, number))["method"] == in_1_0


async def test_who_vouched_is_shown_for_roaming_alone(callers: Callers) -> None:
    caller = await caller_of(callers)
    number = await recorded(caller, method="roaming", roaming=EMSP)
    for url in (URL, URL_2_0, URL_1_0):
        row = await shown(caller, url, number)
        assert (row["source"], row["roaming"]) == ("roaming", SHOWN_EMSP)
    less = drivers.RoamingPartner(platform_id=3, platform_role="EMSP", reference="r", client="c")
    row = await shown(caller, URL, await recorded(caller, method="roaming", roaming=less))
    assert row["roaming"] == {"platformId": 3, "platformRole": "EMSP", "reference": "r", "client": "c"}


async def test_an_open_decision_is_none_in_the_first_version_and_is_decided_once(callers: Callers) -> None:
    caller = await caller_of(callers)
    number = await recorded(caller, status="pending")
    assert (await shown(caller, URL, number))["status"] == "pending"
    assert (await caller.get(f"{URL_1_0}/{number}")).status_code == 404
    async with caller.application.database.tenant(caller.tenant) as tx:
        assert await drivers.decide_authorization(tx, number, "rejected", "user_disabled")
        assert not await drivers.decide_authorization(tx, number, "accepted")
        assert not await drivers.decide_authorization(tx, 987654321, "accepted")
    row = await shown(caller, URL, number)
    assert (row["status"], row["rejectionReason"]) == ("rejected", "user_disabled")
    assert row["lastUpdatedAt"] > row["createdAt"]
    assert (await shown(caller, URL_1_0, number))["status"] == "rejected"


async def test_a_reason_belongs_to_a_rejection_and_to_nothing_else(callers: Callers) -> None:
    caller = await caller_of(callers)
    for status, reason in (("rejected", None), ("rejected", ""), ("accepted", "because"), ("pending", "because")):
        with pytest.raises(ValueError, match="a rejection has a reason"):
            await recorded(caller, status=status, rejection_reason=reason)
    number = await recorded(caller, status="pending")
    async with caller.application.database.tenant(caller.tenant) as tx:
        with pytest.raises(ValueError, match="a rejection has a reason"):
            await drivers.decide_authorization(tx, number, "rejected")
        with pytest.raises(ValueError, match="accepts or rejects"):
            await drivers.decide_authorization(tx, number, "pending")
    assert [row["status"] for row in await caller.all(URL)] == ["pending"]


async def test_a_session_is_linked_once(callers: Callers) -> None:
    caller = await caller_of(callers)
    number = await recorded(caller)
    async with caller.application.database.tenant(caller.tenant) as tx:
        for session in (5, 6, 5):
            await drivers.link_session(tx, number, session)
    assert (await shown(caller, URL, number))["sessionIds"] == [5, 6]


async def test_each_filter_finds_what_it_should_and_only_that(callers: Callers) -> None:
    caller = await caller_of(callers)
    driver = await driver_row(caller, partner_id=5)
    car = await recorded(caller, method="mac_address", driver_id=driver)
    await recorded(caller, method="admin", operator_id=8, status="pending")
    wanted: dict[str, tuple[Any, Any]] = {
        "operatorId": (7, 9), "createdAfter": (NOON.isoformat(), (NOON + timedelta(seconds=1)).isoformat()),
        "createdBefore": (LATER, EARLIER), "lastUpdatedAfter": (EARLIER, LATER), "lastUpdatedBefore": (LATER, EARLIER),
        "status": ("accepted", "rejected"), "method": ("mac_address", "user_device"), "partnerId": (5, 6),
    }  # fmt: skip
    for url in (URL, URL_2_0):
        for name, (hit, miss) in wanted.items():
            assert car in [row["id"] for row in await caller.all(url, **{name: hit})], name
            assert car not in [row["id"] for row in await caller.all(url, **{name: miss})], name
        assert (await caller.get(url, params={"filter[status]": "open"})).status_code == 422
    assert [row["id"] for row in await caller.all(URL, method="id_tag")] == []
    assert [row["id"] for row in await caller.all(URL_2_0, method="id_tag")] == [car]
    assert [row["id"] for row in await caller.all(URL, partnerId=5)] == [car]


async def test_decisions_of_another_operator_or_tenant_are_not_there(callers: Callers) -> None:
    everybody, seven = await caller_of(callers), await caller_of(callers, operator=7)
    mine, theirs = await recorded(everybody), await recorded(everybody, operator_id=8)
    nobodys = await recorded(everybody, operator_id=None)
    assert [row["id"] for row in await everybody.all(URL)] == [mine, theirs, nobodys]
    assert [row["id"] for row in await seven.all(URL)] == [mine]
    for url in (URL, URL_2_0, URL_1_0):
        assert (await seven.get(f"{url}/{theirs}")).status_code == 404
    other = await callers.other(authorizations)
    assert await other.all(URL) == []
    assert (await other.get(f"{URL}/{mine}")).status_code == 404


async def test_pages_hold_every_decision_once(callers: Callers) -> None:
    caller = await caller_of(callers)
    wanted = [await recorded(caller) for _ in range(5)]
    for way in authorizations.pages:
        for url in (URL, URL_2_0):
            assert [row["id"] for row in await caller.walk(url, way, size=2)] == wanted


async def test_an_accepted_tag_is_an_activity_of_its_driver(callers: Callers) -> None:
    caller = await caller_of(callers)
    driver = await driver_row(caller)
    activity = "SELECT last_activity_at, last_activity_source FROM charging.driver WHERE id = :id"

    async def last() -> tuple[Any, ...]:
        async with caller.application.database.tenant(caller.tenant) as tx:
            return tuple(await tx.one(activity, id=driver) or ())

    await recorded(caller, driver_id=driver, status="rejected", rejection_reason="id_tag_expired")
    await recorded(caller, driver_id=driver, method="admin")
    assert await last() == (None, None)
    await recorded(caller, driver_id=driver)
    assert await last() == (NOON, "id_tag_authorization")
