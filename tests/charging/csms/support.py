"""Applications with a door for charge points, records of stations, and stations that dial in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.charging.ocpp.support import basic
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from gridloom.app import Application, Roles
from gridloom.charging.csms.door import Door
from gridloom.charging.csms.public import Commands
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.ocpp.public import Limits, Policy
from gridloom.charging.ocpp.simulator import SimulatedStation, simulated
from gridloom.charging.stations.secrets import seal_password
from gridloom.kernel.database.pool import Database
from gridloom.kernel.security.sealing import Sealer
from gridloom.settings import Settings

PASSWORD = "a-password-of-16+"
SEALER_KEY = b"k" * 32
SEALER = Sealer(SEALER_KEY)
PROTOCOLS = {Version.V16: "ocpp 1.6", Version.V201: "ocpp 2.0.1"}
BOOTS: dict[Version, dict[str, Any]] = {
    Version.V16: {"chargePointVendor": "v", "chargePointModel": "m"},
    Version.V201: {"chargingStation": {"vendorName": "v", "model": "m"}, "reason": "PowerUp"},
}
PATIENT = Policy(connects=10_000, failures_per_address=10_000, failures_per_id=10_000)
UNHURRIED = Limits(rate=1e9, burst=1e9, volume=1e12, volume_burst=1e12, message_size=2**24)


@asynccontextmanager
async def opened(
    database_url: str,
    var: Any,
    *,
    roles: Roles = Roles.OCPP,
    policy: Policy | None = PATIENT,
    limits: Limits | None = UNHURRIED,
    **changes: Any,
) -> AsyncIterator[Application]:
    """An application that charge points may dial, on a free port; closed at the end."""
    settings = Settings(var=str(var), **({"ocpp_port": 0, "database_pool": 8, "outbound_private": True} | changes))
    application = Application(settings, database_url, SEALER, roles=roles)
    door = application.services.get(Door)
    if door is not None:
        door.policy, door.limits = policy, limits
        door.look_every = 1_000_000  # tests look when they mean to
    async with application.running():
        yield application


def door_of(application: Application) -> Door:
    """Its door."""
    return application.services.part(Door)


def commands_of(application: Application) -> Commands:
    """Its way to stations."""
    return application.services.part(Commands)


async def station(
    db: Database,
    tenant: int,
    network_id: str,
    *,
    version: Version = Version.V16,
    password: str | None = PASSWORD,
    evses: int = 1,
    **columns: Any,
) -> int:
    """A charge point with EVSEs 1, 2, …; gives its id."""
    values = {
        "tenant_id": tenant, "operator_id": 7, "name": network_id, "type": "public", "status": "enabled",
        "network_id": network_id, "network_protocol": PROTOCOLS[version],
        "network_password": None if password is None else seal_password(SEALER, tenant, password),
    } | columns  # fmt: skip
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    async with db.tenant(tenant) as tx:
        number: int = await tx.scalar(
            f"INSERT INTO charging.charge_point ({names}) VALUES ({places}) RETURNING id", **values
        )
        for each in range(1, evses + 1):
            await evse(tx, number, network_id, each)
    return number


async def evse(tx: Any, charge_point: int, network_id: str, number: int) -> int:
    """An EVSE of a charge point."""
    found: int = await tx.scalar(
        "INSERT INTO charging.evse (tenant_id, charge_point_id, operator_id, physical_reference, network_id, "
        "current_type, status) VALUES (:tenant, :point, 7, :reference, :number, 'ac', 'enabled') RETURNING id",
        tenant=tx.tenant, point=charge_point, reference=f"{network_id}*{number}", number=str(number),
    )  # fmt: skip
    return found


def address(application: Application, scheme: str = "ws") -> str:
    """Where its charge points dial."""
    return f"{scheme}://127.0.0.1:{door_of(application).port}/ocpp"


def charger(
    application: Application, network_id: str, version: Version = Version.V16, password: str | None = PASSWORD,
    **facts: Any,
) -> SimulatedStation:  # fmt: skip
    """The package's simulator, pointed at an application."""
    return simulated(version, network_id, address(application), password=password, **facts)


def dialled(
    application: Application, network_id: str, password: str | None = PASSWORD, *, version: Version = Version.V16
) -> connect:
    """A bare socket."""
    return connect(
        f"{address(application)}/{network_id}",
        subprotocols=[Subprotocol(version)],
        additional_headers={} if password is None else basic(network_id, password),
        compression=None,
        ping_interval=None,
        proxy=None,
    )


async def rows(db: Database, tenant: int, query: str, **values: Any) -> list[dict[str, Any]]:
    """What a query finds for a tenant."""
    async with db.tenant(tenant) as tx:
        return [dict(row) for row in await tx.all(query, **values)]


async def record(db: Database, tenant: int, charge_point: int) -> dict[str, Any]:
    """The row of a charge point."""
    (row,) = await rows(db, tenant, "SELECT * FROM charging.charge_point WHERE id = :id", id=charge_point)
    return row


async def network_log(db: Database, tenant: int, charge_point: int) -> list[str]:
    """What was noted of its connection, in order."""
    found = await rows(
        db,
        tenant,
        "SELECT status FROM charging.network_status_log WHERE charge_point_id = :id ORDER BY id",
        id=charge_point,
    )
    return [row["status"] for row in found]
