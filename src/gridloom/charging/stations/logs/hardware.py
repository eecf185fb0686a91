"""States of many stations and EVSEs at once: each is kept in the log, the newest one shows.

A fixed number of statements for any number of states. Rows are locked in the order of their numbers, and only as far as a
change of a state asks for it: who points at a station or an EVSE does not wait.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from gridloom.charging.stations.events import HardwareStatusChanged
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import emit


@dataclass(frozen=True, slots=True)
class HardwareStatus:
    """What a station (evse_id: None) or one of its EVSEs is since `at`."""

    charge_point_id: int
    evse_id: int | None
    status: str
    at: datetime
    error_code: str
    vendor_id: str | None = None
    info: str | None = None
    vendor_error_code: str | None = None


class Place(NamedTuple):
    """An EVSE and the station it belongs to, which is another one than it speaks through where that is a satellite."""

    evse_id: int
    charge_point_id: int


_NUMBERED = sql(
    "SELECT w.station, e.network_id, e.id, e.charge_point_id "
    "FROM unnest(CAST(:stations AS bigint[]), CAST(:numbers AS text[])) w (station, number) "
    "CROSS JOIN LATERAL (SELECT w.station AS id UNION ALL SELECT p.id FROM charging.charge_point p "
    "WHERE p.ocpp_connected_charge_point_id = w.station) b "
    "JOIN charging.evse e ON e.charge_point_id = b.id AND e.network_id = w.number ORDER BY b.id = w.station"
)
_LOG = sql("""
    INSERT INTO charging.hardware_status_log
        (tenant_id, charge_point_id, evse_id, status, error_code, vendor_id, info, vendor_error_code, at)
    SELECT CAST(:tenant AS integer), v.* FROM unnest(
        CAST(:stations AS bigint[]), CAST(:evses AS bigint[]), CAST(:statuses AS text[]), CAST(:errors AS text[]),
        CAST(:vendors AS text[]), CAST(:infos AS text[]), CAST(:codes AS text[]), CAST(:ats AS timestamptz[])
    ) v
""")
# A state that only repeats itself is no change of the row (`updated_at`), and leaves its indices alone. Each gives what
# is another one than before; nothing of what is older than what is known.
_EVSES = sql("""
    WITH told AS (
        SELECT * FROM unnest(CAST(:ids AS bigint[]), CAST(:statuses AS text[]), CAST(:ats AS timestamptz[]))
            v (id, status, at)
    ), before AS MATERIALIZED (
        SELECT e.id, e.hardware_status AS status FROM charging.evse e
        WHERE e.id = ANY(CAST(:ids AS bigint[])) ORDER BY e.id FOR NO KEY UPDATE
    )
    UPDATE charging.evse e SET hardware_status = t.status, hardware_status_at = t.at,
        updated_at = CASE WHEN b.status IS DISTINCT FROM t.status THEN now() ELSE e.updated_at END
    FROM told t JOIN before b ON b.id = t.id
    WHERE e.id = t.id AND (e.hardware_status_at IS NULL OR e.hardware_status_at <= t.at)
    RETURNING e.id, b.status IS DISTINCT FROM t.status AS is_other
""")
_STATIONS = sql("""
    WITH told AS (
        SELECT * FROM unnest(
            CAST(:ids AS bigint[]), CAST(:statuses AS text[]), CAST(:ats AS timestamptz[]), CAST(:codes AS text[])
        ) v (id, status, at, code)
    ), before AS MATERIALIZED (
        SELECT c.id, c.hardware_status AS status, c.vendor_error_code AS code FROM charging.charge_point c
        WHERE c.id = ANY(CAST(:ids AS bigint[])) ORDER BY c.id FOR NO KEY UPDATE
    )
    UPDATE charging.charge_point c SET hardware_status = t.status, hardware_status_at = t.at, vendor_error_code = t.code,
        updated_at = CASE WHEN (b.status, b.code) IS DISTINCT FROM (t.status, t.code) THEN now() ELSE c.updated_at END
    FROM told t JOIN before b ON b.id = t.id
    WHERE c.id = t.id AND (c.hardware_status_at IS NULL OR c.hardware_status_at <= t.at)
    RETURNING c.id, b.status IS DISTINCT FROM t.status AS is_other
""")


async def evses_numbered(tx: Tx, places: Iterable[tuple[int, int]]) -> dict[tuple[int, int], Place]:
    """The EVSEs with these numbers within their stations, or within the satellites that speak through them, by (station,
    number); those that are not there are left out."""
    wanted = sorted(set(places))
    if not wanted:
        return {}
    stations, numbers = [station for station, _ in wanted], [str(number) for _, number in wanted]
    rows = await tx.all(_NUMBERED, stations=stations, numbers=numbers)
    return {(row["station"], int(row["network_id"])): Place(row["id"], row["charge_point_id"]) for row in rows}


async def append_hardware_statuses(tx: Tx, states: Sequence[HardwareStatus]) -> None:
    """Keep them. Of a station or an EVSE there is one at most. An event tells of each that is another one than before."""
    states = sorted(states, key=lambda each: (each.charge_point_id, each.evse_id or 0))
    if not states:
        return
    await tx.run(
        _LOG,
        tenant=tx.tenant,
        stations=[each.charge_point_id for each in states],
        evses=[each.evse_id for each in states],
        statuses=[each.status for each in states],
        errors=[each.error_code for each in states],
        vendors=[each.vendor_id for each in states],
        infos=[each.info for each in states],
        codes=[each.vendor_error_code for each in states],
        ats=[each.at for each in states],
    )
    changed = await _show(tx, states)
    for each in states:
        if (each.charge_point_id, each.evse_id) in changed:
            told = HardwareStatusChanged(
                charge_point_id=each.charge_point_id, at=each.at, status=each.status, evse_id=each.evse_id,
                error_code=each.error_code, info=each.info, vendor_id=each.vendor_id,
                vendor_error_code=each.vendor_error_code,
            )  # fmt: skip
            emit(tx, told)


async def _show(tx: Tx, states: Sequence[HardwareStatus]) -> set[tuple[int, int | None]]:
    """Let the newest ones show; gives the (station, EVSE) whose state is another one than before."""
    changed: set[tuple[int, int | None]] = set()
    of_evses = {each.evse_id: each for each in states if each.evse_id is not None}
    if of_evses:
        told = list(of_evses.values())
        rows = await tx.all(
            _EVSES, ids=list(of_evses), statuses=[each.status for each in told], ats=[each.at for each in told]
        )
        changed |= {(of_evses[row["id"]].charge_point_id, row["id"]) for row in rows if row["is_other"]}
    if told := [each for each in states if each.evse_id is None]:
        rows = await tx.all(
            _STATIONS,
            ids=[each.charge_point_id for each in told],
            statuses=[each.status for each in told],
            ats=[each.at for each in told],
            codes=[each.vendor_error_code for each in told],
        )
        changed |= {(row["id"], None) for row in rows if row["is_other"]}
    return changed
