"""Ending a session from afar."""

from msgspec import UNSET, UnsetType

from gridloom.charging.csms.public import Refused406, refused
from gridloom.charging.ocpp.public import Outcome, TimedOut
from gridloom.charging.schemas import Wire
from gridloom.charging.sessions import lifecycle, store
from gridloom.charging.sessions.stops import Stops, is_accepted
from gridloom.charging.sessions.store import Row
from gridloom.charging.sessions.ticking import BY_CALLER
from gridloom.charging.stations.public import station_of_caller
from gridloom.kernel import clock
from gridloom.kernel.audit import trail
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.subject import Subject

NAME = "chargePointStopChargingSession"
FORCED = "force_stop"

_NOT_ASKED = sql(
    "UPDATE charging.session SET stopping_for = NULL, stopping_at = NULL, updated_at = now() "
    "WHERE id = :id AND status = 'active' AND stopping_for = :reason"
)


class StopWrite(Wire):
    """How to stop. force: end the session here whatever the charge point says."""

    force: bool | UnsetType = UNSET


@action(
    "POST", "charge-point/v1.0/{charge_point}/stop/{session}", scope="charging.sessions:stop", answers={202: None},
    faults=(NotFound, Refused406, Invalid), name=NAME, tags=("action / charge point",),
)  # fmt: skip
async def stop_session(
    database: Database, stops: Stops, subject: Subject, charge_point: int, session: int, body: StopWrite | None
) -> None:
    """Ask the charge point to end a session; it ends when the charge point says so, or at once where it is forced."""
    force = body is not None and body.force is True
    async with database.tenant(subject.tenant_id, subject=subject) as tx:
        row = await _session(tx, charge_point, session)
        if row["status"] != "active" and not (force and row["status"] == "pending"):
            raise Refused406("This session is not running.")
        trail.record(tx, NAME, ("session", session), {"force": force})
    # One that the station has not begun has no name there yet.
    outcome = None if row["transaction_id"] is None else await stops.request(subject.tenant_id, session, _reason(force))
    async with database.tenant(subject.tenant_id, subject=subject) as tx:
        if force:
            await _end_here(tx, session)
        elif outcome is not None and not is_accepted(outcome):
            await _keep_running(tx, session, outcome)
    if not force and (outcome is None or not is_accepted(outcome)):
        raise Refused406 if outcome is None else refused(outcome, only=406)


def _reason(force: bool) -> str:
    return FORCED if force else BY_CALLER


async def _session(tx: Tx, charge_point: int, session: int) -> Row:
    await station_of_caller(tx, charge_point, lock=True)
    row = await store.session(tx, session)
    if row is None or row["charge_point_id"] != charge_point:
        raise NotFound
    return row


async def _end_here(tx: Tx, session: int) -> None:
    now = clock.now()
    if not await lifecycle.finish(tx, session, stopped_at=now, reason=FORCED):
        await lifecycle.fail(tx, session, FORCED)


async def _keep_running(tx: Tx, session: int, outcome: Outcome) -> None:
    """A station that said no goes on for another reason, if any; one that said nothing may still stop for this one."""
    if not (isinstance(outcome, TimedOut) and outcome.sent):
        await tx.run(_NOT_ASKED, id=session, reason=BY_CALLER)
