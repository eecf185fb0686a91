"""Writing the trail: entries are collected on the transaction and written with it, in one statement, or not at all."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

import msgspec

from gridloom.kernel import clock
from gridloom.kernel.audit.actor import actor
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.ids import uuid7
from gridloom.kernel.observability import request_id
from gridloom.kernel.security.redaction import redact

_INSERT = sql(
    "INSERT INTO audit.entry "
    "(tenant_id, id, occurred_at, subject, action, object_kind, object_id, detail, request_id) "
    "SELECT tenant_id, id, occurred_at, subject, action, object_kind, object_id, CAST(detail AS jsonb), request_id "
    "FROM unnest(CAST(:tenants AS integer[]), CAST(:ids AS uuid[]), CAST(:instants AS timestamptz[]), "
    "CAST(:subjects AS text[]), CAST(:actions AS text[]), CAST(:kinds AS text[]), CAST(:objects AS text[]), "
    "CAST(:details AS text[]), CAST(:requests AS text[])) "
    "AS given (tenant_id, id, occurred_at, subject, action, object_kind, object_id, detail, request_id)"
)
_BINARY = (bytes, bytearray, memoryview)


class Entry(NamedTuple):
    """One line of the trail, in the order of the columns."""

    tenant_id: int
    id: UUID
    occurred_at: datetime
    subject: str
    action: str
    object_kind: str
    object_id: str
    detail: str
    request_id: str


def record(
    tx: Tx,
    action: str,
    object: tuple[str, Any] | str | None = None,  # noqa: A002 - the word of the trail; the built-in is not used here
    detail: Any = None,
    *,
    subject: str | None = None,
    tenant: int | None = None,
) -> Entry:
    """Add a line to the trail of this transaction: it is there if and only if the transaction is committed.

    action: a dotted name, `charging.taxes.update`. object: its kind and its id, `("charging.tax", 7)`, or its id alone.
    detail: plain data or a struct (mostly what changed); secrets are taken out. subject: who, when it is not the
    transaction's own. tenant: whose trail, in a transaction of the installation. LookupError when there is no tenant.
    """
    kind, identity = object if isinstance(object, tuple) else ("", object or "")
    entry = Entry(
        tx.tenant if tenant is None else tenant,
        uuid7(),
        clock.now(),
        _text(actor(tx.subject) if subject is None else subject),
        _text(action),
        _text(kind),
        _text(str(identity)),
        _detail({} if detail is None else detail),
        _text(request_id()),
    )
    tx.trail.append(entry)
    return entry


async def flush(tx: Tx, entries: Sequence[Entry]) -> None:
    """Write the entries in one statement; wired as `Database.trail_flusher`."""
    tenants, ids, instants, subjects, actions, kinds, objects, details, requests = zip(*entries, strict=True)
    await tx.run(
        _INSERT,
        tenants=tenants,
        ids=ids,
        instants=instants,
        subjects=subjects,
        actions=actions,
        kinds=kinds,
        objects=objects,
        details=details,
        requests=requests,
    )


def _detail(detail: Any) -> str:
    """JSON of structs and plain data alike, Decimals and instants as text, without secrets."""
    plain = msgspec.to_builtins(detail, builtin_types=_BINARY, str_keys=True, enc_hook=str)
    return msgspec.json.encode(_storable(redact(plain))).decode()


def _text(value: str) -> str:
    """What PostgreSQL can hold as text: no NUL, no half of a surrogate pair."""
    return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


def _storable(value: Any) -> Any:
    """The same data in what jsonb can hold, so that no odd detail ever costs the change that it describes."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, dict):
        return {_text(name): _storable(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
