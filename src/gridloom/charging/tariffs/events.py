"""What happens to tariffs, for those who listen."""

from typing import ClassVar, Literal

from gridloom.charging.gone import Gone
from gridloom.kernel.events.event import Event


class TariffChanged(Event, kw_only=True, frozen=True):
    """A tariff came, changed or went."""

    name: ClassVar[str] = "charging.tariff.changed"
    tariff_id: int
    action: Literal["created", "updated", "deleted"]
    gone: Gone | None = None
