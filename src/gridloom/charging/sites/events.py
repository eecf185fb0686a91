"""What happens to sites, for those who listen."""

from typing import ClassVar, Literal

from gridloom.charging.gone import Gone
from gridloom.kernel.events.event import Event


class LocationChanged(Event, kw_only=True, frozen=True):
    """A location came, changed or went."""

    name: ClassVar[str] = "charging.location.changed"
    location_id: int
    action: Literal["created", "updated", "deleted"]
    gone: Gone | None = None
