"""Users of portals: a login of one portal, and the contact whose things it sees."""

from gridloom.core.identity.tables import user
from gridloom.core.parties.public import party
from gridloom.kernel.database.tables import created_at, reference, tenant_table, unique, updated_at
from gridloom.portal.configuration.public import portal

portal_user = tenant_table(
    "portal",
    "portal_user",
    reference("portal_id", portal, doc="With it comes the origin."),
    reference("user_id", user, on_delete="CASCADE", index=False),
    reference("party_id", party, nullable=True, doc="The contact; NULL until somebody says who it is."),
    created_at(),
    updated_at(),
    unique("user_id"),
    key="uuid",
)
