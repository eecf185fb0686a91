"""Noting that days of a sharing operation have to be shared again; `balance` does it.

A module of its own, because those who note (meters, keys of operations) are those whose data the sharing reads.
"""

from datetime import date

from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

_MARK = sql(
    "INSERT INTO communities.stale (tenant_id, sharing_operation_id, since, till) "
    "VALUES (:tenant_id, :operation_id, :since, :till)"
)


async def mark(tx: Tx, operation_id: int, since: date, till: date | None = None) -> None:
    """The key or the meters of an operation changed from `since` on: what was shared up to `till` holds no longer.

    since, till: the first and the last day in the calendar of the grid; no `till` means every later day. Costs one row and
    computes nothing: the next who reads these days brings them up to date (`catch_up`). Always a row of its own, because a
    row that is there may be on its way out under somebody who has not seen this change.
    """
    if till is None or since <= till:
        await tx.run(_MARK, tenant_id=tx.tenant, operation_id=operation_id, since=since, till=till)
