"""What many stations told at once, into the series and onto their sessions: a fixed number of statements for any number of them.

Sessions are locked in the order of their numbers, then the series locks its channels; nothing else is locked here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum, auto
from typing import Any

from gridloom.charging.ocpp.public import Payload, Sample, Version
from gridloom.charging.pricing.engine.public import State
from gridloom.charging.sessions import announcing, apart, lifecycle, periods, store
from gridloom.charging.sessions.channels import Channels, Key
from gridloom.charging.sessions.folding import Folded
from gridloom.charging.sessions.measurands import Value, values_of
from gridloom.charging.sessions.rules import STALE, believed, mark
from gridloom.charging.sessions.stops import Stops
from gridloom.charging.sessions.store import Row
from gridloom.core.series import public as series
from gridloom.kernel import clock
from gridloom.kernel.clock import to_ms
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

BEFORE_START = timedelta(minutes=5)
AFTER_STOP = timedelta(minutes=1)
"""Values so far outside of their session are nothing strange: clocks of meter and station differ."""
BILL_PAUSE = timedelta(seconds=10)
"""A session whose values come late one by one is not billed for each of them."""

# Stations and those that they speak for, found first and by their indexes: one join over all of it goes astray where a
# database is new and nothing is known of its tables.
_BEHIND = (
    "WITH behind AS MATERIALIZED (SELECT w AS station, w AS id FROM unnest(CAST(:stations AS bigint[])) w UNION "
    "SELECT p.ocpp_connected_charge_point_id, p.id FROM charging.charge_point p "
    "WHERE p.ocpp_connected_charge_point_id = ANY(CAST(:stations AS bigint[])))"
)
_EVSES = sql(
    f"{_BEHIND} SELECT b.station, e.network_id, e.id FROM charging.evse e JOIN behind b ON b.id = e.charge_point_id "
    "WHERE e.charge_point_id = ANY(ARRAY(SELECT id FROM behind)) ORDER BY b.id = b.station"
)
_SESSIONS = sql(
    f"{_BEHIND}, named AS MATERIALIZED (SELECT x.id "
    "FROM unnest(CAST(:stations AS bigint[]), CAST(:transactions AS text[])) w (station, name) "
    "JOIN behind b ON b.station = w.station CROSS JOIN LATERAL (SELECT s.id FROM charging.session s "
    "WHERE s.charge_point_id = b.id AND s.transaction_id = w.name OFFSET 0) x "
    "UNION SELECT y.id FROM charging.session y WHERE y.evse_id = ANY(CAST(:evses AS bigint[])) AND y.status = 'active') "
    "SELECT s.*, e.max_power_w, t.stop_session, coalesce(p.ocpp_connected_charge_point_id, p.id) AS reached "
    "FROM charging.session s "
    "JOIN charging.evse e ON e.tenant_id = s.tenant_id AND e.id = s.evse_id "
    "JOIN charging.charge_point p ON p.tenant_id = s.tenant_id AND p.id = s.charge_point_id "
    "LEFT JOIN charging.tariff_snapshot t ON t.tenant_id = s.tenant_id AND t.id = s.tariff_snapshot_id "
    "WHERE s.id = ANY(ARRAY(SELECT id FROM named)) ORDER BY s.id FOR NO KEY UPDATE OF s"
)
_ADD_STATES = sql(
    "INSERT INTO charging.session_state (tenant_id, session_id, at, state, sequence) "
    "SELECT CAST(:tenant AS integer), v.* FROM unnest(CAST(:sessions AS bigint[]), CAST(:instants AS timestamptz[]), "
    "CAST(:states AS text[]), CAST(:sequences AS integer[])) v "
    "ON CONFLICT (tenant_id, session_id, at) DO UPDATE SET state = excluded.state, sequence = excluded.sequence "
    "WHERE excluded.sequence > session_state.sequence"
)
_NEWEST_STATE = sql(
    "UPDATE charging.session s SET reported_state = (SELECT n.state FROM charging.session_state n WHERE n.session_id = s.id "
    "ORDER BY n.at DESC LIMIT 1), updated_at = now() WHERE s.id = ANY(CAST(:ids AS bigint[]))"
)


class Fate(Enum):
    """What became of a report. UNKNOWN: it names a transaction that no session has, or an EVSE that is not there; nothing of
    it was kept."""

    KEPT = auto()
    UNKNOWN = auto()


@dataclass(slots=True)
class Report:
    """What a station told at once. evse: the station's number; None: it did not say. transaction_id: None where the values
    are of the EVSE, whoever charges there. sequence: the higher of two of one instant holds."""

    charge_point_id: int
    received_at: datetime
    version: Version
    action: str
    payload: Payload
    evse: int | None = None
    transaction_id: str | None = None
    samples: Sequence[Sample] = ()
    state: State | None = None
    at: datetime | None = None
    sequence: int = 0


@dataclass(slots=True)
class Batch:
    """What one transaction writes."""

    chains: dict[tuple[int, str], list[Row]] = field(default_factory=dict)
    running: dict[int, list[Row]] = field(default_factory=dict)
    folded: dict[int, Folded] = field(default_factory=dict)
    readings: dict[tuple[Key, int], Any] = field(default_factory=dict)
    own: dict[apart.Own, Any] = field(default_factory=dict)
    told: dict[int, list[Value]] = field(default_factory=dict)
    states: dict[tuple[int, datetime], tuple[str, int]] = field(default_factory=dict)

    def of(self, row: Row) -> Folded:
        """The session as it will stand."""
        return self.folded.setdefault(row["id"], Folded(row))


async def write(tx: Tx, reports: Sequence[Report], channels: Channels, stops: Stops) -> list[Fate]:
    """Keep what was told, in this transaction; gives what became of each report. The same twice changes nothing."""
    evses = await _evses(tx, reports)
    batch = await _sessions(tx, reports, evses)
    fates = [await _take(tx, batch, each, evses) for each in reports]
    stored = await _store(tx, batch.readings, channels) + await apart.put(tx, batch.own)
    await announcing.put(tx, [batch.folded[number] for number in sorted(batch.folded)], stops)
    await announcing.tell_values(tx, ((batch.folded[number], told) for number, told in batch.told.items()))
    await _put_states(tx, batch)
    await _afterwards(tx, batch, stored)
    return fates


async def _evses(tx: Tx, reports: Sequence[Report]) -> dict[tuple[int, int], int]:
    rows = await tx.all(_EVSES, stations=sorted({each.charge_point_id for each in reports}))
    return {(row["station"], int(row["network_id"])): row["id"] for row in rows if row["network_id"].isdigit()}


async def _sessions(tx: Tx, reports: Sequence[Report], evses: dict[tuple[int, int], int]) -> Batch:
    named = sorted({(each.charge_point_id, each.transaction_id) for each in reports if each.transaction_id is not None})
    unnamed = {evses[key] for each in reports if each.transaction_id is None and (key := _place(each)) in evses}
    rows = await tx.all(
        _SESSIONS, stations=[each for each, _ in named], transactions=[name for _, name in named], evses=sorted(unnamed)
    )
    batch = Batch()
    for row in rows:
        if row["transaction_id"] is not None:
            batch.chains.setdefault((row["reached"], row["transaction_id"]), []).append(row)
        if row["status"] == "active":
            batch.running.setdefault(row["evse_id"], []).append(row)
    return batch


def _place(report: Report) -> tuple[int, int]:
    return report.charge_point_id, -1 if report.evse is None else report.evse


async def _take(tx: Tx, batch: Batch, report: Report, evses: dict[tuple[int, int], int]) -> Fate:
    evse = evses.get(_place(report))
    if report.transaction_id is None:
        if evse is not None:
            _values_of_evse(batch, report, evse)
        # Number 0 is the meter of the whole station, which is no session's.
        return Fate.KEPT if evse is not None or not report.evse else Fate.UNKNOWN
    rows = batch.chains.get((report.charge_point_id, report.transaction_id))
    if rows is None:
        return Fate.UNKNOWN
    if report.evse is not None and evse != rows[0]["evse_id"]:
        now = report.at or report.received_at
        batch.of(rows[-1]).doubt(mark(now, "other_evse", told=report.evse, values=len(report.samples)))
        await store.keep_stray(
            tx, report.charge_point_id, action=report.action, version=report.version, transaction_id=report.transaction_id,
            why="other_evse", payload=report.payload, at=report.received_at,
        )  # fmt: skip
        return Fate.KEPT
    for value in values_of(report.samples):
        row, at, is_known = await _session_at(tx, batch, rows, value.at, report)
        if is_known:
            # A start of 1.6 tells its instant and its register: nothing before it moves them.
            counts = report.version is not Version.V16 or at >= row["started_at"]
            _take_value(batch, row["evse_id"], batch.of(row), value._replace(at=at), counts=counts)
    if report.state is not None and report.at is not None:
        row, at, is_known = await _session_at(tx, batch, rows, report.at, report)
        if is_known:
            _take_state(batch, batch.of(row), at, report)
    for row in rows[-1:]:
        batch.of(row).hear(report.received_at)
    return Fate.KEPT


def _values_of_evse(batch: Batch, report: Report, evse: int) -> None:
    rows = batch.running.get(evse, ())
    for value in values_of(report.samples):
        at, is_told = believed(value.at, report.received_at)
        begun = [row for row in rows if row["started_at"] <= at]
        folded = batch.of(max(begun, key=lambda row: (row["started_at"], row["id"]))) if begun else None
        if folded is not None and not is_told:
            folded.doubt(mark(at, "clock", told=value.at.isoformat()))
        _take_value(batch, evse, folded, value._replace(at=at))


async def _session_at(
    tx: Tx, batch: Batch, rows: list[Row], told: datetime, report: Report
) -> tuple[Row, datetime, bool]:
    """The session of a transaction that an instant belongs to, the instant to go on with, and whether there is one: what
    a session did that has ended is not told by when we heard of it."""
    first = rows[0]
    begins = first["started_at"] - BEFORE_START if first["reported_start"] is not None else None
    at, is_told = believed(told, report.received_at, not_before=begins)
    row = store.member_at(rows, at)
    if not is_told:
        batch.of(row).doubt(mark(at, "clock", told=told.isoformat()))
    stopped = row["stopped_at"]
    if stopped is None or at <= stopped:
        return row, at, True
    if is_told and row["reason"] == STALE and row["extended_by_session_id"] is None:
        await lifecycle.extend(tx, row)
        added = await tx.all(_SESSIONS, stations=[row["reached"]], transactions=[row["transaction_id"]], evses=[])
        known = {each["id"] for each in rows}
        rows[:] = [_known(rows, each) if each["id"] in known else each for each in added]
        return rows[-1], at, True
    if is_told and at > stopped + AFTER_STOP:
        batch.of(row).doubt(mark(at, "after_stop"))
    return row, at, is_told


def _known(rows: Iterable[Row], row: Row) -> Row:
    return next(each for each in rows if each["id"] == row["id"])


def _take_value(batch: Batch, evse: int, folded: Folded | None, value: Value, *, counts: bool = True) -> None:
    if value.value < 0 and value.channel.measurand.startswith("Energy"):
        if folded is not None:
            folded.doubt(mark(value.at, "register_negative", told_wh=value.value))
        return
    if folded is not None:
        if counts:
            folded.take(value)
        batch.told.setdefault(folded.row["id"], []).append(value)
        if folded.is_apart(value.at):
            own = (folded.row["id"], value.channel, to_ms(value.at))
            batch.own[own] = max(batch.own.get(own, value.value), value.value)
            return
    key = ((evse, value.channel), to_ms(value.at))
    known = batch.readings.get(key)
    batch.readings[key] = value.value if known is None else max(known, value.value)


def _take_state(batch: Batch, folded: Folded, at: datetime, report: Report) -> None:
    key = (folded.row["id"], at)
    if report.state is None:
        return
    if key not in batch.states or batch.states[key][1] < report.sequence:
        batch.states[key] = (report.state.value, report.sequence)
    folded.tell(at, report.state.value)


async def _store(tx: Tx, readings: dict[tuple[Key, int], Any], channels: Channels) -> int:
    """Give the values to the series; says how many of them are new."""
    if not readings:
        return 0
    numbers = await channels.of(tx, (key for key, _ in readings))
    written = await series.write(
        tx,
        series.Batch.of(
            [numbers[key] for key, _ in readings],
            [ms for _, ms in readings],
            [float(each) for each in readings.values()],
        ),
    )
    return written.stored


async def _put_states(tx: Tx, batch: Batch) -> None:
    if not batch.states:
        return
    keys = sorted(batch.states)
    await tx.run(
        _ADD_STATES,
        tenant=tx.tenant,
        sessions=[session for session, _ in keys],
        instants=[at for _, at in keys],
        states=[batch.states[key][0] for key in keys],
        sequences=[batch.states[key][1] for key in keys],
    )
    if turned := sorted(number for number, each in batch.folded.items() if each.has_turned):
        await tx.run(_NEWEST_STATE, ids=turned)


async def _afterwards(tx: Tx, batch: Batch, stored: int) -> None:
    """Late values are billed, a turn of the state cuts a period, a limit that is reached ends the session."""
    now = clock.now()
    for number, each in sorted(batch.folded.items()):
        row = each.row
        if (
            row["status"] == "finished"
            and row["billing_status"] is not None
            and each.is_late
            and (stored or each.has_turned)
        ):
            if row["bill_again_at"] is None and _rested(row, now):
                await lifecycle.bill_again(tx, number)
            elif row["bill_again_at"] is None:
                await store.change(tx, number, bill_again_at=now + BILL_PAUSE)
        elif row["status"] == "failed" and each.is_late and stored:
            await lifecycle.settle(tx, number)
        elif row["status"] == "active" and each.has_turned:
            await periods.refresh(tx, await store.present(tx, number), now)


def _rested(row: Row, now: datetime) -> bool:
    return row["billing_completed_at"] is None or now - row["billing_completed_at"] > BILL_PAUSE
