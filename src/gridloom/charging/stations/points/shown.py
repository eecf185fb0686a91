"""How the columns of a charge point are shown, and what a list can be asked for."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ARRAY, BigInteger, Boolean, ColumnElement, Date, Text, bindparam, case, cast, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.charging.stations.hardware.tables import charge_point_model
from gridloom.charging.stations.points.schemas import NetworkStatus, ProfileStatus, Type
from gridloom.charging.stations.tables import charge_point, charge_point_notice, evse
from gridloom.kernel.database.statement import Statement
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.filters import Filter, Include, equals, holds, one_or_many, since, until, when

C = charge_point.c


def object_of(**fields: Any) -> ColumnElement[Any]:
    """A JSON object of columns, without those that are NULL."""
    return func.jsonb_strip_nulls(_object(fields), type_=JSONB())


def _object(fields: Mapping[str, Any]) -> ColumnElement[Any]:
    pairs = [each for name, column in fields.items() for each in (name, column)]
    return func.jsonb_build_object(*pairs, type_=JSONB())


def _only(condition: ColumnElement[bool], value: Any) -> ColumnElement[Any]:
    return case((condition, value))


IS_PERSONAL = C.type == "personal"
IS_MANAGED = or_(C.communication_mode == "direct_ocpp", C.communication_mode == "via_ocpp_connected_charge_point")
IS_ROAMING = C.roaming_operator_id.is_not(None)

COLUMNS: Mapping[str, ColumnElement[Any]] = {
    "managed_by_operator": IS_MANAGED,
    "subscription": _only(
        IS_PERSONAL, _object({"required": C.subscription_required, "planIds": func.to_jsonb(C.subscription_plan_ids)})
    ),
    "network": object_of(id=C.network_id, protocol=C.network_protocol, ip=C.network_ip, port=C.network_port),
    "security": object_of(
        desiredProfile=C.desired_security_profile,
        currentProfile=C.current_security_profile,
        hardwareEnabledProfile=C.hardware_enabled_security_profile,
        desiredProfileStatus=C.desired_security_profile_status,
    ),
    "enable_auto_fault_recovery": C.monitoring_enabled & C.auto_recovery_enabled,
    "user": _only(
        IS_PERSONAL, _object({"id": C.user_id, "automaticFirmwareUpdatesEnabled": C.automatic_firmware_updates_enabled})
    ),
    "partner": _only(
        C.partner_id.is_not(None),
        object_of(
            id=C.partner_id, contractId=C.partner_contract_id, contactId=C.partner_contract_id,
            corporateBillingAsDefault=C.corporate_billing_as_default, accessType=C.partner_access_type, notice=C.partner_notice,
        ),
    ),
    "first_contact_at": cast(C.first_contact_at, Date),
    "last_network_status_update_at": C.network_status_at,
    "vendor_error_code": _only(C.hardware_status == "faulted", C.vendor_error_code),
    "sharing_billing_rule": _only(
        IS_PERSONAL & C.sharing_code.is_not(None), func.coalesce(C.sharing_billing_rule, "owner_covers_guests")
    ),
    "enabled_randomised_delay": _only(C.type != "public", C.enabled_randomised_delay),
    "last_updated_at": C.updated_at,
}  # fmt: skip


def with_evse(column: Any) -> Filter:
    """Charge points that have an EVSE with this value."""
    return when(
        column.type.python_type,
        lambda value: C.id.in_(select(evse.c.charge_point_id).where(column == value)),
        column.type,
    )


def of_serial(value: Any) -> ColumnElement[bool]:
    """Those that booted last with this serial number."""
    serial = C.last_boot["chargePointSerialNumber"].astext
    matches: ColumnElement[bool] = serial == value
    return matches


ROAMING = when(bool, lambda value: value == IS_ROAMING, Boolean())
MANAGED = when(bool, lambda value: value == IS_MANAGED, Boolean())
SERIAL = when(str, of_serial, Text())

FILTERS: Mapping[str, Filter] = {
    "operatorId": one_or_many(C.operator_id),
    "desiredSecurityProfileStatus": equals(C.desired_security_profile_status, ProfileStatus),
    "evsePhysicalReference": with_evse(evse.c.physical_reference),
    "networkId": equals(C.network_id),
    "bootNotificationSerialNumber": SERIAL,
    "modelId": equals(C.model_id),
    "vendorId": when(
        int,
        lambda value: C.model_id.in_(select(charge_point_model.c.id).where(charge_point_model.c.vendor_id == value)),
        BigInteger(),
    ),
    "userId": equals(C.user_id),
    "partnerId": equals(C.partner_id),
    "partnerContractId": equals(C.partner_contract_id),
    "type": equals(C.type, Type),
    "subOperatorId": equals(C.sub_operator_id),
    "roaming": ROAMING,
    "roamingOperatorIds": when(list[int], lambda value: C.roaming_operator_id == func.any(value), ARRAY(BigInteger)),
    "name": equals(C.name),
    "locationId": equals(C.location_id),
    "circuitId": equals(C.circuit_id),
    "chargingZoneId": equals(C.charging_zone_id),
    "managedByOperator": MANAGED,
    "externalId": equals(C.external_id),
    "utilityId": equals(C.utility_id),
    "tag": holds(C.tags),
    "sharingCode": equals(C.sharing_code),
    "countryStationId": equals(C.country_station_id),
    "createdAfter": since(C.created_at),
    "createdBefore": until(C.created_at),
    "lastUpdatedAfter": since(C.updated_at),
    "lastUpdatedBefore": until(C.updated_at),
    "networkStatus": equals(C.network_status, NetworkStatus),
    "lastNetworkStatusUpdateAfter": since(C.network_status_at),
    "lastNetworkStatusUpdateBefore": until(C.network_status_at),
}

_IDS = C.id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))
_BOOTS = Statement(select(C.id, C.last_boot, C.last_boot_at).where(_IDS).where(C.last_boot.is_not(None)))
_NOTICES = Statement(
    select(C.id, func.coalesce(charge_point_notice.c.texts, C.partner_notice).label("texts"))
    .select_from(charge_point)
    .outerjoin(
        charge_point_notice,
        (charge_point_notice.c.tenant_id == C.tenant_id) & (charge_point_notice.c.id == C.notice_id),
    )
    .where(_IDS)
    .where(C.type == "private")
    .where(C.partner_access_type == "public_view_private_use")
)


async def _boots(tx: Tx, ids: Sequence[Any]) -> Mapping[Any, Any]:
    rows = await tx.all(_BOOTS, ids=list(ids))
    return {row["id"]: {**row["last_boot"], "lastUpdatedAt": row["last_boot_at"]} for row in rows}


async def _notices(tx: Tx, ids: Sequence[Any]) -> Mapping[Any, Any]:
    return {row["id"]: row["texts"] or [] for row in await tx.all(_NOTICES, ids=list(ids))}


async def _nothing(_: Tx, __: Sequence[Any]) -> Mapping[Any, Any]:
    return {}


BOOT = Include(_boots, empty=lambda: None)
NOTICE = Include(_notices)
# Smart charging has no part yet: nothing is set anywhere.
NOTHING_SET = Include(_nothing, empty=lambda: None)
NO_MODES = Include(_nothing)
