"""The communication log, to be read."""

from uuid import UUID

from msgspec import UNSET

from gridloom.charging.api import api
from gridloom.charging.communication.listing import entry, page_of
from gridloom.charging.communication.schemas import LogEntry, LogFilter, LogQuery
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages

ROOT = "/public-api/logs/communication/v1.0"
SCOPE = "charging.logs:read"
TAGS = ("logs / communication",)


@action(
    "GET", ROOT, scope=SCOPE, answers={200: LogEntry}, envelope=api.dialect.page_type(LogEntry, Pages.CURSOR), faults=(Invalid,),
    name="communicationLogsListing", tags=TAGS,
)  # fmt: skip
async def list_log(tx: Tx, query: LogQuery) -> PageOf:
    """What charge points and we said to each other, newest first, walked with a cursor.

    A question and its answer are one entry; it appears when the answer is there, or when it is late by a minute and a half.
    """
    given = LogFilter() if query.filter is UNSET else query.filter
    cursor = "" if query.cursor is UNSET else query.cursor
    return await page_of(tx, given, PageRequest(size=query.per_page, cursor=cursor))


@action(
    "GET", f"{ROOT}/{{id}}", scope=SCOPE, answers={200: LogEntry}, faults=(NotFound,), name="communicationLogRead",
    tags=TAGS,
)  # fmt: skip
async def read_log(tx: Tx, id: UUID) -> LogEntry:  # noqa: A002 - the contract's name
    """One entry of the log."""
    return await entry(tx, id)
