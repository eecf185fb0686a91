"""Writes of the older versions that touch more than one row, and the state of a station."""

from msgspec import UNSET

from gridloom.charging.stations.announcing import evses_made
from gridloom.charging.stations.events import ChargePointChanged, EvseChanged
from gridloom.charging.stations.evses.resources import SCOPE as EVSE_SCOPE
from gridloom.charging.stations.evses.resources import TAG as EVSE_TAG
from gridloom.charging.stations.older import resources
from gridloom.charging.stations.older.schemas import (
    EvseState,
    OldChargePoint,
    OldEvse,
    OldEvsePut,
    OldPointPatch,
    OldPointWrite,
    PointState,
)
from gridloom.charging.stations.older.store import add_evses, change_evses, set_connectors, template_evses
from gridloom.charging.stations.points.resources import SCOPE, TAG
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.events.event import emit
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.operation import action

POINTS = "/public-api/resources/charge-points/v1.0"
POINT = f"{POINTS}/{{charge_point}}"
READ, WRITE = f"{SCOPE}:read", f"{SCOPE}:write"
TAGS = (TAG,)


@action(
    "POST", POINTS, scope=WRITE, answers={201: OldChargePoint}, faults=(Invalid,), tags=TAGS, deprecated=True,
    name="chargePointCreateDeprecated",
)  # fmt: skip
async def create_older(tx: Tx, call: Call, body: OldPointWrite) -> OldChargePoint:
    """Make a charge point with the EVSEs of a template."""
    changes = {} if body.evses is UNSET else body.evses
    rows = await template_evses(tx, body.template_id, changes)
    made = await resources.old_charge_points.create(tx, body, {}, call=call)
    await add_evses(tx, made.id, rows, changes)
    emit(tx, ChargePointChanged(charge_point_id=made.id, action="created"))
    await evses_made(tx, made.id)
    shown: OldChargePoint = await resources.old_charge_points.read(tx, made.id, (), {})
    return shown


@action(
    "PATCH", POINT, scope=WRITE, answers={200: OldChargePoint}, faults=(NotFound, Invalid), tags=TAGS, deprecated=True,
    wrapped=False, name="chargePointUpdateDeprecated",
)  # fmt: skip
async def update_older(tx: Tx, call: Call, charge_point: int, body: OldPointPatch) -> OldChargePoint:
    """Change a charge point, and some of its EVSEs by their number."""
    await resources.old_charge_points.update(tx, charge_point, body, (), {}, call=call)
    if body.evses is not UNSET:
        await change_evses(tx, charge_point, body.evses)
    emit(tx, ChargePointChanged(charge_point_id=charge_point, action="updated"))
    shown: OldChargePoint = await resources.old_charge_points.read(tx, charge_point, (), {})
    return shown


@action(
    "GET",
    f"{POINT}/status",
    scope=READ,
    answers={200: PointState},
    faults=(NotFound,),
    tags=TAGS,
    name="chargePointStatusRead",
)
async def read_state(tx: Tx, charge_point: int) -> PointState:
    """Whether a charge point is reached, and what it and its EVSEs do."""
    found: OldChargePoint = await resources.old_charge_points.read(tx, charge_point, (), {})
    states = [EvseState(id=each["id"], hardware_status=each["hardwareStatus"]) for each in found.evses]  # type: ignore[index]  # JSON as the database made it
    return PointState(
        network_status=found.network_status,
        hardware_status=found.hardware_status,
        evses=states,
        last_updated_at=found.last_updated_at,
    )


@action(
    "PUT", "/public-api/resources/evses/v2.0/{evse}", scope=f"{EVSE_SCOPE}:write", answers={200: OldEvse}, deprecated=True,
    faults=(NotFound, Invalid), tags=(EVSE_TAG,), name="evseUpdateDeprecated",
)  # fmt: skip
async def put_evse(tx: Tx, evse: int, body: OldEvsePut) -> OldEvse:
    """Write an EVSE as a whole, with its connectors when they are named."""
    await resources.old_evses.update(tx, evse, body, (), {})
    if body.connectors is not UNSET and body.connectors is not None:
        await set_connectors(tx, evse, body.connectors)
    shown: OldEvse = await resources.old_evses.read(tx, evse, (), {})
    emit(tx, EvseChanged(charge_point_id=shown.charge_point_id, evse_id=evse, action="updated"))
    return shown
