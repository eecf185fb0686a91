"""EVSEs and connectors as the current version has them: below their station, and flat."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, bindparam, func, select
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.charging.notes.public import NotesOn
from gridloom.charging.stations.announcing import connector_written, evse_written
from gridloom.charging.stations.evses import rules
from gridloom.charging.stations.evses.schemas import (
    Connector,
    ConnectorPatch,
    ConnectorWrite,
    Evse,
    EvsePatch,
    EvseWrite,
    StationEvse,
    StationEvsePatch,
    StationEvseWrite,
)
from gridloom.charging.stations.faults import StillInUse
from gridloom.charging.stations.limits import EVSE_LIMITS
from gridloom.charging.stations.operators.schemas import Current
from gridloom.charging.stations.tables import charge_point, connector, evse
from gridloom.charging.writing import ignored, text_or_none
from gridloom.kernel.database.statement import Statement, sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.filters import Include, children, equals, one_or_many, since, until, when
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Named, Owner, Parent, Resource

TAG = "resource / evses"
STATION_TAG = "resource / charge points"
SCOPE = "charging.evses"
E = evse.c
OWNER = Owner(E.operator_id, "operator_id", shared=E.roaming_operator_id.is_not(None))
STATION = {"chargePoint": Parent(E.charge_point_id, charge_point, owner=charge_point.c.operator_id)}
TAKEN = {
    "uq_evse_physical_reference": "physicalReference",
    "uq_evse_tenant_id_charge_point_id_network_id": "networkId",
    "uq_evse_tenant_id_operator_id_external_id": "externalId",
}
SAID = (
    "id", "operator_id", "emi3_id", "roaming_operator_id", "roaming", "hardware_status", "charging_profile", "connectors",
    "created_at", "last_updated_at",
)  # fmt: skip
WRITES: Mapping[str, Any] = {
    **dict.fromkeys(SAID, ignored),
    "power_options": rules.power,
    "external_id": text_or_none("external_id"),
    "label": text_or_none("label"),
}
COLUMNS: Mapping[str, Any] = {
    "power_options": func.jsonb_build_object(
        "maxPower", E.max_power_w, "maxVoltage", E.max_voltage, "maxAmperage", E.max_amperage, "phases", E.phases,
        "phaseRotation", E.phase_rotation, "connectedPhase", E.connected_phase, type_=JSONB(),
    ),
    "last_updated_at": E.updated_at,
    # Until the roaming part gives the business an identity, only what partners sent is known.
    "emi3_id": E.roaming["evseId"].astext,
}  # fmt: skip

_APP_DATA = Statement(
    select(E.id, E.external_app_data).where(E.id == func.any(bindparam("ids", type_=ARRAY(BigInteger))))
)
_FORGET_OF_STATION = sql(
    "DELETE FROM charging.note WHERE object_kind = 'evse' AND object_id IN "
    "(SELECT id FROM charging.evse WHERE charge_point_id = :charge_point)"
)


async def _app_data(tx: Tx, ids: Sequence[Any]) -> Mapping[Any, Any]:
    return {row["id"]: row["external_app_data"] for row in await tx.all(_APP_DATA, ids=list(ids))}


async def _nothing(_: Tx, __: Sequence[Any]) -> Mapping[Any, Any]:
    return {}


async def forget_evse_notes(tx: Tx, charge_point_id: int) -> None:
    """Remove the notes on all EVSEs of a station that is going."""
    await tx.run(_FORGET_OF_STATION, charge_point=charge_point_id)


async def _before_it_goes(tx: Tx, current: Any) -> None:
    """Notes and connectors go with their EVSE; whatever else points at it keeps it (StillInUse)."""
    await notes.forget(tx, current["id"])


def _has_tariffs(value: Any) -> Any:
    return (func.coalesce(func.jsonb_array_length(E.roaming["tariffIds"]), 0) > 0) == value


def _names(start: str, end: str = "") -> dict[Any, Named]:
    listing = Named(f"{start}sListing")
    verbs = {"create": "Create", "read": "Read", "update": "Update", "delete": "Delete"}
    return {"list": listing, **{verb: Named(f"{start}{word}{end}") for verb, word in verbs.items()}}


notes = NotesOn("evse", evse, owner=E.operator_id)
evse_notes = notes.resource("evses/v2.0", tag=TAG)

INCLUDES: Mapping[str, Include] = {
    # Limits have no part yet: nothing is set anywhere. So it is with parking spaces.
    "chargingProfile": EVSE_LIMITS,
    "connectors": children(connector, connector.c.evse_id, Connector),
    "notes": notes.include(),
    "accessibleParkingSpaces": Include(_nothing),
}

evses = Resource(
    evse,
    "evses/v2.1",
    item="evse",
    shows=Evse,
    creates=EvseWrite,
    updates=EvsePatch,
    scope=SCOPE,
    pages=Pages.CURSOR,
    owner=OWNER,
    filters={
        "operatorId": one_or_many(E.operator_id),
        "chargePointId": equals(E.charge_point_id),
        "physicalReference": equals(E.physical_reference),
        "externalId": equals(E.external_id),
        "roaming": when(bool, lambda value: E.roaming_operator_id.is_not(None) == value, Boolean()),
        "lastUpdatedAfter": since(E.updated_at),
        "lastUpdatedBefore": until(E.updated_at),
        "hasRoamingTariffIds": when(bool, _has_tariffs, Boolean()),
        "hasTariffGroup": when(bool, lambda value: E.tariff_group_id.is_not(None) == value, Boolean()),
        "roamingOperatorIds": when(
            list[int], lambda value: E.roaming_operator_id == func.any(value), ARRAY(BigInteger)
        ),
        "parkingSpaceId": when(int, lambda value: E.id.is_(None) & (E.id == value), BigInteger()),
        "currentType": equals(E.current_type, Current),
    },
    includes={**INCLUDES, "externalAppData": Include(_app_data, empty=lambda: None)},
    columns=COLUMNS,
    writes={**WRITES, "charge_point_id": "charge_point_id"},
    taken=TAKEN,
    on_write=rules.complete,
    on_delete=_before_it_goes,
    emits=evse_written,
    in_use=StillInUse,
    tags=(TAG,),
    names=_names("evse"),
    documented={"list": (404, 422), "read": (422,), "create": (404, 422), "update": (422,)},
)

station_evses = Resource(
    evse,
    "charge-points/v2.0/{chargePoint}/evses",
    item="evse",
    title="ChargePointEvse",
    shows=StationEvse,
    creates=StationEvseWrite,
    updates=StationEvsePatch,
    scope=SCOPE,
    pages=Pages.CURSOR,
    parents=STATION,
    includes={**INCLUDES, "externalAppData": Include(_app_data, empty=lambda: None)},
    columns=COLUMNS,
    writes=WRITES,
    taken=TAKEN,
    on_write=rules.complete,
    on_delete=_before_it_goes,
    emits=evse_written,
    in_use=StillInUse,
    tags=(STATION_TAG,),
    names=_names("chargePointEvse"),
    documented={"list": (422,), "read": (422,), "create": (422,), "update": (422,)},
)

connectors = Resource(
    connector,
    "charge-points/v2.0/{chargePoint}/evses/{evse}/connectors",
    item="connector",
    shows=Connector,
    creates=ConnectorWrite,
    updates=ConnectorPatch,
    scope=SCOPE,
    parents={
        "chargePoint": Parent(connector.c.charge_point_id, charge_point, owner=charge_point.c.operator_id),
        "evse": Parent(connector.c.evse_id, evse),
    },
    writes={"id": ignored},
    on_write=rules.complete_connector,
    on_delete=rules.connector_goes,
    emits=connector_written,
    tags=(STATION_TAG,),
    names=_names("chargePointEvseConnector"),
    documented={"create": (422,), "update": (422,)},
)
