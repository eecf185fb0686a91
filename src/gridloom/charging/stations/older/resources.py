"""Stations as the older versions list and read them."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import BigInteger, Text, select

from gridloom.charging.stations.evses import resources as current_evses
from gridloom.charging.stations.evses import rules as evse_rules
from gridloom.charging.stations.faults import StillInUse
from gridloom.charging.stations.older import shown
from gridloom.charging.stations.older.rules import complete_point
from gridloom.charging.stations.older.schemas import (
    OldChargePoint,
    OldEvse,
    OldEvsePut,
    OldHardware,
    OldPointPatch,
    OldPointWrite,
)
from gridloom.charging.stations.operators.schemas import Current, OldStatus
from gridloom.charging.stations.points import resources as current
from gridloom.charging.stations.points import writing
from gridloom.charging.stations.points.schemas import ProfileStatus, Type
from gridloom.charging.stations.points.shown import MANAGED, ROAMING, SERIAL, with_evse
from gridloom.charging.stations.tables import charge_point, connector, evse
from gridloom.charging.writing import ignored, once, text_or_none
from gridloom.kernel.http.filters import equals, holds, when
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Named, Owner, Resource

C, E = charge_point.c, evse.c
BOTH = Pages.CURSOR | Pages.NUMBER


def _capabilities(given: list[str]) -> Mapping[str, Any]:
    return once("capabilities")([each.lower() for each in given])


def _port(given: str | None) -> Mapping[str, Any]:
    return {"network_port": None if given is None else int(given)}


old_charge_points = Resource(
    charge_point,
    "charge-points/v1.0",
    item="charge_point",
    shows=OldChargePoint,
    creates=OldPointWrite,
    updates=OldPointPatch,
    verbs=("list", "read", "delete"),
    scope=current.SCOPE,
    pages=BOTH,
    owner=Owner(C.operator_id, "operator_id", shared=C.roaming_operator_id.is_not(None)),
    filters={
        "desiredSecurityProfileStatus": equals(C.desired_security_profile_status, ProfileStatus),
        "evseId": with_evse(E.id),
        "evsePhysicalReference": with_evse(E.physical_reference),
        "physicalReference": with_evse(E.physical_reference),
        "chargePointNetworkId": equals(C.network_id),
        "chargePointBootNotificationSerialNumber": SERIAL,
        "userId": equals(C.user_id),
        "partnerId": equals(C.partner_id),
        "accessType": equals(C.type, Type),
        "subOperatorId": equals(C.sub_operator_id),
        "roaming": ROAMING,
        "name": equals(C.name),
        "locationId": equals(C.location_id),
        "managedByOperator": MANAGED,
        "externalId": equals(C.external_id),
        "evseExternalId": with_evse(E.external_id),
        "tag": holds(C.tags),
    },
    columns=shown.POINT,
    values=shown.POINT_VALUES,
    writes={
        "network_protocol": writing.protocol,
        "network_port": _port,
        "plug_and_charge": "auto_start_without_authorization",
        "access_type": "type",
        "owner_partner_id": "partner_id",
        "owner_partner_contract_id": "partner_contract_id",
        "partner_corporate_billing_as_default": "corporate_billing_as_default",
        "capabilities": _capabilities,
        "managed_by_operator": writing.managed,
        "uptime_tracking_enabled": ignored,
        "auto_fault_recovery": writing.both_recoveries,
        "tags": once("tags"),
        "external_id": text_or_none("external_id"),
        # What is said about EVSEs is written by the actions.
        "evses": ignored,
        "template_id": ignored,
    },
    taken={**current.TAKEN, "uq_charge_point_tenant_id_network_id": "networkId"},
    on_write_with_call=complete_point,
    on_delete=current.forget_notes,
    in_use=StillInUse,
    tags=(current.TAG,),
    names={
        "list": Named("chargePointsListingDeprecated", deprecated=True),
        "read": Named("chargePointReadDeprecated", deprecated=True),
        "delete": Named("chargePointDeleteDeprecated", deprecated=True),
    },
    documented={"list": (422,)},
)


def _stored_status(given: str) -> str:
    return "enabled" if given == "active" else given


def _watts(given: Any) -> Mapping[str, Any]:
    return {"max_power_w": None if given is None else int(given * 1000)}


def _rotation(given: str | None) -> Mapping[str, Any]:
    return {"phase_rotation": None if given is None else given.upper()}


def _of_partner(value: Any) -> Any:
    return E.charge_point_id.in_(select(C.id).where(C.partner_id == value))


old_evses = Resource(
    evse,
    "evses/v2.0",
    item="evse",
    shows=OldEvse,
    updates=OldEvsePut,
    verbs=("list", "read"),
    scope=current_evses.SCOPE,
    pages=BOTH,
    owner=current_evses.OWNER,
    filters={
        "chargePointId": equals(E.charge_point_id),
        "physicalReference": equals(E.physical_reference),
        "evseStatus": when(OldStatus, lambda value: E.status == value, Text(), _stored_status),
        "hardwareStatus": when(OldHardware, lambda value: shown.EVSE["hardware_status"] == value, Text()),
        "evseType": equals(E.current_type, Current),
        "connectorId": when(
            int, lambda value: E.id.in_(select(connector.c.evse_id).where(connector.c.id == value)), BigInteger()
        ),
        "tariffGroupId": equals(E.tariff_group_id),
        "partnerId": when(int, _of_partner, BigInteger()),
        # There is no roaming platform yet from which an EVSE could come.
        "roamingPlatformId": when(int, lambda value: E.id.is_(None) & (E.id == value), BigInteger()),
    },
    columns=shown.EVSE,
    values={"status": shown.STATUSES},
    writes={
        **dict.fromkeys(
            ("id", "charge_point_id", "charging_profile", "roaming", "notes", "hardware_status", "connectors"), ignored
        ),
        "type": "current_type",
        "max_power_kw": _watts,
        "phase_rotation": _rotation,
        "external_id": text_or_none("external_id"),
    },
    taken=current_evses.TAKEN,
    on_write=evse_rules.complete,
    tags=(current_evses.TAG,),
    names={
        "list": Named("evsesListingDeprecated", deprecated=True),
        "read": Named("evseReadDeprecated", deprecated=True),
    },
    documented={"list": (422,)},
)
