"""Keeping subscriptions."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.security.sealing import Sealer
from gridloom.kernel.webhooks.publish import forget_wanted

# A receiver names where to go and with which secret, not how HTTP is spoken.
REFUSED_HEADERS = frozenset(
    {
        "accept-encoding",
        "connection",
        "content-encoding",
        "content-length",
        "content-type",
        "expect",
        "host",
        "keep-alive",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)

_SUBSCRIBE = sql("""
    INSERT INTO webhooks.subscription (tenant_id, owner, format, url, events, secret, headers, rate_per_s, attributes)
    VALUES (:tenant, :owner, :format, :url, :events, :secret, :headers, :rate_per_s, :attributes) RETURNING id
""")

_ENABLE = sql("""
    UPDATE webhooks.subscription SET is_enabled = true, disabled_at = NULL, disabled_reason = NULL, updated_at = now()
    WHERE tenant_id = :tenant AND id = CAST(:id AS bigint) AND NOT is_enabled
""")

_DISABLE = sql("""
    WITH disabled AS (
        UPDATE webhooks.subscription
        SET is_enabled = false, disabled_at = now(), disabled_reason = CAST(:reason AS text), updated_at = now()
        WHERE tenant_id = :tenant AND id = CAST(:id AS bigint) AND is_enabled
        RETURNING tenant_id, id
    ), dropped AS (
        UPDATE webhooks.delivery AS d SET status = 'dead', error = CAST(:reason AS text) FROM disabled
        WHERE d.tenant_id = disabled.tenant_id AND d.subscription_id = disabled.id AND d.status = 'waiting'
    )
    SELECT count(*) FROM disabled
""")


def seal_secret(sealer: Sealer, tenant: int, secret: str) -> bytes:
    """A signing secret as the table keeps it; only this tenant's subscriptions can open it again."""
    return sealer.seal(secret, context=_context(tenant))


def open_secret(sealer: Sealer, tenant: int, sealed: bytes) -> str:
    """The secret back; `sealing.Unsealable` when it was altered or moved."""
    return sealer.open(sealed, context=_context(tenant))


async def subscribe(
    tx: Tx,
    *,
    owner: str,
    format: str,  # noqa: A002  the column's name
    url: str,
    events: Sequence[str],
    secret: bytes | None = None,
    headers: Mapping[str, str] | None = None,
    rate_per_s: float | None = None,
    attributes: Mapping[str, Any] | None = None,
) -> int:
    """Make a subscription of the transaction's tenant; gives its number.

    The URL has been through `outbound.Guard.check_url`, the secret through `seal_secret`. ValueError for a header that
    is not the receiver's to set.
    """
    if refused := REFUSED_HEADERS & {name.lower() for name in headers or {}}:
        raise ValueError(f"a subscription cannot set the header {', '.join(sorted(refused))}")
    noted(tx)
    number: int = await tx.scalar(
        _SUBSCRIBE,
        tenant=tx.tenant,
        owner=owner,
        format=format,
        url=url,
        events=list(events),
        secret=secret,
        headers=dict(headers or {}),
        rate_per_s=rate_per_s,
        attributes=dict(attributes or {}),
    )
    return number


async def enable(tx: Tx, subscription: int) -> bool:
    """Tell it again of what happens from now on; False when it was enabled, or is not there."""
    noted(tx)
    return await tx.run(_ENABLE, tenant=tx.tenant, id=subscription) == 1


async def disable(tx: Tx, subscription: int, reason: str) -> bool:
    """Tell it nothing more; what waited becomes a dead letter. False when it was disabled, or is not there."""
    noted(tx)
    return bool(await tx.scalar(_DISABLE, tenant=tx.tenant, id=subscription, reason=reason))


def noted(tx: Tx) -> None:
    """For whoever writes subscriptions by another way: what `publish.is_wanted` remembers of the tenant is forgotten."""
    tx.after_commit(partial(_forget, tx.tenant))


async def _forget(tenant: int) -> None:
    forget_wanted(tenant)


def _context(tenant: int) -> bytes:
    return f"webhooks:{tenant}".encode()
