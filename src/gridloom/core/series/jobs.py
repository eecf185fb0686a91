"""Keeping the store of readings in shape: months ahead, old months out, empty ones away."""

from datetime import timedelta

from gridloom.core.series.archive import apply_retention
from gridloom.core.series.partitions import drop_empty, make_ahead
from gridloom.kernel import clock
from gridloom.kernel.files.library import Files
from gridloom.kernel.jobs import Context, job, schedule

EMPTY_AFTER = timedelta(days=400)


@schedule("5 0 * * *")
@job("series.partitions", queue="kernel")
async def keep_partitions(context: Context) -> None:
    """Make the partitions of the months to come, drop old ones that hold nothing."""
    await make_ahead(context.db)
    await drop_empty(context.db, (clock.now() - EMPTY_AFTER).date())


@schedule("29 2 * * *", each_tenant=True)
@job("series.retention", queue="kernel")
async def apply_policy(context: Context) -> None:
    """Move months that are older than the tenant keeps here out to the object store."""
    await apply_retention(context.db, context.get(Files).store.objects, context.tenant)
