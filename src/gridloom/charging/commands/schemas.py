"""What travels with the commands to charge points."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.commands.addresses import download_mistake, upload_mistake
from gridloom.charging.schemas import Id, Mistakes, Moment, Wire
from gridloom.charging.stations.public import STANDARD_VARIABLES

EvseNumber = Annotated[int, Meta(ge=0, le=2**31 - 1, description="Number of the EVSE within the charge point.")]
Attempts = Annotated[int, Meta(ge=0, le=10, description="How often to try again; left out, the charge point decides.")]
Interval = Annotated[int, Meta(ge=0, le=3600, description="Seconds between two attempts.")]
Why = Annotated[str, Meta(min_length=1, max_length=255, description="Why; kept in the audit trail.")]
Address = Annotated[str, Meta(min_length=1, max_length=512)]
# A configuration of 2.0.1 holds at most 1,000 characters, of 1.6 500: the version's schema says the rest.
VariableValue = Annotated[str, Meta(max_length=1000)]
VariableName = Annotated[str, Meta(min_length=1, max_length=50)]

VariableKey = Annotated[
    str, Meta(min_length=1, max_length=101, extra_json_schema={"examples": sorted(STANDARD_VARIABLES)})
]

Trigger = Literal[
    "BootNotification", "DiagnosticsStatusNotification", "LogStatusNotification", "FirmwareStatusNotification",
    "PublishFirmwareStatusNotification", "Heartbeat", "MeterValues", "StatusNotification", "SignV2GCertificate",
    "SignChargingStationCertificate", "SignCombinedCertificate", "TransactionEvent",
]  # fmt: skip


class Success(Wire):
    """Whether the charge point agreed."""

    success: bool


class Reason(Wire):
    """Why somebody does this."""

    reason: Why


class Availability(Wire):
    """Whether charging is allowed at the whole charge point, or at one EVSE."""

    type: Literal["Inoperative", "Operative"]
    evse_network_id: EvseNumber | UnsetType = UNSET


class TriggerWrite(Wire):
    """The message that the charge point shall send."""

    type: Annotated[Trigger, Meta(description="Some exist with OCPP 2.0.1 only.")]


class ScheduleWanted(Wire):
    """For which EVSE (left out: the whole charge point), and for how many seconds from now on."""

    duration: Annotated[int, Meta(ge=1, le=2**31 - 1)]
    evse_network_id: EvseNumber | UnsetType = UNSET


class SchedulePeriod(Wire):
    """From this second of the schedule on, this limit holds."""

    start_period: int
    limit: Decimal
    number_phases: int | UnsetType = UNSET


class Schedule(Wire):
    """Limits one after the other."""

    duration: int | UnsetType = UNSET
    start_schedule: datetime | UnsetType = UNSET
    charging_rate_unit: Literal["A", "W"] | UnsetType = UNSET
    min_charging_rate: Decimal | UnsetType = UNSET
    charging_schedule_period: list[SchedulePeriod] | UnsetType = UNSET


class CompositeSchedule(Wire):
    """The limits that hold together, as the charge point calculated them."""

    status: Literal["Accepted"]
    connector_id: int | UnsetType = UNSET
    schedule_start: datetime | UnsetType = UNSET
    charging_schedule: Schedule | UnsetType = UNSET


class ListVersion(Wire):
    """The version of the local authorization list."""

    version_number: Annotated[int, Meta(ge=1)]


class CustomCall(Wire):
    """A message of OCPP, as it is; it is checked against the schemas of the charge point's version."""

    command: Annotated[str, Meta(min_length=1, max_length=100)]
    payload: dict[str, Any]


class DataTransferWrite(Wire):
    """Data of a vendor's own."""

    vendor_id: Annotated[str, Meta(min_length=1, max_length=255)]
    message_id: Annotated[str, Meta(max_length=50)] | UnsetType | None = UNSET
    data: Annotated[str, Meta(max_length=100_000)] | UnsetType | None = UNSET


class DataTransferAnswer(Wire):
    """What the charge point said to it."""

    status: Literal["Accepted", "Rejected", "UnknownMessageId", "UnknownVendorId"]
    data: str | UnsetType | None = UNSET


class DiagnosticsWrite(Wire):
    """Where to upload diagnostics to, and of which time."""

    location: Annotated[Address, Meta(description="ftp, ftps, sftp, http or https.")]
    start: Moment | UnsetType = UNSET
    stop: Moment | UnsetType = UNSET

    def mistakes(self) -> Mistakes:
        """An address that a charge point can upload to, and a time that is one."""
        if (wrong := upload_mistake(self.location)) is not None:
            yield "location", wrong
        if isinstance(self.start, datetime) and isinstance(self.stop, datetime) and self.stop < self.start:
            yield "stop", "This is before the start."


class DiagnosticsAsked(Wire):
    """The upload that was asked for; notifications about it carry the same number."""

    success: bool
    request_id: int
    file_name: str | UnsetType = UNSET


LogMoment = Annotated[
    str, Meta(pattern=r"^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}$", description="`2026-03-01 12:00:00`, in UTC.")
]


class SecurityLogWrite(Wire):
    """Where to upload the security log to, and of which time."""

    url: Annotated[Address, Meta(description="ftp, ftps, sftp, http or https.")]
    reason: Why
    retries: Attempts | UnsetType = UNSET
    interval: Interval | UnsetType = UNSET
    start_time: LogMoment | UnsetType = UNSET
    stop_time: LogMoment | UnsetType = UNSET

    def mistakes(self) -> Mistakes:
        """An address that a charge point can upload to, and days that the calendar has."""
        if (wrong := upload_mistake(self.url)) is not None:
            yield "url", wrong
        for name, said in (("startTime", self.start_time), ("stopTime", self.stop_time)):
            if isinstance(said, str):
                try:
                    datetime.fromisoformat(said)
                except ValueError:
                    yield name, "The calendar has no such moment."


class SecurityLog(Wire):
    """The upload of a security log."""

    id: int
    charge_point_id: int
    log_type: Literal["SecurityLog"]
    status: str
    file_name: str | UnsetType = msgspec.field(default=UNSET, name="file_name")


class SyncWrite(Wire):
    """Which variables to read; none means all. With OCPP 2.0.1 a name may be written `Component.Variable`."""

    keys: Annotated[list[VariableKey], Meta(max_length=1000)] = msgspec.field(default_factory=list)


class SyncAsked(Wire):
    """The number that the notification about it carries."""

    success: bool
    request_id: int


class ReserveWrite(Wire):
    """For whom, and why."""

    user_id: Id
    reason: Annotated[str, Meta(max_length=255)] | UnsetType = UNSET


class Reserved(Wire):
    """The reservation."""

    success: bool
    reservation_id: int


class OwnerWrite(Wire):
    """Who shall own the personal charge point; nobody when it is null or left out."""

    user_id: Id | UnsetType | None = UNSET


class SharingCodeWrite(Wire):
    """The code by which others get to use a personal charge point; empty or left out, there is none any more."""

    sharing_code: Annotated[str, Meta(max_length=255)] | UnsetType | None = UNSET


class Move(Wire):
    """Which EVSEs go to which satellite of the charge point."""

    satellite_charge_point_id: Id
    evse_ids: Annotated[list[Id], Meta(min_length=1, max_length=1000)]


class VariableWrite(Wire):
    """The value of a variable; with OCPP 2.0.1 with the name of its component."""

    name: VariableName
    value: VariableValue
    component_name: VariableName | UnsetType = UNSET
    instance: VariableName | UnsetType = UNSET
    evse_id: (
        Annotated[int, Meta(ge=0, le=2**31 - 1, description="Number of the EVSE within the charge point.")] | UnsetType
    ) = UNSET


class ProfileWanted(Wire):
    """The security profile to rise to: 1 is a password, 2 a password over TLS."""

    set_security_profile: Literal[1, 2]
    reason: Annotated[str, Meta(min_length=1, max_length=500)]


class Refusal(Wire):
    """Why the security profile cannot be raised."""

    success: bool
    message: str


class FirmwareWrite(Wire):
    """The firmware to install: from an address or by its number, with what proves it when it is signed."""

    signed: bool
    url: Annotated[Address, Meta(description="ftp, ftps, sftp, http or https.")] | UnsetType = UNSET
    firmware_version_id: Id | UnsetType = UNSET
    retrieve_after: Moment | UnsetType = UNSET
    retries: Attempts | UnsetType = UNSET
    interval: Interval | UnsetType = UNSET
    signing_certificate: Annotated[str, Meta(min_length=1, max_length=5500)] | UnsetType = UNSET
    signature: Annotated[str, Meta(min_length=1, max_length=800)] | UnsetType = UNSET
    download_url_protocol: Literal["http", "https"] | UnsetType = UNSET

    def mistakes(self) -> Mistakes:
        """Exactly one source; a signature with its certificate."""
        if (self.url is UNSET) == (self.firmware_version_id is UNSET):
            yield "url", "Give either this or firmwareVersionId."
        if isinstance(self.url, str) and (wrong := download_mistake(self.url)) is not None:
            yield "url", wrong
        if self.signed:
            for name, said in (("signingCertificate", self.signing_certificate), ("signature", self.signature)):
                if said is UNSET:
                    yield name, "This field is required."


Installable = Literal[
    "V2GRootCertificate", "MORootCertificate", "CSMSRootCertificate", "ManufacturerRootCertificate",
    "CentralSystemRootCertificate",
]  # fmt: skip
Deletable = Literal[
    "ChargingStationCertificate", "V2GCertificate", "V2GRootCertificate", "MORootCertificate", "CSMSRootCertificate",
    "ManufacturerRootCertificate", "V2GCertificateChain",
]  # fmt: skip
Listed = Literal[
    "V2GRootCertificate",
    "MORootCertificate",
    "CSMSRootCertificate",
    "V2GCertificateChain",
    "ManufacturerRootCertificate",
]


class InstallWrite(Wire):
    """What the certificate shall be good for."""

    certificate_type: Installable


class DeleteWrite(Wire):
    """Which certificate shall go."""

    certificate_type: Deletable


class CertificatesWanted(Wire):
    """Which certificates to list; all when it is null or left out."""

    certificate_type: Listed | UnsetType | None = UNSET
