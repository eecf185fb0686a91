"""What happens with stations behind the requests."""

from datetime import timedelta
from typing import Any

import structlog

from gridloom.charging.csms.commands import Commands
from gridloom.charging.csms.errands import prune
from gridloom.charging.csms.reaping import note_long_absences, reap
from gridloom.charging.ocpp.public import Answered
from gridloom.kernel.jobs import ONCE, Context, job, schedule
from gridloom.settings import Settings

log = structlog.get_logger(__name__)

CALLS_KEPT = timedelta(minutes=10)  # of callers that died


@job("charging.csms.call", retry=ONCE, timeout_s=120)
async def call_station(context: Context, *, charge_point_id: int, action: str, payload: dict[str, Any]) -> None:
    """Ask a station; that it was not reached or did not answer is logged, not tried again."""
    outcome = await context.get(Commands).call(context.tenant, charge_point_id, action, payload)
    if not isinstance(outcome, Answered):
        log.warning("station_not_asked", action=action, station=charge_point_id, outcome=type(outcome).__name__)


@schedule("* * * * *")
@job("charging.csms.tidy", retry=ONCE, queue="kernel")
async def tidy(context: Context) -> None:
    """Free the seats that dead processes held, note who stays away, forget old calls."""
    await reap(context.db)
    await note_long_absences(context.db, timedelta(hours=context.get(Settings).offline_hours))
    await prune(context.db, CALLS_KEPT)
