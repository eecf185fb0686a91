"""Sharing operations of a community: which there are, and what one is."""

from collections.abc import Sequence
from typing import Any

from gridloom.communities import dates
from gridloom.communities.access import IN_COMMUNITY, standing_of
from gridloom.communities.keys.public import KeyPartial
from gridloom.communities.sharing import rules, store
from gridloom.communities.sharing.faults import MetersInside, NoOperation
from gridloom.communities.sharing.lists import OPERATIONS
from gridloom.communities.sharing.schemas import (
    OperationDetail,
    OperationKey,
    OperationPartial,
    OperationsQuery,
    OperationWrite,
)
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.subject import Subject

READ, WRITE = "communities.sharing:read", "communities.sharing:write"
DONE = "success"
SHARED: dict[str, Any] = {"extra": IN_COMMUNITY, "tags": ("SharingOperations",)}


@action(
    "GET", "/sharing_operations/", scope=READ, answers={200: OperationPartial}, lists=Pages.NUMBER,
    name="get_sharing_operations", **SHARED,
)  # fmt: skip
async def list_operations(tx: Tx, subject: Subject, call: Call, page: PageRequest, query: OperationsQuery) -> PageOf:
    """The sharing operations of the community."""
    return await OPERATIONS.page(tx, page, query, call, community_id=standing_of(subject).community_id)


@action("POST", "/sharing_operations/", scope=WRITE, answers={200: str}, name="post_sharing_operations", **SHARED)
async def add(tx: Tx, subject: Subject, body: OperationWrite) -> str:
    """Add a sharing operation. Meters enter it and a key is handed in to it afterwards."""
    await store.add(tx, standing_of(subject).community_id, body.name.strip(), body.type)
    return DONE


@action(
    "GET", "/sharing_operations/{id}", scope=READ, answers={200: OperationDetail}, faults=(NoOperation,),
    name="get_sharing_operations_id", **SHARED,
)  # fmt: skip
async def detail(tx: Tx, subject: Subject, id: int) -> OperationDetail:  # noqa: A002 - the contract's name
    """A sharing operation with its keys: the one in force, the one that waits for approval, and all others."""
    found = await store.find(tx, standing_of(subject).community_id, id)
    if found is None:
        raise NoOperation
    rows = await store.key_rows(tx, found.id)
    names = await store.names_of_keys(tx, found.id)
    return _shown(found, rows, names)


@action(
    "DELETE", "/sharing_operations/{id}", scope=WRITE, answers={200: str}, faults=(NoOperation, MetersInside),
    name="delete_sharing_operations_id", **SHARED,
)  # fmt: skip
async def delete(tx: Tx, subject: Subject, id: int) -> str:  # noqa: A002 - as above
    """Delete a sharing operation in which no meter is, today or later.

    Its keys end with this day, keys that wait are rejected. What was shared and settled in it is kept.
    """
    today = dates.today()
    found = await store.hold(tx, standing_of(subject).community_id, id, alone=True)
    if found is None:
        raise NoOperation
    if await store.has_meters(tx, found.id, today):
        raise MetersInside
    await store.write_rows(tx, found.id, rules.wind_up(await store.key_rows(tx, found.id), today))
    await store.delete(tx, found.id)
    return DONE


def _shown(found: store.Operation, rows: Sequence[rules.Row], names: dict[int, KeyPartial]) -> OperationDetail:
    keys = rules.shown(rows, dates.today())

    def one(row: rules.Row) -> OperationKey:
        end = None if row.end is None else dates.shown(row.end)
        return OperationKey(row.id or 0, names[row.key_id], dates.shown(row.start), end, row.status)

    return OperationDetail(
        id=found.id,
        name=found.name,
        type=found.type,
        key=None if keys.key is None else one(keys.key),
        history_keys=[one(row) for row in keys.others],
        key_waiting_approval=None if keys.waiting is None else one(keys.waiting),
    )
