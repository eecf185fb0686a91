"""Sealing: a schedule adds the links of the chain behind the requests, which never wait for one another because of it.

The order of the chain is the order of sealing: an entry whose transaction commits late, after younger ones were sealed, simply comes
later in the chain. The head of a tenant's chain is a row that a sealer locks; a second sealer that meets the lock goes on to
the next tenant.
"""

import structlog

from gridloom.kernel import clock
from gridloom.kernel.audit.chain import GENESIS, canonical, link
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

BATCH = 1000

_WAITING = sql("SELECT DISTINCT tenant_id FROM audit.entry WHERE digest IS NULL ORDER BY tenant_id")
_BEGIN = sql(
    "INSERT INTO audit.chain (tenant_id, position, digest, sealed_at) VALUES (:tenant, 0, :genesis, :now) "
    "ON CONFLICT DO NOTHING"
)
_HEAD = sql("SELECT position, digest FROM audit.chain WHERE tenant_id = :tenant FOR UPDATE SKIP LOCKED")
_UNSEALED = sql(
    "SELECT tenant_id, id, occurred_at, subject, action, object_kind, object_id, CAST(detail AS text) AS detail, request_id "
    "FROM audit.entry WHERE tenant_id = :tenant AND digest IS NULL ORDER BY occurred_at, id LIMIT :batch"
)
_SEAL = sql(
    "UPDATE audit.entry SET position = given.position, sealed_at = :now, previous = given.previous, digest = given.digest "
    "FROM unnest(CAST(:ids AS uuid[]), CAST(:positions AS bigint[]), CAST(:befores AS bytea[]), CAST(:digests AS bytea[])) "
    "AS given (id, position, previous, digest) "
    "WHERE entry.tenant_id = :tenant AND entry.id = given.id AND entry.digest IS NULL"
)
_ADVANCE = sql(
    "UPDATE audit.chain SET position = :position, digest = :digest, sealed_at = :now WHERE tenant_id = :tenant"
)

log = structlog.get_logger(__name__)


async def seal(db: Database, *, batch: int = BATCH) -> int:
    """Seal every committed entry of every tenant; to be run every few seconds. Returns how many were sealed.

    Any number of these may run at once. The new head of each chain goes to the log, where whoever can change the database
    cannot change it: `verify(tx, anchors=…)` takes it.
    """
    async with db.system() as tx:
        waiting = [row["tenant_id"] for row in await tx.all(_WAITING)]
    total = 0
    for tenant in waiting:
        while True:
            async with db.system() as tx:
                sealed = await _seal_batch(tx, tenant, batch)
            total += sealed
            if sealed < batch:
                break
    return total


async def _seal_batch(tx: Tx, tenant: int, batch: int) -> int:
    now = clock.now()
    await tx.run(_BEGIN, tenant=tenant, genesis=GENESIS, now=now)
    head = await tx.one(_HEAD, tenant=tenant)
    if head is None:
        return 0
    rows = await tx.all(_UNSEALED, tenant=tenant, batch=batch)
    if not rows:
        return 0
    position, digest = head["position"], head["digest"]
    positions, befores, digests = [], [], []
    for position, row in enumerate(rows, start=position + 1):  # noqa: B020 - goes on from the head, and ends at the new one
        befores.append(digest)
        digest = link(digest, canonical(row, position))
        positions.append(position)
        digests.append(digest)
    ids = [row["id"] for row in rows]
    changed = await tx.run(
        _SEAL, tenant=tenant, now=now, ids=ids, positions=positions, befores=befores, digests=digests
    )
    if changed != len(rows):
        raise RuntimeError(f"{len(rows)} entries of tenant {tenant} were to be sealed, {changed} were")
    await tx.run(_ADVANCE, tenant=tenant, position=position, digest=digest, now=now)
    log.info("trail_sealed", tenant_id=tenant, position=position, head=digest.hex(), entries=changed)
    return changed
