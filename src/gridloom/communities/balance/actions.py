"""What meters and whole operations took, injected and shared.

Who reads lets the operation catch up before, so that what is shown is right at that moment, late readings included.
"""

import asyncio
from datetime import date
from typing import Any

from msgspec import UnsetType

from gridloom.communities import dates
from gridloom.communities.access import IN_COMMUNITY, standing_of
from gridloom.communities.balance import consumption
from gridloom.communities.balance.consumption import Columns
from gridloom.communities.balance.days import Span
from gridloom.communities.balance.faults import (
    EndBeforeStart,
    NoMeter,
    NoOperation,
    NothingInOperation,
    NothingOfMeter,
    TooManyDays,
)
from gridloom.communities.balance.schemas import ConsumptionQuery, MeterConsumption, OperationConsumption
from gridloom.communities.meters import public as meters
from gridloom.communities.sharing import public as sharing
from gridloom.communities.workbooks import MEDIA_TYPE, Sheet, attachment, workbook
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Answer
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.subject import Subject

# Reading may share anew, which nobody decided: it writes, and the trail does not say so.
_CATCHES_UP: dict[str, Any] = {"writes": True, "audited": False, "extra": IN_COMMUNITY}
_OPERATION: dict[str, Any] = {
    "scope": "communities.sharing:read",
    "tags": ("SharingOperations",),
    **_CATCHES_UP,
}
_METER: dict[str, Any] = {"scope": "communities.meters:read", "tags": ("Meters",), **_CATCHES_UP}
_FILE: dict[str, Any] = {"answers": {200: bytes}, "answer_media": MEDIA_TYPE, "wrapped": False}
_WINDOW = (EndBeforeStart, TooManyDays)
_SHEET, _WIDTHS = "Consommations", (22, 12, 12, 12, 16, 14, 17)


@action(
    "GET", "/sharing_operations/{id}/consumptions", answers={200: OperationConsumption},
    faults=(NoOperation, NothingInOperation, *_WINDOW), name="get_sharing_operations_id_consumptions", **_OPERATION,
)  # fmt: skip
async def operation_consumption(
    tx: Tx, subject: Subject, id: int, query: ConsumptionQuery  # noqa: A002 - the contract's name
) -> OperationConsumption:  # fmt: skip
    """What all meters of a sharing operation took, injected and shared, interval by interval."""
    return OperationConsumption(id=id, **(await _of_operation(tx, subject, id, query)).wire)


@action(
    "GET", "/sharing_operations/{id}/consumptions/download", faults=(NoOperation, NothingInOperation, *_WINDOW),
    name="get_sharing_operations_id_consumptions_download", **_FILE, **_OPERATION,
)  # fmt: skip
async def operation_file(
    tx: Tx, subject: Subject, id: int, query: ConsumptionQuery  # noqa: A002 - the contract's name
) -> Answer:  # fmt: skip
    """What all meters of a sharing operation took, injected and shared, as a workbook."""
    return await _file(await _of_operation(tx, subject, id, query), f"consommations-{id}.xlsx")


@action(
    "GET", "/meters/{id}/consumptions", answers={200: MeterConsumption}, faults=(NoMeter, *_WINDOW),
    name="get_meters_id_consumptions", **_METER,
)  # fmt: skip
async def meter_consumption(
    tx: Tx, subject: Subject, id: str, query: ConsumptionQuery  # noqa: A002 - the contract's name
) -> MeterConsumption:  # fmt: skip
    """What a meter took, injected and shared, interval by interval; empty arrays when there is nothing in this time."""
    return MeterConsumption(EAN=id, **(await _of_meter(tx, subject, id, query)).wire)


@action(
    "GET", "/meters/{id}/consumptions/download", faults=(NoMeter, NothingOfMeter, *_WINDOW),
    name="get_meters_id_consumptions_download", **_FILE, **_METER,
)  # fmt: skip
async def meter_file(
    tx: Tx, subject: Subject, id: str, query: ConsumptionQuery  # noqa: A002 - the contract's name
) -> Answer:  # fmt: skip
    """What a meter took, injected and shared, as a workbook."""
    columns = await _of_meter(tx, subject, id, query)
    if not len(columns.time_ms):
        raise NothingOfMeter
    return await _file(columns, "consumptions.xlsx")


async def _of_operation(tx: Tx, subject: Subject, operation_id: int, query: ConsumptionQuery) -> Columns:
    window = _window(query)
    operation = await sharing.find(tx, standing_of(subject).community_id, operation_id)
    if operation is None:
        raise NoOperation
    columns = await consumption.of_operation(tx, operation, window)
    if not len(columns.time_ms):
        raise NothingInOperation
    return columns


async def _of_meter(tx: Tx, subject: Subject, ean: str, query: ConsumptionQuery) -> Columns:
    window = _window(query)
    here = standing_of(subject).community_id
    meter = (await meters.by_eans(tx, here, [ean])).get(ean)
    if meter is None:
        raise NoMeter
    return await consumption.of_meter(tx, here, meter, window)


def _window(query: ConsumptionQuery) -> Span:
    first, last = _day(query.date_start, "date_start"), _day(query.date_end, "date_end")
    window = Span(first or dates.EARLIEST, last or dates.LATEST)
    if window.first > window.last:
        raise EndBeforeStart
    return window


def _day(given: str | UnsetType, field: str) -> date | None:
    return None if isinstance(given, UnsetType) else dates.day(given, field, "query")


async def _file(columns: Columns, name: str) -> Answer:
    sheet = Sheet(_SHEET, columns.rows(), widths=_WIDTHS, bold_rows=(0,))
    content = await asyncio.to_thread(workbook, sheet, many_rows=True)
    return Answer(content, media_type=MEDIA_TYPE, headers=attachment(name))
