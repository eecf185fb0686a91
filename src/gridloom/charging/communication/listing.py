"""The log as a list: which window of time, which of the filters count, newest first."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ARRAY, BigInteger, Boolean, Text, bindparam, case, func, or_, select
from sqlalchemy.types import DateTime

from gridloom.charging.communication.schemas import LogEntry, LogFilter
from gridloom.charging.communication.tables import communication
from gridloom.charging.stations.tables import charge_point
from gridloom.kernel import clock
from gridloom.kernel.database.statement import Statement
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.http.filters import Filter, equals, when
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.resource import Owner, Resource
from gridloom.kernel.ids import uuid7_ms

LONGEST = timedelta(days=30)
# The narrowest that is given counts, the others do not.
NARROWING = ("sessionId", "evseId", "chargePointId", "locationId")

_Window = tuple[datetime | None, datetime | None]
_C = communication.c
_INSTANT = DateTime(timezone=True)


def window(after: datetime | None, before: datetime | None, now: datetime) -> tuple[datetime, datetime]:
    """From when to when, both included. Raises Invalid for more than 30 days, and for an end before the beginning."""
    if before is None:
        before = now if after is None else after + LONGEST
    if after is None:
        after = before - LONGEST
    if after > before:
        raise Invalid("The end is before the beginning.", field="filter.createdBefore", where="query")
    if before - after > LONGEST:
        raise Invalid("The instants are at most 30 days apart.", field="filter.createdBefore", where="query")
    return after, before


def _bound(place: int) -> Any:
    """A bound of the window. Where it depends on the present, it does so at each page, and the cursor still fits."""
    return lambda given: window(given[0], given[1], clock.now())[place]


def _of_points(column: Any) -> Filter:
    """Entries of the charge points for which a column has this value now."""
    return when(
        int,
        lambda value: _C.charge_point_id.in_(select(charge_point.c.id).where(column == value)),
        BigInteger(),
    )


log = Resource(
    communication,
    "logs/communication/v1.0",
    shows=LogEntry,
    scope="charging.logs",
    verbs=("list",),
    pages=Pages.CURSOR,
    owner=Owner(_C.operator_id, "operator_id"),
    order=(_C.created_at, _C.id),
    descending=True,
    columns={
        "direction": case((_C.incoming, "in"), else_="out"),
        "command_parameters": _C.parameters,
        "communication_error": _C.error,
        "response_body": case((_C.error.is_(None), _C.response)),
    },
    filters={
        "sessionId": equals(_C.session_id),
        "evseId": equals(_C.evse_id),
        "chargePointId": equals(_C.charge_point_id),
        "locationId": _of_points(charge_point.c.location_id),
        "direction": when(str, lambda value: _C.incoming == value, Boolean(), lambda given: given == "in"),
        "command": when(list[str], lambda value: _C.command == func.any(value), ARRAY(Text)),
        "partnerId": _of_points(charge_point.c.partner_id),
        "createdAfter": when(_Window, lambda value: _C.created_at >= value, _INSTANT, _bound(0)),
        "createdBefore": when(_Window, lambda value: _C.created_at <= value, _INSTANT, _bound(1)),
    },
)

_OWNER = bindparam("owner", type_=BigInteger)
# The id says when; without the instants the statement would look into the parts of all days.
_ONE = Statement(
    select(*log.shape.selected).where(
        _C.id == bindparam("id", type_=_C.id.type),
        _C.created_at >= bindparam("since", type_=_INSTANT),
        _C.created_at < bindparam("till", type_=_INSTANT),
        or_(_OWNER.is_(None), _C.operator_id == _OWNER),
    )
)


async def page_of(tx: Tx, given: LogFilter, page: PageRequest) -> PageOf:
    """Entries, newest first. Raises Invalid for a window of more than 30 days and for a cursor of another list."""
    return await log.page(tx, page, _asked(given), (), {})


async def entry(tx: Tx, number: UUID) -> LogEntry:
    """One entry. Raises NotFound, also for another operator's."""
    if number.version != 7:
        raise NotFound
    since = clock.from_ms(uuid7_ms(number))
    owner = tx.subject.attributes.get("operator_id") if tx.subject is not None else None
    row = await tx.one(_ONE, id=number, since=since, till=since + timedelta(milliseconds=1), owner=owner)
    if row is None:
        raise NotFound
    shown: LogEntry = log.shape.make(row)
    return shown


def _asked(given: LogFilter) -> dict[str, Any]:
    """The filters that count, by wire name."""
    wires = {each.encode_name: getattr(given, each.name) for each in msgspec.structs.fields(LogFilter)}
    found = {wire: value for wire, value in wires.items() if value is not msgspec.UNSET}
    narrowest = next((wire for wire in NARROWING if wire in found), None)
    for wire in NARROWING:
        if wire != narrowest:
            found.pop(wire, None)
    bounds = _instant(found.get("createdAfter")), _instant(found.get("createdBefore"))
    window(*bounds, clock.now())
    return found | {"createdAfter": bounds, "createdBefore": bounds}


def _instant(given: datetime | None) -> datetime | None:
    # The driver would take the time zone of the machine.
    return given.replace(tzinfo=UTC) if given is not None and given.tzinfo is None else given
