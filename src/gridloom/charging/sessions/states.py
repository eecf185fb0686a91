"""What stations say that the car does, where they say it as a status of the EVSE (1.6)."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from gridloom.charging.sessions import lifecycle, periods, store
from gridloom.charging.sessions.rules import STATES_16, floored
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

_SESSIONS = sql("""
    SELECT (
        SELECT s.id FROM charging.session s
        WHERE s.evse_id = w.evse AND s.status IN ('active', 'finished') AND s.started_at <= w.at
            AND (s.stopped_at IS NULL OR s.stopped_at >= w.at)
        ORDER BY s.started_at DESC LIMIT 1
    ) AS session
    FROM unnest(CAST(:evses AS bigint[]), CAST(:ats AS timestamptz[])) WITH ORDINALITY w (evse, at, number)
    ORDER BY w.number
""")
_LOCK = sql("SELECT * FROM charging.session WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id FOR NO KEY UPDATE")
_ADD = sql("""
    INSERT INTO charging.session_state (tenant_id, session_id, at, state)
    SELECT CAST(:tenant AS integer), v.*
    FROM unnest(CAST(:sessions AS bigint[]), CAST(:ats AS timestamptz[]), CAST(:states AS text[])) v
    ON CONFLICT (tenant_id, session_id, at) DO NOTHING RETURNING session_id
""")
_NEWEST = sql(
    "SELECT DISTINCT ON (session_id) session_id, state FROM charging.session_state "
    "WHERE session_id = ANY(CAST(:sessions AS bigint[])) ORDER BY session_id, at DESC"
)


class Told(NamedTuple):
    """A status (`tables.EVSE_HARDWARE`) that an EVSE had at an instant."""

    evse_id: int
    at: datetime
    status: str


async def note(tx: Tx, told: Sequence[Told]) -> None:
    """The sessions that ran then are in those states since. They are locked in the order of their numbers, as meter values do."""
    known = [(each, floored(each.at), state) for each in told if (state := STATES_16.get(each.status)) is not None]
    if not known:
        return
    found = await tx.all(_SESSIONS, evses=[each.evse_id for each, _, _ in known], ats=[at for _, at, _ in known])
    new = [(row["session"], at, state) for row, (_, at, state) in zip(found, known, strict=True) if row["session"]]
    if not new:
        return
    sessions = {row["id"]: row for row in await tx.all(_LOCK, ids=sorted({session for session, _, _ in new}))}
    added = await tx.all(
        _ADD,
        tenant=tx.tenant,
        sessions=[session for session, _, _ in new],
        ats=[at for _, at, _ in new],
        states=[state.value for _, _, state in new],
    )
    changed = sorted({row["session_id"] for row in added})
    newest = {row["session_id"]: row["state"] for row in await tx.all(_NEWEST, sessions=changed)} if changed else {}
    for number in changed:
        row = sessions[number]
        if newest[number] != row["reported_state"]:
            await store.change(tx, number, reported_state=newest[number])
        if row["status"] == "finished":
            await lifecycle.bill_again(tx, number)
        else:
            until = max(at for session, at, _ in new if session == number)
            await periods.refresh(tx, await store.present(tx, number), max(until, clock.now()))
