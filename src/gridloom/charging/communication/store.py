"""Entries into their table: what they are about is found in one statement a batch, the rows go in by COPY."""

import os
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from gridloom.charging.communication import partitions
from gridloom.charging.communication.entries import Entry
from gridloom.kernel.clock import to_ms
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql

COLUMNS = (
    "tenant_id", "created_at", "id", "operator_id", "charge_point_id", "location_id", "evse_id", "session_id",
    "incoming", "command", "parameters", "response", "error",
)  # fmt: skip

# A station is looked up within its tenant, an EVSE and a transaction within their station.
_PLACES = sql("""
    SELECT a.number, c.operator_id, c.location_id, coalesce(e.id, s.evse_id) AS evse_id, s.id AS session_id
    FROM unnest(
        CAST(:tenants AS integer[]), CAST(:points AS bigint[]), CAST(:evses AS text[]), CAST(:transactions AS text[])
    ) WITH ORDINALITY AS a (tenant_id, charge_point_id, evse, transaction, number)
    LEFT JOIN charging.charge_point c ON c.tenant_id = a.tenant_id AND c.id = a.charge_point_id
    LEFT JOIN charging.evse e
        ON e.tenant_id = a.tenant_id AND e.charge_point_id = a.charge_point_id AND e.network_id = a.evse
    LEFT JOIN charging.session s
        ON s.tenant_id = a.tenant_id AND s.charge_point_id = a.charge_point_id AND s.transaction_id = a.transaction
    ORDER BY a.number
""")
# A name that stations of several tenants bear says nothing about whose it was.
_NAMED = sql("""
    SELECT network_id, min(tenant_id) AS tenant_id, min(id) AS id FROM charging.charge_point
    WHERE network_id = ANY(CAST(:names AS text[])) GROUP BY network_id HAVING count(*) = 1
""")


async def stations_named(db: Database, names: Sequence[str]) -> dict[str, tuple[int, int]]:
    """(tenant, charge point) of those names that are one station's."""
    async with db.system() as tx:
        rows = await tx.all(_NAMED, names=list(names))
    return {row["network_id"]: (row["tenant_id"], row["id"]) for row in rows}


async def write(db: Database, entries: Sequence[Entry], known: set[date]) -> None:
    """Write entries of any tenants, all of them or none. known: days whose parts are there; those made are added."""
    days = {partitions.day_of(each.at) for each in entries}
    if missing := days - known:
        async with db.system() as tx:
            await partitions.make(tx, missing)
        known |= missing
    try:
        await _copy(db, entries)
    except asyncpg.CheckViolationError:
        known -= days  # somebody dropped a part: look again the next time
        raise


async def _copy(db: Database, entries: Sequence[Entry]) -> None:
    places: dict[tuple[int, int, str | None, str | None], Any] = {}
    for each in entries:
        places.setdefault((each.tenant, each.charge_point_id, each.evse, each.transaction), None)
    tenants, points, evses, transactions = (list(column) for column in zip(*places, strict=True))
    async with db.system() as tx:
        found = await tx.all(_PLACES, tenants=tenants, points=points, evses=evses, transactions=transactions)
        places = dict(zip(places, found, strict=True))
        tx.statements += 1
        await tx.connection.copy_records_to_table(
            "communication", schema_name="charging", columns=COLUMNS, records=[_row(each, places) for each in entries]
        )


def _row(entry: Entry, places: dict[tuple[int, int, str | None, str | None], Any]) -> tuple[Any, ...]:
    place = places[entry.tenant, entry.charge_point_id, entry.evse, entry.transaction]
    return (
        entry.tenant, entry.at, _id_at(to_ms(entry.at)), place["operator_id"], entry.charge_point_id,
        place["location_id"], place["evse_id"], place["session_id"], entry.incoming, entry.command, entry.parameters,
        entry.response, entry.error,
    )  # fmt: skip


def _id_at(ms: int) -> UUID:
    """A UUIDv7 of that millisecond: the id alone says in which part the entry is."""
    tail = int.from_bytes(os.urandom(10)) >> 6
    return UUID(int=(ms << 80) | (0x7 << 76) | ((tail >> 62) << 64) | (0b10 << 62) | (tail & ((1 << 62) - 1)))
