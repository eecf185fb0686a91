"""Who runs charge points in the demo tenant. The simulated site itself is made through the API, see `simulation/`."""

from gridloom.charging.stations.public import add_operator, default_operator
from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.call import Services


async def fill(services: Services, tenant: int) -> None:
    """One operator, to whom belongs what names none; one that is there stays as it is."""
    async with services.part(Database).tenant(tenant) as tx:
        if await default_operator(tx) is None:
            await add_operator(tx, "Demo cooperative", is_default=True, timezone="Europe/Brussels", country="BE")
