"""Charge points as the current version has them, with their notes."""

from typing import Any

from sqlalchemy import select

from gridloom.charging.notes.public import NotesOn
from gridloom.charging.sites.public import location_partners
from gridloom.charging.stations.announcing import point_goes, point_written
from gridloom.charging.stations.evses.resources import forget_evse_notes
from gridloom.charging.stations.faults import StillInUse
from gridloom.charging.stations.limits import POINT_LIMITS
from gridloom.charging.stations.points import rules, shown
from gridloom.charging.stations.points.schemas import ChargePoint, ChargePointPatch, ChargePointWrite
from gridloom.charging.stations.points.writing import WRITES
from gridloom.charging.stations.tables import charge_point
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Named, Owner, Resource

TAG = "resource / charge points"
SCOPE = "charging.charge-points"
OWNER = Owner(charge_point.c.operator_id, "operator_id", "operatorId", shared=shown.IS_ROAMING)
TAKEN = {
    "uq_charge_point_tenant_id_network_id": "network.id",
    "uq_charge_point_tenant_id_operator_id_external_id": "externalId",
    "uq_charge_point_tenant_id_sharing_code": "sharingCode",
}

location_partners.add(select(charge_point.c.location_id, charge_point.c.partner_id))

notes = NotesOn("chargePoint", charge_point, owner=charge_point.c.operator_id)
charge_point_notes = notes.resource("charge-points/v2.0", tag=TAG)


async def forget_notes(tx: Tx, current: Any) -> None:
    """Notes go with their charge point, and so do its EVSEs; whatever else points at it keeps it (StillInUse)."""
    await notes.forget(tx, current["id"])
    await forget_evse_notes(tx, current["id"])
    await point_goes(tx, current)


charge_points = Resource(
    charge_point,
    "charge-points/v2.0",
    item="chargePoint",
    shows=ChargePoint,
    creates=ChargePointWrite,
    updates=ChargePointPatch,
    scope=SCOPE,
    pages=Pages.CURSOR,
    owner=OWNER,
    filters=shown.FILTERS,
    includes={
        "lastBootNotification": shown.BOOT,
        "chargingProfile": POINT_LIMITS,
        "smartCharging": shown.NOTHING_SET,
        "smartChargingPreferences": shown.NOTHING_SET,
        "personalSmartChargingPreferences": shown.NOTHING_SET,
        "availablePersonalSmartChargingModes": shown.NO_MODES,
        "notes": notes.include(),
        "notice": shown.NOTICE,
    },
    columns=shown.COLUMNS,
    writes=WRITES,
    taken=TAKEN,
    on_write_with_call=rules.complete,
    on_delete=forget_notes,
    emits=point_written,
    in_use=StillInUse,
    tags=(TAG,),
    names={
        "list": Named("chargePointsListing"),
        "create": Named("chargePointCreate"),
        "read": Named("chargePointRead"),
        "update": Named("chargePointUpdate"),
        "delete": Named("chargePointDelete"),
    },
    documented={"list": (404, 422), "read": (422,), "create": (404, 422), "update": (422,)},
)
