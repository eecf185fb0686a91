"""What the commerce API adds to a running application."""

from gridloom.commerce.tokens import CommerceIssuer
from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.call import Services
from gridloom.kernel.security.sealing import Sealer


def provide(services: Services) -> None:
    """The issuer of its access tokens."""
    services.add(CommerceIssuer(services.part(Database), services.part(Sealer)))
