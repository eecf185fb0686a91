"""The list of messages does not grow for ever."""

from gridloom.kernel.jobs.context import Context
from gridloom.kernel.jobs.declare import ONCE, job, schedule
from gridloom.kernel.webhooks.letters import prune

_AT_ONCE = 5000


@schedule("35 * * * *")
@job("webhooks.prune", queue="maintenance", retry=ONCE)
async def prune_deliveries(context: Context, *, keep_days: int = 30) -> None:
    """Remove messages of long ago, in small transactions."""
    while not context.is_ending:
        async with context.transaction() as tx:
            removed = await prune(tx, keep_days=keep_days, limit=_AT_ONCE)
        if removed < _AT_ONCE:
            return
