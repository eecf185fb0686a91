"""The portal of the demo tenant, at the domain `localhost`."""

import msgspec

from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.call import Services
from gridloom.kernel.security.sealing import Sealer
from gridloom.portal.configuration.schemas import UpsertPortalConfig
from gridloom.portal.configuration.store import at_domain
from gridloom.portal.configuration.writing import upsert
from gridloom.portal.tokens import PortalIssuer

ORIGIN = "END_CUSTOMER_PORTAL"
DOMAIN = "localhost"


async def fill(services: Services, tenant: int) -> None:
    """Set the portal up; at `<tenant>.localhost` where another portal of this installation is at `localhost` already."""
    database = services.part(Database)
    is_free = await at_domain(database, DOMAIN) is None
    given = UpsertPortalConfig(domain=DOMAIN if is_free else f"{tenant}.{DOMAIN}", name="Demo portal")
    sent = msgspec.to_builtins(given)
    async with database.tenant(tenant) as tx:
        await upsert(tx, services.part(Sealer), services.part(PortalIssuer), ORIGIN, None, given, sent)
