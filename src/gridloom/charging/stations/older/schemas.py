"""What travels about stations in the older versions: the same rows in other words."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.notes.schemas import Note
from gridloom.charging.schemas import Id, Mistakes, Name, Wire
from gridloom.charging.sites.schemas import ReadOnly, Short, Tags
from gridloom.charging.stations.evses.schemas import Ampere, Format, NetworkNumber, Reference, RoamingStatus, Year
from gridloom.charging.stations.older.ignored import NotesSaid, ProfileSaid
from gridloom.charging.stations.operators.schemas import Current, OldStatus, Voltage
from gridloom.charging.stations.points.schemas import (
    ChargingProfile,
    HardwareStatus,
    NetworkId,
    Password,
    Period,
    Pin,
    ProfileStatus,
    Protocol,
    Type,
)
from gridloom.kernel.http.checks import number

OldPointStatus = Literal["active", "disabled", "out of order", "demo"]
OldNetworkStatus = Literal["never connected", "available", "temporarily unavailable", "long-term unavailable"]
OldPartnerAccess = Literal["privateViewPrivateUse", "privateViewPublicUse", "publicViewPrivateUse"]
OldCapability = Literal["REMOTE_START_STOP_CAPABLE", "METER_VALUES", "STOP_TRANSACTION_ON_EV_DISCONNECT"]
OldHardware = Literal[
    "available", "preparing", "charging", "suspendedEV", "suspendedEVSE", "finishing", "reserved", "unavailable", "faulted"
]  # fmt: skip
OldConnectorType = Literal[
    "type1", "type2", "type3", "chademo", "ccs1", "ccs2", "catarc", "schuko", "nacs", "cee16", "cee32", "j1772", "inductive",
    "nema-5-20", "type-e-french", "type-g-british", "type-j-swiss", "avcon", "chaoji", "nema-6-30", "nema-6-50", "mcs",
]  # fmt: skip
OldRotation = Literal["rst", "rts", "srt", "str", "trs", "tsr"]
OldPhases = Literal["single_phase", "three_phase"]
OldSwitch = Literal["active", "disabled"]
Kilowatt = Annotated[Decimal, number(ge=0, le=2_000_000, places=3, description="kW")]
Port = Annotated[str, Meta(pattern=r"^[1-9][0-9]{0,4}$")]


class OldProfile(msgspec.Struct, kw_only=True):
    """The limits that a station was given last."""

    id: int | UnsetType = UNSET
    min_charging_rate: Decimal | UnsetType | None = UNSET
    schedule_periods: list[Period] | UnsetType | None = UNSET
    schedule_start: datetime | UnsetType | None = UNSET
    charging_rate_unit: Literal["A", "W"] | UnsetType = UNSET
    stack_level: int | UnsetType = UNSET
    charging_profile_kind: Literal["Absolute", "Recurring", "Relative"] | UnsetType = UNSET
    recurrency_kind: Literal["daily", "weekly"] | UnsetType | None = UNSET
    charging_complete_at: datetime | UnsetType | None = UNSET
    purpose: Literal["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"] | UnsetType = UNSET
    valid_to: datetime | UnsetType | None = UNSET
    valid_from: datetime | UnsetType | None = UNSET
    duration: int | UnsetType | None = UNSET


class OldBoot(msgspec.Struct, kw_only=True):
    """What a station said of itself when it booted last."""

    model: str | UnsetType = UNSET
    vendor: str | UnsetType = UNSET
    charge_box_serial_number: str | None
    charge_point_serial_number: str | None
    firmware_version: str | None
    iccid: str | None
    imsi: str | None
    meter_serial_number: str | None
    meter_type: str | None
    reason: str | None


class OldConnector(Wire):
    """A plug or socket of an EVSE."""

    id: int
    type: OldConnectorType
    format: Format | None
    status: OldSwitch


class OldRoaming(Wire):
    """What the roaming partner says of an EVSE."""

    evse_id: str | UnsetType | None = UNSET
    tariff_ids: list[str] | UnsetType | None = UNSET
    capabilities: list[str] | UnsetType = UNSET
    status: RoamingStatus | UnsetType | None = UNSET


class OldPointEvse(Wire, kw_only=True):
    """An EVSE inside its charge point. Power is W, current A."""

    id: int
    external_id: str | None
    charging_profile: OldProfile | UnsetType | None = UNSET
    roaming: OldRoaming | UnsetType = UNSET
    network_id: str
    physical_reference: str
    current_type: Current
    max_power: Decimal | None
    max_voltage: str | None
    max_amperage: Decimal | None
    status: OldStatus
    connectors: list[OldConnector]
    mid_meter_certification_end_year: int | None
    tariff_group_id: int | None
    allows_reservation: bool
    hardware_status: OldHardware | None


class OldChargePoint(Wire, kw_only=True):
    """A charge point with its EVSEs."""

    id: int
    charging_profile: OldProfile | UnsetType | None = UNSET
    evses: list[OldPointEvse]
    last_boot_notification: OldBoot | None
    show_to_public_with_notice: bool
    notice: str | None
    current_security_profile: int
    hardware_enabled_security_profile: int | None
    desired_security_profile_status: ProfileStatus | UnsetType = UNSET
    roaming_operator_id: int | None
    monitoring_enabled: bool
    auto_recovery_enabled: bool
    auto_fault_recovery: bool
    external_id: str | None
    display_tariffs_and_costs: bool | None
    last_updated_at: datetime
    created_at: datetime
    first_connection: datetime | None
    owner_user_id: int | None
    vendor_error_code: str | None
    tags: list[str]
    uptime_tracking_enabled: bool
    uptime_tracking_activated_at: datetime | UnsetType = UNSET
    name: str
    network_id: str | None
    network_protocol: Protocol
    network_password: str | UnsetType = UNSET
    network_ip: str | None
    network_port: str | None
    status: OldPointStatus
    plug_and_charge: bool
    location_id: int | None
    pin: str | UnsetType = UNSET
    access_type: Type
    desired_security_profile: int | None
    owner_partner_id: int | None
    owner_partner_contract_id: int | None
    partner_corporate_billing_as_default: bool
    partner_access_type: OldPartnerAccess | UnsetType = UNSET
    capabilities: list[OldCapability]
    managed_by_operator: bool
    network_status: OldNetworkStatus
    hardware_status: HardwareStatus | None


class EvseState(Wire):
    """The state of one EVSE."""

    id: int
    hardware_status: OldHardware | None


class PointState(Wire):
    """The state of a charge point and of its EVSEs."""

    network_status: OldNetworkStatus
    hardware_status: HardwareStatus | None
    evses: list[EvseState]
    last_updated_at: datetime


class OldEvseChange(Wire):
    """What is different about one EVSE."""

    tariff_group_id: Id | UnsetType = UNSET
    physical_reference: Reference | UnsetType = UNSET
    max_amperage: Ampere | UnsetType = UNSET
    status: OldStatus | UnsetType = UNSET


class OldPointPatch(Wire, kw_only=True):
    """What changes about a charge point. `evses` is keyed by the numbers of EVSEs within the station."""

    name: Name | UnsetType = UNSET
    network_id: NetworkId | UnsetType | None = UNSET
    network_protocol: Protocol | UnsetType = UNSET
    network_password: Password | UnsetType | None = UNSET
    network_ip: Short | UnsetType | None = UNSET
    network_port: Port | UnsetType | None = UNSET
    status: OldPointStatus | UnsetType = UNSET
    plug_and_charge: bool | UnsetType = UNSET
    location_id: Id | UnsetType | None = UNSET
    pin: Pin | UnsetType = UNSET
    access_type: Type | UnsetType = UNSET
    desired_security_profile: Annotated[int, Meta(ge=0, le=2)] | UnsetType | None = UNSET
    owner_partner_id: Id | UnsetType | None = UNSET
    owner_partner_contract_id: Id | UnsetType | None = UNSET
    partner_corporate_billing_as_default: bool | UnsetType = UNSET
    partner_access_type: OldPartnerAccess | UnsetType = UNSET
    capabilities: list[OldCapability] | UnsetType = UNSET
    managed_by_operator: bool | UnsetType = UNSET
    uptime_tracking_enabled: bool | UnsetType = UNSET
    auto_fault_recovery: bool | UnsetType = UNSET
    monitoring_enabled: bool | UnsetType = UNSET
    auto_recovery_enabled: bool | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    evses: dict[str, OldEvseChange] | UnsetType = UNSET
    external_id: Short | UnsetType | None = UNSET

    def mistakes(self) -> Mistakes:
        """Uptime is tracked by a part that is not there."""
        if self.uptime_tracking_enabled is True:
            yield "uptimeTrackingEnabled", "Uptime tracking is switched off."


class OldPointWrite(OldPointPatch, kw_only=True):
    """A new charge point, with the EVSEs of a template."""

    template_id: Id
    name: Name
    network_id: NetworkId | None
    status: OldPointStatus
    access_type: Type = "public"


class OldEvse(Wire, kw_only=True):
    """An EVSE of the older flat list. Power is kW, current A."""

    id: int
    charge_point_id: int
    charging_profile: ChargingProfile | UnsetType | None = UNSET
    roaming: OldRoaming | None
    connectors: list[OldConnector]
    physical_reference: str
    type: Current
    network_id: str
    status: OldStatus
    tariff_group_id: int | None
    allows_reservation: bool
    max_power_kw: Decimal | None
    max_voltage: Voltage | UnsetType | None
    max_amperage: Decimal | None
    phases: OldPhases | None
    phase_rotation: OldRotation | None
    mid_meter_certification_end_year: int | None
    external_id: str | None
    notes: list[Note] | UnsetType = UNSET
    hardware_status: OldHardware | None


class OldConnectorWrite(Wire):
    """A connector that stays (with its id) or comes (without)."""

    id: Id | UnsetType = UNSET
    type: OldConnectorType | UnsetType | None = UNSET
    format: Format | UnsetType | None = UNSET
    status: OldSwitch | UnsetType | None = UNSET


class OldEvsePut(Wire, kw_only=True):
    """An EVSE as a whole: what is left out is emptied. Connectors that are not named go; without a list all stay."""

    physical_reference: Reference
    type: Current
    network_id: NetworkNumber
    status: OldStatus
    allows_reservation: bool
    max_voltage: Voltage
    phases: OldPhases | None
    tariff_group_id: Id | None = None
    max_power_kw: Kilowatt | None = None
    max_amperage: Ampere | None = None
    phase_rotation: OldRotation | None = None
    mid_meter_certification_end_year: Year | None = None
    external_id: Short | None = None
    connectors: list[OldConnectorWrite] | UnsetType | None = UNSET
    id: ReadOnly = UNSET
    charge_point_id: ReadOnly = UNSET
    charging_profile: ProfileSaid = UNSET
    roaming: ReadOnly = UNSET
    notes: NotesSaid = UNSET
    hardware_status: ReadOnly = UNSET
