"""What happens to sessions, for those who listen."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal

from gridloom.charging.stations.events import HardwareStatusChanged
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import Event
from gridloom.kernel.events.handlers import Received, on


class _OfSession(Event, kw_only=True, frozen=True):
    session_id: int
    charge_point_id: int
    evse_id: int

    def aggregate(self) -> str | None:
        """The session: its events are handled in the order of their commits."""
        return f"session:{self.session_id}"


class SessionStarted(_OfSession, kw_only=True, frozen=True):
    """It became active."""

    name: ClassVar[str] = "charging.session.started"


class SessionStopped(_OfSession, kw_only=True, frozen=True):
    """It finished."""

    name: ClassVar[str] = "charging.session.stopped"


class SessionUpdated(_OfSession, kw_only=True, frozen=True):
    """Something that its readers see changed: status, energy (at most once a minute), price, user."""

    name: ClassVar[str] = "charging.session.updated"


class MeterValuesReceived(_OfSession, kw_only=True, frozen=True):
    """The station told meter values; emitted only where somebody subscribes to them.

    values: [{timestamp, measurand, value, unit}] in the words of the notification.
    """

    name: ClassVar[str] = "charging.session.meter_values"
    at: datetime
    values: list[dict[str, Any]]


class ChargingPeriodChanged(_OfSession, kw_only=True, frozen=True):
    """The first period, or the session turned from charging to idle or back."""

    name: ClassVar[str] = "charging.session.charging_period"
    current_period_id: int
    current_state: Literal["charging", "idle"]
    previous_period_id: int | None = None
    previous_state: Literal["charging", "idle"] | None = None


# A batch holds its sessions until its commit, and their meter values wait meanwhile.
@on(HardwareStatusChanged, name="charging.sessions.states", batch=5)
async def note_states(tx: Tx, received: Sequence[Received[HardwareStatusChanged]]) -> None:
    """A status of an EVSE says what the car does."""
    # What it leads to tells events itself, and imports this module for them.
    from gridloom.charging.sessions import states

    told = [
        states.Told(each.event.evse_id, each.event.at, each.event.status)
        for each in received
        if each.event.evse_id is not None
    ]
    await states.note(tx, told)
