"""The list of meters, and a meter with all of its periods; everything by the day it is today on the grid."""

from datetime import date
from typing import Any

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import BigInteger, Date, SmallInteger, Text, bindparam, func, or_, select

from gridloom.communities import addresses, dates
from gridloom.communities.addresses import Address
from gridloom.communities.lists import Listing
from gridloom.communities.members.public import MEMBERS, NAME, MemberPartial, member
from gridloom.communities.meters.records import INACTIVE
from gridloom.communities.meters.schemas import MeterDetail, MeterPartial, OperationOfMeter, PeriodShown
from gridloom.communities.meters.tables import meter, period
from gridloom.communities.sharing.tables import sharing_operation
from gridloom.core.parties.public import address
from gridloom.kernel.database.statement import Statement
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.filters import Filter, contains, equals, when

_TODAY = bindparam("today", type_=Date)
_COMMUNITY = bindparam("community_id", type_=BigInteger)
_street: Any = func.coalesce(address.c.street, address.c.line_1, "")
_status = func.coalesce(period.c.status, INACTIVE)

_ADDRESS = (
    address.c.id.label("address_id"),
    _street.label("street"),
    func.coalesce(address.c.number, "").label("number"),
    func.coalesce(address.c.city, "").label("city"),
    func.coalesce(address.c.postcode, "").label("postcode"),
    address.c.supplement,
)
_HOLDER = (
    member.c.id.label("holder_id"),
    NAME.element.label("holder_name"),
    member.c.member_type.label("holder_type"),
    member.c.status.label("holder_status"),
)
_OPERATION = (
    sharing_operation.c.id.label("operation_id"),
    sharing_operation.c.name.label("operation_name"),
    sharing_operation.c.type.label("operation_type"),
)
_meters = meter.join(address, (address.c.tenant_id == meter.c.tenant_id) & (address.c.id == meter.c.address_id))
_is_todays = (
    (period.c.tenant_id == meter.c.tenant_id)
    & (period.c.meter_id == meter.c.id)
    & (period.c.start_date <= _TODAY)
    & or_(period.c.end_date.is_(None), period.c.end_date >= _TODAY)
)
_is_member = (member.c.tenant_id == period.c.tenant_id) & (member.c.id == period.c.member_id)
_is_operation = (sharing_operation.c.tenant_id == period.c.tenant_id) & (
    sharing_operation.c.id == period.c.sharing_operation_id
)
_here = (meter.c.community_id == _COMMUNITY, meter.c.removed_at.is_(None))


class _Row(Struct):
    """A meter as one row."""

    ean: str
    meter_number: str
    address_id: int
    street: str
    number: str
    city: str
    postcode: str
    supplement: str | None
    status: int
    holder_id: int | None
    holder_name: str | None
    holder_type: int | None
    holder_status: int | None
    operation_id: int | None
    operation_name: str | None
    operation_type: int | None


def _inside(column: Any) -> Filter:
    """`contains` for what clients also write as a number."""
    given = contains(column)
    return when(int | str, given.clause, Text(), lambda value: given.value(str(value)))


METERS = Listing(
    select(meter.c.ean, meter.c.meter_number, *_ADDRESS, _status.label("status"), *_HOLDER, *_OPERATION)
    .select_from(
        _meters.outerjoin(period, _is_todays).outerjoin(MEMBERS, _is_member).outerjoin(sharing_operation, _is_operation)
    )
    .where(*_here),
    _Row,
    key=meter.c.id,
    filters={
        "street": contains(_street),
        "postcode": _inside(address.c.postcode),
        "address_number": _inside(address.c.number),
        "city": contains(address.c.city),
        "supplement": contains(address.c.supplement),
        "ean": contains(meter.c.ean),
        "meter_number": contains(meter.c.meter_number),
        "status": when(int, lambda value: _status == value, SmallInteger()),
        "sharing_operation_id": equals(period.c.sharing_operation_id),
        "not_sharing_operation_id": when(int, period.c.sharing_operation_id.is_distinct_from, BigInteger()),
        "holder_id": equals(period.c.member_id),
    },
    sorts={},
)

_METER = Statement(
    select(
        meter.c.id, meter.c.ean, meter.c.meter_number, meter.c.tarif_group, meter.c.phases_number,
        meter.c.reading_frequency, *_ADDRESS,
    )
    .select_from(_meters)
    .where(*_here, meter.c.ean == bindparam("ean", type_=Text))
)  # fmt: skip
_PERIODS = Statement(
    select(period, *_HOLDER, *_OPERATION)
    .select_from(period.outerjoin(MEMBERS, _is_member).outerjoin(sharing_operation, _is_operation))
    .where(period.c.meter_id == bindparam("meter_id", type_=BigInteger))
    .order_by(period.c.start_date)
)


def partial(row: Any) -> MeterPartial:
    """A row of `METERS` as it travels."""
    return MeterPartial(
        ean=row.ean,
        meter_number=row.meter_number,
        address=_address(row),
        holder=_holder(row),
        status=row.status,
        sharing_operation=_operation(row),
    )


async def detail(tx: Tx, community_id: int, ean: str) -> MeterDetail | None:
    """A meter of the community with its periods; None when there is none."""
    found = await tx.one(_METER, community_id=community_id, ean=ean)
    if found is None:
        return None
    row, today = _Fields(found), dates.today()
    periods = [_Fields(each) for each in await tx.all(_PERIODS, meter_id=row.id)]
    past = [_period(each) for each in periods if _is_over(each, today)]
    coming = [_period(each) for each in periods if each.start_date > today]
    now = next((each for each in periods if each.start_date <= today and not _is_over(each, today)), None)
    return MeterDetail(
        ean=row.ean,
        meter_number=row.meter_number,
        address=_address(row),
        holder=UNSET if now is None else _holder(now),
        tarif_group=row.tarif_group,
        phases_number=row.phases_number,
        reading_frequency=row.reading_frequency,
        meter_data=UNSET if now is None else _period(now),
        meter_data_history=past[::-1],
        futur_meter_data=coming,
    )


class _Fields:
    """A record of the driver, read like the rows of the list."""

    def __init__(self, record: Any) -> None:
        self.__dict__.update(record.items())

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def _is_over(row: Any, today: date) -> bool:
    return row.end_date is not None and row.end_date < today


def _period(row: Any) -> PeriodShown:
    return PeriodShown(
        id=row.id,
        description=row.description or "",
        sampling_power=row.sampling_power or 0,
        status=row.status,
        amperage=row.amperage or 0,
        rate=row.rate,
        client_type=row.client_type,
        start_date=dates.shown(row.start_date),
        end_date=UNSET if row.end_date is None else dates.shown(row.end_date),
        injection_status=row.injection_status,
        production_chain=row.production_chain,
        total_generating_capacity=row.total_generating_capacity or 0,
        member=_holder(row),
        grd=row.grd or "",
        sharing_operation=_operation(row),
    )


def _address(row: Any) -> Address:
    return Address(
        id=row.address_id,
        street=row.street,
        number=addresses.number(row.number),
        city=row.city,
        postcode=row.postcode,
        supplement=row.supplement or UNSET,
    )


def _holder(row: Any) -> MemberPartial | UnsetType:
    if row.holder_id is None:
        return UNSET
    return MemberPartial(row.holder_id, row.holder_name, row.holder_type, row.holder_status)


def _operation(row: Any) -> OperationOfMeter | UnsetType:
    if row.operation_id is None:
        return UNSET
    return OperationOfMeter(row.operation_id, row.operation_name, row.operation_type)
