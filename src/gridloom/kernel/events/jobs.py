"""The outbox does not grow for ever."""

from gridloom.kernel.events.letters import prune
from gridloom.kernel.jobs.context import Context
from gridloom.kernel.jobs.declare import ONCE, job, schedule

_AT_ONCE = 5000


@schedule("25 * * * *")
@job("events.prune", queue="maintenance", retry=ONCE)
async def prune_events(context: Context, *, keep_days: int = 30) -> None:
    """Remove events that everybody took long ago, in small transactions."""
    while not context.is_ending:
        async with context.transaction() as tx:
            removed = await prune(tx, keep_days=keep_days, limit=_AT_ONCE)
        if removed < _AT_ONCE:
            return
