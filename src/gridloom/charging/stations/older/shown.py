"""How rows are shown in the words of the older versions."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Boolean, ColumnElement, DateTime, Numeric, Text, case, cast, false, func, literal_column, null
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.charging.stations.points import shown
from gridloom.charging.stations.tables import charge_point, evse

C, E = charge_point.c, evse.c
# `occupied` of OCPP 2.0.1 says only that a car is there.
HARDWARE = "CASE {0}.hardware_status WHEN 'occupied' THEN 'preparing' ELSE {0}.hardware_status END"
STATUS = "CASE {0}.status WHEN 'enabled' THEN 'active' ELSE {0}.status END"
CONNECTORS = """(SELECT coalesce(jsonb_agg(jsonb_build_object('id', k.id, 'format', k.format,
    'type', CASE WHEN k.type IN ('gb-t-ac', 'gb-t-dc') THEN 'catarc' ELSE k.type END,
    'status', CASE k.status WHEN 'enabled' THEN 'active' ELSE k.status END) ORDER BY k.id), '[]')
    FROM charging.connector k WHERE k.tenant_id = {0}.tenant_id AND k.evse_id = {0}.id)"""
_EVSE = f"""jsonb_build_object('id', e.id, 'externalId', e.external_id, 'chargingProfile', NULL, 'networkId', e.network_id,
    'physicalReference', e.physical_reference, 'currentType', e.current_type, 'maxPower', e.max_power_w,
    'maxVoltage', e.max_voltage, 'maxAmperage', e.max_amperage, 'status', {STATUS.format("e")},
    'connectors', {CONNECTORS.format("e")}, 'midMeterCertificationEndYear', e.mid_meter_certification_end_year,
    'tariffGroupId', e.tariff_group_id, 'allowsReservation', e.allows_reservation, 'hardwareStatus', {HARDWARE.format("e")})
    || CASE WHEN e.roaming IS NULL THEN '{{}}' ELSE jsonb_build_object('roaming', e.roaming - 'physicalReference') END"""
_EVSES = f"""(SELECT coalesce(jsonb_agg({_EVSE} ORDER BY e.id), '[]') FROM charging.evse e
    WHERE e.tenant_id = charging.charge_point.tenant_id AND e.charge_point_id = charging.charge_point.id)"""
_CAPABILITIES = """(SELECT coalesce(jsonb_agg(upper(c)), '[]') FROM unnest(charging.charge_point.capabilities) c
    WHERE c NOT IN ('disregard_the_heartbeats', 'display_messages'))"""
_NOTICE = """coalesce((SELECT n.texts FROM charging.charge_point_notice n WHERE n.tenant_id = charging.charge_point.tenant_id
    AND n.id = charging.charge_point.notice_id), charging.charge_point.partner_notice) -> 0 ->> 'translation'"""
_BOOT = {
    "model": "model", "vendor": "vendor", "charge_box_serial_number": "chargeBoxSerialNumber",
    "charge_point_serial_number": "chargePointSerialNumber", "firmware_version": "firmwareVersion", "iccid": "iccid",
    "imsi": "imsi", "meter_serial_number": "meterSerialNumber", "meter_type": "meterType", "reason": "reason",
}  # fmt: skip


def _json(text: str) -> ColumnElement[Any]:
    return literal_column(text, type_=JSONB())


def _boot() -> ColumnElement[Any]:
    pairs = [each for old, new in _BOOT.items() for each in (old, C.last_boot[new])]
    return case((C.last_boot.is_not(None), func.jsonb_build_object(*pairs, type_=JSONB())))


SHOWS_NOTICE = (C.type == "private") & (func.coalesce(C.partner_access_type, "") == "public_view_private_use")
STATUSES = {"enabled": "active"}
POINT_VALUES: Mapping[str, Mapping[Any, Any]] = {
    "status": STATUSES,
    "partner_access_type": {
        "private_view_private_use": "privateViewPrivateUse",
        "private_view_public_use": "privateViewPublicUse",
        "public_view_private_use": "publicViewPrivateUse",
    },
    "network_status": {
        "never_connected": "never connected",
        "temporarily_unavailable": "temporarily unavailable",
        "long-term_unavailable": "long-term unavailable",
    },
}
POINT: Mapping[str, ColumnElement[Any]] = {
    "charging_profile": cast(null(), JSONB),
    "evses": _json(_EVSES),
    "last_boot_notification": _boot(),
    "show_to_public_with_notice": SHOWS_NOTICE,
    "notice": case((SHOWS_NOTICE, literal_column(f"({_NOTICE})", type_=Text()))),
    "auto_fault_recovery": C.monitoring_enabled & C.auto_recovery_enabled,
    "display_tariffs_and_costs": C.display_tariff_and_costs,
    "last_updated_at": C.updated_at,
    "first_connection": C.first_contact_at,
    "owner_user_id": C.user_id,
    "vendor_error_code": shown.COLUMNS["vendor_error_code"],
    "uptime_tracking_enabled": cast(false(), Boolean),
    "uptime_tracking_activated_at": cast(null(), DateTime(timezone=True)),
    "network_password": cast(null(), Text),
    "network_port": cast(C.network_port, Text),
    "plug_and_charge": C.auto_start_without_authorization,
    "access_type": C.type,
    "owner_partner_id": C.partner_id,
    "owner_partner_contract_id": C.partner_contract_id,
    "partner_corporate_billing_as_default": C.corporate_billing_as_default,
    "capabilities": _json(_CAPABILITIES),
    "managed_by_operator": shown.IS_MANAGED,
}
EVSE: Mapping[str, ColumnElement[Any]] = {
    "charging_profile": cast(null(), JSONB),
    "notes": cast(null(), JSONB),
    "type": E.current_type,
    "connectors": _json(CONNECTORS.format("charging.evse")),
    "max_power_kw": cast(E.max_power_w, Numeric) / 1000,
    "phases": case((E.phases != "split_phase", E.phases)),
    "phase_rotation": func.lower(E.phase_rotation),
    "hardware_status": literal_column(HARDWARE.format("charging.evse"), type_=Text()),
}
