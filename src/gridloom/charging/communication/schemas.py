"""What travels about the communication log."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

import msgspec
from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.schemas import Id, Wire

Json = Annotated[str, Meta(description="JSON; at most 50,000 characters of it, secrets replaced.")]
Direction = Annotated[
    Literal["in", "out"], Meta(description="`in`: the charge point asked. `out`: it was asked by us.")
]


class LogEntry(Wire, kw_only=True):
    """A question between a charge point and us, with its answer, or with why there is none. Beside OCPP's actions the
    commands are `Connect`, `Disconnect`, `Authenticate` (refused), `Connection throttling` and `Unknown` (unreadable)."""

    id: UUID
    created_at: datetime
    charge_point_id: int
    evse_id: int | UnsetType = UNSET
    location_id: int | UnsetType = UNSET
    session_id: int | UnsetType = UNSET
    direction: Direction
    command: str
    command_parameters: Json
    communication_error: Json | UnsetType = UNSET
    response_body: Json | UnsetType = UNSET


class LogFilter(Wire):
    """Which entries. Of session, EVSE, charge point and location only the narrowest counts.

    Without both instants: the last 30 days. With one of them: the 30 days after or before it. They are at most 30 days apart.
    """

    session_id: Id | UnsetType = UNSET
    evse_id: Id | UnsetType = UNSET
    charge_point_id: Id | UnsetType = UNSET
    location_id: Id | UnsetType = UNSET
    direction: Direction | UnsetType = UNSET
    command: list[str] | UnsetType = UNSET
    partner_id: Annotated[Id, Meta(description="Who owns the charge point.")] | UnsetType = UNSET
    created_after: Annotated[datetime, Meta(description="Without an offset: UTC.")] | UnsetType = UNSET
    created_before: datetime | UnsetType = UNSET


class LogQuery(msgspec.Struct, kw_only=True):
    """Which entries, and how much of them at once."""

    filter: LogFilter | UnsetType = UNSET
    per_page: Annotated[int, Meta(ge=1, le=500)] = 500
    cursor: str | UnsetType = UNSET
