"""From a start through the API to a bill, with what a station says in between, in both versions."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.charging.kit import caller_of
from tests.charging.sessions.api.kit import Site, shown, site, stations_answer
from tests.suites.client import Callers

from gridloom.charging.csms.messages import answering
from gridloom.charging.csms.public import Contact
from gridloom.charging.ocpp.public import Payload, Version
from gridloom.kernel import clock
from gridloom.kernel.discovery import modules

for _ in modules("inbound", within="gridloom.charging.sessions"):
    pass

BY_KWH: dict[str, Any] = {"type": "duration+energy", "pricing": {"pricePerKwh": 0.3, "connectionFee": 1}}
REGISTER = "Energy.Active.Import.Register"


async def says(at: Site, version: Version, action: str, payload: Payload) -> Payload:
    """What the station is answered."""
    contact = Contact(
        tenant=at.caller.tenant, charge_point_id=at.station["id"], operator_id=at.operator,
        network_id=f"cp-{at.caller.tenant}", version=version, received_at=clock.now(),
        services=at.caller.application.services,
    )  # fmt: skip
    handler = answering(version, action)
    assert handler is not None
    found = await handler(contact, payload)
    assert isinstance(found, dict)
    return found


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


async def start(at: Site, by: str) -> dict[str, Any]:
    answer = await at.caller.post(at.start_url(by=by), json={"userId": await at.driver()})
    found: dict[str, Any] = answer.json()
    assert found["success"] is True
    return found


def costs(read: dict[str, Any]) -> None:
    assert (read["status"], read["billingStatus"], read["energy"]) == ("finished", "completed", 10000)
    assert read["totalAmount"] == {"withTax": 4, "withoutTax": 4}
    assert [(each["type"], each["price"]["withTax"]) for each in read["priceBreakdown"]] == [
        ("connection", 1),
        ("energy", 3),
    ]
    assert read["authorization"]["method"] == "admin"
    assert read["userId"] is not None


@pytest.mark.parametrize("by", ["id", "station"])
async def test_a_session_with_ocpp_16(callers: Callers, monkeypatch: pytest.MonkeyPatch, by: str) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    told = stations_answer(at.caller, monkeypatch)
    begun = await start(at, by)
    now = clock.now().replace(microsecond=0)
    answer = await says(
        at, Version.V16, "StartTransaction",
        {"connectorId": 1, "idTag": told.calls[0][2]["idTag"], "meterStart": 1000, "timestamp": stamp(now)},
    )  # fmt: skip
    assert answer["idTagInfo"]["status"] == "Accepted"
    (row,) = await at.sessions()
    assert (row["status"], row["authorization_id"]) == ("active", begun["authorizationId"])
    assert begun.get("sessionId") in (None, row["id"])
    again = await at.caller.post(at.start_url(), json={})
    assert again.json()["errorCode"] == "SESSION_EXISTS"
    await says(
        at, Version.V16, "StopTransaction",
        {
            "transactionId": answer["transactionId"], "meterStop": 11000, "timestamp": stamp(now + timedelta(minutes=5)),
            "reason": "EVDisconnected",
        },
    )  # fmt: skip
    read = await shown(at.caller, row["id"])
    assert read["reason"] == "evdisconnected"
    costs(read)


@pytest.mark.parametrize("by", ["id", "station"])
async def test_a_session_with_ocpp_201_at_a_cable_that_waited(
    callers: Callers, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    at = await site(await caller_of(callers), BY_KWH)
    told = stations_answer(at.caller, monkeypatch, version=Version.V201)
    now = clock.now().replace(microsecond=0)

    def event(kind: str, minutes: int, trigger: str, sequence: int, wh: int, **more: Any) -> Payload:
        value = {
            "value": wh,
            "measurand": REGISTER,
            "context": "Transaction.Begin" if kind == "Started" else "Sample.Periodic",
        }
        at_ = stamp(now + timedelta(minutes=minutes))
        info = {"transactionId": "T-1", **more.pop("info", {})}
        return {
            "eventType": kind, "timestamp": at_, "triggerReason": trigger, "seqNo": sequence, "transactionInfo": info,
            "evse": {"id": 1, "connectorId": 1}, "meterValue": [{"timestamp": at_, "sampledValue": [value]}], **more,
        }  # fmt: skip

    await says(at, Version.V201, "TransactionEvent", event("Started", 0, "CablePluggedIn", 0, 1000))
    begun = await start(at, by)
    payload = told.calls[0][2]
    info = {"remoteStartId": payload["remoteStartId"]}
    answer = await says(
        at, Version.V201, "TransactionEvent",
        event("Updated", 1, "RemoteStart", 1, 1000, info=info, idToken=payload["idToken"]),
    )  # fmt: skip
    assert answer["idTokenInfo"]["status"] == "Accepted"
    await says(
        at, Version.V201, "TransactionEvent",
        event("Ended", 5, "EVDeparted", 2, 11000, info={"stoppedReason": "EVDisconnected"}),
    )  # fmt: skip
    (row,) = await at.sessions()
    assert row["authorization_id"] == begun["authorizationId"]
    costs(await shown(at.caller, row["id"]))
