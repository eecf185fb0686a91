"""What a running session has done and cost so far."""

from datetime import datetime
from typing import NamedTuple

import structlog
from msgspec.structs import replace

from gridloom.charging.pricing.engine.public import NoRate, Priced, Timeline, price, states_of
from gridloom.charging.sessions.store import Row
from gridloom.charging.sessions.terms import circumstances_of
from gridloom.charging.sessions.timeline import timeline_of
from gridloom.kernel.database.transaction import Tx

log = structlog.get_logger(__name__)


class SoFar(NamedTuple):
    """A session up to an instant. The timeline's states are those to price it by; priced: None where its tariff follows an
    electricity rate that nobody has set."""

    timeline: Timeline
    priced: Priced | None


async def so_far(tx: Tx, session: Row, at: datetime) -> SoFar:
    """A running session as if it stopped at an instant. Silence is not idleness: whether the car takes power is known up to the
    newest value, and goes on like that."""
    timeline = await timeline_of(tx, session, at)
    around = await circumstances_of(tx, session)
    last = max([timeline.started_at, *(each.at for each in timeline.readings if each.at <= timeline.stopped_at)])
    timeline = replace(timeline, states=states_of(replace(timeline, stopped_at=last), around.thresholds))
    try:
        return SoFar(timeline, price(timeline, around.tariff, around.calendar, around.terms))
    except NoRate:
        log.info("session_without_rate", session_id=session["id"])
        return SoFar(timeline, None)


def overspent(session: Row, priced: Priced | None) -> str | None:
    """The reason to end a session for what it costs; None while it may go on."""
    if session["stop_amount"] is None or priced is None or priced.total_amount.with_tax < session["stop_amount"]:
        return None
    return "balance_exceeded" if session["payment_type"] == "balance" else "authorization_amount_reached"
