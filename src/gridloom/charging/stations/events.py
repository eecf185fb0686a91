"""What happens to stations, for those who listen."""

from datetime import datetime
from typing import Any, ClassVar, Literal

import msgspec

from gridloom.charging.gone import Gone
from gridloom.kernel.events.event import Event

Action = Literal["created", "updated", "deleted"]


class _OfStation(Event, kw_only=True, frozen=True):
    charge_point_id: int

    def aggregate(self) -> str | None:
        """The station: its events are handled in the order of their commits."""
        return f"charge_point:{self.charge_point_id}"


class ChargePointChanged(_OfStation, kw_only=True, frozen=True):
    """Master data or configuration changed; neither a status nor an EVSE."""

    name: ClassVar[str] = "charging.charge_point.changed"
    action: Action
    gone: Gone | None = None


class EvseChanged(_OfStation, kw_only=True, frozen=True):
    """An EVSE or one of its connectors changed; not its status."""

    name: ClassVar[str] = "charging.evse.changed"
    evse_id: int
    action: Action
    gone: Gone | None = None


class Booted(_OfStation, kw_only=True, frozen=True):
    """It started. boot: what it said of itself, as `charge_point.last_boot` keeps it."""

    name: ClassVar[str] = "charging.charge_point.booted"
    at: datetime
    boot: dict[str, Any]


class NetworkStatusChanged(_OfStation, kw_only=True, frozen=True):
    """It can be reached, or no longer. status: a word of `tables.NETWORK_STATUSES`."""

    name: ClassVar[str] = "charging.charge_point.network_status"
    at: datetime
    status: str


class HardwareStatusChanged(_OfStation, kw_only=True, frozen=True):
    """It told a state of itself or of an EVSE."""

    name: ClassVar[str] = "charging.charge_point.hardware_status"
    at: datetime
    status: str
    evse_id: int | None = None
    error_code: str | None = None
    info: str | None = None
    vendor_id: str | None = None
    vendor_error_code: str | None = None


class ConfigurationSynced(_OfStation, kw_only=True, frozen=True):
    """Its variables were read. request_id: of the action that asked; None after a boot. error: why it failed.

    configuration: [{key, value, readonly, required, timestamp, lastUpdatedAt}].
    """

    name: ClassVar[str] = "charging.charge_point.configuration_synced"
    request_id: int | None = None
    configuration: list[dict[str, Any]] = msgspec.field(default_factory=list)
    error: str | None = None


class DiagnosticsProgressed(_OfStation, kw_only=True, frozen=True):
    """How far an upload of diagnostics is."""

    name: ClassVar[str] = "charging.charge_point.diagnostics"
    at: datetime
    status: Literal["idle", "uploaded", "uploadfailed", "uploading"]
    request_id: int | None = None


class FirmwareProgressed(_OfStation, kw_only=True, frozen=True):
    """How far an update is, in the station's words. protocol: `ocpp 1.6`, `ocpp 2.0.1`."""

    name: ClassVar[str] = "charging.charge_point.firmware"
    at: datetime
    status: str
    protocol: str
    request_id: int | None = None
    execution_id: int | None = None


class SecurityEventReported(_OfStation, kw_only=True, frozen=True):
    """Something about its security, told by itself or seen by us."""

    name: ClassVar[str] = "charging.charge_point.security_event"
    at: datetime
    type: str
    tech_info: str | None = None
    critical: bool = False


class DataTransferReceived(_OfStation, kw_only=True, frozen=True):
    """It sent data of its vendor's own."""

    name: ClassVar[str] = "charging.charge_point.data_transfer"
    at: datetime
    vendor_id: str
    message_id: str | None = None
    data: str | None = None


class ProfileApplied(_OfStation, kw_only=True, frozen=True):
    """It took a charging profile."""

    name: ClassVar[str] = "charging.charge_point.profile_applied"
    at: datetime
    profile: dict[str, Any]
    evse_id: int | None = None
    session_id: int | None = None


class ReservationChanged(_OfStation, kw_only=True, frozen=True):
    """A reservation came, was used, ran out or was canceled."""

    name: ClassVar[str] = "charging.reservation.changed"
    reservation_id: int
    status: Literal["active", "expired", "canceled", "done"]
