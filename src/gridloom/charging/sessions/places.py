"""Which clock hangs on the wall where a session happens."""

from zoneinfo import ZoneInfo

from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

_TENANT = sql("SELECT zone FROM identity.tenant WHERE id = :tenant")


async def zone_of(tx: Tx, location: str | None, operator: str | None) -> ZoneInfo:
    """The zone of the location, else of the operator, else of the tenant; names of the IANA database."""
    name = location or operator
    if name is None:
        async with tx.as_owner():
            name = str(await tx.scalar(_TENANT, tenant=tx.tenant))
    return clock.zone(name)
