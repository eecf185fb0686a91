"""The charging periods of a session while it runs, and the news when it turns idle or back."""

from datetime import datetime
from typing import Any

from gridloom.charging.pricing.engine.public import State, StateChange, Timeline
from gridloom.charging.sessions import billing, store
from gridloom.charging.sessions.events import ChargingPeriodChanged
from gridloom.charging.sessions.spending import SoFar, so_far
from gridloom.charging.sessions.store import Row
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import emit

_PERIODS = sql("SELECT id, charging_state FROM charging.session_period WHERE session_id = :session ORDER BY position")


async def refresh(tx: Tx, session: Row, at: datetime) -> SoFar:
    """Cut the time of a running session up to an instant into periods again: one that turned idle did so when its five minutes
    began. Gives what it has done and cost by then."""
    before = await known(tx, session["id"])
    done = await so_far(tx, session, max(at, session["started_at"]))
    rows = _plain(done.timeline) if done.priced is None else billing.periods_of(done.priced, is_running=True)
    await billing.put_periods(tx, session["id"], rows)
    if session["charging_state"] != rows[-1]["charging_state"]:
        await store.change(tx, session["id"], charging_state=rows[-1]["charging_state"])
    await announce(tx, session, before)
    return done


async def known(tx: Tx, session_id: int) -> list[Any]:
    """Ids and states of the periods as they stand, for `announce`."""
    return await tx.all(_PERIODS, session=session_id)


async def announce(tx: Tx, session: Row, before: list[Any]) -> None:
    """Tell of the first period and of each turn since `before`; a period that only grew or got dearer is no news."""
    after = await tx.all(_PERIODS, session=session["id"])
    for position, row in enumerate(after):
        previous = after[position - 1] if position else None
        is_turn = previous is None or previous["charging_state"] != row["charging_state"]
        is_known = position < len(before) and before[position]["charging_state"] == row["charging_state"]
        if is_turn and not is_known:
            emit(
                tx,
                ChargingPeriodChanged(
                    session_id=session["id"],
                    charge_point_id=session["charge_point_id"],
                    evse_id=session["evse_id"],
                    current_period_id=row["id"],
                    current_state=row["charging_state"],
                    previous_period_id=None if previous is None else previous["id"],
                    previous_state=None if previous is None else previous["charging_state"],
                ),
            )


def _plain(timeline: Timeline) -> list[dict[str, Any]]:
    """Periods without a price, by state alone."""
    turns: list[StateChange] = []
    for each in timeline.states:
        if not turns or turns[-1].state.is_idle != each.state.is_idle:
            turns.append(each)
    turns = turns or [StateChange(timeline.started_at, State.CHARGING)]
    ends = [*[each.at for each in turns[1:]], None]
    return [
        {
            "position": position,
            "started_at": turn.at,
            "stopped_at": end,
            "charging_state": "idle" if turn.state.is_idle else "charging",
            "state": "idle" if turn.state.is_idle else "charging",
            "energy_wh": timeline.register_wh(end or timeline.stopped_at) - timeline.register_wh(turn.at),
            "grace_time_end_at": None,
            "pricing_details": {},
            "total_with_tax": None,
            "total_without_tax": None,
            "price_breakdown": [],
        }
        for position, (turn, end) in enumerate(zip(turns, ends, strict=True))
    ]
