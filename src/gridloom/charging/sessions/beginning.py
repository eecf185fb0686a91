"""A station says that a transaction has begun: which session that is, or who may have a new one."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from gridloom.charging.drivers.public import id_tag, link_session, uid_key
from gridloom.charging.sessions import billing, lifecycle, store
from gridloom.charging.sessions.authorising import Asked, Decision, Status, decide
from gridloom.charging.sessions.facts import Method
from gridloom.charging.sessions.lifecycle import REQUEST_LIFE
from gridloom.charging.sessions.rules import mark, with_marks
from gridloom.charging.sessions.store import Row
from gridloom.kernel import clock
from gridloom.kernel.database.transaction import Tx

NEW_START = "new_start_transaction_received"
LATE = timedelta(days=1)
"""A start so far behind its receipt, at an EVSE of which newer things are known, is more likely a broken clock than a replay."""
_DECIMALS = ("stop_energy_kwh", "stop_soc_percent", "stop_amount")


class Start(Struct, frozen=True, kw_only=True):
    """What a station said of a beginning.

    station_id: whose socket it is. evse: a row of `store.evse_of`. at: UTC, to be believed. uid: the tag, None without one.
    meter_wh: None where the register comes with other values. transaction_id: None where it is ours to name (1.6).
    reported_start: None where what is known is not the beginning itself. is_apart: see `apart.py`.
    """

    station_id: int
    evse: Any
    at: datetime
    received_at: datetime
    uid: str | None = None
    method: Method = "id_tag"
    remote_start_id: int | None = None
    meter_wh: Decimal | None = None
    reported_start: str | None = None
    transaction_id: str | None = None
    connector_number: int | None = None
    marks: tuple[dict[str, Any], ...] = ()
    is_apart: bool = False

    def columns(self) -> dict[str, Any]:
        """What of it stands on the session."""
        return {
            "started_at": self.at,
            "reported_start": self.reported_start,
            "connector_number": self.connector_number,
            "heard_at": self.received_at,
            "is_apart": self.is_apart,
        } | (
            {}
            if self.meter_wh is None
            else {
                "meter_start_wh": self.meter_wh,
                "meter_start_at": self.at,
                "meter_wh": self.meter_wh,
                "metered_at": self.at,
            }
        )


async def begin(tx: Tx, start: Start, *, known: Row | None = None) -> tuple[Row, Status]:
    """The session of a transaction that has begun, active or failed, and what its station is told about the tag.

    The EVSE is locked. known: what was kept of the transaction before anybody said who charges (2.0.1); it is pending.
    """
    evse_id = start.evse["id"]
    start = await placed(tx, start) if known is None else replace(start, is_apart=known["is_apart"])
    await close_others(tx, start, but=None if known is None else known["id"])
    key = uid_key(start.uid or "")
    holder = await id_tag(tx, start.uid, operator_id=start.evse["operator_id"]) if start.uid else None
    driver_id = holder.driver.id if holder is not None and holder.driver is not None else None
    asked = await store.pending_for(
        tx, start.evse["charge_point_id"], evse_id, key=key, remote_start_id=start.remote_start_id, driver_id=driver_id
    )
    if asked is not None:
        return await _answered(tx, start, asked, known), "Accepted"
    request = await store.request_for(
        tx, start.station_id, key=key, remote_start_id=start.remote_start_id, since=clock.now() - REQUEST_LIFE
    )
    if request is not None:
        row = await _write(tx, start, known, status="active", **_wishes(request))
        await store.answer_request(tx, request["id"], row["id"])
        return row, "Accepted"
    decision = await decide(
        tx,
        Asked(
            charge_point_id=start.evse["charge_point_id"], operator_id=start.evse["operator_id"], evse_id=evse_id, uid=start.uid,
            at=start.at, auto_start=start.evse["auto_start"], method=start.method,
        ),
    )  # fmt: skip
    return await _decided(tx, start, decision, known), decision.status


async def placed(tx: Tx, start: Start) -> Start:
    """The same, apart where its time at the EVSE is known to be another's; marked where it lies far behind besides."""
    if not await store.is_taken(tx, start.evse["id"], start.at):
        return start
    behind = start.received_at - start.at
    late = () if behind <= LATE else (mark(start.at, "start_behind", hours=behind // timedelta(hours=1)),)
    return replace(start, is_apart=True, marks=(*start.marks, *late))


async def _decided(tx: Tx, start: Start, decision: Decision, known: Row | None) -> Row:
    tag = decision.tag
    if known is None and not decision.is_accepted:
        start = replace(start, is_apart=True)
    return await _write(
        tx,
        start,
        known,
        status="active" if decision.is_accepted else "failed",
        reason=decision.reason,
        driver_id=decision.driver_id,
        authorization_id=decision.authorization_id,
        id_tag=start.uid or None,
        id_tag_key=uid_key(start.uid) if start.uid else None,
        id_tag_type=None if tag is None else tag.type,
        payment_method_id=None if tag is None or tag.payment_method_id == "auto" else tag.payment_method_id,
    )


async def _write(tx: Tx, start: Start, known: Row | None, **columns: Any) -> Row:
    """A new session, or what was kept of it, with all that is known now."""
    if known is None:
        session_id = await store.add(
            tx, operator_id=start.evse["operator_id"], charge_point_id=start.evse["charge_point_id"], evse_id=start.evse["id"],
            **start.columns(), **columns,
        )  # fmt: skip
        transaction = start.transaction_id or str(session_id & 0x7FFFFFFF)
        await store.change(tx, session_id, transaction_id=transaction, suspect=list(start.marks))
    else:
        session_id = known["id"]
        marks = with_marks(known["suspect"], start.marks)
        await store.change(tx, session_id, **_of_known(start, known), **columns, suspect=marks)
    await billing.take_tariff(tx, session_id)
    if columns.get("authorization_id") is not None:
        await link_session(tx, columns["authorization_id"], session_id)
    session = await store.present(tx, session_id)
    if session["status"] == "active":
        await lifecycle.begun(tx, session)
    else:
        lifecycle.updated(tx, session)
    return session


async def _answered(tx: Tx, start: Start, asked: Row, known: Row | None) -> Row:
    """The remote start that this is becomes active."""
    session_id = asked["id"]
    columns = start.columns()
    if known is not None:
        names = (
            "meter_start_wh", "meter_start_at", "meter_wh", "metered_at", "power_w", "peak_power_w", "soc_percent",
            "reported_state", "reported_stop", "reported_stop_wh", "stopped_at", "stopping_for",
        )  # fmt: skip
        columns = {name: known[name] for name in names} | _of_known(start, known)
        await store.absorb(tx, session_id, known["id"])
    transaction = start.transaction_id or str(session_id & 0x7FFFFFFF)
    marks = with_marks(asked["suspect"] if known is None else known["suspect"], start.marks)
    return await lifecycle.activate(tx, asked, **columns, transaction_id=transaction, suspect=marks)


def _of_known(start: Start, known: Row) -> dict[str, Any]:
    """The start's word about the beginning holds where it has one."""
    columns = start.columns()
    if start.reported_start is None:
        # Not the beginning itself, but who it was: what is known of the beginning stays.
        columns |= {"started_at": known["started_at"], "reported_start": known["reported_start"]}
    columns["connector_number"] = start.connector_number or known["connector_number"]
    return columns


def _wishes(request: Row) -> dict[str, Any]:
    wishes = {name: Decimal(str(value)) if name in _DECIMALS else value for name, value in request["wishes"].items()}
    return {
        **wishes,
        "authorization_id": request["authorization_id"],
        "id_tag": request["id_tag"],
        "id_tag_key": request["id_tag_key"],
        "remote_start_id": request["id"],
    }


async def close_others(tx: Tx, start: Start, *, but: int | None) -> None:
    """What still runs at the EVSE has ended without its station saying so: with the last that it told, or where it told
    nothing, now and with the register of the new start."""
    for row in await store.open_at(tx, start.evse["id"]):
        if row["status"] != "active" or row["id"] == but or row["started_at"] > start.at:
            continue
        has_told = row["metered_at"] is not None and row["metered_at"] > row["started_at"]
        await store.doubt(tx, row, mark(start.at, "no_stop"))
        await lifecycle.finish(
            tx,
            row["id"],
            stopped_at=min(row["metered_at"], start.at) if has_told else start.at,
            meter_stop_wh=None if has_told else start.meter_wh,
            reason=NEW_START,
        )
