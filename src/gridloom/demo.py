"""The demo tenant of a first run: one of everything a newcomer needs to try each API, with secrets drawn at random.

What was made is kept in `var/demo.json` (readable by its owner only), so that later runs can show it again.
"""

import os
from pathlib import Path

import msgspec

from gridloom.app import Application
from gridloom.core.identity.clients import create_client
from gridloom.core.identity.store import Identity
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.discovery import modules
from gridloom.kernel.ids import short_code

SLUG = "demo"
FILE = "demo.json"
LOGIN = "demo@gridloom.example"


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


def known(var: Path) -> Demo | None:
    """The demo of an earlier run; None when there is none (or its file is gone)."""
    try:
        return msgspec.json.decode((var / FILE).read_bytes(), type=Demo)
    except (OSError, msgspec.MsgspecError):
        return None


async def is_wanted(database: Database) -> bool:
    """Whether this installation is empty: a demo never appears beside real tenants."""
    async with database.system() as tx:
        return await tx.scalar("SELECT 1 FROM identity.tenant LIMIT 1") is None


async def create(application: Application) -> Demo:
    """Make the demo tenant and remember its secrets. Raises Conflict when there is one already."""
    identity = application.services.part(Identity)
    tenant = await identity.create_tenant(SLUG, "Demo cooperative")
    async with application.database.tenant(tenant) as tx:
        demo = await _people(identity, tx)
    _remember(application.settings.var_path, demo)
    for module in modules("demo_data"):
        await module.fill(application.services, tenant)
    return demo


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


def _remember(var: Path, demo: Demo) -> None:
    var.mkdir(parents=True, exist_ok=True)
    fresh = var / f"{FILE}.new"
    descriptor = os.open(fresh, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(demo)))
    fresh.replace(var / FILE)
