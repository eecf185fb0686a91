"""2.0.1: TransactionEvent and MeterValues.

Events of one transaction may come in any order, some never. A session is made by the first that comes; it stays pending until
one of them says who charges, and what is known of it by then (values, states, its end) is kept.
"""

from datetime import datetime
from typing import Any

from gridloom.charging.csms.public import Contact, on_message
from gridloom.charging.drivers.public import uid_key
from gridloom.charging.ocpp.public import Payload, Version, instant, samples
from gridloom.charging.sessions import lifecycle, store
from gridloom.charging.sessions.authorising import BY_TOKEN, Asked, Status, again, decide
from gridloom.charging.sessions.beginning import Start, begin, placed
from gridloom.charging.sessions.inbound.transactions16 import end
from gridloom.charging.sessions.intake import Intake
from gridloom.charging.sessions.rules import STALE, STATES_201, believed, floored, mark
from gridloom.charging.sessions.store import Row
from gridloom.charging.sessions.values import Fate, Report, write
from gridloom.kernel.database.transaction import Tx

EVENT = "TransactionEvent"
_NOBODY = "NoAuthorization"


@on_message(EVENT, Version.V201)
async def transaction_event(contact: Contact, payload: Payload) -> Payload:
    """Something about a transaction; answered when it is committed. The token's status goes with it where one was told."""
    info = payload["transactionInfo"]
    if payload["eventType"] == "Updated" and "idToken" not in payload and "remoteStartId" not in info:
        fate = await contact.services.part(Intake).put(contact.tenant, _report(contact, payload))
        if fate is Fate.KEPT:
            return {}
    async with contact.transaction() as tx:
        status = await take(tx, contact, payload)
    return {} if status is None else {"idTokenInfo": {"status": status}}


async def take(tx: Tx, contact: Contact, payload: Payload) -> Status | None:
    """Everything that one event says; gives what its station is told about the token, None without one."""
    name = payload["transactionInfo"]["transactionId"]
    rows = await store.chain(tx, contact.charge_point_id, name)
    evse = await _evse(tx, contact, payload, rows)
    if evse is None:
        await store.keep_stray(
            tx, contact.charge_point_id, action=EVENT, version=contact.version, transaction_id=name, why="unknown_evse",
            payload=payload, at=contact.received_at,
        )  # fmt: skip
        return "Invalid" if "idToken" in payload else None
    rows = await store.lock_around(tx, contact.charge_point_id, evse["id"], name)
    status: Status | None = None
    is_first = not rows
    if rows and payload["eventType"] == "Started":
        await _begins(tx, contact, payload, rows[0])
        rows = await store.chain(tx, contact.charge_point_id, name)
    if not rows or rows[0]["status"] == "pending":
        status = await _who(tx, contact, payload, evse, rows[0] if rows else None)
    elif _token(payload):
        status = await _again(tx, contact, payload, evse, rows[0])
    await _values(tx, contact, payload)
    if payload["eventType"] == "Ended":
        await _ends(tx, contact, payload)
    elif (row := (await store.chain(tx, contact.charge_point_id, name))[0])["status"] == "active" and row[
        "reported_stop"
    ]:
        await _end_known(tx, row)
    if is_first:
        for stray in await store.take_strays(tx, contact.charge_point_id, name, EVENT):
            await take(tx, contact, stray["payload"])
    # Who held nothing is told nothing.
    return (status or "Accepted") if "idToken" in payload else None


async def _evse(tx: Tx, contact: Contact, payload: Payload, rows: list[Row]) -> Row | None:
    """The EVSE of the transaction; as its session has it, else as the event says, else the only one there is."""
    if rows:
        return await store.evse_by_id(tx, rows[0]["evse_id"])
    told = payload.get("evse")
    return await store.evse_of(tx, contact.charge_point_id, None if told is None else told["id"])


async def _who(tx: Tx, contact: Contact, payload: Payload, evse: Row, known: Row | None) -> Status | None:
    """Begin the session if the event says who charges; else keep a pending one that waits for it."""
    info, uid = payload["transactionInfo"], _token(payload)
    starts = payload["eventType"] == "Started"
    is_nobodys = payload.get("idToken", {}).get("type") == _NOBODY or (starts and evse["auto_start"])
    start = _start(contact, payload, evse, uid)
    if uid or info.get("remoteStartId") is not None or is_nobodys:
        _, status = await begin(tx, start, known=known)
        return status
    if known is None:
        start = await placed(tx, start)
        session_id = await store.add(
            tx, operator_id=evse["operator_id"], charge_point_id=evse["charge_point_id"], evse_id=evse["id"], status="pending",
            transaction_id=start.transaction_id, suspect=list(start.marks), **start.columns(),
        )  # fmt: skip
        lifecycle.updated(tx, await store.present(tx, session_id))
    return None


def _start(contact: Contact, payload: Payload, evse: Row, uid: str | None) -> Start:
    at, is_told = believed(instant(payload["timestamp"]), contact.received_at)
    is_start = payload["eventType"] == "Started"
    return Start(
        station_id=contact.charge_point_id, evse=evse, at=at, received_at=contact.received_at, uid=uid,
        method=BY_TOKEN.get(payload.get("idToken", {}).get("type", ""), "id_tag" if uid else "plug_and_charge"),
        remote_start_id=payload["transactionInfo"].get("remoteStartId"),
        reported_start=f"{payload['transactionInfo']['transactionId']}|{payload['timestamp']}" if is_start else None,
        transaction_id=payload["transactionInfo"]["transactionId"],
        connector_number=payload.get("evse", {}).get("connectorId"),
        marks=() if is_told else (mark(at, "clock", told=payload["timestamp"]),),
    )  # fmt: skip


async def _begins(tx: Tx, contact: Contact, payload: Payload, row: Row) -> None:
    """The beginning came after what followed it: its instant holds."""
    if row["reported_start"] is not None:
        return
    at, is_told = believed(instant(payload["timestamp"]), contact.received_at)
    start = _start(contact, payload, None, None)
    await store.change(
        tx, row["id"], started_at=at if is_told else min(at, row["started_at"]), reported_start=start.reported_start,
        connector_number=start.connector_number or row["connector_number"],
    )  # fmt: skip
    if row["status"] == "finished":
        await lifecycle.bill_again(tx, row["id"])


async def _again(tx: Tx, contact: Contact, payload: Payload, evse: Row, row: Row) -> Status:
    """A token for a session that somebody has already: to end it, mostly. Its own is answered as it was."""
    uid = _token(payload) or ""
    if payload["triggerReason"] in ("StopAuthorized", "RemoteStart"):
        return "Accepted" if row["status"] in ("active", "finished") else "Invalid"
    if row["id_tag_key"] == uid_key(uid):
        return await again(tx, row, evse, uid, contact.received_at)
    asked = Asked(
        charge_point_id=evse["charge_point_id"], operator_id=evse["operator_id"], evse_id=evse["id"], uid=uid,
        at=floored(contact.received_at), auto_start=evse["auto_start"],
    )  # fmt: skip
    return (await decide(tx, asked)).status


async def _values(tx: Tx, contact: Contact, payload: Payload) -> None:
    intake = contact.services.part(Intake)
    await write(tx, [_report(contact, payload)], intake.channels, intake.stops)


async def _ends(tx: Tx, contact: Contact, payload: Payload) -> None:
    info = payload["transactionInfo"]
    rows = await store.chain(tx, contact.charge_point_id, info["transactionId"])
    begins = rows[0]["started_at"] if rows[0]["reported_start"] is not None else None
    at, is_told = believed(instant(payload["timestamp"]), contact.received_at, not_before=begins)
    row = store.member_at(rows, at)
    if row["status"] == "finished" and row["reason"] == STALE and at > row["stopped_at"]:
        row = await lifecycle.extend(tx, row)
    if not is_told:
        await store.doubt(tx, row, mark(at, "clock", told=payload["timestamp"]))
    reason = info.get("stoppedReason")
    key = f"{payload['timestamp']}|{reason or ''}"
    await end(tx, row["id"], at=at, meter_wh=None, reason=reason, key=key)


async def _end_known(tx: Tx, row: Row) -> None:
    """It ended before anybody had said who charged."""
    await lifecycle.finish(
        tx,
        row["id"],
        stopped_at=row["stopped_at"],
        reason=row["stopping_for"] or "local",
        reported=row["reported_stop"],
    )


@on_message("MeterValues", Version.V201)
async def meter_values(contact: Contact, payload: Payload) -> Payload:
    """Values of an EVSE, whoever charges there."""
    report = Report(
        charge_point_id=contact.charge_point_id, received_at=contact.received_at, version=contact.version,
        action="MeterValues", payload=payload, evse=payload["evseId"], samples=tuple(samples(contact.version, payload)),
    )  # fmt: skip
    if await contact.services.part(Intake).put(contact.tenant, report) is Fate.UNKNOWN:
        async with contact.transaction() as tx:
            await store.keep_stray(
                tx, contact.charge_point_id, action="MeterValues", version=contact.version, transaction_id=None,
                why="unknown_evse", payload=payload, at=contact.received_at,
            )  # fmt: skip
    return {}


def _report(contact: Contact, payload: Payload) -> Report:
    info: Any = payload["transactionInfo"]
    at: datetime = instant(payload["timestamp"])
    return Report(
        charge_point_id=contact.charge_point_id, received_at=contact.received_at, version=contact.version, action=EVENT,
        payload=payload, evse=payload.get("evse", {}).get("id"), transaction_id=info["transactionId"],
        samples=tuple(samples(contact.version, payload)), state=STATES_201.get(info.get("chargingState", "")), at=at,
        sequence=payload["seqNo"],
    )  # fmt: skip


def _token(payload: Payload) -> str | None:
    """What was held before the station; None for nothing."""
    token = payload.get("idToken")
    return None if token is None or token["type"] == _NOBODY else token["idToken"] or None
