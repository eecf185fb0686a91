"""What makes days stale from outside of the communities."""

from datetime import date, datetime, timedelta

from gridloom.communities import dates
from gridloom.communities.balance import store
from gridloom.communities.balance.days import Span
from gridloom.communities.stale.public import mark
from gridloom.core.series.public import RegistersRecounted
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.handlers import Received, on

# A change of the meter counts in the step around it, of an hour at most.
_STEP = timedelta(hours=1)


@on(RegistersRecounted, name="communities.recounted")
async def registers_recounted(tx: Tx, received: Received[RegistersRecounted]) -> None:
    """A register is worth something else than before: every operation that the point ever was in shares those days anew."""
    event = received.event
    if event.code not in store.REGISTERS:
        return
    affected = Span(_day(event.since, -_STEP) or dates.EARLIEST, _day(event.till, _STEP) or dates.LATEST)
    for each in await store.periods_of_point(tx, event.point_id):
        if each.operation_id is not None and (inside := each.span.meets(affected)) is not None:
            await mark(tx, each.operation_id, inside.first, None if inside.last == dates.LATEST else inside.last)


def _day(instant: datetime | None, further: timedelta) -> date | None:
    return None if instant is None else (instant + further).astimezone(dates.ZONE).date()
