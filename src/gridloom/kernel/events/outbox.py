"""Writing the events of a transaction, in one statement just before its commit."""

from collections.abc import Callable, Sequence

from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import Emitted

CHANNEL = "gridloom_events"

# What wakes the relays of this process. Commits that notify take turns, each for as long as it is written to the disk; a
# process that relays what it commits wakes itself, and nobody has to wait.
bells: list[Callable[[], None]] = []

# Commits about one aggregate take turns from here to their end: numbers are drawn in the order of the commits, and a
# relay that sees one has seen all before it. The filter makes PostgreSQL wait for the turn before it draws a number.
_WRITE = sql(f"""
    WITH turns AS MATERIALIZED (
        SELECT pg_advisory_xact_lock(turn) FROM unnest(CAST(:turns AS bigint[])) AS turn
    ), written AS (
        INSERT INTO events.outbox
            (tenant_id, event_id, name, version, aggregate, payload, key, request_id, occurred_at)
        SELECT e.tenant_id, e.event_id, e.name, e.version, e.aggregate, e.payload, e.key, e.request_id, e.occurred_at
        FROM unnest(
            CAST(:tenants AS integer[]), CAST(:events AS uuid[]), CAST(:names AS text[]), CAST(:versions AS smallint[]),
            CAST(:aggregates AS text[]), CAST(:payloads AS jsonb[]), CAST(:keys AS text[]), CAST(:requests AS text[]),
            CAST(:instants AS timestamptz[])
        ) WITH ORDINALITY AS e
            (tenant_id, event_id, name, version, aggregate, payload, key, request_id, occurred_at, ordinal)
        WHERE (SELECT count(*) FROM turns) >= 0
        ORDER BY e.ordinal
        ON CONFLICT (tenant_id, key) DO NOTHING
        RETURNING 1
    )
    SELECT pg_notify('{CHANNEL}', '') WHERE CAST(:is_told AS boolean) AND EXISTS (SELECT FROM written)
""")


async def flush(tx: Tx, events: Sequence[Emitted]) -> None:
    """Write what was emitted; `Database.outbox_flusher` of every process that emits events.

    From here to the commit the transaction holds the turn of each aggregate it told about, so nothing slow may follow.
    """
    if bells:
        tx.after_commit(_ring)
    await tx.run(
        _WRITE,
        is_told=not bells,
        turns=sorted({turn for each in events if (turn := each.turn) is not None}),
        tenants=[each.tenant for each in events],
        events=[each.id for each in events],
        names=[each.name for each in events],
        versions=[each.version for each in events],
        aggregates=[each.aggregate for each in events],
        payloads=[each.payload for each in events],
        keys=[each.key for each in events],
        requests=[each.request_id for each in events],
        instants=[each.occurred_at for each in events],
    )


async def _ring() -> None:
    for bell in tuple(bells):
        bell()
