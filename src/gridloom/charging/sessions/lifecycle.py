"""A session's way through its states: pending → active → finished, pending → failed or expired. Nothing else is possible.

Each step takes the session's lock, changes nothing when it was taken before, and tells it when the transaction commits.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from gridloom.charging.commands.public import use_reservation
from gridloom.charging.drivers.public import link_session, uid_key
from gridloom.charging.sessions import billing, periods, store
from gridloom.charging.sessions.events import SessionStarted, SessionStopped, SessionUpdated
from gridloom.charging.sessions.rules import Doubt, floored, mark, power_at_end, with_marks
from gridloom.charging.sessions.store import Row
from gridloom.charging.sessions.timeline import account_of
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import emit

REQUEST_LIFE = timedelta(minutes=15)
"""So long a start without an EVSE waits for its session; the station's own time-out is shorter."""

_TAG_TAKEN = sql(
    "SELECT EXISTS (SELECT FROM charging.session WHERE charge_point_id = :station AND status = 'pending' AND id_tag_key = :key) "
    "OR EXISTS (SELECT FROM charging.start_request WHERE charge_point_id = :station AND id_tag_key = :key "
    "AND session_id IS NULL AND created_at > :since)"
)
_NAME_REQUEST = sql("UPDATE charging.start_request SET id_tag = :tag, id_tag_key = :tag WHERE id = :id")
_EXTENDED = sql("UPDATE charging.session SET extended_by_session_id = :later, updated_at = now() WHERE id = :id")

# What a session that goes on after a long silence takes over.
_INHERITED = (
    "operator_id", "charge_point_id", "evse_id", "connector_number", "connector_id", "driver_id", "authorization_id",
    "authorization_source", "id_tag", "id_tag_key", "id_tag_label", "id_tag_type", "transaction_id", "stop_energy_kwh",
    "stop_minutes", "stop_soc_percent", "stop_amount", "payment_type", "payment_method_id", "terminal_id", "tariff_id",
    "tariff_snapshot_id", "tax_id", "tax_percentage", "currency", "external_app_data",
)  # fmt: skip


async def begin_pending(tx: Tx, **columns: Any) -> int:
    """Write a remote start that the rules accepted, and wait for the station; gives the session's number.

    columns: of `charging.session`; at least operator_id, charge_point_id and evse_id. Without an id_tag it is `*` and the number
    with seven digits. The EVSE is locked first, so that of two starts at once the second sees the first. The tariff is
    taken. On 2.0.1 the caller sends the number as remoteStartId, where no `remote_start_id` is given.
    """
    await store.lock_evse(tx, columns["evse_id"])
    values = {"started_at": floored(clock.now()), **columns, "status": "pending"}
    session_id = await store.add(tx, **values)
    tag = columns.get("id_tag") or f"*{session_id:07d}"
    await store.change(
        tx,
        session_id,
        id_tag=tag,
        id_tag_key=uid_key(tag),
        remote_start_id=columns.get("remote_start_id") or session_id,
    )
    if columns.get("authorization_id") is not None:
        await link_session(tx, columns["authorization_id"], session_id)
    await billing.take_tariff(tx, session_id)
    return session_id


async def expect(
    tx: Tx, charge_point_id: int, *, authorization_id: int | None, id_tag: str | None = None, **wishes: Any
) -> tuple[int, str]:
    """Write a remote start that leaves the EVSE to the station; gives (number, id tag) to send to it.

    The number is the remoteStartId of 2.0.1. wishes: columns of the session that will be made when the station starts
    (driver_id, payment_type, stop_minutes …), values as JSON holds them or Decimals. The session is linked to the authorization.
    """
    now = clock.now()
    plain = {name: value for name, value in wishes.items() if value is not None}
    number = await store.add_request(
        tx, charge_point_id=charge_point_id, authorization_id=authorization_id, id_tag=id_tag or "",
        id_tag_key=uid_key(id_tag or ""), wishes=plain, created_at=now,
    )  # fmt: skip
    if id_tag is not None:
        return number, id_tag
    # A session may have the same number: what the station is told must name one thing only.
    given = number
    while await tx.scalar(_TAG_TAKEN, station=charge_point_id, key=f"*{given:07d}", since=now - REQUEST_LIFE):
        given += 1_000_000
    tag = f"*{given:07d}"
    await tx.run(_NAME_REQUEST, id=number, tag=tag)
    return number, tag


async def activate(tx: Tx, row: Row, **columns: Any) -> Row:
    """pending → active, with what the station said; a session that is active already gets the columns only."""
    if row["status"] not in ("pending", "active"):
        return row
    await store.change(tx, row["id"], **columns, status="active")
    session = await store.present(tx, row["id"])
    if row["status"] == "pending":
        await begun(tx, session)
    return session


async def begun(tx: Tx, session: Row) -> None:
    """What follows when a session has become active: its reservation is used, its first period, and the news."""
    emit(tx, SessionStarted(**_names(session)))
    if session["driver_id"] is not None:
        await use_reservation(tx, session["evse_id"], session["driver_id"], session["id"])
    await periods.refresh(tx, session, session["started_at"])


async def fail(tx: Tx, session_id: int, reason: str) -> bool:
    """pending → failed; False when it was not pending."""
    return await _end_pending(tx, session_id, "failed", reason)


async def expire(tx: Tx, session_id: int, reason: str = "timeout") -> bool:
    """pending → expired; False when it was not pending."""
    return await _end_pending(tx, session_id, "expired", reason)


async def _end_pending(tx: Tx, session_id: int, status: str, reason: str) -> bool:
    session = await store.session(tx, session_id, lock=True)
    if session is None or session["status"] != "pending":
        return False
    await store.change(tx, session_id, status=status, reason=reason, stopped_at=session["stopped_at"])
    updated(tx, session)
    return True


async def finish(
    tx: Tx,
    session_id: int,
    *,
    stopped_at: datetime,
    meter_stop_wh: Any = None,
    reason: str,
    reported: str | None = None,
) -> bool:
    """active → finished, and bill it; False when it was not active.

    stopped_at: UTC, not before the start. meter_stop_wh: the register that the station told; None: the last good one.
    reported: what identifies the station's own stop; None when somebody else ends it.
    """
    session = await store.session(tx, session_id, lock=True)
    if session is None or session["status"] != "active":
        return False
    await store.change(
        tx,
        session_id,
        status="finished",
        reason=reason,
        stopped_at=max(floored(stopped_at), session["started_at"]),
        reported_stop=reported,
        reported_stop_wh=meter_stop_wh,
        billing_status="pending",
    )
    session = await settle(tx, session_id)
    emit(tx, SessionStopped(**_names(session)))
    await bill(tx, session)
    return True


async def correct_stop(tx: Tx, session: Row, *, stopped_at: datetime, meter_stop_wh: Any, reported: str) -> None:
    """The station says how a session ended that we had ended for it: its word holds, the reason stays."""
    await store.change(
        tx, session["id"], stopped_at=max(floored(stopped_at), session["started_at"]), reported_stop=reported,
        reported_stop_wh=meter_stop_wh,
    )  # fmt: skip
    await bill(tx, await settle(tx, session["id"]))


async def bill_again(tx: Tx, session_id: int) -> None:
    """Bill a finished session with what is known now."""
    session = await settle(tx, session_id)
    if session["status"] == "finished":
        await bill(tx, session)
        updated(tx, session)


async def bill(tx: Tx, session: Row) -> None:
    """Make the bill, and tell of periods that it showed."""
    before = await periods.known(tx, session["id"])
    await billing.bill(tx, session["id"])
    await periods.announce(tx, session, before)


async def settle(tx: Tx, session_id: int) -> Row:
    """Bring a stopped session's registers, powers and marks into line with all that its station has told by now."""
    session = await store.present(tx, session_id, lock=True)
    timeline, doubts = await account_of(tx, session, session["stopped_at"] or clock.now())
    columns: dict[str, Any] = {"bill_again_at": None, "suspect": _marked(session, doubts)}
    if timeline.readings:
        last = timeline.readings[-1]
        powers = [each for each in timeline.readings if each.power_w is not None]
        charges = [each for each in timeline.readings if each.soc_percent is not None]
        columns |= {
            "meter_stop_wh": timeline.register_wh(timeline.stopped_at),
            "meter_wh": last.energy_wh,
            "metered_at": last.at,
            "power_w": powers[-1].power_w if powers else power_at_end(timeline),
            "peak_power_w": max((each.power_w for each in powers if each.power_w is not None), default=None),
            "soc_percent": charges[-1].soc_percent if charges else session["soc_percent"],
        }
    await store.change(tx, session_id, **columns)
    return await store.present(tx, session_id)


def _marked(session: Row, doubts: list[Doubt]) -> list[Mapping[str, Any]]:
    """Marks about registers are made anew: whether one falls depends on those that came later."""
    kept = [each for each in session["suspect"] if not each["what"].startswith("register_")]
    found = [mark(each.at, each.what, told_wh=each.told_wh, good_wh=each.good_wh) for each in doubts]
    return list(with_marks(kept, found))


async def extend(tx: Tx, row: Row) -> Row:
    """A session that was closed after a long silence goes on: a new one from its end, both of which are billed alone."""
    if row["extended_by_session_id"] is not None:
        return await store.present(tx, row["extended_by_session_id"], lock=True)
    inherited = {name: row[name] for name in _INHERITED}
    is_apart = row["is_apart"] or await store.is_taken(tx, row["evse_id"], row["stopped_at"], but=row["id"])
    later = await store.add(
        tx, **inherited, status="active", started_at=row["stopped_at"], original_session_id=row["id"],
        meter_start_wh=row["meter_stop_wh"], meter_start_at=row["stopped_at"], meter_wh=row["meter_stop_wh"],
        metered_at=row["stopped_at"], reported_state=row["reported_state"], heard_at=clock.now(), is_apart=is_apart,
    )  # fmt: skip
    await tx.run(_EXTENDED, id=row["id"], later=later)
    if row["authorization_id"] is not None:
        await link_session(tx, row["authorization_id"], later)
    session = await store.present(tx, later)
    await begun(tx, session)
    updated(tx, row)
    return session


def updated(tx: Tx, session: Row) -> None:
    """Tell that readers see something new of a session; of one transaction they hear it once."""
    event = SessionUpdated(**_names(session))
    if not any(each.name == event.name and each.payload["session_id"] == event.session_id for each in tx.outbox):
        emit(tx, event)


def _names(session: Row) -> dict[str, int]:
    return {
        "session_id": session["id"],
        "charge_point_id": session["charge_point_id"],
        "evse_id": session["evse_id"],
    }
