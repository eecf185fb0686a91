"""The queue looks after itself."""

from gridloom.kernel.jobs.context import Context
from gridloom.kernel.jobs.declare import ONCE, job, schedule
from gridloom.kernel.jobs.queue import prune


@schedule("40 2 * * *")
@job("jobs.prune", queue="maintenance", retry=ONCE)
async def prune_jobs(context: Context, *, keep_days: int = 30) -> None:
    """Forget jobs that ended long ago."""
    async with context.transaction() as tx:
        await prune(tx, keep_days=keep_days)
