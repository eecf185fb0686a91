"""1.6: StartTransaction, StopTransaction and MeterValues."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from gridloom.charging.csms.public import Contact, on_message
from gridloom.charging.ocpp.public import Payload, Version, instant, samples
from gridloom.charging.sessions import lifecycle, store
from gridloom.charging.sessions.authorising import again
from gridloom.charging.sessions.beginning import Start, begin
from gridloom.charging.sessions.intake import Intake
from gridloom.charging.sessions.rules import STALE, believed, mark, reason_of
from gridloom.charging.sessions.store import Row
from gridloom.charging.sessions.values import Fate, Report, write
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.ids import uuid7

NO_TRANSACTION = (-1, 0)
"""What stations say that know of no transaction."""
RETRY = timedelta(minutes=5)
"""So long a start is repeated whose instant says nothing."""


@on_message("StartTransaction", Version.V16)
async def start_transaction(contact: Contact, payload: Payload) -> Payload:
    """A transaction has begun. The same start again gets the same number."""
    async with contact.transaction() as tx:
        evse = await store.evse_of(tx, contact.charge_point_id, payload["connectorId"])
        if evse is None:
            await _stray(tx, contact, "StartTransaction", None, "unknown_connector", payload)
            return _answer(0, "Invalid")
        await store.lock_evse(tx, evse["id"])
        key = "|".join(str(payload[name]) for name in ("connectorId", "timestamp", "meterStart", "idTag"))
        at, is_told = believed(instant(payload["timestamp"]), contact.received_at)
        if is_told:
            row = await store.started_as(tx, contact.charge_point_id, key)
        else:
            # An instant that cannot be comes with every start of such a station.
            row = await store.started_lately(tx, evse["id"], f"{key}|", at - RETRY)
            key = f"{key}|{uuid7()}"
        if row is not None:
            return _answer(row["transaction_id"], await again(tx, row, evse, payload["idTag"], contact.received_at))
        row, status = await begin(tx, _start(contact, payload, evse, key))
        return _answer(row["transaction_id"], status)


def _start(contact: Contact, payload: Payload, evse: Row, key: str) -> Start:
    at, is_told = believed(instant(payload["timestamp"]), contact.received_at)
    meter = Decimal(payload["meterStart"])
    marks = [] if is_told else [mark(at, "clock", told=payload["timestamp"])]
    if meter < 0:
        marks.append(mark(at, "register_negative", told_wh=meter))
    return Start(
        station_id=contact.charge_point_id, evse=evse, at=at, received_at=contact.received_at, uid=payload["idTag"],
        meter_wh=max(meter, Decimal(0)), reported_start=key, connector_number=payload["connectorId"], marks=tuple(marks),
    )  # fmt: skip


@on_message("StopTransaction", Version.V16)
async def stop_transaction(contact: Contact, payload: Payload) -> Payload:
    """A transaction has ended. What ends nothing that we know is kept, and answered: a station would repeat it for ever."""
    intake = contact.services.part(Intake)
    async with contact.transaction() as tx:
        name = str(payload["transactionId"])
        found = await store.chain(tx, contact.charge_point_id, name)
        if not found:
            await _stray(tx, contact, "StopTransaction", name, "unknown_transaction", payload)
            await _doubt_running(tx, contact, payload)
            return {}
        rows = await store.lock_around(tx, contact.charge_point_id, found[0]["evse_id"], name)
        if payload.get("transactionData"):
            report = _report(contact, "StopTransaction", payload, None, name)
            await write(tx, [report], intake.channels, intake.stops)
            rows = await store.chain(tx, contact.charge_point_id, name)
        at, is_told = believed(instant(payload["timestamp"]), contact.received_at, not_before=rows[0]["started_at"])
        row = store.member_at(rows, at)
        if row["status"] == "finished" and row["reason"] == STALE and at > row["stopped_at"]:
            row = await lifecycle.extend(tx, row)
        if not is_told:
            await store.doubt(tx, row, mark(at, "clock", told=payload["timestamp"]))
        key = "|".join(str(payload.get(part, "")) for part in ("timestamp", "meterStop", "reason"))
        await end(tx, row["id"], at=at, meter_wh=Decimal(payload["meterStop"]), reason=payload.get("reason"), key=key)
    return {}


async def end(tx: Tx, session_id: int, *, at: Any, meter_wh: Decimal | None, reason: str | None, key: str) -> None:
    """The station's own stop, whatever state it finds the session in."""
    row = await store.present(tx, session_id, lock=True)
    said = {"stopped_at": max(at, row["started_at"]), "reported_stop": key, "reported_stop_wh": meter_wh}
    if row["status"] == "active":
        await lifecycle.finish(
            tx,
            session_id,
            stopped_at=at,
            meter_stop_wh=meter_wh,
            reason=reason_of(reason, row["stopping_for"]),
            reported=key,
        )
    elif row["reported_stop"] is not None:
        if row["reported_stop"] != key:
            await store.doubt(tx, row, mark(at, "other_stop", told_wh=meter_wh, reason=reason))
    elif row["status"] == "finished":
        await lifecycle.correct_stop(tx, row, stopped_at=at, meter_stop_wh=meter_wh, reported=key)
    elif row["status"] == "pending":
        # Nobody has said yet who charged: the session ends when somebody does.
        await store.change(tx, session_id, **said, stopping_for=reason_of(reason, row["stopping_for"]))
    else:
        # It was refused, or nobody came, and its station charged all the same: shown, and billed never.
        await store.change(tx, session_id, **said)
        lifecycle.updated(tx, await lifecycle.settle(tx, session_id))


@on_message("MeterValues", Version.V16)
async def meter_values(contact: Contact, payload: Payload) -> Payload:
    """Values of a connector, of a transaction or of none; answered when they are committed."""
    told = payload.get("transactionId")
    name = None if told is None or told in NO_TRANSACTION else str(told)
    report = _report(contact, "MeterValues", payload, payload["connectorId"], name)
    if await contact.services.part(Intake).put(contact.tenant, report) is Fate.UNKNOWN:
        async with contact.transaction() as tx:
            await _stray(tx, contact, "MeterValues", name, "unknown_transaction", payload)
    return {}


def _report(contact: Contact, action: str, payload: Payload, evse: int | None, name: str | None) -> Report:
    return Report(
        charge_point_id=contact.charge_point_id, received_at=contact.received_at, version=contact.version, action=action,
        payload=payload, evse=evse, transaction_id=name, samples=tuple(samples(contact.version, payload)),
    )  # fmt: skip


async def _doubt_running(tx: Tx, contact: Contact, payload: Payload) -> None:
    """A stop without a number, at a station where one session runs alone: perhaps its own, and not to be trusted."""
    rows = [row for row in await store.open_of_station(tx, contact.charge_point_id) if row["status"] == "active"]
    if payload["transactionId"] in NO_TRANSACTION and len(rows) == 1:
        at = believed(instant(payload["timestamp"]), contact.received_at).at
        row = await store.present(tx, rows[0]["id"], lock=True)
        await store.doubt(tx, row, mark(at, "stop_without_number", told_wh=payload["meterStop"]))


async def _stray(tx: Tx, contact: Contact, action: str, name: str | None, why: str, payload: Payload) -> None:
    await store.keep_stray(
        tx, contact.charge_point_id, action=action, version=contact.version, transaction_id=name, why=why, payload=payload,
        at=contact.received_at,
    )  # fmt: skip


def _answer(transaction_id: Any, status: str) -> Payload:
    return {"transactionId": int(transaction_id), "idTagInfo": {"status": status}}
