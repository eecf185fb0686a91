"""Holding an EVSE for a driver."""

from msgspec import UNSET

from gridloom.charging.commands import messages, reservations
from gridloom.charging.commands.actions.common import CONTROL, TAGS, V1
from gridloom.charging.commands.desk import Desk, evse_of, note
from gridloom.charging.commands.schemas import Reserved, ReserveWrite
from gridloom.charging.csms.public import Refused406
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.subject import Subject


@action(
    "POST", f"{V1}/reserve/{{evse}}", scope=CONTROL, answers={202: Reserved}, faults=(NotFound, Refused406, Invalid),
    name="chargePointReserve", tags=TAGS, wrapped=False,
)  # fmt: skip
async def reserve(desk: Desk, subject: Subject, charge_point: int, evse: int, body: ReserveWrite) -> Reserved:
    """Hold an EVSE, named by its number within the charge point, for a user, as long as the settings say."""
    target = await desk.target(subject, charge_point)
    async with desk.transaction(target) as tx:
        evse_id = await evse_of(tx, target.id, evse)
        if evse_id is None:
            raise NotFound
        reason = None if body.reason is UNSET else body.reason
        number, token, until = await reservations.ask_for(tx, target.id, evse_id, body.user_id, reason)
    async with desk.or_forget(target, reservations.forget, number):
        message = messages.reserve(target.version, number, evse, token, until)
        await desk.tell_or_undo(target, message, messages.cancel_reservation(number))
    async with desk.transaction(target) as tx:
        await reservations.activate(tx, number)
        note(tx, target, "chargePointReserve", {"evse": evse, "user": body.user_id, "reservation": number})
    return Reserved(success=True, reservation_id=number)
