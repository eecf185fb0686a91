"""Keeping the communication log in shape: days ahead, old days out."""

from datetime import timedelta

from gridloom.charging.communication.partitions import day_of, drop_before, make_ahead
from gridloom.kernel import clock
from gridloom.kernel.jobs import Context, job, schedule
from gridloom.settings import Settings


@schedule("20 0 * * *")
@job("charging.communication.partitions", queue="kernel")
async def keep_days(context: Context) -> None:
    """Make the parts of the days to come, drop those that the setting does not keep."""
    await make_ahead(context.db)
    days = context.get(Settings).communication_log_days
    await drop_before(context.db, day_of(clock.now() - timedelta(days=days)))
