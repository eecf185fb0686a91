"""Commands whose answer is what the caller wants to know: schedules, list versions, a vendor's own data, any message."""

from typing import Any

import msgspec

from gridloom.charging.commands import messages
from gridloom.charging.commands.actions.common import ALL_REFUSALS, CONTROL, TAGS, V1
from gridloom.charging.commands.checking import request_mistake, sets_password
from gridloom.charging.commands.desk import Desk, evse_of
from gridloom.charging.commands.schemas import (
    CompositeSchedule,
    CustomCall,
    DataTransferAnswer,
    DataTransferWrite,
    ListVersion,
    ScheduleWanted,
)
from gridloom.charging.csms.public import NoAnswer408, NotConnected424, Refused406
from gridloom.charging.ocpp.public import Answered, Busy, InvalidCall, Offline, Payload, Rejected, Version
from gridloom.kernel.errors import FieldError, Invalid, NotFound
from gridloom.kernel.http.call import Answer
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.subject import Subject


@action(
    "POST", f"{V1}/get-composite-schedule", scope=CONTROL, answers={202: CompositeSchedule},
    faults=(NotFound, *ALL_REFUSALS, Invalid), name="chargePointGetCompositeSchedule", tags=TAGS, wrapped=False,
)  # fmt: skip
async def get_composite_schedule(
    desk: Desk, subject: Subject, charge_point: int, body: ScheduleWanted
) -> CompositeSchedule:
    """Ask a charge point which limits hold from now on, all of its profiles together."""
    target = await desk.target(subject, charge_point)
    number = body.evse_network_id or 0
    if number:
        async with desk.transaction(target, read_only=True) as tx:
            if await evse_of(tx, target.id, number) is None:
                raise Invalid("The charge point has no such EVSE.", field="evseNetworkId")
    message = messages.composite_schedule(target.version, number, body.duration)
    answer = await desk.tell(target, message, only=None)
    await desk.keep_note(target, "chargePointGetCompositeSchedule", {"evse": number, "duration": body.duration})
    return msgspec.convert(schedule_of(target.version, answer, number), CompositeSchedule, strict=False)


def schedule_of(version: Version, answer: Payload, number: int) -> dict[str, Any]:
    """A composite schedule in the words of OCPP 1.6, which the API speaks."""
    if version is Version.V16:
        return {"connectorId": number, **answer}
    found = answer.get("schedule")
    if found is None:
        return {"status": "Accepted", "connectorId": number}
    names = ("duration", "chargingRateUnit", "chargingSchedulePeriod")
    schedule = {name: found[name] for name in names} | {"startSchedule": found["scheduleStart"]}
    place = {"connectorId": found["evseId"], "scheduleStart": found["scheduleStart"]}
    return {"status": "Accepted", **place, "chargingSchedule": schedule}


@action(
    "POST", f"{V1}/get-local-list-version", scope=CONTROL, answers={200: ListVersion, 204: None},
    faults=(NotFound, *ALL_REFUSALS), name="chargePointGetLocalListVersion", tags=TAGS, wrapped=False, documented=(422,),
)  # fmt: skip
async def get_local_list_version(desk: Desk, subject: Subject, charge_point: int) -> Answer:
    """Ask a charge point for the version of its local authorization list. 204: it has none; 406: it cannot have one."""
    target = await desk.target(subject, charge_point)
    answer = await desk.tell(target, messages.LOCAL_LIST_VERSION, only=None)
    number = answer["listVersion" if target.version is Version.V16 else "versionNumber"]
    if number < 0:
        raise Refused406("The charge point does not support local authorization lists.")
    await desk.keep_note(target, "chargePointGetLocalListVersion")
    return Answer(ListVersion(version_number=number)) if number else Answer(status=204)


@action(
    "POST", f"{V1}/send-custom-ocpp", scope=CONTROL, answers={200: dict[str, Any]},
    faults=(NotFound, NoAnswer408, NotConnected424, Invalid), name="chargePointSendCustomOcpp", tags=TAGS, wrapped=False,
)  # fmt: skip
async def send_custom_ocpp(desk: Desk, subject: Subject, charge_point: int, body: CustomCall) -> dict[str, Any]:
    """Send any message of OCPP and answer what the charge point answers, as it is.

    An error of the charge point (CALLERROR) is an answer too: `errorCode`, `errorDescription`, `errorDetails`.
    """
    target = await desk.target(subject, charge_point)
    if (wrong := request_mistake(target.version, body.command, body.payload)) is not None:
        place, told = wrong
        raise Invalid(errors=[FieldError("body", place, told)])
    if sets_password(body.command, body.payload):
        # The record would keep the old one, and the station could not come back.
        raise Invalid("A charge point's password is changed by set-configuration.", field="payload")
    if target.reached is None:
        raise NotConnected424
    try:
        outcome = await desk.commands.call(target.tenant, target.reached, body.command, body.payload)
    except InvalidCall as mistake:  # it came back with another version meanwhile
        raise Invalid(f"The charge point cannot be told this: {mistake}.", field="payload") from None
    if isinstance(outcome, Offline):
        raise NotConnected424
    if isinstance(outcome, Busy) or not isinstance(outcome, Answered | Rejected):
        raise NoAnswer408
    # The payload may hold a password; the communication log keeps it with secrets replaced.
    await desk.keep_note(target, "chargePointSendCustomOcpp", {"command": body.command})
    if isinstance(outcome, Answered):
        return outcome.payload
    return {"errorCode": outcome.code, "errorDescription": outcome.description, "errorDetails": outcome.details}


@action(
    "POST", f"{V1}/send-data-transfer", scope=CONTROL, answers={200: DataTransferAnswer},
    faults=(NotFound, Refused406, Invalid), name="chargePointSendDataTransfer", tags=TAGS, wrapped=False,
)  # fmt: skip
async def send_data_transfer(
    desk: Desk, subject: Subject, charge_point: int, body: DataTransferWrite
) -> DataTransferAnswer:
    """Send data that a vendor has defined. What the charge point thinks of it is in the answer, a refusal too."""
    target = await desk.target(subject, charge_point)
    message = messages.data_transfer(body.vendor_id, body.message_id or None, body.data or None)
    answer = await desk.tell(target, message)
    await desk.keep_note(
        target, "chargePointSendDataTransfer", {"vendor": body.vendor_id, "message": body.message_id or ""}
    )
    data = answer.get("data")
    if data is not None and not isinstance(data, str):
        data = msgspec.json.encode(data).decode()
    return DataTransferAnswer(status=answer["status"], **({} if data is None else {"data": data}))
