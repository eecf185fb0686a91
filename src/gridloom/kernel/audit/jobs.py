"""The trail's own work: closing the chain every few seconds, letting old lines go."""

from datetime import timedelta

from gridloom.kernel import clock
from gridloom.kernel.audit.sealing import expire, seal
from gridloom.kernel.jobs import Context, job, schedule

KEEP_DAYS = 3650


@schedule("* * * * * */10")
@job("audit.seal", queue="kernel")
async def seal_trail(context: Context) -> None:
    """Chain what was committed since the last time."""
    await seal(context.db)


@schedule("17 3 * * *")
@job("audit.expire", queue="kernel")
async def expire_trail(context: Context, *, keep_days: int = KEEP_DAYS) -> None:
    """Remove lines that are older than they have to be kept; the chain stays verifiable from there on."""
    await expire(context.db, clock.now() - timedelta(days=keep_days))
