"""What is told of sessions."""

from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from gridloom.charging.notifications.webhooks.format import charging
from gridloom.charging.notifications.webhooks.payloads import message, or_left_out
from gridloom.charging.sessions import events
from gridloom.charging.sessions import resources as declared
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import NotFound
from gridloom.kernel.events.handlers import Received
from gridloom.kernel.webhooks import Message

_SESSION = sql(
    "SELECT s.*, l.timezone FROM charging.session s "
    "JOIN charging.charge_point c ON c.tenant_id = s.tenant_id AND c.id = s.charge_point_id "
    "LEFT JOIN charging.location l ON l.tenant_id = c.tenant_id AND l.id = c.location_id WHERE s.id = :id"
)
_UNITS = frozenset({"Wh", "A", "V", "Percent", "Celsius"})
KIND = "session"
Action = Literal["start", "stop"]


@charging.tells("session.start.stop.notification", events.SessionStarted, events.SessionStopped)
async def began_or_ended(tx: Tx, received: Received[Any]) -> Message | None:
    """A session began or ended. Local instants are there where the location has a zone of its own."""
    found = await _found(tx, received)
    if found is None:
        return None
    row, action, said = found
    return message(
        "session.start.stop.notification", KIND, row["id"], row["operator_id"], **said, action=action,
        userId=or_left_out(row["driver_id"]), startedAtTimestampLocal=_local(row, row["started_at"]),
        stoppedAtTimestampLocal=_local(row, row["stopped_at"] if action == "stop" else None),
    )  # fmt: skip


@charging.tells("SessionStartStopNotification", events.SessionStarted, events.SessionStopped)
async def began_or_ended_older(tx: Tx, received: Received[Any]) -> Message | None:
    """The same in its older form, which names no user at the end."""
    found = await _found(tx, received)
    if found is None:
        return None
    row, action, said = found
    user = row["driver_id"] if action == "start" else None
    name = "SessionStartStopNotification"
    return message(name, KIND, row["id"], row["operator_id"], **said, action=action, userId=user)


@charging.tells("SessionUpdateNotification", events.SessionUpdated)
async def updated(tx: Tx, received: Received[events.SessionUpdated]) -> Message | None:
    """Something of a session changed; the whole of it, as it is read."""
    number = received.event.session_id
    try:
        shown = await declared.sessions.read(tx, number, (), {})
    except NotFound:
        return None
    return message("SessionUpdateNotification", KIND, number, shown.operator_id, session=shown)


@charging.tells("SessionMeterValuesNotification", events.MeterValuesReceived)
async def metered(tx: Tx, received: Received[events.MeterValuesReceived]) -> Message | None:
    """A charge point told meter values of a session."""
    event = received.event
    row = await tx.one(_SESSION, id=event.session_id)
    if row is None:
        return None
    return message(
        "SessionMeterValuesNotification", KIND, row["id"], row["operator_id"], chargePointId=event.charge_point_id,
        evseId=event.evse_id, sessionId=event.session_id, externalSessionId=_external(row),
        meterValues=[_value(each) for each in event.values],
    )  # fmt: skip


@charging.tells("session.chargingPeriod.changed", events.ChargingPeriodChanged)
async def turned(tx: Tx, received: Received[events.ChargingPeriodChanged]) -> Message | None:
    """A session's first period, or it turned from charging to idle or back."""
    event = received.event
    row = await tx.one(_SESSION, id=event.session_id)
    if row is None:
        return None
    return message(
        "session.chargingPeriod.changed", KIND, row["id"], row["operator_id"], sessionId=event.session_id,
        chargePointId=event.charge_point_id, evseId=event.evse_id, previousChargingPeriodId=event.previous_period_id,
        currentChargingPeriodId=event.current_period_id, previousState=event.previous_state,
        currentState=event.current_state, lastUpdatedAt=received.occurred_at,
    )  # fmt: skip


async def _found(tx: Tx, received: Received[Any]) -> tuple[Any, Action, dict[str, Any]] | None:
    """The session, what happened, and what both forms say of it."""
    row = await tx.one(_SESSION, id=received.event.session_id)
    if row is None:
        return None
    action: Action = "start" if isinstance(received.event, events.SessionStarted) else "stop"
    begin = row["meter_start_wh"] or Decimal(0)
    # A session that has begun may be over by the time this is told.
    end = row["meter_stop_wh"] if action == "stop" else None
    end = begin if end is None else end
    return row, action, {
        "sessionId": row["id"],
        "chargePointId": row["charge_point_id"],
        "evseId": row["evse_id"],
        "idTag": or_left_out(row["id_tag"]),
        "externalSessionId": _external(row),
        "startedAtTimestamp": row["started_at"],
        "stoppedAtTimestamp": or_left_out(row["stopped_at"] if action == "stop" else None),
        "meterStart": int(begin),
        "meterStop": int(end),
        "energyConsumed": _number(max(end - begin, Decimal(0))),
        "reason": or_left_out(row["reason"] if action == "stop" else None),
        "lastUpdatedAt": row["updated_at"],
        "externalAppData": row["external_app_data"],
    }  # fmt: skip


def _external(row: Any) -> Any:
    """The caller's own text of a remote start, where there was one."""
    tag = row["id_tag"] or "*"
    return or_left_out(tag if row["remote_start_id"] is not None and not tag.startswith("*") else None)


def _local(row: Any, at: Any) -> Any:
    zone = row["timezone"]
    return or_left_out(at.astimezone(ZoneInfo(zone)) if zone is not None and at is not None else None)


def _value(told: dict[str, Any]) -> dict[str, Any]:
    """A meter value. A unit that the message has no word for is left out: a power is in W."""
    found = {**told, "value": _number(Decimal(str(told["value"])))}
    if found.get("unit") not in _UNITS:
        found.pop("unit", None)
    return found


def _number(value: Decimal) -> Decimal:
    """Without zeroes at the end, and never with an exponent."""
    return value.normalize() if value.normalize().as_tuple().exponent <= 0 else value.quantize(Decimal(1))  # type: ignore[operator]  # finite
