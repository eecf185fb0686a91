"""Starting a session from afar: what is written, what the station is told, and how a start fails."""

import asyncio
import dataclasses
from typing import Any

import pytest
from tests.charging.kit import caller_of
from tests.charging.sessions.api.kit import Site, set_columns, shown, site, stations_answer
from tests.charging.stations.kit import evse_of, station
from tests.suites.client import Callers

from gridloom.charging.csms.public import Commands
from gridloom.charging.ocpp.public import Answered, Busy, InvalidCall, Outcome, Rejected, TimedOut, Version
from gridloom.charging.sessions import lifecycle
from gridloom.charging.sessions.resources import sessions

FLAT = {"type": "flat rate", "pricing": {"pricePerSession": 5}}


async def started(at: Site, body: dict[str, Any] | None = None, *, by: str = "id") -> dict[str, Any]:
    """What a start answered, which is 202 in any case."""
    answer = await at.caller.post(at.start_url(by=by), json=body or {})
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_start_leaves_a_pending_session_an_authorization_and_a_snapshot(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers), FLAT)
    told = stations_answer(at.caller, monkeypatch)
    driver = await at.driver()

    answer = await started(at, {"userId": driver})

    (row,) = await at.sessions()
    assert answer == {"success": True, "sessionId": row["id"], "authorizationId": row["authorization_id"]}
    tag = f"*{row['id']:07d}"
    assert told.calls == [(at.station["id"], "RemoteStartTransaction", {"idTag": tag, "connectorId": 1})]
    assert (row["status"], row["id_tag"], row["driver_id"], row["operator_id"]) == ("pending", tag, driver, at.operator)
    assert (row["currency"], row["billing_status"], row["payment_status"]) == ("EUR", None, None)
    snapshot = (await at.caller.get(f"/public-api/resources/tariff-snapshots/v1.0/{row['tariff_snapshot_id']}")).json()
    assert snapshot["data"]["type"] == "flat rate"
    (decision,) = await at.rows("SELECT * FROM charging.authorization")
    assert (decision["method"], decision["status"], decision["driver_id"]) == ("admin", "accepted", driver)
    assert decision["session_ids"] == [row["id"]]
    (line,) = await at.rows("SELECT action FROM audit.entry WHERE action = 'evseStartChargingWithEvseId'")
    assert line["action"] == "evseStartChargingWithEvseId"
    read = await shown(at.caller, row["id"])
    assert (read["status"], read["idTag"], read["userId"], read["energy"]) == ("pending", tag, driver, 0)
    assert read["authorization"]["method"] == "admin"
    assert "power" not in read


async def test_with_ocpp_2_the_station_is_told_the_number_of_the_session(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers))
    told = stations_answer(at.caller, monkeypatch, version=Version.V201)

    answer = await started(at, by="number")

    assert answer["success"] is True
    (call,) = told.calls
    number = answer["sessionId"]
    wanted = {"idToken": {"idToken": f"*{number:07d}", "type": "Central"}, "remoteStartId": number, "evseId": 1}
    assert call == (at.station["id"], "RequestStartTransaction", wanted)


async def test_a_tag_of_the_callers_own_goes_to_the_station_and_stays_with_the_session(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers))
    told = stations_answer(at.caller, monkeypatch)
    answer = await started(at, {"idTag": "ORDER-77", "externalSessionId": "older"})
    assert told.calls[0][2]["idTag"] == "ORDER-77"
    read = await shown(at.caller, answer["sessionId"])
    assert (read["idTag"], read["externalSessionId"]) == ("ORDER-77", "ORDER-77")


async def test_the_older_name_of_the_tag_counts_where_the_newer_is_left_out(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers))
    stations_answer(at.caller, monkeypatch)
    answer = await started(at, {"externalSessionId": "older"})
    assert (await shown(at.caller, answer["sessionId"]))["idTag"] == "older"


async def test_stop_conditions_and_a_profile_are_kept_and_told(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers))
    told = stations_answer(at.caller, monkeypatch)
    profile = {
        "stackLevel": 1, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}]},
    }  # fmt: skip
    stop = {"maxEnergyKwh": 12.5, "maxDurationMinutes": 90, "maxSocPercent": 80, "maxAmount": 20.01}
    answer = await started(at, {"stopConditions": stop, "chargingProfile": profile})
    (row,) = await at.sessions()
    limits = [str(row[name]) for name in ("stop_energy_kwh", "stop_minutes", "stop_soc_percent", "stop_amount")]
    assert limits == ["12.500", "90", "80.00", "20.010000"]
    (kept,) = await at.rows("SELECT id, status, profile FROM charging.charging_profile")
    assert told.calls[0][2]["chargingProfile"] == {"chargingProfileId": kept["id"], **profile}
    assert (kept["status"], kept["profile"], row["charging_profile"]) == ("installed", profile, profile)
    assert answer["sessionId"] == row["id"]


async def test_a_profile_is_forgotten_with_the_start_that_failed(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers))
    stations_answer(at.caller, monkeypatch, answer=Answered({"status": "Rejected"}))
    profile = {
        "stackLevel": 1, "chargingProfilePurpose": "TxProfile", "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}]},
    }  # fmt: skip
    assert (await started(at, {"chargingProfile": profile}))["success"] is False
    assert await at.rows("SELECT id FROM charging.charging_profile") == []


async def test_without_an_evse_the_station_picks_one_and_the_session_comes_later(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers))
    told = stations_answer(at.caller, monkeypatch)
    answer = await started(at, {"userId": await at.driver()}, by="station")
    assert answer.keys() == {"success", "authorizationId"}
    assert answer["success"] is True
    assert await at.sessions() == []
    ((_, action, payload),) = told.calls
    assert action == "RemoteStartTransaction"
    assert payload.keys() == {"idTag"}
    (request,) = await at.rows("SELECT * FROM charging.start_request")
    assert (request["id_tag"], request["authorization_id"]) == (payload["idTag"], answer["authorizationId"])


@pytest.mark.parametrize(
    ("outcome", "reason", "message"),
    [
        (Answered({"status": "Rejected"}), "rejected", "The charge point rejected the start."),
        (TimedOut(sent=True), "remote_start_failed", "The charge point did not answer in time."),
        (Busy(), "remote_start_failed", "The charge point is busy with other commands."),
        (Rejected("NotSupported"), "remote_start_failed", "The charge point answered with an error."),
    ],
    ids=("rejected", "mute", "busy", "error"),
)
async def test_a_station_that_does_not_start_leaves_a_failed_session(
    callers: Callers, monkeypatch: pytest.MonkeyPatch, outcome: Outcome, reason: str, message: str
) -> None:
    at = await site(await caller_of(callers))
    stations_answer(at.caller, monkeypatch, answer=outcome)
    answer = await started(at)
    (row,) = await at.sessions()
    assert (row["status"], row["reason"]) == ("failed", reason)
    assert answer == {
        "success": False, "sessionId": row["id"], "authorizationId": row["authorization_id"], "message": message,
        "errorCode": "INTERNAL_ISSUE",
    }  # fmt: skip


async def test_a_station_that_is_not_connected_leaves_a_failed_session(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers))
    stations_answer(at.caller, monkeypatch, version=None)
    answer = await started(at)
    assert (answer["success"], answer["errorCode"]) == (False, "INTERNAL_ISSUE")
    assert [(row["status"], row["reason"]) for row in await at.sessions()] == [("failed", "remote_start_failed")]


async def test_an_evse_is_free_again_after_a_start_that_failed(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers))
    told = stations_answer(at.caller, monkeypatch, answer=Answered({"status": "Rejected"}))
    assert (await started(at))["success"] is False
    told.answer = Answered({"status": "Accepted"})
    assert (await started(at))["success"] is True
    assert [row["status"] for row in await at.sessions()] == ["failed", "pending"]


async def test_everything_is_committed_before_the_station_hears_of_it(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers))
    told = stations_answer(at.caller, monkeypatch)
    seen: list[list[tuple[str, str]]] = []

    async def look(*_: Any, **__: Any) -> Outcome:
        seen.append([(row["status"], row["id_tag"]) for row in await at.sessions()])
        return told.answer

    monkeypatch.setattr(at.caller.application.services.part(Commands), "call", look)
    answer = await started(at)
    assert seen == [[("pending", f"*{answer['sessionId']:07d}")]]


async def test_a_station_that_has_started_all_the_same_is_believed(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers))

    async def start_and_deny(*_: Any, **__: Any) -> Outcome:
        (row,) = await at.sessions()
        async with at.tx() as tx:
            await lifecycle.activate(tx, row, meter_start_wh=0, transaction_id="1")
        return TimedOut(sent=True)

    stations_answer(at.caller, monkeypatch)
    monkeypatch.setattr(at.caller.application.services.part(Commands), "call", start_and_deny)
    answer = await started(at)
    assert (answer["success"], [row["status"] for row in await at.sessions()]) == (True, ["active"])


async def test_our_own_mistake_leaves_a_failed_session_and_says_so(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers))
    stations_answer(at.caller, monkeypatch)

    async def break_down(*_: Any, **__: Any) -> Outcome:
        raise InvalidCall("connectorId")

    monkeypatch.setattr(at.caller.application.services.part(Commands), "call", break_down)
    answer = await started(at)
    assert (answer["success"], answer["errorCode"]) == (False, "INTERNAL_ISSUE")
    assert [(row["status"], row["reason"]) for row in await at.sessions()] == [("failed", "remote_start_failed")]


async def test_of_two_starts_at_once_at_one_evse_one_wins(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    at = await site(await caller_of(callers))
    told = stations_answer(at.caller, monkeypatch)
    answers = await asyncio.gather(*[started(at) for _ in range(4)])
    assert sorted(str(each.get("errorCode")) for each in answers) == ["None", *["SESSION_EXISTS"] * 3]
    assert len(await at.sessions()) == len(told.calls) == 1


async def test_of_two_starts_at_once_of_one_driver_one_wins(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    at = await site(await caller_of(callers))
    stations_answer(at.caller, monkeypatch)
    driver = await at.driver()
    others = [
        await evse_of(at.caller, at.station, physicalReference=f"{at.caller.tenant}-{n}", networkId=str(n))
        for n in (2, 3)
    ]
    places = [at, *[dataclasses.replace(at, evse=each) for each in others]]
    answers = await asyncio.gather(*[started(each, {"userId": driver}) for each in places])
    assert sorted(str(each.get("errorCode")) for each in answers) == ["None", *["SESSION_ALREADY_RUNNING"] * 2]
    assert len(await at.sessions()) == 1


async def test_a_satellite_is_told_through_the_station_that_it_hangs_on(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers))
    told = stations_answer(at.caller, monkeypatch)
    hub = await station(at.caller, operatorId=at.operator, network={"id": f"hub-{at.caller.tenant}"})
    await set_columns(
        at.caller, "charge_point", at.station["id"], communication_mode="via_ocpp_connected_charge_point",
        ocpp_connected_charge_point_id=hub["id"],
    )  # fmt: skip
    assert (await started(at))["success"] is True
    assert told.calls[0][0] == hub["id"]


async def test_an_evse_that_its_station_knows_by_no_number_cannot_be_started(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers))
    told = stations_answer(at.caller, monkeypatch)
    await set_columns(at.caller, "evse", at.evse["id"], network_id="left")
    answer = await started(at)
    assert (answer["success"], answer["errorCode"]) == (False, "INTERNAL_ISSUE")
    assert told.calls == []


async def test_what_cannot_be_meant_is_refused_by_name_and_writes_nothing(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers))
    told = stations_answer(at.caller, monkeypatch)
    profile = {
        "stackLevel": 1, "chargingProfilePurpose": "TxDefaultProfile", "chargingProfileKind": "Relative",
        "chargingSchedule": {"chargingRateUnit": "A", "chargingSchedulePeriod": [{"startPeriod": 0, "limit": 16}]},
    }  # fmt: skip
    wrong: list[tuple[dict[str, Any], str]] = [
        ({"userId": 987654321}, "userId"),
        ({"userId": 0}, "userId"),
        ({"paymentMethodId": "balance"}, "userId"),
        ({"connectorId": 987654321}, "connectorId"),
        ({"bookingId": 1}, "bookingId"),
        ({"idTag": "x" * 21}, "idTag"),
        ({"idTag": ""}, "idTag"),
        ({"stopConditions": {"maxEnergyKwh": 0.05}}, "stopConditions.maxEnergyKwh"),
        ({"stopConditions": {"maxDurationMinutes": 0}}, "stopConditions.maxDurationMinutes"),
        ({"stopConditions": {"maxSocPercent": 101}}, "stopConditions.maxSocPercent"),
        ({"stopConditions": {"maxAmount": 0}}, "stopConditions.maxAmount"),
        ({"chargingProfile": profile}, "chargingProfile.chargingProfilePurpose"),
        ({"chargingProfile": {**profile, "stackLevel": None}}, "chargingProfile.stackLevel"),
    ]
    for body, field in wrong:
        answer = await at.caller.post(at.start_url(), json=body)
        assert answer.status_code == 422, (body, answer.text)
        assert list(answer.json()["errors"]) == [field], body
    assert await at.sessions() == []
    assert await at.rows("SELECT * FROM charging.authorization") == []
    assert told.calls == []


async def test_a_user_of_another_operator_is_nobody_here(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> None:
    at = await site(await caller_of(callers))
    stations_answer(at.caller, monkeypatch)
    other = await at.driver(operator_id=at.operator + 1)
    answer = await at.caller.post(at.start_url(), json={"userId": other})
    assert answer.status_code == 422
    assert list(answer.json()["errors"]) == ["userId"]


async def test_places_that_a_caller_does_not_have_are_not_found(
    callers: Callers, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = await site(await caller_of(callers))
    told = stations_answer(at.caller, monkeypatch)
    elsewhere = await callers.other(sessions)
    scoped = await caller_of(callers, operator=at.operator + 1)
    urls = [at.start_url(by=by) for by in ("id", "number", "station")]
    for caller in (elsewhere, scoped):
        assert [(await caller.post(url, json={})).status_code for url in urls] == [404, 404, 404]
    unknown = (
        at.start_url(by="number").replace("/start/1", "/start/2"),
        at.start_url().replace(str(at.evse["id"]), "987654"),
    )
    assert [(await at.caller.post(url, json={})).status_code for url in unknown] == [404, 404]
    assert await at.sessions() == []
    assert told.calls == []
    own = await caller_of(callers, operator=at.operator)
    assert (await own.post(at.start_url(), json={})).json()["success"] is True
