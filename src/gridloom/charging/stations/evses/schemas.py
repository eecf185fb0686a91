"""What travels about EVSEs and connectors in the current version."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.notes.schemas import Note
from gridloom.charging.schemas import Id, Mistakes, Wire
from gridloom.charging.sites.schemas import ExternalAppData, ReadOnly, Short
from gridloom.charging.stations.operators.schemas import ConnectedPhase, Current, Rotation, Voltage
from gridloom.kernel.http.checks import number

ConnectorType = Literal[
    "type1", "type2", "type3", "chademo", "ccs1", "ccs2", "schuko", "nacs", "cee16", "cee32", "j1772", "inductive",
    "nema-5-20", "type-e-french", "type-g-british", "type-j-swiss", "avcon", "gb-t-ac", "gb-t-dc", "chaoji", "nema-6-30",
    "nema-6-50", "mcs",
]  # fmt: skip
Format = Literal["socket", "cable"]
Switch = Literal["enabled", "disabled"]
EvseStatus = Literal["enabled", "disabled", "out of order"]
Phases = Literal["single_phase", "three_phase", "split_phase"]
Hardware = Literal[
    "available", "preparing", "charging", "suspendedEV", "suspendedEVSE", "finishing", "reserved", "unavailable", "faulted",
    "occupied",
]  # fmt: skip
RoamingStatus = Literal[
    "available", "blocked", "charging", "inoperative", "outoforder", "planned", "removed", "reserved", "unknown"
]
Reference = Annotated[str, Meta(min_length=1, max_length=255, description="What drivers read on the EVSE.")]
NetworkNumber = Annotated[
    str, Meta(pattern=r"^[1-9][0-9]{0,3}$", description="Number within the station, counted from 1.")
]
Year = Annotated[int, Meta(ge=1900, le=9999)]
Watt = Annotated[int, Meta(ge=0, le=2**31 - 1, description="W")]
Ampere = Annotated[Decimal, number(ge=0, le=9_999_999, places=1, description="A")]
TWO_PHASES = ("L1_L2", "L1_L3", "L2_L3")


class Connector(Wire):
    """A plug or socket of an EVSE."""

    id: int
    type: ConnectorType
    format: Format | UnsetType = UNSET
    status: Switch | UnsetType = UNSET


class ConnectorWrite(Wire):
    """A new connector."""

    type: ConnectorType
    format: Format | None = None
    status: Switch = "enabled"
    id: ReadOnly = UNSET


class ConnectorPatch(Wire):
    """What changes about a connector."""

    type: ConnectorType | UnsetType = UNSET
    format: Format | UnsetType | None = UNSET
    status: Switch | UnsetType = UNSET
    id: ReadOnly = UNSET


class PowerOptions(Wire):
    """What the EVSE can give: W, V, A, and how it is wired. The connected phase wins over the rotation."""

    max_power: Watt | UnsetType | None = UNSET
    max_voltage: Voltage | UnsetType | None = UNSET
    max_amperage: Ampere | UnsetType | None = UNSET
    phases: Phases | UnsetType | None = UNSET
    phase_rotation: Rotation | UnsetType | None = UNSET
    connected_phase: ConnectedPhase | UnsetType | None = UNSET


class RoamingEvse(Wire):
    """What the roaming partner says of it."""

    evse_id: str | None
    tariff_ids: list[str]
    capabilities: list[str]
    physical_reference: str | None
    status: RoamingStatus | None


class ProfilePeriod(Wire):
    """From a second of the schedule on, this limit holds."""

    start_period: int
    limit: Decimal
    number_phases: int | UnsetType = UNSET


class EvseProfile(Wire):
    """The limits that an EVSE was given last."""

    id: int
    min_charging_rate: Decimal | None
    schedule_periods: list[ProfilePeriod]
    schedule_start: datetime | None
    charging_rate_unit: Literal["A", "W"]
    stack_level: int
    charging_profile_kind: Literal["Absolute", "Recurring", "Relative"]
    recurrency_kind: Literal["Daily", "Weekly"] | None
    charging_complete_at: datetime | None
    purpose: Literal["ChargePointMaxProfile", "TxDefaultProfile", "TxProfile"]
    valid_to: datetime | None
    valid_from: datetime | None
    duration: int | None


class ParkingLink(Wire):
    """A parking space from which the EVSE is reached."""

    parking_space_id: int
    evse_id: int
    position: Literal["front", "rear", "left", "right", "frontLeft", "frontRight", "rearLeft", "rearRight"]
    is_primary: bool


class StationEvse(Wire, kw_only=True):
    """One place to charge at a station. What is unknown is left out."""

    id: int
    operator_id: int | None
    physical_reference: str
    emi3_id: str | UnsetType = UNSET
    label: str | UnsetType = UNSET
    current_type: Current
    network_id: str
    status: EvseStatus
    mid_meter_certification_end_year: int | UnsetType = UNSET
    tariff_group_id: int | UnsetType = UNSET
    allows_reservation: bool
    booking_enabled: bool
    monitoring_enabled: bool
    power_options: PowerOptions
    external_id: str | UnsetType = UNSET
    roaming_operator_id: int | None
    roaming: RoamingEvse | UnsetType = UNSET
    hardware_status: Hardware | None
    charging_profile: EvseProfile | UnsetType | None = UNSET
    connectors: list[Connector] | UnsetType = UNSET
    external_app_data: ExternalAppData | UnsetType | None = UNSET
    notes: list[Note] | UnsetType = UNSET
    created_at: datetime
    last_updated_at: datetime
    accessible_parking_spaces: list[ParkingLink] | UnsetType = UNSET


class Evse(StationEvse, kw_only=True):
    """One place to charge, with the station it belongs to."""

    charge_point_id: int


class _Said(Wire):
    """What the system says: in a request it is ignored."""

    id: ReadOnly = UNSET
    operator_id: ReadOnly = UNSET
    emi3_id: ReadOnly = UNSET
    roaming_operator_id: ReadOnly = UNSET
    roaming: ReadOnly = UNSET
    hardware_status: ReadOnly = UNSET
    charging_profile: ReadOnly = UNSET
    connectors: ReadOnly = UNSET
    created_at: ReadOnly = UNSET
    last_updated_at: ReadOnly = UNSET


class StationEvseWrite(_Said, kw_only=True):
    """A new EVSE of a station."""

    physical_reference: Reference
    current_type: Current
    network_id: NetworkNumber
    status: EvseStatus
    label: Short | None = None
    mid_meter_certification_end_year: Year | None = None
    tariff_group_id: Id | None = None
    allows_reservation: bool = False
    booking_enabled: bool = False
    monitoring_enabled: bool = True
    power_options: PowerOptions | UnsetType = UNSET
    external_id: Short | None = None
    external_app_data: ExternalAppData | None = None


class EvseWrite(StationEvseWrite, kw_only=True):
    """A new EVSE, with the station it belongs to."""

    charge_point_id: Id


class StationEvsePatch(_Said, kw_only=True):
    """What changes about an EVSE; the power options are merged by key, null takes a value away."""

    physical_reference: Reference | UnsetType = UNSET
    current_type: Current | UnsetType = UNSET
    network_id: NetworkNumber | UnsetType = UNSET
    status: EvseStatus | UnsetType = UNSET
    label: Short | UnsetType | None = UNSET
    mid_meter_certification_end_year: Year | UnsetType | None = UNSET
    tariff_group_id: Id | UnsetType | None = UNSET
    allows_reservation: bool | UnsetType = UNSET
    booking_enabled: bool | UnsetType = UNSET
    monitoring_enabled: bool | UnsetType = UNSET
    power_options: PowerOptions | UnsetType = UNSET
    external_id: Short | UnsetType | None = UNSET
    external_app_data: ExternalAppData | UnsetType | None = UNSET


class EvsePatch(StationEvsePatch, kw_only=True):
    """As of a station; an EVSE stays where it was made."""

    charge_point_id: ReadOnly = UNSET


def phase_mistake(phases: str | None, connected: str | None) -> Mistakes:
    """Which connected phases go with which phases: split phase is two of them, three phases are no choice."""
    if connected is None or phases is None:
        return
    if phases == "three_phase" or (phases == "split_phase" and connected not in TWO_PHASES):
        yield "powerOptions.connectedPhase", f"{connected} does not go with {phases}."
