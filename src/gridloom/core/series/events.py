"""What happens to registers."""

from datetime import datetime
from typing import ClassVar

from gridloom.kernel.events.event import Event


class RegistersRecounted(Event, kw_only=True, frozen=True):
    """What a register is worth became known, or is another than was known: its readings add up differently.

    code: which register. since, till: the instants between which they may; None is from ever, and for ever. Where meters
    were changed at one instant they are the same: the step around it is counted differently.
    """

    name: ClassVar[str] = "series.registers.recounted"

    point_id: int
    code: int
    since: datetime | None
    till: datetime | None

    def aggregate(self) -> str | None:
        """The events of one point are told in their order."""
        return f"point:{self.point_id}"
