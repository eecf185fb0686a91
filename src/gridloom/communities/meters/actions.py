"""Meters of a community, and what holds of them over time.

Whoever changes a meter holds, in this order: the sharing operation it goes into, the meter, the member it belongs to.
"""

from datetime import date
from typing import Any

import structlog
from msgspec import UNSET

from gridloom.communities import addresses, dates
from gridloom.communities.access import IN_COMMUNITY, standing_of
from gridloom.communities.members import public as members
from gridloom.communities.meters import lists, reading, rules, writing
from gridloom.communities.meters.faults import (
    LaterPeriod,
    MemberUnknown,
    MeterInUse,
    MeterShared,
    MeterThere,
    NoMeter,
    NoMeterToChange,
    OperationUnknown,
)
from gridloom.communities.meters.schemas import (
    MeterDetail,
    MeterPartial,
    MetersQuery,
    MeterWrite,
    PeriodChange,
    PeriodWrite,
)
from gridloom.communities.numbers import DATE, TEXT, Numbered
from gridloom.communities.sharing import public as sharing
from gridloom.core.parties import public as parties
from gridloom.core.series import public as series
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.subject import Subject

TAG = ("Meters",)
READ, WRITE = "communities.meters:read", "communities.meters:write"
DONE = "success"
_REFUSED = (MemberUnknown, OperationUnknown, MeterShared)
_OWN_FORM = ("start_date", "end_date", "sharing_operation_id", "ean")
_PLAIN = tuple(name for name in PeriodWrite.__struct_fields__ if name not in _OWN_FORM)

log = structlog.get_logger(__name__)


@action(
    "GET", "/meters/", scope=READ, answers={200: MeterPartial}, lists=Pages.NUMBER, extra=IN_COMMUNITY, name="get_meters",
    tags=TAG,
)  # fmt: skip
async def meters(tx: Tx, subject: Subject, call: Call, page: PageRequest, query: MetersQuery) -> PageOf:
    """The meters of the community as they are today, in the order in which they were registered."""
    here = standing_of(subject).community_id
    found = await lists.METERS.page(tx, page, query, call, community_id=here, today=dates.today())
    found.items = [lists.partial(row) for row in found.items]
    return found


@action(
    "POST", "/meters/", scope=WRITE, answers={200: str}, faults=(MeterThere, *_REFUSED), extra=IN_COMMUNITY,
    name="post_meters", tags=TAG,
)  # fmt: skip
async def register(tx: Tx, subject: Subject, body: MeterWrite) -> str:
    """Register a meter with what holds of it first.

    A sensor of the metering API with this number is the same meter: its readings are there at once. A number with a wrong
    check digit is taken.
    """
    here = standing_of(subject).community_id
    if not rules.is_possible_ean(body.ean):
        raise Invalid(errors=[Numbered("body", ("EAN",), "Letters, digits and dashes.", number=TEXT, says="meter_ean")])
    start, values = _values(body.initial_data, "initial_data.")
    if await reading.by_eans(tx, here, [body.ean]):
        raise MeterThere
    await _hold_operation(tx, here, values["sharing_operation_id"])
    place = addresses.fields(body.address)
    meter = await writing.add(
        tx,
        community_id=here,
        ean=body.ean,
        point_id=(await series.ensure_point(tx, eid=body.ean)).id,
        meter_number=body.meter_number,
        address_id=(await parties.add_address(tx, place or parties.AddressFields())).id,
        tarif_group=body.tarif_group,
        phases_number=body.phases_number,
        reading_frequency=body.reading_frequency,
    )
    if meter is None:
        raise MeterThere
    await _hold_member(tx, here, values.get("member_id"))
    await writing.begin(tx, meter, start, **values)
    if not rules.is_probable_ean(body.ean):
        log.warning("meter_with_improbable_ean", meter_id=meter.id)
    return DONE


@action(
    "GET", "/meters/{id}", scope=READ, answers={200: MeterDetail}, faults=(NoMeter,), extra=IN_COMMUNITY,
    name="get_meters_id", tags=TAG,
)  # fmt: skip
async def meter(tx: Tx, subject: Subject, id: str) -> MeterDetail:  # noqa: A002 - the contract's name; it is the EAN
    """A meter by its EAN, with what held, holds and will hold of it."""
    found = await lists.detail(tx, standing_of(subject).community_id, id)
    if found is None:
        raise NoMeter
    return found


@action(
    "DELETE", "/meters/{id}", scope=WRITE, answers={200: str}, faults=(NoMeter, MeterInUse), extra=IN_COMMUNITY,
    name="delete_meters_id", tags=TAG,
)  # fmt: skip
async def remove(tx: Tx, subject: Subject, id: str) -> str:  # noqa: A002 - the contract's name; it is the EAN
    """Remove a meter that is in no sharing operation, neither now nor later.

    Its data end yesterday. Its readings stay, and what was settled on it; the EAN may be registered again.
    """
    found = await reading.held(tx, standing_of(subject).community_id, id)
    if found is None:
        raise NoMeter
    today = dates.today()
    if rules.is_in_use((await reading.periods_of(tx, found.id)).values(), today):
        raise MeterInUse
    await writing.remove(tx, found, today - rules.ONE_DAY)
    return DONE


@action(
    "PATCH", "/meters/data", scope=WRITE, answers={200: str}, faults=(NoMeterToChange, LaterPeriod, *_REFUSED),
    extra=IN_COMMUNITY, name="patch_meters_data", tags=TAG,
)  # fmt: skip
async def change(tx: Tx, subject: Subject, body: PeriodChange) -> str:
    """Change what holds of a meter from a day on.

    On the first day of its latest data these take the change in; later, they end the day before, and new ones begin. What is
    left out stays as it is, but for the sharing operation: without `sharing_operation_id` the meter is in none from that day on.
    Nothing can change before a change that is there already.
    """
    here = standing_of(subject).community_id
    start, values = _values(body)
    await _hold_operation(tx, here, values["sharing_operation_id"])
    found = await reading.held(tx, here, body.ean)
    if found is None:
        raise NoMeterToChange
    await _hold_member(tx, here, values.get("member_id"))
    await writing.open_period(tx, found.id, start, **values)
    return DONE


def _values(given: PeriodWrite, inside: str = "") -> tuple[date, dict[str, Any]]:
    """The first day, and the columns that are given; the sharing operation always is. Raises Invalid for wrong dates."""
    start = dates.day(given.start_date, f"{inside}start_date")
    values = {name: value for name in _PLAIN if (value := getattr(given, name)) is not UNSET}
    values["sharing_operation_id"] = None if given.sharing_operation_id is UNSET else given.sharing_operation_id
    if given.end_date is not UNSET:
        values["end_date"] = last = None if given.end_date is None else dates.day(given.end_date, f"{inside}end_date")
        if last is not None and last < start:
            place = (f"{inside}end_date",)
            raise Invalid(
                errors=[Numbered("body", place, "Before the first day.", number=DATE, says="meter_ends_early")]
            )
    return start, values


async def _hold_operation(tx: Tx, community_id: int, operation_id: int | None) -> None:
    if operation_id is not None and await sharing.hold(tx, community_id, operation_id) is None:
        raise OperationUnknown


async def _hold_member(tx: Tx, community_id: int, member_id: int | None) -> None:
    if member_id is not None and not await members.hold(tx, community_id, member_id):
        raise MemberUnknown
