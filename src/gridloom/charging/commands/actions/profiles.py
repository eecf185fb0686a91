"""Charging profiles: what a station is told to keep to, and what we know that it keeps to."""

from typing import Any

from msgspec import UNSET

from gridloom.charging.commands import messages, profiles
from gridloom.charging.commands.actions.common import CONTROL, TAGS, V1
from gridloom.charging.commands.desk import Desk, Target, evse_of, note
from gridloom.charging.commands.profile_schemas import ChargingProfile, ClearProfileWrite, ProfileApplied
from gridloom.charging.csms.public import Refused406
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.subject import Subject


@action(
    "POST", f"{V1}/set-charging-profile/{{evse_network_id}}", scope=CONTROL, answers={202: ProfileApplied},
    faults=(NotFound, Refused406, Invalid), name="chargePointSetChargingProfile", tags=TAGS,
)  # fmt: skip
async def set_charging_profile(
    desk: Desk, subject: Subject, charge_point: int, evse_network_id: int, body: ChargingProfile
) -> ProfileApplied:
    """Limit what an EVSE draws; with 0 as its number, what the whole charge point draws.

    A profile of the same purpose and level at the same place is replaced.
    """
    target = await desk.target(subject, charge_point)
    profile = body.plain()
    async with desk.transaction(target) as tx:
        evse_id = await evse_of(tx, target.id, evse_network_id) if evse_network_id else None
        if evse_network_id and evse_id is None:
            raise NotFound
        if body.charging_profile_purpose == "ChargePointMaxProfile" and evse_network_id:
            raise Invalid("The limit of a whole charge point is set at 0.", field="chargingProfilePurpose")
        if body.charging_profile_purpose == "TxProfile":
            profile |= await _of_transaction(tx, target, evse_network_id, body)
        number = await profiles.ask(tx, target.id, evse_network_id, profile)
    async with desk.or_forget(target, profiles.forget, number):
        message = messages.set_profile(target.version, number, evse_network_id, profile)
        await desk.tell_or_undo(target, message, messages.clear_profile(target.version, number=number))
    async with desk.transaction(target) as tx:
        await profiles.install(tx, number, evse_id=evse_id)
        note(tx, target, "chargePointSetChargingProfile", {"evse": evse_network_id, "id": number})
    return ProfileApplied(id=number)


async def _of_transaction(tx: Any, target: Target, evse_number: int, body: ChargingProfile) -> dict[str, str]:
    """The transaction that a profile is about: the one that is named, or the one that runs at the EVSE."""
    if not evse_number:
        raise Invalid("A profile of a transaction is set at its EVSE.", field="chargingProfilePurpose")
    named = None if body.transaction_id is UNSET else body.transaction_id
    found = await profiles.transaction_at(tx, target.id, evse_number, named)
    if found is None:
        raise Invalid("No such transaction runs at this EVSE.", field="transactionId")
    return {"transactionId": found}


@action(
    "POST", f"{V1}/clear-charging-profile", scope=CONTROL, answers={202: None}, faults=(NotFound, Refused406, Invalid),
    name="chargePointClearChargingProfile", tags=TAGS,
)  # fmt: skip
async def clear_charging_profile(desk: Desk, subject: Subject, charge_point: int, body: ClearProfileWrite) -> None:
    """Take charging profiles back: those that fit all that is said.

    Nothing said: the limit of the whole charge point. An EVSE alone: its default profile. A charge point that does not
    know any such profile has none of them either, so what is kept here goes in that case too.
    """
    target = await desk.target(subject, charge_point)
    wanted = profiles.Wanted.of(body)
    if wanted.evse_number:
        async with desk.transaction(target) as tx:
            if await evse_of(tx, target.id, wanted.evse_number) is None:
                raise Invalid("The charge point has no such EVSE.", field="evseNetworkId")
    message = messages.clear_profile(
        target.version, number=wanted.number, evse=wanted.evse_number, purpose=wanted.purpose,
        stack_level=wanted.stack_level,
    )  # fmt: skip
    answer = await desk.ask(target, message.action, message.payload)
    async with desk.transaction(target) as tx:
        await profiles.drop(tx, target.id, wanted)
        note(tx, target, "chargePointClearChargingProfile", wanted.said())
    if answer["status"] != "Accepted":
        raise Refused406("The charge point knows no such profile.")
