"""What an upload leaves to be done: the sharing itself, month by month."""

from collections.abc import Iterator
from datetime import date, timedelta

from gridloom.communities.balance import public as balance
from gridloom.communities.sharing import public as sharing
from gridloom.kernel import clock
from gridloom.kernel.jobs.context import Context
from gridloom.kernel.jobs.declare import job


@job("communities.uploads.catch-up", queue="sharing")
async def catch_up(context: Context, *, community_id: int, operation_id: int, since: date, till: date) -> int:
    """Share what was uploaded, a month in each transaction; gives the number of months.

    What is shared already costs nothing, so that it may run again. An operation that was deleted meanwhile needs nothing.
    """
    pieces = list(months(since, till))
    for done, (first, last) in enumerate(pieces):
        await context.progress(done, len(pieces))
        async with context.transaction() as tx:
            operation = await sharing.find(tx, community_id, operation_id)
            if operation is None:
                return done
            await balance.catch_up(tx, operation, first, last)
    await context.progress(len(pieces), len(pieces))
    return len(pieces)


def months(since: date, till: date) -> Iterator[tuple[date, date]]:
    """The days from `since` to `till` (both included), cut at the ends of months."""
    while since <= till:
        last = min(till, clock.next_month(since.replace(day=1)) - timedelta(days=1))
        yield since, last
        since = last + timedelta(days=1)
