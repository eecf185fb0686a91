"""Writing a portal: its row, its secrets, the hosts it answers at, and the end of its sign-ins when it is closed."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
from msgspec import UNSET

from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid
from gridloom.kernel.ids import uuid7
from gridloom.kernel.security.sealing import Sealer
from gridloom.portal.configuration import secrets
from gridloom.portal.configuration.hosts import host_of
from gridloom.portal.configuration.providers import Provider
from gridloom.portal.configuration.schemas import CommonConfig, UpsertPortalConfig
from gridloom.portal.tokens import PortalIssuer

_CREATE = sql(
    "INSERT INTO portal.portal (tenant_id, id, origin, domain) VALUES (:tenant_id, :id, :origin, '') "
    "ON CONFLICT (tenant_id, origin) WHERE deleted_at IS NULL DO NOTHING"
)
_LOCK = "SELECT id, origin, domain, enabled, common, internal, providers, sealed FROM portal.portal WHERE deleted_at IS NULL "
_LOCK_ORIGIN = sql(_LOCK + "AND origin = :origin FOR UPDATE")
_LOCK_ID = sql(_LOCK + "AND id = :id FOR UPDATE")
_UPDATE = sql(
    "UPDATE portal.portal SET domain = :domain, enabled = :enabled, common = :common, internal = :internal, "
    "providers = :providers, sealed = :sealed, updated_at = now() WHERE id = :id"
)
_DELETE = sql("UPDATE portal.portal SET deleted_at = now(), updated_at = now() WHERE id = :id")
_LEAVE_HOSTS = sql("DELETE FROM portal.host WHERE tenant_id = :tenant_id AND portal_id = :portal_id")
_TAKE_HOST = sql(
    "INSERT INTO portal.host (host, tenant_id, portal_id) VALUES (:host, :tenant_id, :portal_id) "
    "ON CONFLICT (host) DO NOTHING"
)

# Fields with a place of their own; everything else of the common ones is kept as it is.
_APART = {"domain", "enabled", "access_token", "portal_id", "origin"}
_COMMON = {f.name: f.encode_name for f in msgspec.structs.fields(CommonConfig) if f.name not in _APART}
# Pages and blocks may carry more than we know of.
_AS_SENT = ("pages", "global_blocks")
_INTERNAL = ("entity_actions", "default_user_to_notify")


class Written(NamedTuple):
    """A portal after a write."""

    portal_id: UUID
    is_new: bool


async def upsert(
    tx: Tx, sealer: Sealer, issuer: PortalIssuer, origin: str, portal_id: UUID | None, given: UpsertPortalConfig,
    sent: Mapping[str, Any],
) -> Written:  # fmt: skip
    """Write the portal of this origin (of this id, when one is given), or make it. `sent` is the body as it came.

    Raises Invalid for an unknown id, an id of another origin, a domain that is none or is taken, a slug used twice.
    """
    row, is_new = await _locked(tx, origin, portal_id)
    number: UUID = row["id"]
    before = secrets.opened(sealer, tx.tenant, number, row["sealed"])
    providers, provider_secrets = _providers(given, row["providers"], before)
    internal, options = _internal(given, sent, row["internal"], before)
    kept = secrets.Secrets(secrets.token_of(given.access_token, before.access_token), provider_secrets, options)
    common = row["common"] | _common(given, sent)
    enabled = row["enabled"] if given.enabled is UNSET else given.enabled
    await tx.run(
        _UPDATE,
        id=number,
        domain=given.domain.strip(),
        enabled=enabled,
        common=common,
        internal=internal,
        providers=providers,
        sealed=secrets.closed(sealer, tx.tenant, number, kept),
    )
    await _settle(
        tx, number, {"domain": given.domain, "epilot_domain": common.get("epilot_domain", "")}, is_open=enabled
    )
    if row["enabled"] and not enabled:
        await issuer.end_portal(tx, number)
    return Written(number, is_new)


async def delete(tx: Tx, issuer: PortalIssuer, portal_id: UUID) -> None:
    """Close a portal for good: nobody finds it, nobody signs in, and whoever was signed in is out."""
    await tx.run(_DELETE, id=portal_id)
    await _settle(tx, portal_id, {}, is_open=False)
    await issuer.end_portal(tx, portal_id)


async def _locked(tx: Tx, origin: str, portal_id: UUID | None) -> tuple[Any, bool]:
    if portal_id is not None:
        row = await tx.one(_LOCK_ID, id=portal_id)
        if row is None:
            raise Invalid("There is no portal of this id.", field="portal_id", where="query")
        if row["origin"] != origin:
            raise Invalid("The portal of this id has another origin.", field="origin", where="query")
        return row, False
    is_new = await tx.run(_CREATE, tenant_id=tx.tenant, id=uuid7(), origin=origin) > 0
    return await tx.one(_LOCK_ORIGIN, origin=origin), is_new


async def _settle(tx: Tx, portal_id: UUID, domains: Mapping[str, str], *, is_open: bool) -> None:
    """The hosts at which the portal is found from now on. They belong to the installation, hence its owner writes them."""
    wanted: dict[str, str] = {}
    for field, domain in domains.items():
        if not domain.strip():
            continue
        host = host_of(domain)
        if host is None:
            raise Invalid("This is no domain.", field=field)
        wanted.setdefault(host, field)
    mine = {"tenant_id": tx.tenant, "portal_id": portal_id}
    async with tx.as_owner():
        await tx.run(_LEAVE_HOSTS, **mine)
        for host in sorted(wanted) if is_open else ():
            if not await tx.run(_TAKE_HOST, host=host, **mine):
                raise Invalid("Another portal is at this domain.", field=wanted[host])


def _common(given: UpsertPortalConfig, sent: Mapping[str, Any]) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(given)
    found = {wire: plain[wire] for wire in _COMMON.values() if wire in plain}
    return found | {wire: sent[wire] for wire in _AS_SENT if wire in found}


def _internal(
    given: UpsertPortalConfig, sent: Mapping[str, Any], before: Mapping[str, Any], kept: secrets.Secrets
) -> tuple[dict[str, Any], dict[str, dict[str, str]]]:
    found = {**before, **{wire: sent[wire] for wire in _INTERNAL if wire in sent}}
    options = kept.options
    if given.extensions is not UNSET:
        found["extensions"], options = secrets.without_options(given.extensions)
    if given.extension_hooks is not UNSET:
        hooks = {**before.get("extension_hooks", {}), **msgspec.to_builtins(given.extension_hooks)}
        found["extension_hooks"] = {kind: hook for kind, hook in hooks.items() if hook is not None}
    return found, options


def _providers(
    given: UpsertPortalConfig, before: list[dict[str, Any]], kept: secrets.Secrets
) -> tuple[list[dict[str, Any]], dict[str, secrets.ProviderSecrets]]:
    if given.identity_providers is UNSET:
        return before, kept.providers
    found: list[dict[str, Any]] = []
    hidden: dict[str, secrets.ProviderSecrets] = {}
    for index, provider in enumerate(given.identity_providers):
        slug = _slug(provider)
        if slug in hidden:
            raise Invalid("Two providers have this slug.", field=f"identity_providers.{index}.slug")
        plain, hidden[slug] = secrets.without_secrets(provider, slug, kept.providers.get(slug))
        found.append(plain)
    return found, hidden


def _slug(provider: Provider) -> str:
    if provider.slug is not UNSET:
        return provider.slug
    return re.sub(r"[^0-9a-z]+", "-", provider.display_name.lower()).strip("-") or "provider"
