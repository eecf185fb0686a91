"""The demo tenant of a first run: one of everything a newcomer needs to try each API, with secrets drawn at random.

What was made is kept in `var/demo.json` (readable by its owner only), so that later runs can show it again.
"""

import os
from pathlib import Path
from typing import TypeVar

import msgspec

from gridloom.app import Application
from gridloom.core.identity.clients import create_client
from gridloom.core.identity.store import Identity
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.discovery import modules
from gridloom.kernel.ids import short_code

SLUG = "demo"
FILE = "demo.json"
BEGUN = "demo-begun.json"
T = TypeVar("T")

LOGIN = "demo@gridloom.example"

_HAS_USERS = 'EXISTS (SELECT FROM identity."user" u WHERE u.tenant_id = t.id)'
_INHABITED = sql(f"SELECT EXISTS (SELECT FROM identity.tenant t WHERE t.slug <> :slug OR {_HAS_USERS})")
_EMPTY = sql(f"SELECT t.id FROM identity.tenant t WHERE t.slug = :slug AND NOT {_HAS_USERS}")
_USER = sql('SELECT 1 FROM identity."user" WHERE tenant_id = :tenant AND login = :login')


class Demo(msgspec.Struct):
    """What a newcomer signs in with."""

    tenant: int
    login: str
    password: str
    charging_token: str
    commerce_client: str
    commerce_secret: str
    communities_token: str
    portal_token: str
    metering_key: str
    service_token: str


class Begun(msgspec.Struct):
    """A demo on its way. filled: the modules whose data are there."""

    demo: Demo
    filled: list[str] = []


def known(var: Path) -> Demo | None:
    """The demo of an earlier run; None when there is none (or its file is gone)."""
    return _read(var / FILE, Demo)


async def is_wanted(application: Application) -> bool:
    """Whether this installation is empty, or its first start was interrupted: a demo never appears beside real tenants."""
    async with application.database.system() as tx:
        if not await tx.scalar(_INHABITED, slug=SLUG):
            return True
    return await _begun(application) is not None


async def create(application: Application) -> Demo:
    """Make the demo tenant and remember its secrets; go on with what an interrupted start has begun.

    The secrets are on the disk before the tenant's users are in the database, and under their final name when everything
    is there: whenever the start is interrupted, the next one finds out how far it came. Raises Conflict when there is a demo
    tenant already.
    """
    begun = await _begun(application) or await _begin(application)
    folder = application.settings.var_path
    for module in modules("demo_data"):
        if module.__name__ not in begun.filled:
            await module.fill(application.services, begun.demo.tenant)
            begun.filled.append(module.__name__)
            _write(folder / BEGUN, begun)
    _write(folder / FILE, begun.demo)
    (folder / BEGUN).unlink()
    return begun.demo


async def _begun(application: Application) -> Begun | None:
    """The demo whose users an interrupted start has made."""
    begun = _read(application.settings.var_path / BEGUN, Begun)
    if begun is None:
        return None
    async with application.database.system() as tx:
        return begun if await tx.scalar(_USER, tenant=begun.demo.tenant, login=begun.demo.login) else None


async def _begin(application: Application) -> Begun:
    identity = application.services.part(Identity)
    tenant = await _tenant(application)
    async with application.database.tenant(tenant) as tx:
        begun = Begun(await _people(identity, tx))
        _write(application.settings.var_path / BEGUN, begun)
    return begun


async def _tenant(application: Application) -> int:
    """The demo tenant, also one that an interrupted start has left empty."""
    identity = application.services.part(Identity)
    async with application.database.system() as tx:
        found = await tx.scalar(_EMPTY, slug=SLUG)
    return int(found) if found is not None else await identity.create_tenant(SLUG, "Demo cooperative")


async def _people(identity: Identity, tx: Tx) -> Demo:
    password = f"{short_code(5)}-{short_code(5)}"
    user = await identity.create_user(tx, LOGIN, password, roles=["admin"])
    client, secret = await create_client(tx, "Demo client", scopes=["*"])
    tokens = {
        kind: (await identity.issue(tx, kind, name="demo", user_id=user)).secret
        for kind in ("charging", "communities", "portal-admin", "metering-key", "service")
    }
    return Demo(
        tenant=tx.tenant,
        login=LOGIN,
        password=password,
        charging_token=tokens["charging"],
        commerce_client=client,
        commerce_secret=secret,
        communities_token=tokens["communities"],
        portal_token=tokens["portal-admin"],
        metering_key=tokens["metering-key"],
        service_token=tokens["service"],
    )


def _read(file: Path, kind: type[T]) -> T | None:
    try:
        return msgspec.json.decode(file.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError):
        return None


def _write(file: Path, content: Demo | Begun) -> None:
    """Whole or not at all, for its owner only."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f"{file.name}.tmp")
    descriptor = os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as out:
        out.write(msgspec.json.format(msgspec.json.encode(content)))
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
