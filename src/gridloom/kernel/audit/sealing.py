"""Sealing: a schedule adds the links of the chain behind the requests, which never wait for one another because of it.

The order of the chain is the order of sealing: an entry whose transaction commits late, after younger ones were sealed,
simply comes later in the chain. The head of a tenant's chain is a row that a sealer locks; a second sealer that meets
the lock goes on to the next tenant.
"""

from datetime import datetime
from typing import Any

import asyncpg
import structlog

from gridloom.kernel import clock
from gridloom.kernel.audit.chain import GENESIS, canonical, link
from gridloom.kernel.audit.tables import ERASE_SETTING
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

BATCH = 1000

_WAITING = sql("SELECT DISTINCT tenant_id FROM audit.entry WHERE digest IS NULL ORDER BY tenant_id")
_BEGIN = sql(
    "INSERT INTO audit.chain (tenant_id, position, digest, base_position, base_digest, sealed_at) "
    "SELECT :tenant, 0, :genesis, 0, :genesis, :now "
    # Without this condition the insert would wait for whoever holds the row, before it finds out that there is one.
    "WHERE NOT EXISTS (SELECT 1 FROM audit.chain WHERE tenant_id = :tenant) ON CONFLICT DO NOTHING"
)
_HEAD = sql("SELECT position, digest, base_position FROM audit.chain WHERE tenant_id = :tenant FOR UPDATE SKIP LOCKED")
_UNSEALED = sql(
    "SELECT tenant_id, id, occurred_at, subject, action, object_kind, object_id, CAST(detail AS text) AS detail, "
    "request_id FROM audit.entry WHERE tenant_id = :tenant AND digest IS NULL ORDER BY occurred_at, id LIMIT :batch"
)
_SEAL = sql(
    "UPDATE audit.entry SET position = given.position, sealed_at = :now, previous = given.previous, "
    "digest = given.digest FROM unnest(CAST(:ids AS uuid[]), CAST(:positions AS bigint[]), "
    "CAST(:befores AS bytea[]), CAST(:digests AS bytea[])) AS given (id, position, previous, digest) "
    "WHERE entry.tenant_id = :tenant AND entry.id = given.id AND entry.digest IS NULL"
)
_ADVANCE = sql(
    "UPDATE audit.chain SET position = :position, digest = :digest, sealed_at = :now WHERE tenant_id = :tenant"
)
_CHAINS = sql("SELECT tenant_id FROM audit.chain ORDER BY tenant_id")
_OLD = sql(
    "SELECT position, digest FROM audit.entry WHERE tenant_id = :tenant AND position > :base AND position <= :until "
    "AND position < coalesce((SELECT min(position) FROM audit.entry WHERE tenant_id = :tenant "
    "AND occurred_at >= :before AND position IS NOT NULL), :until + 1) ORDER BY position DESC LIMIT 1"
)
_ALLOW = sql(f"SELECT set_config('{ERASE_SETTING}', CAST(CAST(:tenant AS integer) AS text), true)")
_FORBID = sql(f"SELECT set_config('{ERASE_SETTING}', '', true)")
_ERASE = sql("DELETE FROM audit.entry WHERE tenant_id = :tenant AND position <= :position")
_REBASE = sql("UPDATE audit.chain SET base_position = :position, base_digest = :digest WHERE tenant_id = :tenant")

log = structlog.get_logger(__name__)


class ChainDamaged(RuntimeError):
    """Entries that could not take their place in the chain; `verify` says what is wrong with it."""


async def seal(db: Database, *, batch: int = BATCH) -> int:
    """Seal every committed entry of every tenant; to be run every few seconds. Returns how many were sealed.

    Any number of these may run at once. A chain that does not take its entries (`trail_damaged` in the log) is left as it
    is, and the others are sealed. The new head of each chain goes to the log, where whoever can change the
    database cannot change it: `verify(tx, anchors=…)` takes it.
    """
    async with db.system() as tx:
        waiting = [row["tenant_id"] for row in await tx.all(_WAITING)]
    total = 0
    for tenant in waiting:
        try:
            total += await _seal_tenant(db, tenant, batch)
        except (asyncpg.IntegrityConstraintViolationError, ChainDamaged) as error:
            # One trail that somebody has tampered with must not leave all the others unsealed.
            log.error("trail_damaged", tenant_id=tenant, reason=str(error))  # noqa: TRY400 - every few seconds: one line
    return total


async def expire(db: Database, before: datetime, *, batch: int = 10_000) -> int:
    """Delete what is older than an installation has to keep; the rest of each chain still proves itself.

    Only whole beginnings of a chain go: a sealed entry stays while an entry before it in the chain has to. Returns how
    many were deleted; where each chain now begins goes to the log.
    """
    async with db.system() as tx:
        tenants = [row["tenant_id"] for row in await tx.all(_CHAINS)]
    total = 0
    for tenant in tenants:
        while True:
            async with db.system() as tx:
                erased = await _expire_batch(tx, tenant, clock.utc(before), batch)
            total += erased
            if not erased:
                break
    return total


async def _seal_tenant(db: Database, tenant: int, batch: int) -> int:
    total, sealed = 0, batch
    while sealed == batch:
        async with db.system() as tx:
            sealed = await _seal_batch(tx, tenant, batch)
        total += sealed
    return total


async def _seal_batch(tx: Tx, tenant: int, batch: int) -> int:
    now = clock.now()
    await tx.run(_BEGIN, tenant=tenant, genesis=GENESIS, now=now)
    head = await tx.one(_HEAD, tenant=tenant)
    rows: list[Any] = await tx.all(_UNSEALED, tenant=tenant, batch=batch) if head else []
    if head is None or not rows:
        return 0
    positions = list(range(head["position"] + 1, head["position"] + 1 + len(rows)))
    digests: list[bytes] = [head["digest"]]
    for position, row in zip(positions, rows, strict=True):
        digests.append(link(digests[-1], canonical(row, position)))
    changed = await tx.run(
        _SEAL,
        tenant=tenant,
        now=now,
        ids=[row["id"] for row in rows],
        positions=positions,
        befores=digests[:-1],
        digests=digests[1:],
    )
    if changed != len(rows):
        raise ChainDamaged(f"{len(rows)} entries of tenant {tenant} were to be sealed, {changed} were")
    await tx.run(_ADVANCE, tenant=tenant, position=positions[-1], digest=digests[-1], now=now)
    log.info("trail_sealed", tenant_id=tenant, position=positions[-1], head=digests[-1].hex(), entries=changed)
    return changed


async def _expire_batch(tx: Tx, tenant: int, before: datetime, batch: int) -> int:
    head = await tx.one(_HEAD, tenant=tenant)
    if head is None:
        return 0
    base = head["base_position"]
    last = await tx.one(_OLD, tenant=tenant, base=base, until=min(base + batch, head["position"]), before=before)
    if last is None:
        return 0
    await tx.run(_ALLOW, tenant=tenant)
    erased = await tx.run(_ERASE, tenant=tenant, position=last["position"])
    await tx.run(_FORBID)
    await tx.run(_REBASE, tenant=tenant, position=last["position"], digest=last["digest"])
    log.info("trail_expired", tenant_id=tenant, position=last["position"], base=last["digest"].hex(), entries=erased)
    return erased
