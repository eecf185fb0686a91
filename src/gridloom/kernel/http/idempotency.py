"""An Idempotency-Key makes a write happen once: the same key and body get the stored answer, another body 422, and a
repeat that arrives while the first one runs 409.

The answer is stored in the transaction of the work itself: both are there after a crash, or neither.
"""

import hashlib
from collections.abc import Awaitable, Callable

from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Conflict, Invalid
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.outgoing import Response

HEADER = "idempotency-key"
MAX_KEY = 255

_LOCK = sql("SELECT pg_try_advisory_xact_lock(hashtextextended(:name, 0))")
_FIND = sql(
    "SELECT digest, status, headers, body FROM gridloom.idempotency "
    "WHERE subject = :subject AND operation = :operation AND key = :key"
)
_KEEP = sql(
    "INSERT INTO gridloom.idempotency (tenant_id, subject, operation, key, digest, status, headers, body) "
    "VALUES (:tenant_id, :subject, :operation, :key, :digest, :status, :headers, :body)"
)


async def once(tx: Tx, call: Call, work: Callable[[], Awaitable[Response]]) -> Response:
    """Run `work` unless its answer is stored already. Without the header it simply runs."""
    key = call.headers.get(HEADER)
    if not key:
        return await work()
    if len(key) > MAX_KEY or "\x00" in key:
        raise Invalid("An idempotency key has at most 255 characters.", field="Idempotency-Key", where="header")
    who = {"subject": call.subject.id, "operation": call.operation.name, "key": key}
    if not await tx.scalar(_LOCK, name="/".join([str(tx.tenant), *who.values()])):
        raise Conflict("The first request with this idempotency key is still running.")
    digest = await _digest(call)
    found = await tx.one(_FIND, **who)
    if found is not None:
        if found["digest"] != digest:
            raise Invalid(
                "This idempotency key was used with another request.", field="Idempotency-Key", where="header"
            )
        headers = {**found["headers"], **call.limits, "idempotent-replayed": "true"}
        return Response(found["status"], found["body"], headers)
    answer = await work()
    kept = {"status": answer.status_code, "headers": dict(answer.values), "body": answer.body}
    await tx.run(_KEEP, tenant_id=tx.tenant, **who, digest=digest, **kept)
    return answer


async def _digest(call: Call) -> bytes:
    raw = await call.body()
    seen = hashlib.blake2b(digest_size=32)
    seen.update(call.method.encode() + b"\0" + call.scope["path"].encode() + b"\0")
    seen.update(call.scope["query_string"] + b"\0" + raw)
    return seen.digest()
