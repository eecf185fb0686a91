"""Access tokens of the commerce API."""

from gridloom.core.identity.issuer import Issuer
from gridloom.kernel.database.pool import Database
from gridloom.kernel.security.sealing import Sealer


class CommerceIssuer(Issuer):
    """Issues and reads the JWTs of this API: one hour, with a refresh token of 30 days."""

    def __init__(self, database: Database, sealer: Sealer) -> None:
        super().__init__(database, sealer, "commerce")
