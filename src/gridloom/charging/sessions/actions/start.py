"""Starting a session. The answer is 202 either way: it says whether the charge point starts, or why nobody may."""

from typing import Any

from msgspec import UNSET

from gridloom.charging.commands.public import Desk
from gridloom.charging.sessions.start_schemas import StartAtEvseWrite, Started, StartedAtEvse, StartWrite
from gridloom.charging.sessions.starting import Place, Result, start
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.subject import Subject

SCOPE = "charging.sessions:start"
POINTS, EVSES = ("action / charge point",), ("action / evse",)


def _refused(outcome: Result) -> dict[str, Any]:
    if outcome.refusal is None:
        return {"message": UNSET, "error_code": UNSET}
    return {"message": outcome.message, "error_code": outcome.refusal.code}


def _at_evse(outcome: Result) -> StartedAtEvse:
    return StartedAtEvse(
        success=outcome.refusal is None,
        session_id=outcome.session_id,
        authorization_id=outcome.authorization_id,
        **_refused(outcome),
    )


@action(
    "POST", "charge-point/v1.0/{charge_point}/start", scope=SCOPE, answers={202: Started}, faults=(NotFound, Invalid),
    wrapped=False, name="chargePointStartChargingSessionWithoutEvse", tags=POINTS,
)  # fmt: skip
async def start_at_station(desk: Desk, subject: Subject, charge_point: int, body: StartWrite) -> Started:
    """Start a session at whichever EVSE the charge point takes; the session is there when the charge point has started it."""
    place = Place(charge_point_id=charge_point)
    outcome = await start(desk, subject, place, body, "chargePointStartChargingSessionWithoutEvse")
    return Started(success=outcome.refusal is None, authorization_id=outcome.authorization_id, **_refused(outcome))


@action(
    "POST", "charge-point/v1.0/{charge_point}/start/{evse}", scope=SCOPE, answers={202: StartedAtEvse},
    faults=(NotFound, Invalid), wrapped=False, name="chargePointStartChargingSession", tags=POINTS,
)  # fmt: skip
async def start_at_number(
    desk: Desk, subject: Subject, charge_point: int, evse: int, body: StartAtEvseWrite
) -> StartedAtEvse:
    """Start a session at an EVSE, by its number within the charge point."""
    place = Place(charge_point_id=charge_point, evse_number=evse)
    return _at_evse(await start(desk, subject, place, body, "chargePointStartChargingSession"))


@action(
    "POST", "evse/v1.0/{evse}/start", scope=SCOPE, answers={202: StartedAtEvse}, faults=(NotFound, Invalid),
    wrapped=False, name="evseStartChargingWithEvseId", tags=EVSES,
)  # fmt: skip
async def start_at_evse(desk: Desk, subject: Subject, evse: int, body: StartAtEvseWrite) -> StartedAtEvse:
    """Start a session at an EVSE."""
    return _at_evse(await start(desk, subject, Place(evse_id=evse), body, "evseStartChargingWithEvseId"))
