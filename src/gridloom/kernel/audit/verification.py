"""Reading the trail back: is every link where it was put, and the trail as a file that proves itself."""

from collections.abc import AsyncIterator, Iterable, Mapping
from typing import Any

import msgspec

from gridloom.kernel.audit.chain import GENESIS, Broken, Verdict, Walk, canonical, stamp
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

PAGE = 5000

# One statement, one snapshot: a sealer that commits meanwhile moves the head and the entries together.
_ENDS = sql(
    "SELECT coalesce(c.base_position, 0) AS base, c.base_digest, coalesce(c.position, 0) AS position, c.digest, "
    "coalesce((SELECT max(position) FROM audit.entry WHERE tenant_id = :tenant), 0) AS last, "
    "(SELECT count(*) FROM audit.entry WHERE tenant_id = :tenant AND digest IS NULL) AS unsealed "
    "FROM (SELECT 1) AS one LEFT JOIN audit.chain AS c ON c.tenant_id = :tenant"
)
_PAGE = sql(
    "SELECT tenant_id, id, occurred_at, subject, action, object_kind, object_id, CAST(detail AS text) AS detail, "
    "request_id, position, sealed_at, previous, digest FROM audit.entry "
    "WHERE tenant_id = :tenant AND position > :after AND position <= :until ORDER BY position LIMIT :page"
)


async def verify(tx: Tx, *, anchors: Mapping[int, bytes] | None = None) -> Verdict:
    """Walk the tenant's whole chain and say where it breaks first.

    Finds a changed, missing, added or moved entry and a cut-off end. anchors: digests by position that were noted
    elsewhere (the log line `trail_sealed`, an export): with them even somebody who rewrote every link from some place
    on is found out.
    """
    ends: Any = await tx.one(_ENDS, tenant=tx.tenant)
    unsealed, until = ends["unsealed"], ends["position"]
    noted = {position: digest for position, digest in (anchors or {}).items() if position > ends["base"]}
    walk = Walk(ends["base"], ends["base_digest"] or GENESIS)
    async for row in _rows(tx, walk.position, until):
        broken = walk.step(row["position"], canonical(row, row["position"]), row["previous"], row["digest"])
        if broken is None and noted.pop(walk.position, walk.digest) != walk.digest:
            broken = Broken(walk.position, f"entry {walk.position} is not the one whose digest was noted")
        if broken:
            return Verdict(walk.checked, unsealed, walk.position, walk.digest, broken)
    broken = None
    if walk.position != until or walk.digest != (ends["digest"] or GENESIS) or ends["last"] > until:
        last = max(walk.position, ends["last"])
        broken = Broken(walk.position + 1, f"the entries end at {last}, the head of the chain is at {until}")
    elif noted:
        broken = Broken(walk.position + 1, f"entry {min(noted)} was noted elsewhere and is missing")
    return Verdict(walk.checked, unsealed, walk.position, walk.digest, broken)


async def export(tx: Tx, *, after: int = 0) -> AsyncIterator[bytes]:
    """The sealed trail as JSON lines, from position `after` + 1 on.

    Each line has the fields of an entry for reading and, for checking, `canonical` (the text that was digested),
    `previous` and `digest` in hexadecimal: digest = SHA-256(previous bytes + canonical in UTF-8).
    """
    ends: Any = await tx.one(_ENDS, tenant=tx.tenant)
    async for row in _rows(tx, after, ends["position"]):
        line = {
            **dict(row.items()),
            "occurred_at": stamp(row["occurred_at"]),
            "detail": msgspec.Raw(row["detail"].encode()),
            "canonical": canonical(row, row["position"]).decode(),
            "previous": row["previous"].hex(),
            "digest": row["digest"].hex(),
        }
        yield msgspec.json.encode(line) + b"\n"


def verify_export(lines: Iterable[bytes], *, after: int = 0, digest: bytes = GENESIS) -> Verdict:
    """Check an export without any database: the links, and that what is read is what was digested.

    after, digest: where the export begins, if not at the very first entry; the digest is that of entry `after`.
    """
    walk = Walk(after, digest)
    for line in lines:
        broken = _step(walk, line) if line.strip() else None
        if broken:
            return Verdict(walk.checked, 0, walk.position, walk.digest, broken)
    return Verdict(walk.checked, 0, walk.position, walk.digest)


class _Line(msgspec.Struct):
    tenant_id: int
    position: int
    id: str
    occurred_at: str
    subject: str
    action: str
    object_kind: str
    object_id: str
    detail: msgspec.Raw
    request_id: str
    canonical: str
    previous: str
    digest: str


def _step(walk: Walk, line: bytes) -> Broken | None:
    try:
        given = msgspec.json.decode(line, type=_Line)
        sealed = msgspec.json.decode(given.canonical.encode(), type=list[Any])
        previous, digest = bytes.fromhex(given.previous), bytes.fromhex(given.digest)
    except ValueError:
        return Broken(walk.position + 1, "this line is no entry")
    shown = [given.tenant_id, given.position, given.id, given.occurred_at, given.subject, given.action]
    shown += [given.object_kind, given.object_id, bytes(given.detail).decode(), given.request_id]
    if sealed[1:] != shown:
        return Broken(walk.position + 1, f"the fields of entry {given.position} are not what was sealed")
    return walk.step(given.position, given.canonical.encode(), previous, digest)


async def _rows(tx: Tx, after: int, until: int) -> AsyncIterator[Any]:
    while rows := await tx.all(_PAGE, tenant=tx.tenant, after=after, until=until, page=PAGE):
        for row in rows:
            yield row
        after = rows[-1]["position"]
