"""Access tokens of portal users."""

from gridloom.core.identity.issuer import Issuer
from gridloom.kernel.database.pool import Database
from gridloom.kernel.security.sealing import Sealer


class PortalIssuer(Issuer):
    """Issues and reads the JWTs of portal users: one hour, with a refresh token of 30 days."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        super().__init__(database, sealer, "portal")
