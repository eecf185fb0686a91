"""Starting a session from afar: decide, write it down, tell the station, keep what came of it.

Everything is committed before the station hears of it, and nothing is open while it thinks. Whoever is told yes has a session
that waits for the station; a station that says no, or cannot be asked, leaves a failed one.
"""

from dataclasses import dataclass
from typing import Any

import structlog
from msgspec import UNSET, Struct

from gridloom.charging.commands.public import (
    Desk,
    Target,
    ask_profile,
    forget_profile,
    install_profile,
    profile_16,
    profile_201,
    reservation_of,
)
from gridloom.charging.drivers.public import record_authorization
from gridloom.charging.ocpp.public import Answered, Busy, Offline, Outcome, Payload, TimedOut, Version
from gridloom.charging.sessions import lifecycle, store
from gridloom.charging.sessions.decisions import Ask, Refusal, refusal
from gridloom.charging.sessions.start_schemas import StartAtEvseWrite, StartWrite
from gridloom.kernel import clock
from gridloom.kernel.audit import trail
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid, NotFound
from gridloom.kernel.http.subject import Subject

log = structlog.get_logger(__name__)

TAG_LENGTH_16 = 20

_EVSE = sql(
    "SELECT id, charge_point_id, network_id FROM charging.evse WHERE id = CAST(:id AS bigint) "
    "OR (charge_point_id = CAST(:station AS bigint) AND network_id = CAST(:number AS text))"
)
_CONNECTORS = sql("SELECT id, evse_id FROM charging.connector WHERE charge_point_id = :station ORDER BY id")
_LOCK_DRIVER = sql(
    "SELECT id FROM charging.driver WHERE id = :id AND deleted_at IS NULL "
    "AND operator_id = coalesce(CAST(:operator AS bigint), operator_id) FOR NO KEY UPDATE"
)


class Place(Struct, frozen=True, kw_only=True):
    """Where to start: a station and perhaps one of its EVSEs by the station's number, or an EVSE by its id."""

    charge_point_id: int | None = None
    evse_number: int | None = None
    evse_id: int | None = None


@dataclass(frozen=True, slots=True)
class Spot:
    """The place, found. evse_number: None where the station picks, or where the record holds no number that OCPP could carry;
    then `is_told` says which."""

    target: Target
    evse_id: int | None
    evse_number: int | None

    @property
    def is_told(self) -> bool:
        """Whether the station can be told where to start."""
        return self.target.reached is not None and (self.evse_id is None or self.evse_number is not None)


@dataclass(frozen=True, slots=True)
class Begun:
    """What was written before the station is told. number: what it is told as remoteStartId. profile_id: of the charging
    profile, as the station will call it."""

    authorization_id: int
    session_id: int | None
    id_tag: str
    number: int
    profile_id: int | None = None


class Result(Struct, frozen=True):
    """How a start ended: with a refusal and a sentence about it, or without."""

    authorization_id: int | None = None
    session_id: int | None = None
    refusal: Refusal | None = None
    message: str = ""


async def start(desk: Desk, subject: Subject, place: Place, wanted: StartWrite, name: str) -> Result:
    """Start a session for whoever calls; `name` is the operation's in the trail.

    Raises NotFound for a place that the caller does not have, and Invalid for what cannot be meant.
    """
    spot = await _found(desk, subject, place)
    async with desk.transaction(spot.target) as tx:
        begun = await _begin(tx, spot, wanted)
        trail.record(tx, name, ("chargePoint", spot.target.id), {"evse": spot.evse_id})
    if isinstance(begun, Refusal):
        return Result(refusal=begun, message=begun.message)
    failure = await _tell(desk, spot, begun, wanted)
    if failure is None and begun.profile_id is None:
        return Result(begun.authorization_id, begun.session_id)
    async with desk.transaction(spot.target) as tx:
        if failure is not None:
            return await _keep_failure(tx, begun, *failure)
        await install_profile(tx, begun.profile_id or 0, evse_id=spot.evse_id, session_id=begun.session_id)
    return Result(begun.authorization_id, begun.session_id)


async def _found(desk: Desk, subject: Subject, place: Place) -> Spot:
    """Raises NotFound."""
    evse, station = None, place.charge_point_id
    if place.evse_id is not None or place.evse_number is not None:
        number = None if place.evse_number is None else str(place.evse_number)
        async with desk.database.tenant(subject.tenant_id, subject=subject, read_only=True) as tx:
            evse = await tx.one(_EVSE, id=place.evse_id, station=station, number=number)
        if evse is None:
            raise NotFound
        station = evse["charge_point_id"]
    if station is None:
        raise NotFound
    target = await desk.target(subject, station)
    if evse is None:
        return Spot(target, None, None)
    told = evse["network_id"]
    return Spot(target, evse["id"], int(told) if told.isascii() and told.isdecimal() else None)


async def _tell(desk: Desk, spot: Spot, begun: Begun, wanted: StartWrite) -> tuple[str, str] | None:
    """Why the station will not start, as a session's reason and as a sentence; None when it will."""
    reached = spot.target.reached
    if not spot.is_told or reached is None:
        return "remote_start_failed", "The charge point cannot be controlled from here."
    action, payload = message_of(spot, begun, wanted)
    try:
        outcome = await desk.commands.call(spot.target.tenant, reached, action, payload)
    except Exception:  # whatever it is, the caller hears that it did not work, and the session has failed
        log.exception("remote_start_failed", station=spot.target.id, session=begun.session_id)
        return "remote_start_failed", "The charge point could not be told."
    return failure_of(outcome)


def failure_of(outcome: Outcome) -> tuple[str, str] | None:
    """Why a station will not start, as a session's reason and as a sentence; None when it will."""
    if isinstance(outcome, Answered):
        if outcome.payload.get("status") == "Accepted":
            return None
        return "rejected", "The charge point rejected the start."
    if isinstance(outcome, Offline):
        return "remote_start_failed", "The charge point is not connected."
    if isinstance(outcome, TimedOut):
        return "remote_start_failed", "The charge point did not answer in time."
    if isinstance(outcome, Busy):
        return "remote_start_failed", "The charge point is busy with other commands."
    return "remote_start_failed", "The charge point answered with an error."


def message_of(spot: Spot, begun: Begun, wanted: StartWrite) -> tuple[str, Payload]:
    """The call that starts a session, in the station's version. Sources: OCPP 1.6 §5.11, OCPP 2.0.1 part 2 F02."""
    profile = _profile(wanted)
    if spot.target.version is Version.V16:
        told: Payload = {"idTag": begun.id_tag}
        if spot.evse_number is not None:
            told["connectorId"] = spot.evse_number
        if profile is not None:
            told["chargingProfile"] = profile_16(begun.profile_id or 0, profile)
        return "RemoteStartTransaction", told
    kind = "Central" if begun.id_tag.startswith("*") else "ISO14443"
    told = {"idToken": {"idToken": begun.id_tag, "type": kind}, "remoteStartId": begun.number}
    if spot.evse_number is not None:
        told["evseId"] = spot.evse_number
    if profile is not None:
        told["chargingProfile"] = profile_201(begun.profile_id or 0, profile)
    return "RequestStartTransaction", told


async def _begin(tx: Tx, spot: Spot, wanted: StartWrite) -> Begun | Refusal:
    """Decide, and write down what was decided. Raises Invalid."""
    if spot.evse_id is not None:
        # Of two starts at one EVSE, or of one driver, the second waits, and sees the first.
        await store.lock_evse(tx, spot.evse_id)
    await _refuse_nonsense(tx, spot, wanted)
    user = wanted.user_id or None
    ask = Ask(
        charge_point_id=spot.target.id, evse_id=spot.evse_id, operator_id=spot.target.operator_id, driver_id=user,
        method="admin", remote=True, at=clock.now(), payment_method_id=wanted.payment_method_id or None,
    )  # fmt: skip
    refused = await refusal(tx, ask)
    tag = wanted.id_tag or wanted.external_session_id or await _held(tx, spot, user)
    authorization = await record_authorization(
        tx, method="admin", status="accepted" if refused is None else "rejected", operator_id=spot.target.operator_id,
        rejection_reason=None if refused is None else refused.code.lower(), driver_id=user, id_tag_uid=tag,
        charge_point_id=spot.target.id, evse_id=spot.evse_id,
    )  # fmt: skip
    if refused is not None:
        return refused
    wishes = _wishes(wanted, user)
    if spot.evse_id is None:
        number, told = await lifecycle.expect(tx, spot.target.id, authorization_id=authorization, id_tag=tag, **wishes)
        return Begun(authorization, None, told, number)
    session = await lifecycle.begin_pending(
        tx, operator_id=spot.target.operator_id, charge_point_id=spot.target.id, evse_id=spot.evse_id,
        authorization_id=authorization, id_tag=tag, **wishes,
    )  # fmt: skip
    profile, profile_id = _profile(wanted), None
    if profile is not None:
        profile_id = await ask_profile(tx, spot.target.id, spot.evse_number or 0, profile)
    return Begun(authorization, session, tag or f"*{session:07d}", session, profile_id)


async def _held(tx: Tx, spot: Spot, user: int | None) -> str | None:
    """What the station lets charge while it holds the EVSE for this driver."""
    if spot.evse_id is None or user is None:
        return None
    reservation = await reservation_of(tx, spot.evse_id)
    return reservation.id_token if reservation is not None and reservation.driver_id == user else None


def _wishes(wanted: StartWrite, user: int | None) -> dict[str, Any]:
    """Columns of the session that is to come; what was not said is left out."""
    stop = wanted.stop_conditions or None
    method = wanted.payment_method_id or None
    found: dict[str, Any] = {
        "driver_id": user,
        "connector_id": wanted.connector_id or None,
        "payment_method_id": method,
        "payment_type": "balance" if method == "balance" else None,
        "charging_profile": _profile(wanted),
    }
    if stop is not None:
        found |= {
            "stop_energy_kwh": stop.max_energy_kwh or None,
            "stop_minutes": stop.max_duration_minutes or None,
            "stop_soc_percent": stop.max_soc_percent or None,
            "stop_amount": stop.max_amount or None,
        }
    return {name: value for name, value in found.items() if value is not None}


def _profile(wanted: StartWrite) -> dict[str, object] | None:
    if not isinstance(wanted, StartAtEvseWrite) or wanted.charging_profile is UNSET:
        return None
    return wanted.charging_profile.plain()


async def _refuse_nonsense(tx: Tx, spot: Spot, wanted: StartWrite) -> None:
    """Raises Invalid for a user, a connector, a booking or a tag that cannot be meant."""
    wrong: list[tuple[str, str]] = []
    if wanted.user_id and await tx.scalar(_LOCK_DRIVER, id=wanted.user_id, operator=spot.target.operator_id) is None:
        wrong.append(("userId", "There is no such user."))
    if wanted.connector_id:
        connectors = {row["id"]: row["evse_id"] for row in await tx.all(_CONNECTORS, station=spot.target.id)}
        if connectors.get(wanted.connector_id) not in ({spot.evse_id} if spot.evse_id else {*connectors.values()}):
            wrong.append(("connectorId", "There is no such connector here."))
    if wanted.booking_id:
        wrong.append(("bookingId", "There is no such booking."))
    tag = wanted.id_tag or wanted.external_session_id or ""
    if spot.target.version is Version.V16 and len(tag) > TAG_LENGTH_16:
        wrong.append(("idTag", f"A charge point with OCPP 1.6 takes {TAG_LENGTH_16} characters at most."))
    if isinstance(wanted, StartAtEvseWrite) and wanted.charging_profile is not UNSET:
        if wanted.charging_profile.charging_profile_purpose != "TxProfile":
            wrong.append(("chargingProfile.chargingProfilePurpose", "A session starts with a TxProfile."))
        elif wanted.charging_profile.transaction_id is not UNSET:
            wrong.append(("chargingProfile.transactionId", "There is no transaction before the start."))
    if wrong:
        raise Invalid(errors=[FieldError("body", tuple(name.split(".")), what) for name, what in wrong])


async def _keep_failure(tx: Tx, begun: Begun, reason: str, message: str) -> Result:
    """The session has failed, unless the station has started it all the same."""
    if begun.profile_id is not None:
        await forget_profile(tx, begun.profile_id)
    if begun.session_id is not None and not await lifecycle.fail(tx, begun.session_id, reason):
        session = await store.session(tx, begun.session_id)
        if session is not None and session["status"] in ("active", "finished"):
            return Result(begun.authorization_id, begun.session_id)
    return Result(begun.authorization_id, begun.session_id, Refusal("INTERNAL_ISSUE"), message)
