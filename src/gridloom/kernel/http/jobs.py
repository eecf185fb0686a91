"""Letting go of stored answers."""

from datetime import timedelta

from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.jobs import Context, job, schedule

_PRUNE = sql("DELETE FROM gridloom.idempotency WHERE created_at < :before")


@schedule("53 3 * * *")
@job("http.prune_idempotency", queue="kernel")
async def prune_idempotency(context: Context, *, keep_days: int = 30) -> None:
    """Forget answers that were kept for an idempotency key; a repeat after so long is a new request."""
    async with context.db.system() as tx:
        await tx.run(_PRUNE, before=clock.now() - timedelta(days=keep_days))
