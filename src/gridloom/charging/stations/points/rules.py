"""What holds of a charge point as a whole, whichever of its fields a request names."""

from collections.abc import Iterator, Mapping
from typing import Any

from gridloom.charging.stations.operators.store import default_operator
from gridloom.charging.stations.secrets import seal_password
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid
from gridloom.kernel.http.call import Call
from gridloom.kernel.security.sealing import Sealer

SATELLITE = "via_ocpp_connected_charge_point"
# What a satellite has from the station through which it speaks, whatever a request says.
INHERITED = (
    "electricity_rate_id", "network_type", "capabilities", "network_id", "network_protocol", "network_password", "network_ip",
    "network_port", "auto_start_without_authorization", "disable_auto_start_emulation", "desired_security_profile", "model_id",
    "utility_id", "uses_renewable_energy", "enabled_randomised_delay", "integrated_at", "manufactured_at",
)  # fmt: skip
SOAP = ("ocpp 1.5", "ocpp 1.6 soap")
FRESH: Mapping[str, Any] = {
    "location_id": None, "charging_zone_id": None, "pin": None, "communication_mode": "direct_ocpp", "user_id": None,
    "ocpp_connected_charge_point_id": None, "network_protocol": "ocpp 1.6", "network_ip": None, "network_port": None,
    "capabilities": [], "subscription_required": False, "sharing_code": None, "desired_security_profile": None,
    "current_security_profile": 0, "electricity_cost_reimbursement_integration_id": None, "operator_id": None,
    "roaming_operator_id": None,
}  # fmt: skip

_LOCATION = sql("SELECT operator_id FROM charging.location WHERE id = :id")
_ZONE = sql("SELECT location_id FROM charging.charging_zone WHERE id = :id")
_MASTER = sql("SELECT operator_id, communication_mode FROM charging.charge_point WHERE id = :id")

Mistake = tuple[str, str]


async def complete(tx: Tx, columns: dict[str, Any], current: Any | None, call: Call) -> None:
    """Check and complete what is written against what stands; seal the password. Raises Invalid naming every field."""
    stored = dict(FRESH if current is None else current)
    _communication(columns, stored, new=current is None)
    whole = {**stored, **columns}
    mistakes = [*_kind(whole), *_network(whole), *await _place(tx, whole, columns), *await _master(tx, whole, current)]
    if mistakes:
        raise Invalid(errors=[FieldError("body", tuple(name.split(".")), what) for name, what in mistakes])
    if whole["type"] != "personal" and whole["electricity_cost_reimbursement_integration_id"] is not None:
        columns["electricity_cost_reimbursement_integration_id"] = None
    if "capabilities" in columns:
        columns["capabilities"] = _capabilities(columns["capabilities"], stored["capabilities"])
    _wish(columns, stored)
    if columns.get("network_password") is not None:
        columns["network_password"] = seal_password(call.services.part(Sealer), tx.tenant, columns["network_password"])


async def operator_of_older(tx: Tx, location_id: int | None) -> int | None:
    """Whose a station is that an older request made, which names no operator: that of its location, or the default one."""
    found: int | None = None if location_id is None else await tx.scalar(_LOCATION, id=location_id)
    return found if found is not None else await default_operator(tx)


def _communication(columns: dict[str, Any], stored: Mapping[str, Any], *, new: bool) -> None:
    """Who speaks with the station is said once, when it is made; the older flag only switches between two ways."""
    if not new:
        if stored["communication_mode"] not in ("none", "direct_ocpp"):
            columns.pop("communication_mode", None)
    elif columns.get("communication_mode") == "none" and columns.get("ocpp_connected_charge_point_id") is not None:
        columns["communication_mode"] = SATELLITE
    mode = columns.get("communication_mode", stored["communication_mode"])
    if mode == SATELLITE:
        for name in INHERITED:
            columns.pop(name, None)
    elif new:
        columns["ocpp_connected_charge_point_id"] = None


def _kind(whole: Mapping[str, Any]) -> Iterator[Mistake]:
    """What only a personal charge point has, and what the others need."""
    if whole["type"] == "personal":
        if whole["pin"] is None:
            yield "pin", "A personal charge point has a PIN."
        return
    if whole["location_id"] is None:
        yield "locationId", "A charge point that is not personal stands at a location."
    if whole["user_id"] is not None:
        yield "user.id", "Only a personal charge point has an owner."
    if whole["subscription_required"]:
        yield "subscription.required", "Only a personal charge point can require a subscription."
    if whole["sharing_code"] is not None:
        yield "sharingCode", "Only a personal charge point is shared by a code."


def _network(whole: Mapping[str, Any]) -> Iterator[Mistake]:
    if whole["network_protocol"] in SOAP and whole["communication_mode"] == "direct_ocpp":
        for name in ("ip", "port"):
            if whole[f"network_{name}"] is None:
                yield f"network.{name}", "A station that speaks SOAP is called at an address and a port."
    if "disregard_the_heartbeats" in whole["capabilities"] and whole["network_protocol"] != "ocpp 1.5":
        yield "capabilities", "Heartbeats can be disregarded with OCPP 1.5 only."


async def _place(tx: Tx, whole: Mapping[str, Any], columns: dict[str, Any]) -> list[Mistake]:
    """A location of the same operator, and a zone of that location; a station that moves leaves its zone."""
    location, zone = whole["location_id"], whole["charging_zone_id"]
    if location is not None and "location_id" in columns:
        owner = await tx.one(_LOCATION, id=location)
        if owner is None or owner["operator_id"] != whole["operator_id"]:
            return [("locationId", "This operator has no such location.")]
    if zone is None or not {"location_id", "charging_zone_id"} & columns.keys():
        return []
    place = await tx.scalar(_ZONE, id=zone)
    if place is None or place != location:
        if columns.get("charging_zone_id") is not None:
            return [("chargingZoneId", "The location has no such zone.")]
        columns["charging_zone_id"] = None
    return []


async def _master(tx: Tx, whole: Mapping[str, Any], current: Any | None) -> list[Mistake]:
    if current is not None:
        return []
    if whole["communication_mode"] == "roaming":
        return [("communicationMode", "Roaming charge points come from roaming partners only.")]
    if whole["communication_mode"] != SATELLITE:
        return []
    number = whole["ocpp_connected_charge_point_id"]
    if number is None:
        return [("ocppConnectedChargePointId", "This field is required.")]
    master = await tx.one(_MASTER, id=number)
    if master is None or master["operator_id"] != whole["operator_id"] or master["communication_mode"] != "direct_ocpp":
        return [("ocppConnectedChargePointId", "This operator has no such charge point that speaks OCPP itself.")]
    return []


def _capabilities(given: list[str], stored: list[str]) -> list[str]:
    """Whether it can display messages is what it says at boot."""
    return [each for each in given if each != "display_messages"] + [
        each for each in stored if each == "display_messages"
    ]


def _wish(columns: dict[str, Any], stored: Mapping[str, Any]) -> None:
    """A security profile that is wanted and not used yet is pending until the station boots with it."""
    wanted = columns.get("desired_security_profile")
    if wanted is not None and wanted != stored["desired_security_profile"]:
        is_there = wanted == stored["current_security_profile"]
        columns["desired_security_profile_status"] = "applied" if is_there else "pending"
