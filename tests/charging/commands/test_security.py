"""Security profiles of stations: raised step by step, applied when they come back so, rejected when they do not."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.charging.commands.kit import ACCEPTED, POINT1, POINT2, Point, on_record, stored, told, trail
from tests.charging.commands.test_configuration import booted, context, waiting_jobs
from tests.charging.csms.support import PASSWORD, SEALER, charger, record, rows
from tests.charging.kit import caller_of
from tests.charging.ocpp.authority import Authority
from tests.charging.stations.kit import POINTS
from tests.suites.client import Callers

from gridloom.app import Application
from gridloom.charging.commands import jobs
from gridloom.charging.commands.security import address_for, refusal, roots
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.stations.public import station as on_the_record
from gridloom.kernel.database.pool import Database
from gridloom.settings import Settings

V16, V201 = Version.V16, Version.V201
VERSIONS = pytest.mark.parametrize("version", list(Version))
RAISE = {"setSecurityProfile": 1, "reason": "policy"}
SET = {"setVariableResult": [{"attributeStatus": "Accepted", "component": {"name": "x"}, "variable": {"name": "x"}}]}
ANSWERS = {
    "ChangeConfiguration": ACCEPTED, "SetVariables": SET, "SetNetworkProfile": ACCEPTED, "Reset": ACCEPTED,
    "InstallCertificate": ACCEPTED,
}  # fmt: skip
OPEN: dict[str, Any] = {"desired_security_profile": 0, "hardware_enabled_security_profile": 2, "password": None}


async def raise_it(application: Application, tenant: int, number: int, wanted: int = 1) -> None:
    await jobs.raise_profile.function(context(application, tenant, "raise"), charge_point=number, wanted=wanted)


async def shown(operators: Callers, number: int) -> dict[str, Any]:
    caller = await caller_of(operators)
    found: dict[str, Any] = (await caller.get(f"{POINTS}/{number}")).json()["data"]["security"]
    return found


async def password_of(db: Database, tenant: int, number: int) -> str | None:
    async with db.tenant(tenant) as tx:
        found = await on_the_record(tx, number)
    return None if found is None else found.password(SEALER)


@VERSIONS
async def test_a_station_without_a_password_gets_one_and_comes_back_with_it(
    central: Application, db: Database, operators: Callers, tenant: int, version: Version
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant, version, **OPEN)
    async with Point(central, name, version, ANSWERS, password=None) as point:
        answer = await caller.post(f"{POINT2}/{number}/set-security-profile", json=RAISE)
        assert (answer.status_code, answer.json()) == (202, {"success": True})
        pending = await shown(operators, number)
        assert (pending["desiredProfile"], pending["desiredProfileStatus"], pending["currentProfile"]) == (
            1,
            "pending",
            0,
        )
        assert await waiting_jobs(db, tenant) == [
            ("charging.commands.raise_profile", {"charge_point": number, "wanted": 1})
        ]
        await raise_it(central, tenant, number)
    password = await password_of(db, tenant, number)
    assert password is not None
    assert len(password) == 40
    if version is V16:
        assert point.heard == [
            ("ChangeConfiguration", {"key": "AuthorizationKey", "value": password}),
            ("ChangeConfiguration", {"key": "SecurityProfile", "value": "1"}),
            ("Reset", {"type": "Soft"}),
        ]
    else:
        assert [action for action, _ in point.heard] == ["SetVariables", "SetNetworkProfile", "SetVariables", "Reset"]
        network = point.heard[1][1]["connectionData"]
        assert (network["securityProfile"], network["ocppCsmsUrl"][:5]) == (1, "ws://")
        (priority,) = point.heard[2][1]["setVariableData"]
        assert (priority["variable"]["name"], priority["attributeValue"]) == ("NetworkConfigurationPriority", "1")
    async with charger(central, name, version, password) as back:
        assert await back.boot() == "Accepted"
    await booted(central, tenant, number)
    applied = await shown(operators, number)
    assert (applied["desiredProfileStatus"], applied["currentProfile"]) == ("applied", 1)
    assert await rows(db, tenant, "SELECT 1 AS one FROM charging.security_profile_change") == []
    assert password not in str(await trail(db, tenant)) + str(await told(db, tenant, "charge_point.changed"))


async def test_a_profile_is_only_raised_and_only_as_far_as_the_hardware_goes(
    central: Application, db: Database, operators: Callers, tenant: int, other_tenant: int
) -> None:
    caller = await caller_of(operators)
    cases = [
        ({"current_security_profile": 1, "hardware_enabled_security_profile": 2}, 1),
        ({"current_security_profile": 2, "hardware_enabled_security_profile": 2}, 1),
        ({"current_security_profile": 0, "hardware_enabled_security_profile": None}, 1),
        ({"current_security_profile": 0, "hardware_enabled_security_profile": 1}, 2),
        ({"current_security_profile": 1, "hardware_enabled_security_profile": 2}, 2),  # nobody offers TLS here
        ({"communication_mode": "none", "hardware_enabled_security_profile": 2}, 1),
        ({**OPEN}, 1),  # it is not there to be given a password
    ]
    for columns, wanted in cases:
        number, _ = await on_record(db, tenant, **columns)
        before = await stored(db, tenant, number)
        answer = await caller.post(
            f"{POINT2}/{number}/set-security-profile", json={**RAISE, "setSecurityProfile": wanted}
        )
        assert answer.status_code == 406, columns
        assert (answer.json()["success"], bool(answer.json()["message"])) == (False, True)
        for wrong in (
            {},
            {**RAISE, "setSecurityProfile": 3},
            {"setSecurityProfile": 1},
            {**RAISE, "reason": "x" * 501},
        ):
            assert (await caller.post(f"{POINT2}/{number}/set-security-profile", json=wrong)).status_code == 422
        stranger = await operators.with_scopes("charging", ["*"], other_tenant)
        assert (await stranger.post(f"{POINT2}/{number}/set-security-profile", json=RAISE)).status_code == 404
        assert await stored(db, tenant, number) == before
    assert await waiting_jobs(db, tenant) == []


async def test_a_station_that_takes_no_password_stays_as_it_is(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await on_record(db, tenant, **OPEN)
    async with Point(central, name, V16, {"ChangeConfiguration": {"status": "NotSupported"}}, password=None):
        before = await stored(db, tenant, number)
        answer = await caller.post(f"{POINT2}/{number}/set-security-profile", json=RAISE)
        assert (answer.status_code, answer.json()["success"]) == (406, False)
        assert await stored(db, tenant, number) == before


async def test_a_station_that_says_no_is_rejected(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    columns = {"hardware_enabled_security_profile": 3, "current_security_profile": 1, "desired_security_profile": 2}
    number, name = await on_record(db, tenant, **columns, desired_security_profile_status="pending")
    async with Point(central, name, V16, {"ChangeConfiguration": {"status": "Rejected"}}) as point:
        await raise_it(central, tenant, number, 3)
        assert point.heard == []
        await raise_it(central, tenant, number, 2)
        assert point.heard == [("ChangeConfiguration", {"key": "SecurityProfile", "value": "2"})]
        await raise_it(central, tenant, number, 2)
        assert len(point.heard) == 1
    row = await record(db, tenant, number)
    assert (row["desired_security_profile"], row["desired_security_profile_status"]) == (2, "rejected")
    assert row["network_password"] is not None


async def test_a_wish_is_tried_at_three_boots(central: Application, db: Database, tenant: int) -> None:
    columns = {
        "current_security_profile": 1,
        "desired_security_profile": 2,
        "desired_security_profile_status": "pending",
    }
    number, _ = await on_record(db, tenant, **columns)
    tried = []
    for _ in range(4):
        await booted(central, tenant, number)
        row = await record(db, tenant, number)
        tried.append(row["desired_security_profile_status"])
    assert tried == ["pending", "pending", "rejected", "rejected"]
    raising = [each for each in await waiting_jobs(db, tenant) if each[0] == "charging.commands.raise_profile"]
    assert raising == [("charging.commands.raise_profile", {"charge_point": number, "wanted": 2})]


async def test_a_station_that_is_away_is_told_when_it_boots(central: Application, db: Database, tenant: int) -> None:
    columns = {
        "current_security_profile": 1,
        "desired_security_profile": 2,
        "desired_security_profile_status": "pending",
    }
    number, _ = await on_record(db, tenant, **columns)
    await raise_it(central, tenant, number, 2)
    await raise_it(central, tenant, 987654321, 2)
    assert (await record(db, tenant, number))["desired_security_profile_status"] == "pending"


async def test_a_forgotten_profile_is_learnt_anew(
    central: Application, db: Database, operators: Callers, tenant: int, other_tenant: int
) -> None:
    caller = await caller_of(operators)
    columns = {
        "current_security_profile": 2,
        "desired_security_profile": 2,
        "desired_security_profile_status": "applied",
    }
    number, name = await on_record(db, tenant, **columns)
    url = f"{POINT1}/{number}/reset-security-profile"
    stranger = await operators.with_scopes("charging", ["*"], other_tenant)
    for other in (stranger, await caller_of(operators, operator=8)):
        assert (await other.post(url)).status_code == 404
    assert (await record(db, tenant, number))["current_security_profile"] == 2
    answer = await caller.post(url)
    assert (answer.status_code, answer.content) == (202, b"")
    assert await shown(operators, number) == {"currentProfile": 0}
    async with charger(central, name, V16, PASSWORD) as back:
        assert await back.boot() == "Accepted"
    assert await shown(operators, number) == {"currentProfile": 1}


@given(current=st.integers(0, 3), most=st.none() | st.integers(0, 3), wanted=st.sampled_from((1, 2)), tls=st.booleans())
def test_nothing_but_a_rise_within_the_hardware_is_allowed(
    current: int, most: int | None, wanted: int, tls: bool
) -> None:
    allowed = most is not None and current < wanted <= most and (wanted < 2 or tls)
    assert (refusal(current, most, wanted, offers_tls=tls) is None) == allowed


def test_stations_are_given_the_authorities_that_come_with_our_certificate(tmp_path: Path) -> None:
    assert roots(Settings()) == []
    authority = Authority(tmp_path)
    certificate, key = authority.issue("localhost")
    alone = Settings(ocpp_certificate=str(certificate), ocpp_key=str(key))
    assert roots(alone) == []
    chain = tmp_path / "chain.pem"
    chain.write_bytes(certificate.read_bytes() + authority.file.read_bytes())
    found = roots(Settings(ocpp_certificate=str(chain), ocpp_key=str(key)))
    assert [each.strip() for each in found] == [authority.file.read_text().strip()]


def test_where_stations_connect_to_is_what_is_configured() -> None:
    named = Settings(public_url="https://api.example.org/x", ocpp_port=9001)
    assert [address_for(named, profile) for profile in (1, 2)] == [
        "ws://api.example.org:9001/ocpp", "wss://api.example.org:9001/ocpp",
    ]  # fmt: skip
    assert address_for(Settings(host="10.0.0.1"), 1) == "ws://10.0.0.1:9000/ocpp"
    assert address_for(Settings(ocpp_host="::1"), 2) == "wss://[::1]:9000/ocpp"
    assert address_for(Settings(host="0.0.0.0"), 1) is None
