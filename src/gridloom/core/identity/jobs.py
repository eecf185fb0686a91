"""Letting go of tokens that ended."""

from datetime import timedelta

from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.jobs import Context, job, schedule

_PRUNE_TOKENS = sql("DELETE FROM identity.token WHERE expires_at < :before OR revoked_at < :before")
_PRUNE_GRANTS = sql("DELETE FROM identity.refresh_token WHERE expires_at < :before OR revoked_at < :before")


@schedule("7 4 * * *")
@job("identity.prune_tokens", queue="kernel")
async def prune_tokens(context: Context, *, keep_days: int = 30) -> None:
    """Remove tokens and grants that ended long ago."""
    before = clock.now() - timedelta(days=keep_days)
    async with context.db.system() as tx:
        await tx.run(_PRUNE_TOKENS, before=before)
        await tx.run(_PRUNE_GRANTS, before=before)
