"""How what is said about a charge point is stored: functions for the `writes` of its declarations."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from gridloom.charging.stations.points.schemas import Owner, Partner
from gridloom.charging.writing import ignored, once, text_or_none, texts
from gridloom.kernel.http.rows import Unpack

DEFAULT_PROTOCOL = "ocpp 1.6"
SECURITY = {"desired_profile": "desired_security_profile"}
SUBSCRIPTION = {"required": "subscription_required", "plan_ids": "subscription_plan_ids"}
REPORTED = (
    "id", "created_at", "first_contact_at", "roaming_operator_id", "charging_profile", "display_tariff_and_costs",
    "last_boot_notification", "network_status", "last_network_status_update_at", "hardware_status", "vendor_error_code",
    "sharing_billing_rule", "notice", "last_updated_at", "notes",
)  # fmt: skip


def spread(names: Mapping[str, str]) -> Unpack:
    """The fields of an object into columns; what was not said is not written."""

    def unpack(given: Any) -> Mapping[str, Any]:
        said = msgspec.structs.asdict(given)
        return {column: said[name] for name, column in names.items() if said[name] is not UNSET}

    return unpack


def managed(given: bool) -> Mapping[str, Any]:
    """The older flag for who speaks with the station."""
    return {"communication_mode": "direct_ocpp" if given else "none"}


def both_recoveries(given: bool) -> Mapping[str, Any]:
    """The older switch for monitoring and recovery at once."""
    return {"monitoring_enabled": given, "auto_recovery_enabled": given}


def protocol(given: str | None) -> Mapping[str, Any]:
    """A station without a protocol speaks the usual one."""
    return {"network_protocol": given or DEFAULT_PROTOCOL}


def network(given: Any) -> Mapping[str, Any]:
    """The object `network`."""
    names = {"id": "network_id", "password": "network_password", "ip": "network_ip", "port": "network_port"}
    found = dict(spread(names)(given))
    if given.protocol is not UNSET:
        found |= protocol(given.protocol)
    return found


def partner(given: Partner) -> Mapping[str, Any]:
    """A partner with its contract; without a partner nothing of it stays."""
    if given.id is None:
        return {
            "partner_id": None, "partner_contract_id": None, "partner_access_type": None,
            "corporate_billing_as_default": False, "partner_notice": None,
        }  # fmt: skip
    names = {
        "id": "partner_id", "access_type": "partner_access_type", "corporate_billing_as_default": "corporate_billing_as_default",
        "contact_id": "partner_contract_id",
    }  # fmt: skip
    found = dict(spread(names)(given))
    if given.contract_id is not UNSET:
        found["partner_contract_id"] = given.contract_id
    if given.notice is not UNSET:
        found["partner_notice"] = (
            None if given.notice is None else texts("partner_notice")(given.notice)["partner_notice"]
        )
    return found


def owner(given: Owner) -> Mapping[str, Any]:
    """The object `user`."""
    names = {"id": "user_id", "automatic_firmware_updates_enabled": "automatic_firmware_updates_enabled"}
    return spread(names)(given)


WRITES: Mapping[str, Callable[[Any], Mapping[str, Any]]] = {
    **dict.fromkeys(REPORTED, ignored),
    "tags": once("tags"),
    "capabilities": once("capabilities"),
    "external_id": text_or_none("external_id"),
    "sharing_code": text_or_none("sharing_code"),
    "country_station_id": text_or_none("country_station_id"),
    "managed_by_operator": managed,
    "enable_auto_fault_recovery": both_recoveries,
    "network": network,
    "security": spread(SECURITY),
    "subscription": spread(SUBSCRIPTION),
    "user": owner,
    "partner": partner,
}
