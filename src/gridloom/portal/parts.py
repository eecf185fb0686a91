"""What the portal API adds to a running application."""

from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.call import Services
from gridloom.kernel.security.sealing import Sealer
from gridloom.portal.tokens import PortalIssuer


def provide(services: Services) -> None:
    """The issuer of portal users' tokens."""
    services.add(PortalIssuer(services.part(Database), services.part(Sealer)))
