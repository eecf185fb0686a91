"""Reservations: an EVSE that is held for one driver until an instant, and the rules of who gets one.

asked -> active -> done (its driver charges there) | expired | canceled. What was asked and refused leaves no row.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

import asyncpg

from gridloom.charging.commands.uploads import SPOKEN_FOR
from gridloom.charging.csms.public import Refused406
from gridloom.charging.drivers.public import driver
from gridloom.charging.stations.events import ReservationChanged
from gridloom.charging.stations.public import settings
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid
from gridloom.kernel.events import emit

Ended: TypeAlias = Literal["done", "expired", "canceled"]
DEFAULT_REASON = "Activated via API"
ASKING = timedelta(minutes=5)

_EVSE = sql(
    "SELECT e.id, e.operator_id, e.status, e.hardware_status, e.allows_reservation, e.roaming_operator_id, "
    "coalesce(l.timezone, o.timezone) AS timezone FROM charging.evse e "
    "JOIN charging.charge_point c ON c.tenant_id = e.tenant_id AND c.id = e.charge_point_id "
    "LEFT JOIN charging.location l ON l.tenant_id = c.tenant_id AND l.id = c.location_id "
    "LEFT JOIN charging.operator o ON o.tenant_id = e.tenant_id AND o.id = e.operator_id WHERE e.id = :id"
)
# Two reservations of one driver at once take turns here, so that neither escapes the limits.
_TURN = sql("SELECT 1 FROM charging.driver WHERE id = :id FOR UPDATE")
_HISTORY = sql(
    "SELECT count(*) FILTER (WHERE created_at >= :day_start) AS today, "
    "max(ended_at) FILTER (WHERE status IN ('expired', 'canceled')) AS ended_at, "
    "bool_or(status IN ('asked', 'active') AND expires_at > :now) AS is_open "
    "FROM charging.reservation WHERE driver_id = :driver"
)
_TAG = sql(
    "SELECT uid FROM charging.id_tag WHERE driver_id = :driver AND status = 'enabled' AND type = 'rfid' "
    "AND length(uid) <= 20 AND (expire_at IS NULL OR expire_at > :until) ORDER BY id LIMIT 1"
)
_NUMBER = sql(
    "INSERT INTO charging.reservation (tenant_id, operator_id, charge_point_id, evse_id, driver_id, id_token, reason, "
    "expires_at, created_at, updated_at) VALUES (:tenant, :operator, :charge_point, :evse, :driver, :token, :reason, "
    ":until, :now, :now) RETURNING id"
)
_TOKEN = sql("UPDATE charging.reservation SET id_token = :token WHERE id = :id")
_ACTIVATE = sql(
    "UPDATE charging.reservation SET status = 'active', updated_at = :now WHERE id = :id AND status = 'asked' "
    "RETURNING charge_point_id"
)
_FORGET = sql("DELETE FROM charging.reservation WHERE id = :id AND status = 'asked'")
_END = sql(
    "UPDATE charging.reservation SET status = :status, ended_at = :now, updated_at = :now, "
    "session_id = coalesce(CAST(:session AS bigint), session_id) "
    f"WHERE id = :id AND (CAST(:charge_point AS bigint) IS NULL OR {SPOKEN_FOR}) AND status = 'active' "
    "RETURNING charge_point_id"
)
_ACTIVE = sql(
    "SELECT id, charge_point_id, evse_id, driver_id, id_token, expires_at FROM charging.reservation "
    "WHERE evse_id = :evse AND status = 'active' AND expires_at > :at"
)
_OVERDUE = sql(
    "SELECT id FROM charging.reservation WHERE status = 'active' AND expires_at <= :now ORDER BY id LIMIT 1000 "
    "FOR UPDATE SKIP LOCKED"
)
_LOST = sql("DELETE FROM charging.reservation WHERE status = 'asked' AND created_at < :before")


@dataclass(frozen=True, slots=True)
class Reservation:
    """An EVSE that is held. id_token: what the station lets charge there; a remote start of the driver names it."""

    id: int
    charge_point_id: int
    evse_id: int
    driver_id: int
    id_token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Ask:
    """What a driver has done with reservations so far, and what the system allows."""

    at: datetime
    today: int
    ended_at: datetime | None
    is_open: bool
    settings: Mapping[str, Any]


def refusal(ask: Ask) -> str | None:
    """Why the driver gets no reservation now; None when nothing is against it. Pure."""
    limits = ask.settings
    if ask.is_open:
        return "The user holds a reservation already."
    if ask.today >= limits["max_reservations_per_day_per_user"]:
        return "The user has had as many reservations today as one may have."
    rest = timedelta(minutes=limits["cooldown_time_between_reservations"])
    if ask.ended_at is not None and ask.ended_at + rest > ask.at:
        return "The user has to wait a while after the last reservation."
    return None


async def ask_for(
    tx: Tx, charge_point: int, evse_id: int, driver_id: int, reason: str | None
) -> tuple[int, str, datetime]:
    """Write down a reservation that the station is about to be told: its number, whom the station lets charge, until when.

    Raises Refused406 for a rule that is against it, Invalid for somebody whom the operator does not know.
    """
    now = clock.now()
    allowed = await settings(tx)
    evse: Any = await tx.one(_EVSE, id=evse_id)
    if not allowed["enable_reservations"]:
        raise Refused406("Reservations are switched off.")
    _reservable(evse)
    person = await driver(tx, driver_id)
    if person is None or person.operator_id != evse["operator_id"]:
        raise Invalid("The operator of this EVSE has no such user.", field="userId")
    if person.status != "enabled":
        raise Refused406("The user is disabled.")
    await tx.one(_TURN, id=driver_id)
    day_start = clock.start_of_day(clock.day_of(now, zone := _zone(evse["timezone"])), zone)
    history: Any = await tx.one(_HISTORY, driver=driver_id, day_start=day_start, now=now)
    ask = Ask(now, history["today"], history["ended_at"], bool(history["is_open"]), allowed)
    if (told := refusal(ask)) is not None:
        raise Refused406(told)
    until = now + timedelta(minutes=allowed["reservation_time"])
    tag = await tx.scalar(_TAG, driver=driver_id, until=until)
    number = await _write(tx, charge_point, evse, driver_id, tag or "", reason or DEFAULT_REASON, until, now)
    if tag is None:
        # Nobody has to hold this to the station: it is what a remote start of the driver names.
        tag = f"*R{number:07d}"
        await tx.run(_TOKEN, id=number, token=tag)
    return number, tag, until


def _reservable(evse: Any) -> None:
    if evse["roaming_operator_id"] is not None or evse["operator_id"] is None:
        raise Refused406("The EVSE of a roaming partner cannot be reserved here.")
    if not evse["allows_reservation"]:
        raise Refused406("This EVSE cannot be reserved.")
    if evse["status"] != "enabled" or evse["hardware_status"] not in (None, "available"):
        raise Refused406("This EVSE is not available.")


def _zone(name: str | None) -> ZoneInfo:
    try:
        return clock.zone(name or "UTC")
    except clock.UnknownZone:
        return clock.zone("UTC")


async def _write(
    tx: Tx, charge_point: int, evse: Any, driver_id: int, token: str, reason: str, until: datetime, now: datetime
) -> int:
    try:
        async with tx.savepoint():
            number: int = await tx.scalar(
                _NUMBER, tenant=tx.tenant, operator=evse["operator_id"], charge_point=charge_point, evse=evse["id"],
                driver=driver_id, token=token, reason=reason, until=until, now=now,
            )  # fmt: skip
            return number
    except asyncpg.UniqueViolationError:
        raise Refused406("This EVSE is reserved already.") from None


async def activate(tx: Tx, number: int) -> None:
    """The station holds the EVSE."""
    charge_point = await tx.scalar(_ACTIVATE, id=number, now=clock.now())
    if charge_point is not None:
        _tell(tx, charge_point, number, "active")


async def forget(tx: Tx, number: int) -> None:
    """The station does not hold it."""
    await tx.run(_FORGET, id=number)


async def end(
    tx: Tx, number: int, status: Ended, *, charge_point: int | None = None, session_id: int | None = None
) -> bool:
    """An active reservation is over; False when it was none (of that station). Saying it twice changes nothing.

    charge_point: the station that says so.
    """
    found = await tx.scalar(
        _END, id=number, status=status, now=clock.now(), session=session_id, charge_point=charge_point
    )
    if found is not None:
        _tell(tx, found, number, status)
    return found is not None


async def reservation_of(tx: Tx, evse_id: int, at: datetime | None = None) -> Reservation | None:
    """Who holds an EVSE at an instant (now); None when nobody does."""
    row = await tx.one(_ACTIVE, evse=evse_id, at=at or clock.now())
    return None if row is None else Reservation(**row)


async def use_reservation(tx: Tx, evse_id: int, driver_id: int | None, session_id: int) -> int | None:
    """A session began: the reservation of its driver at its EVSE is done. Gives its number; None when there was none."""
    held = await reservation_of(tx, evse_id)
    if held is None or held.driver_id != driver_id:
        return None
    await end(tx, held.id, "done", session_id=session_id)
    return held.id


async def expire(tx: Tx) -> int:
    """End what has run out, and forget what was asked for by a process that died over it; gives how many ended."""
    now = clock.now()
    await tx.run(_LOST, before=now - ASKING)
    rows = await tx.all(_OVERDUE, now=now)
    for row in rows:
        await end(tx, row["id"], "expired")
    return len(rows)


def _tell(tx: Tx, charge_point: int, number: int, status: Literal["active", "expired", "canceled", "done"]) -> None:
    emit(tx, ReservationChanged(charge_point_id=charge_point, reservation_id=number, status=status))
