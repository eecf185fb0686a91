"""Reading and writing settlements, in the caller's transaction."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

import msgspec

from gridloom.communities.settlements.rules import Amounts, Line, kwh, micro
from gridloom.kernel.audit.actor import actor
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

_AMOUNTS = ("gross", "shared", "net", "injected_gross", "injected_shared", "injected_net")
_COLUMNS = ", ".join(f"{name}_kwh" for name in _AMOUNTS)

# Two runs of one operation come one after the other: the second finds what the first has written.
_LOCK = sql("SELECT pg_advisory_xact_lock(hashtextextended('communities.settlement', :operation_id))")
_SETTLEMENT = (
    "SELECT s.id, s.community_id, s.sharing_operation_id, o.name AS operation_name, o.type AS operation_type, s.since, s.till, "
    "s.version, s.as_of, s.keys, s.inputs_digest, s.inputs_file_id, s.totals, s.created_by, s.created_at "
    "FROM communities.settlement s JOIN communities.sharing_operation o ON o.id = s.sharing_operation_id "
)
_BY_ID = sql(_SETTLEMENT + "WHERE s.id = :id AND s.community_id = :community_id")
_NEWEST = sql(
    _SETTLEMENT + "WHERE s.sharing_operation_id = :operation_id AND s.since = :since AND s.till = :till "
    "AND (CAST(:below AS integer) IS NULL OR s.version < CAST(:below AS integer)) ORDER BY s.version DESC LIMIT 1"
)
_ADD = sql(
    "INSERT INTO communities.settlement (tenant_id, community_id, sharing_operation_id, since, till, version, as_of, keys, "
    "inputs_digest, inputs_file_id, totals, created_by) VALUES (:tenant_id, :community_id, :operation_id, :since, :till, "
    ":version, :as_of, :keys, :inputs_digest, :inputs_file_id, :totals, :created_by) RETURNING id"
)
_ADD_LINES = sql(
    f"INSERT INTO communities.settlement_line (tenant_id, settlement_id, meter_id, day, member_id, missing_count, {_COLUMNS}) "
    "SELECT :tenant_id, :settlement_id, * FROM unnest(CAST(:meters AS bigint[]), CAST(:days AS date[]), "
    "CAST(:members AS bigint[]), CAST(:missing AS integer[]), "
    + ", ".join(f"CAST(:{name} AS numeric[])" for name in _AMOUNTS)
    + ")"
)
_LINES = sql(
    f"SELECT meter_id, day, member_id, missing_count, {_COLUMNS} FROM communities.settlement_line "
    "WHERE settlement_id = :settlement_id ORDER BY day, meter_id"
)
_EANS = sql("SELECT id, ean FROM communities.meter WHERE id = ANY(CAST(:ids AS bigint[]))")


class Run(msgspec.Struct, frozen=True):
    """A row of `communities.settlement`, with the name and type of its operation. keys, totals: as they are stored."""

    id: int
    community_id: int
    sharing_operation_id: int
    operation_name: str
    operation_type: int
    since: date
    till: date
    version: int
    as_of: datetime
    keys: list[dict[str, Any]]
    inputs_digest: bytes
    inputs_file_id: UUID
    totals: dict[str, Any]
    created_by: str
    created_at: datetime


async def hold(tx: Tx, operation_id: int) -> None:
    """Let nobody else settle this operation until the transaction ends."""
    await tx.run(_LOCK, operation_id=operation_id)


async def by_id(tx: Tx, community_id: int, settlement_id: int) -> Run | None:
    """A settlement of this community."""
    return _run(await tx.one(_BY_ID, id=settlement_id, community_id=community_id))


async def newest(tx: Tx, operation_id: int, since: date, till: date, *, below: int | None = None) -> Run | None:
    """The newest version for an operation and period; `below`: the newest one before that version."""
    return _run(await tx.one(_NEWEST, operation_id=operation_id, since=since, till=till, below=below))


async def add(
    tx: Tx,
    *,
    community_id: int,
    operation_id: int,
    since: date,
    till: date,
    version: int,
    as_of: datetime,
    keys: list[dict[str, Any]],
    inputs_digest: bytes,
    inputs_file_id: UUID,
    totals: dict[str, Any],
    lines: Sequence[Line],
) -> int:
    """Write a settlement with its lines; returns its number."""
    settlement_id: int = await tx.scalar(
        _ADD, tenant_id=tx.tenant, community_id=community_id, operation_id=operation_id, since=since, till=till,
        version=version, as_of=as_of, keys=keys, inputs_digest=inputs_digest, inputs_file_id=inputs_file_id,
        totals=totals, created_by=actor(tx.subject),
    )  # fmt: skip
    columns = zip(*(line.amounts for line in lines), strict=True) if lines else [()] * len(_AMOUNTS)
    await tx.run(
        _ADD_LINES,
        tenant_id=tx.tenant,
        settlement_id=settlement_id,
        meters=[line.meter_id for line in lines],
        days=[line.day for line in lines],
        members=[line.member_id for line in lines],
        missing=[line.missing for line in lines],
        **{name: [kwh(each) for each in column] for name, column in zip(_AMOUNTS, columns, strict=True)},
    )
    return settlement_id


async def lines_of(tx: Tx, settlement_id: int) -> list[Line]:
    """The lines of a settlement by day and meter."""
    return [
        Line(row[0], row[1], row[2], Amounts(*(micro(each) for each in tuple(row)[4:])), row[3])
        for row in await tx.all(_LINES, settlement_id=settlement_id)
    ]


async def eans(tx: Tx, meter_ids: Sequence[int]) -> dict[int, str]:
    """The EANs of meters, removed ones too."""
    return {row["id"]: row["ean"] for row in await tx.all(_EANS, ids=sorted(set(meter_ids)))}


def _run(row: Any) -> Run | None:
    return None if row is None else Run(**dict(row.items()))
