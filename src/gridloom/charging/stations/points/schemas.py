"""What travels about charge points in the current version."""

import datetime as dt
from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.notes.schemas import Note
from gridloom.charging.schemas import Id, Mistakes, Moment, Name, Texts, Wire
from gridloom.charging.sites.schemas import ReadOnly, Short, Tags

Type = Literal["private", "public", "personal"]
Status = Literal["enabled", "disabled", "out of order", "demo"]
NetworkType = Literal["cellular", "ethernet", "wlan"]
Protocol = Literal["ocpp 1.5", "ocpp 1.6", "ocpp 1.6 soap", "ocpp 2.0.1"]
Capability = Literal[
    "remote_start_stop_capable", "meter_values", "stop_transaction_on_ev_disconnect", "disregard_the_heartbeats",
    "display_messages",
]  # fmt: skip
PartnerAccess = Literal["private_view_private_use", "private_view_public_use", "public_view_private_use"]
Mode = Literal["none", "direct_ocpp", "via_ocpp_connected_charge_point", "roaming"]
NetworkStatus = Literal["never_connected", "available", "temporarily_unavailable", "long-term_unavailable"]
HardwareStatus = Literal["available", "unavailable", "faulted"]
ProfileStatus = Literal["applied", "pending", "rejected"]
BillingRule = Literal["owner_covers_guests", "guests_pay_directly", "enforce_subscription"]
Pin = Annotated[str, Meta(pattern=r"^[0-9]{1,32}$", description="Digits by which a driver claims the charge point.")]
NetworkId = Annotated[
    str, Meta(pattern=r"^[A-Za-z0-9*\-_=:+|@.]{1,48}$", description="OCPP identity: an identifierString of OCPP.")
]
Password = Annotated[str, Meta(min_length=1, max_length=64, description="Write-only: never shown again.")]
Port = Annotated[int, Meta(ge=1, le=65535)]
Profile = Annotated[int, Meta(ge=0, le=3, description="Security profile of OCPP; 0 is without authentication.")]


class Period(Wire):
    """From a second of the schedule on, this limit holds."""

    start_period: int | UnsetType = UNSET
    limit: Decimal | UnsetType = UNSET
    number_phases: int | UnsetType = UNSET


class ChargingProfile(Wire):
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


class Boot(Wire):
    """What a station said of itself when it booted last."""

    model: str | UnsetType = UNSET
    vendor: str | UnsetType = UNSET
    charge_box_serial_number: str | UnsetType | None = UNSET
    charge_point_serial_number: str | UnsetType | None = UNSET
    firmware_version: str | UnsetType | None = UNSET
    iccid: str | UnsetType | None = UNSET
    imsi: str | UnsetType | None = UNSET
    meter_serial_number: str | UnsetType | None = UNSET
    meter_type: str | UnsetType | None = UNSET
    last_updated_at: datetime | UnsetType = UNSET


class Subscription(Wire):
    """Whether drivers of a personal charge point need a subscription, and to which plans."""

    required: bool | UnsetType = UNSET
    plan_ids: list[Id] | UnsetType = UNSET


class Network(Wire):
    """How a station connects. The password is written only; address and port are for SOAP."""

    id: NetworkId | UnsetType | None = UNSET
    protocol: Protocol | UnsetType | None = UNSET
    password: Password | UnsetType | None = UNSET
    ip: Annotated[str, Meta(max_length=255)] | UnsetType | None = UNSET
    port: Port | UnsetType | None = UNSET


class Security(Wire):
    """Security profiles: wanted, used now, possible with this hardware, and how the last wish went."""

    desired_profile: Profile | UnsetType = UNSET
    current_profile: int | UnsetType = UNSET
    hardware_enabled_profile: int | UnsetType = UNSET
    desired_profile_status: ProfileStatus | UnsetType = UNSET


class SecurityWrite(Wire):
    """The security profile that is wanted; the rest is what the station reports."""

    desired_profile: Profile | UnsetType = UNSET
    current_profile: ReadOnly = UNSET
    hardware_enabled_profile: ReadOnly = UNSET
    desired_profile_status: ReadOnly = UNSET


class Owner(Wire):
    """The driver who owns a personal charge point."""

    id: Id | UnsetType | None = UNSET
    automatic_firmware_updates_enabled: bool | UnsetType = UNSET


class Partner(Wire):
    """The partner for whom it is run. `contactId` is an older name of `contractId`."""

    id: Id | UnsetType | None = UNSET
    contract_id: Id | UnsetType | None = UNSET
    contact_id: Id | UnsetType | None = UNSET
    corporate_billing_as_default: bool | UnsetType = UNSET
    access_type: PartnerAccess | UnsetType | None = UNSET
    notice: Texts | UnsetType | None = UNSET

    def mistakes(self) -> Mistakes:
        """A partner comes with a contract."""
        if isinstance(self.id, int) and not isinstance(self.contract_id, int) and not isinstance(self.contact_id, int):
            yield "contractId", "A partner is named with a contract."


class ChargePoint(Wire, kw_only=True):
    """A station. What is unknown is left out."""

    id: int
    operator_id: int | None
    name: str
    type: Type
    pin: str | UnsetType = UNSET
    location_id: int | UnsetType = UNSET
    charging_zone_id: int | UnsetType | None = UNSET
    electricity_rate_id: int | UnsetType = UNSET
    subscription: Subscription | UnsetType = UNSET
    network_type: NetworkType | UnsetType = UNSET
    status: Status
    managed_by_operator: bool
    external_id: str | UnsetType = UNSET
    network: Network
    capabilities: list[Capability]
    auto_start_without_authorization: bool
    disable_auto_start_emulation: bool
    security: Security
    model_id: int | UnsetType | None = UNSET
    monitoring_enabled: bool
    auto_recovery_enabled: bool
    enable_auto_fault_recovery: bool
    user: Owner | UnsetType = UNSET
    partner: Partner | UnsetType = UNSET
    utility_id: int | UnsetType | None = UNSET
    created_at: datetime
    first_contact_at: dt.date | UnsetType = UNSET
    roaming_operator_id: int | UnsetType = UNSET
    charging_profile: ChargingProfile | UnsetType | None = UNSET
    display_tariff_and_costs: bool
    last_boot_notification: Boot | UnsetType | None = UNSET
    network_status: NetworkStatus
    last_network_status_update_at: datetime | UnsetType | None = UNSET
    hardware_status: HardwareStatus | UnsetType = UNSET
    vendor_error_code: str | UnsetType = UNSET
    tags: list[str]
    sharing_code: str | UnsetType = UNSET
    sharing_billing_rule: BillingRule | UnsetType = UNSET
    enabled_randomised_delay: bool | UnsetType = UNSET
    notice_id: int | UnsetType | None = UNSET
    notice: Texts | UnsetType = UNSET
    uses_renewable_energy: bool
    integrated_at: datetime | UnsetType = UNSET
    manufactured_at: datetime | UnsetType = UNSET
    last_updated_at: datetime
    ocpp_connected_charge_point_id: int | UnsetType = UNSET
    notes: list[Note] | UnsetType = UNSET
    communication_mode: Mode
    electricity_cost_reimbursement_integration_id: int | UnsetType = UNSET
    installation_and_maintenance_company_id: int | UnsetType = UNSET
    country_station_id: str | UnsetType = UNSET
    smart_charging: dict[str, Any] | UnsetType | None = UNSET
    smart_charging_preferences: dict[str, Any] | UnsetType | None = UNSET
    personal_smart_charging_preferences: dict[str, Any] | UnsetType | None = UNSET
    available_personal_smart_charging_modes: list[Any] | UnsetType = UNSET


class _Reported(Wire):
    """What a station or the system says: in a request it is ignored."""

    id: ReadOnly = UNSET
    created_at: ReadOnly = UNSET
    first_contact_at: ReadOnly = UNSET
    roaming_operator_id: ReadOnly = UNSET
    charging_profile: ReadOnly = UNSET
    display_tariff_and_costs: ReadOnly = UNSET
    last_boot_notification: ReadOnly = UNSET
    network_status: ReadOnly = UNSET
    last_network_status_update_at: ReadOnly = UNSET
    hardware_status: ReadOnly = UNSET
    vendor_error_code: ReadOnly = UNSET
    sharing_billing_rule: ReadOnly = UNSET
    notice: ReadOnly = UNSET
    last_updated_at: ReadOnly = UNSET
    notes: ReadOnly = UNSET


class ChargePointWrite(_Reported, kw_only=True):
    """A new charge point. A token that may act for every operator names the operator."""

    name: Name
    type: Type
    status: Status
    operator_id: Id | None = None
    pin: Pin | None = None
    location_id: Id | None = None
    charging_zone_id: Id | None = None
    electricity_rate_id: Id | None = None
    subscription: Subscription | UnsetType = UNSET
    network_type: NetworkType | None = None
    managed_by_operator: bool | UnsetType = UNSET
    external_id: Short | None = None
    network: Network | UnsetType = UNSET
    capabilities: list[Capability] = msgspec.field(default_factory=list)
    auto_start_without_authorization: bool = False
    disable_auto_start_emulation: bool = False
    security: SecurityWrite | UnsetType = UNSET
    model_id: Id | None = None
    enable_auto_fault_recovery: bool | UnsetType = UNSET
    monitoring_enabled: bool | UnsetType = UNSET
    auto_recovery_enabled: bool | UnsetType = UNSET
    user: Owner | UnsetType = UNSET
    partner: Partner | UnsetType = UNSET
    utility_id: Id | None = None
    tags: Tags = msgspec.field(default_factory=list)
    sharing_code: Short | None = None
    enabled_randomised_delay: bool | None = None
    notice_id: Id | None = None
    uses_renewable_energy: bool = False
    integrated_at: Moment | None = None
    manufactured_at: Moment | None = None
    ocpp_connected_charge_point_id: Id | None = None
    communication_mode: Mode | UnsetType = UNSET
    electricity_cost_reimbursement_integration_id: Id | None = None
    installation_and_maintenance_company_id: Id | None = None
    country_station_id: Short | None = None


class ChargePointPatch(_Reported, kw_only=True):
    """What changes about a charge point. Objects are merged by key, lists are replaced, null takes a value away."""

    name: Name | UnsetType = UNSET
    type: Type | UnsetType = UNSET
    status: Status | UnsetType = UNSET
    pin: Pin | UnsetType | None = UNSET
    location_id: Id | UnsetType | None = UNSET
    charging_zone_id: Id | UnsetType | None = UNSET
    electricity_rate_id: Id | UnsetType | None = UNSET
    subscription: Subscription | UnsetType = UNSET
    network_type: NetworkType | UnsetType | None = UNSET
    managed_by_operator: bool | UnsetType = UNSET
    external_id: Short | UnsetType | None = UNSET
    network: Network | UnsetType = UNSET
    capabilities: list[Capability] | UnsetType = UNSET
    auto_start_without_authorization: bool | UnsetType = UNSET
    disable_auto_start_emulation: bool | UnsetType = UNSET
    security: SecurityWrite | UnsetType = UNSET
    model_id: Id | UnsetType | None = UNSET
    enable_auto_fault_recovery: bool | UnsetType = UNSET
    monitoring_enabled: bool | UnsetType = UNSET
    auto_recovery_enabled: bool | UnsetType = UNSET
    user: Owner | UnsetType = UNSET
    partner: Partner | UnsetType = UNSET
    utility_id: Id | UnsetType | None = UNSET
    tags: Tags | UnsetType = UNSET
    enabled_randomised_delay: bool | UnsetType | None = UNSET
    notice_id: Id | UnsetType | None = UNSET
    uses_renewable_energy: bool | UnsetType = UNSET
    integrated_at: Moment | UnsetType | None = UNSET
    manufactured_at: Moment | UnsetType | None = UNSET
    electricity_cost_reimbursement_integration_id: Id | UnsetType | None = UNSET
    installation_and_maintenance_company_id: Id | UnsetType | None = UNSET
    country_station_id: Short | UnsetType | None = UNSET
