"""Rows of sessions. A row is an asyncpg record with every column of `charging.session`.

Locks are always taken in one order: the EVSE (`lock_evse`), then sessions by their numbers, then channels of the series.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cache
from typing import Any, TypeAlias

import msgspec
from sqlalchemy import Table, bindparam, insert

from gridloom.charging.sessions.rules import with_marks
from gridloom.charging.sessions.tables import session as session_table
from gridloom.charging.sessions.tables import start_request
from gridloom.kernel import clock
from gridloom.kernel.database.statement import Statement, sql
from gridloom.kernel.database.transaction import Tx

Row: TypeAlias = Any

# A station also speaks for those without a socket of their own.
_BEHIND = (
    "charge_point_id IN (SELECT p.id FROM charging.charge_point p WHERE p.id = :station "
    "OR p.ocpp_connected_charge_point_id = :station)"
)
_BY_ID = sql("SELECT * FROM charging.session WHERE id = :id")
_LOCKED = sql("SELECT * FROM charging.session WHERE id = :id FOR NO KEY UPDATE")
_CHAIN = sql(f"SELECT * FROM charging.session WHERE transaction_id = :transaction AND {_BEHIND} ORDER BY id")
_AROUND = sql(
    f"SELECT * FROM charging.session WHERE (transaction_id = :transaction AND {_BEHIND}) "
    "OR (evse_id = :evse AND status IN ('pending', 'active')) ORDER BY id FOR NO KEY UPDATE"
)
_PENDING = sql(
    "SELECT * FROM charging.session WHERE charge_point_id = :station AND evse_id = :evse AND status = 'pending' "
    "AND transaction_id IS NULL AND ((remote_start_id = CAST(:remote AS bigint) AND :key IN ('', id_tag_key)) "
    "OR (CAST(:remote AS bigint) IS NULL AND (id_tag_key = :key OR driver_id = CAST(:driver AS bigint)))) "
    "ORDER BY id_tag_key = :key DESC, id DESC LIMIT 1"
)
_REQUEST = sql(
    f"SELECT * FROM charging.start_request WHERE {_BEHIND} AND session_id IS NULL AND created_at > :since "
    "AND ((id = CAST(:remote AS bigint) AND :key IN ('', id_tag_key)) "
    "OR (CAST(:remote AS bigint) IS NULL AND id_tag_key = :key)) "
    "ORDER BY id DESC LIMIT 1 FOR NO KEY UPDATE"
)
_ANSWER_REQUEST = sql("UPDATE charging.start_request SET session_id = :session WHERE id = :id")
_MOVE_STATES = sql("UPDATE charging.session_state SET session_id = :to WHERE session_id = :from_")
_MOVE_VALUES = sql("UPDATE charging.session_value SET session_id = :to WHERE session_id = :from_")
_REMOVE = sql("DELETE FROM charging.session WHERE id = :id")
_REPORTED = sql(f"SELECT * FROM charging.session WHERE reported_start = :start AND {_BEHIND}")
_STARTED_LATELY = sql(
    "SELECT * FROM charging.session WHERE evse_id = :evse AND starts_with(reported_start, :start) AND reported_stop IS NULL "
    "AND (started_at >= :since OR (status = 'active' AND (meter_wh IS NULL OR meter_wh = meter_start_wh))) "
    "ORDER BY id DESC LIMIT 1"
)
# Refused ones and those apart leave nothing in the channels of the EVSE; a remote start that waits has no time there yet.
_TAKEN = sql(
    "SELECT EXISTS (SELECT FROM charging.session WHERE evse_id = :evse AND id <> :but AND NOT is_apart "
    "AND transaction_id IS NOT NULL AND (stopped_at >= :at OR started_at >= :at OR (stopped_at IS NULL AND metered_at >= :at)))"
)
_OPEN = sql(
    "SELECT * FROM charging.session WHERE evse_id = :evse AND status IN ('pending', 'active') ORDER BY id FOR NO KEY UPDATE"
)
_OPEN_OF_STATION = sql(
    f"SELECT * FROM charging.session WHERE status IN ('pending', 'active') AND {_BEHIND} ORDER BY id"
)
_EVSE_COLUMNS = (
    "SELECT e.id, e.charge_point_id, e.operator_id, e.max_power_w, p.auto_start_without_authorization AS auto_start "
    "FROM charging.evse e JOIN charging.charge_point p ON p.tenant_id = e.tenant_id AND p.id = e.charge_point_id "
)
_EVSE = sql(
    f"{_EVSE_COLUMNS} WHERE e.network_id = :number AND e.{_BEHIND} ORDER BY e.charge_point_id <> :station LIMIT 1"
)
_EVSE_BY_ID = sql(f"{_EVSE_COLUMNS} WHERE e.id = :id")
_STATION = sql(
    "SELECT id, operator_id, auto_start_without_authorization AS auto_start FROM charging.charge_point WHERE id = :id"
)
_REACHED = sql("SELECT coalesce(ocpp_connected_charge_point_id, id) FROM charging.charge_point WHERE id = :station")
_ONLY_EVSE = sql(f"SELECT min(network_id) FROM charging.evse WHERE {_BEHIND} HAVING count(*) = 1")
_LOCK_EVSE = sql("SELECT id FROM charging.evse WHERE id = :id FOR NO KEY UPDATE")
_ADD_STRAY = sql(
    "INSERT INTO charging.stray (tenant_id, charge_point_id, action, version, transaction_id, why, payload, received_at, digest) "
    "VALUES (:tenant, :station, :action, :version, :transaction, :why, :payload, :at, :digest) "
    "ON CONFLICT (tenant_id, charge_point_id, action, digest) DO NOTHING"
)
_STRAYS = sql(
    "DELETE FROM charging.stray WHERE charge_point_id = :station AND transaction_id = :transaction AND action = :action "
    "RETURNING payload, received_at"
)
_FORGET_STRAYS = sql("DELETE FROM charging.stray WHERE received_at < :before")
_FORGET_REQUESTS = sql("DELETE FROM charging.start_request WHERE created_at < :before")


async def session(tx: Tx, session_id: int, *, lock: bool = False) -> Row | None:
    """A session; locked: nobody changes it before this transaction ends."""
    return await tx.one(_LOCKED if lock else _BY_ID, id=session_id)


async def present(tx: Tx, session_id: int, *, lock: bool = False) -> Row:
    """The same of one that is there. Raises LookupError."""
    row = await session(tx, session_id, lock=lock)
    if row is None:
        raise LookupError(f"no session {session_id}")
    return row


async def chain(tx: Tx, charge_point_id: int, transaction_id: str) -> list[Row]:
    """The sessions of one transaction of a station: mostly one, more where it went on after a long silence."""
    return await tx.all(_CHAIN, station=charge_point_id, transaction=transaction_id)


async def lock_around(tx: Tx, charge_point_id: int, evse_id: int, transaction_id: str) -> list[Row]:
    """Lock an EVSE and every session that a message about it may change; gives those of the transaction."""
    await lock_evse(tx, evse_id)
    rows = await tx.all(_AROUND, station=charge_point_id, evse=evse_id, transaction=transaction_id)
    return [row for row in rows if row["transaction_id"] == transaction_id]


async def pending_for(
    tx: Tx, charge_point_id: int, evse_id: int, *, key: str, remote_start_id: int | None, driver_id: int | None
) -> Row | None:
    """The remote start that a station's start answers: by its number where the station tells one, else by tag or driver."""
    return await tx.one(
        _PENDING, station=charge_point_id, evse=evse_id, key=key, remote=remote_start_id, driver=driver_id
    )


async def request_for(
    tx: Tx, charge_point_id: int, *, key: str, remote_start_id: int | None, since: datetime
) -> Row | None:
    """The start that was left to the station to place, likewise; locked."""
    return await tx.one(_REQUEST, station=charge_point_id, key=key, remote=remote_start_id, since=since)


async def answer_request(tx: Tx, request_id: int, session_id: int) -> None:
    """Say which session came of a start request."""
    await tx.run(_ANSWER_REQUEST, id=request_id, session=session_id)


async def absorb(tx: Tx, into: int, other: int) -> None:
    """Move what was kept of a session to another one and remove it."""
    await tx.run(_MOVE_STATES, to=into, from_=other)
    await tx.run(_MOVE_VALUES, to=into, from_=other)
    await tx.run(_REMOVE, id=other)


def member_at(rows: Sequence[Row], at: datetime) -> Row:
    """Of the sessions of one transaction the one that an instant belongs to: the last that had begun, else the first."""
    begun = [row for row in rows if row["started_at"] <= at]
    return begun[-1] if begun else rows[0]


async def started_as(tx: Tx, charge_point_id: int, reported_start: str) -> Row | None:
    """The session that a station's start has made before."""
    return await tx.one(_REPORTED, station=charge_point_id, start=reported_start)


async def started_lately(tx: Tx, evse_id: int, reported_start: str, since: datetime) -> Row | None:
    """The session that a start without a believed instant repeats: one not stopped by its station that began since then, or
    that runs and has delivered nothing. reported_start: the beginning of the column."""
    return await tx.one(_STARTED_LATELY, evse=evse_id, start=reported_start, since=since)


async def is_taken(tx: Tx, evse_id: int, at: datetime, *, but: int = 0) -> bool:
    """Whether values of another session of the EVSE may lie at an instant or behind it. The EVSE is locked."""
    return bool(await tx.scalar(_TAKEN, evse=evse_id, at=at, but=but))


async def open_at(tx: Tx, evse_id: int) -> list[Row]:
    """Pending and active sessions of an EVSE, locked."""
    return await tx.all(_OPEN, evse=evse_id)


async def open_of_station(tx: Tx, charge_point_id: int) -> list[Row]:
    """Pending and active sessions of a station."""
    return await tx.all(_OPEN_OF_STATION, station=charge_point_id)


async def evse_of(tx: Tx, charge_point_id: int, number: int | None) -> Row | None:
    """An EVSE of the station by the station's number, None: its only one. Gives id, charge_point_id (which may be a station that
    this one speaks for), operator_id, max_power_w, auto_start."""
    text = await tx.scalar(_ONLY_EVSE, station=charge_point_id) if number is None else str(number)
    return None if text is None else await tx.one(_EVSE, station=charge_point_id, number=text)


async def evse_by_id(tx: Tx, evse_id: int) -> Row | None:
    """The same by its id."""
    return await tx.one(_EVSE_BY_ID, id=evse_id)


async def station_of(tx: Tx, charge_point_id: int) -> Row | None:
    """A station: id, operator_id, auto_start."""
    return await tx.one(_STATION, id=charge_point_id)


async def reached(tx: Tx, charge_point_id: int) -> int:
    """The station whose socket leads to a station: itself, or the one that speaks for it."""
    return int(await tx.scalar(_REACHED, station=charge_point_id))


async def lock_evse(tx: Tx, evse_id: int) -> None:
    """Nobody else starts anything at this EVSE before this transaction ends."""
    await tx.scalar(_LOCK_EVSE, id=evse_id)


async def add(tx: Tx, **columns: Any) -> int:
    """Write a session; gives its number."""
    values = {**columns, "tenant_id": tx.tenant}
    return int(await tx.scalar(_insert(session_table, frozenset(values)), **values))


async def change(tx: Tx, session_id: int, **columns: Any) -> None:
    """Set columns of a session, which counts as changed now."""
    values = {**columns, "updated_at": clock.now()}
    await tx.run(_update(frozenset(values)), id=session_id, **values)


async def doubt(tx: Tx, row: Row, *marks: Mapping[str, Any]) -> None:
    """Mark a session with what did not fit (`rules.mark`)."""
    kept = with_marks(row["suspect"], [dict(each) for each in marks])
    if kept != row["suspect"]:
        await change(tx, row["id"], suspect=kept)


async def add_request(tx: Tx, **columns: Any) -> int:
    """Write a start that leaves the EVSE to the station; gives its number."""
    values = {**columns, "tenant_id": tx.tenant}
    return int(await tx.scalar(_insert(start_request, frozenset(values)), **values))


async def keep_stray(
    tx: Tx,
    charge_point_id: int,
    *,
    action: str,
    version: str,
    transaction_id: str | None,
    why: str,
    payload: Any,
    at: datetime,
) -> None:
    """Keep what a station said and what fits no session; the same once."""
    digest = hashlib.sha256(msgspec.json.encode(payload, order="sorted")).hexdigest()
    await tx.run(
        _ADD_STRAY, tenant=tx.tenant, station=charge_point_id, action=action, version=version, transaction=transaction_id,
        why=why, payload=payload, at=at, digest=digest,
    )  # fmt: skip


async def take_strays(tx: Tx, charge_point_id: int, transaction_id: str, action: str) -> list[Row]:
    """What was kept of a transaction (payload, received_at), and is now asked about again."""
    return await tx.all(_STRAYS, station=charge_point_id, transaction=transaction_id, action=action)


async def forget(tx: Tx, before: datetime) -> None:
    """Let go of what fitted nowhere, and of requests, from before an instant."""
    await tx.run(_FORGET_STRAYS, before=before)
    await tx.run(_FORGET_REQUESTS, before=before)


@cache
def _insert(table: Table, columns: frozenset[str]) -> Statement:
    query = insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in sorted(columns)})
    return Statement(query.returning(table.c.id))


@cache
def _update(columns: frozenset[str]) -> Statement:
    return sql(f"UPDATE charging.session SET {_listed(columns)} WHERE id = :id")


def _listed(columns: Iterable[str]) -> str:
    return ", ".join(f"{name} = :{name}" for name in sorted(columns))
