"""Commands that are one message, whose answer is all there is to know: nothing is kept of them but the line in the trail."""

from gridloom.charging.commands import messages
from gridloom.charging.commands.actions.common import CONTROL, EVSE_TAGS, TAGS, V1, V1_EVSE
from gridloom.charging.commands.desk import Desk, evse_of
from gridloom.charging.commands.schemas import Availability, Reason, Success, TriggerWrite
from gridloom.charging.csms.public import Refused406
from gridloom.kernel.errors import Conflict, Fault, Invalid, NotFound
from gridloom.kernel.http.call import Answer
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.subject import Subject


@action(
    "POST", f"{V1}/change-availability", scope=CONTROL, answers={202: None, 204: None},
    faults=(NotFound, Refused406, Invalid), name="chargePointChangeAvailability", tags=TAGS,
)  # fmt: skip
async def change_availability(desk: Desk, subject: Subject, charge_point: int, body: Availability) -> Answer:
    """Allow or forbid charging at a charge point or at one of its EVSEs.

    204: it will be done when what charges now has ended. The status changes when the charge point reports it.
    """
    target = await desk.target(subject, charge_point)
    number = body.evse_network_id or 0
    if number:
        async with desk.transaction(target, read_only=True) as tx:
            if await evse_of(tx, target.id, number) is None:
                raise Invalid("The charge point has no such EVSE.", field="evseNetworkId")
    answer = await desk.tell(target, messages.change_availability(target.version, body.type, number))
    await desk.keep_note(target, "chargePointChangeAvailability", {"type": body.type, "evse": number})
    return Answer(status=204 if answer["status"] == "Scheduled" else 202)


@action(
    "POST", f"{V1}/clear-cache", scope=CONTROL, answers={202: Success}, faults=(NotFound, Refused406, Invalid),
    name="chargePointClearCache", tags=TAGS, wrapped=False,
)  # fmt: skip
async def clear_cache(desk: Desk, subject: Subject, charge_point: int, body: Reason) -> Success:
    """Have a charge point forget whom it has seen authorized."""
    target = await desk.target(subject, charge_point)
    await desk.tell(target, messages.CLEAR_CACHE)
    await desk.keep_note(target, "chargePointClearCache", {"reason": body.reason})
    return Success(success=True)


@action(
    "POST", f"{V1}/disconnect", scope=CONTROL, answers={202: Success}, faults=(NotFound, Conflict, Invalid),
    name="chargePointDisconnect", tags=TAGS, wrapped=False,
)  # fmt: skip
async def disconnect(desk: Desk, subject: Subject, charge_point: int, body: Reason) -> Success:
    """End the connection of a charge point, which will come back by itself. 409: it was not connected."""
    target = await desk.target(subject, charge_point)
    if target.reached is None or not await desk.commands.disconnect(target.tenant, target.reached, body.reason):
        raise Conflict("The charge point is not connected.")
    await desk.keep_note(target, "chargePointDisconnect", {"reason": body.reason})
    return Success(success=True)


@action(
    "POST", f"{V1}/reset/{{type}}", scope=CONTROL, answers={202: Success}, faults=(NotFound,), name="chargePointReset",
    tags=TAGS, wrapped=False,
)  # fmt: skip
async def reset(desk: Desk, subject: Subject, charge_point: int, type: str) -> Success:  # noqa: A002 - the path's own name
    """Restart a charge point: `hard` at once, `soft` in good order.

    There is no refusal among the answers: `success` is false when the charge point said no, or could not be asked.
    """
    if type not in ("hard", "soft"):
        raise NotFound
    target = await desk.target(subject, charge_point)
    try:
        await desk.tell(target, messages.reset(target.version, type))
    except NotFound:
        raise
    except Fault:
        return Success(success=False)
    await desk.keep_note(target, "chargePointReset", {"type": type})
    return Success(success=True)


@action(
    "POST", f"{V1}/trigger-message", scope=CONTROL, answers={202: None}, faults=(NotFound, Refused406, Invalid),
    name="chargePointTriggerMessageChargePoint", tags=TAGS,
)  # fmt: skip
async def trigger_message(desk: Desk, subject: Subject, charge_point: int, body: TriggerWrite) -> None:
    """Have a charge point send a message. 422: its version of OCPP does not have that message."""
    target = await desk.target(subject, charge_point)
    await desk.tell(target, messages.trigger(target.version, body.type))
    await desk.keep_note(target, "chargePointTriggerMessage", {"type": body.type})


@action(
    "POST", f"{V1_EVSE}/trigger-message", scope=CONTROL, answers={202: None}, faults=(NotFound, Refused406, Invalid),
    name="evseTriggerMessage", tags=EVSE_TAGS,
)  # fmt: skip
async def trigger_evse_message(desk: Desk, subject: Subject, evse: int, body: TriggerWrite) -> None:
    """Have a charge point send a message about one of its EVSEs."""
    target, number = await desk.target_of_evse(subject, evse)
    await desk.tell(target, messages.trigger(target.version, body.type, number))
    await desk.keep_note(target, "evseTriggerMessage", {"type": body.type, "evse": number})


@action(
    "POST", f"{V1}/unlock/{{evse}}", scope=CONTROL, answers={202: Success}, faults=(NotFound, Refused406),
    name="chargePointEvseUnlock", tags=TAGS, wrapped=False, documented=(422,),
)  # fmt: skip
async def unlock(desk: Desk, subject: Subject, charge_point: int, evse: int) -> Success:
    """Release the plug at an EVSE, named by its number within the charge point. What charges there may end by it."""
    target = await desk.target(subject, charge_point)
    async with desk.transaction(target, read_only=True) as tx:
        if await evse_of(tx, target.id, evse) is None:
            raise NotFound
    await desk.tell(target, messages.unlock(target.version, evse))
    await desk.keep_note(target, "chargePointEvseUnlock", {"evse": evse})
    return Success(success=True)
