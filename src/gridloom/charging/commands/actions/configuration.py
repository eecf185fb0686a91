"""The variables of charge points: reading them anew, and setting one."""

from msgspec import UNSET

from gridloom.charging.commands import messages, syncing
from gridloom.charging.commands.actions.common import CONTROL, TAGS, V1, V2
from gridloom.charging.commands.desk import Desk, note
from gridloom.charging.commands.schemas import SyncAsked, SyncWrite, VariableWrite
from gridloom.charging.csms.public import Refused406
from gridloom.charging.ocpp.public import Version
from gridloom.charging.stations.events import ChargePointChanged
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.events import emit
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.security.sealing import Sealer

MOST_16 = 500


@action(
    "POST", f"{V1}/sync-configuration", scope=CONTROL, answers={202: SyncAsked}, faults=(NotFound, Refused406, Invalid),
    name="chargePointSyncConfiguration", tags=TAGS, wrapped=False,
)  # fmt: skip
async def sync_configuration(desk: Desk, subject: Subject, charge_point: int, body: SyncWrite) -> SyncAsked:
    """Read the variables of a charge point anew, all or some. They are read at each boot without being asked for.

    The result comes as a notification with the same number, and is then what the charge point's configuration shows.
    """
    target = await desk.target(subject, charge_point)
    number = await syncing.sync(desk, target, list(dict.fromkeys(body.keys)))
    await desk.keep_note(target, "chargePointSyncConfiguration", {"keys": body.keys, "request": number})
    return SyncAsked(success=True, request_id=number)


@action(
    "POST", f"{V2}/set-configuration", scope=CONTROL, answers={202: None}, faults=(NotFound, Refused406, Invalid),
    name="chargePointSetConfiguration", tags=TAGS,
)  # fmt: skip
async def set_configuration(
    desk: Desk, sealer: Sealer, subject: Subject, charge_point: int, body: VariableWrite
) -> None:
    """Set a variable of a charge point; some take effect with its next restart."""
    target = await desk.target(subject, charge_point)
    place = {
        "component": "" if body.component_name is UNSET else body.component_name,
        "instance": "" if body.instance is UNSET else body.instance,
    }
    evse = 0 if body.evse_id is UNSET else body.evse_id
    if target.version is Version.V16:
        place, evse = {}, 0
        if len(body.value) > MOST_16:
            raise Invalid(f"With OCPP 1.6 a value has at most {MOST_16} characters.", field="value")
    elif not place["component"]:
        raise Invalid("A charge point with OCPP 2.0.1 needs the name of the component.", field="componentName")
    said = await syncing.set_variable(desk, target, body.name, body.value, **place, evse=evse)
    if said not in messages.SET:
        raise Refused406(f"The charge point answered {said}.")
    async with desk.transaction(target) as tx:
        await syncing.keep_value(tx, sealer, target.id, body.name, body.value, **place, evse=evse)
        note(tx, target, "chargePointSetConfiguration", {"name": body.name, **place, "evse": evse})
        emit(tx, ChargePointChanged(charge_point_id=target.id, action="updated"))
