"""Users of the communities: which login, or which account elsewhere, is which person."""

from sqlalchemy import CheckConstraint, Column, Index, Text

from gridloom.core.identity.tables import user
from gridloom.core.parties.tables import party
from gridloom.kernel.database.tables import created_at, reference, tenant_table, unique, updated_at

profile = tenant_table(
    "communities",
    "profile",
    reference("user_id", user, nullable=True, on_delete="CASCADE", index=False, doc="A login of ours."),
    Column("external_id", Text, doc="An identity provider's id, for whom a gateway names."),
    Column("email", Text, nullable=False, server_default="", doc="As it was when the profile was last read."),
    reference("party_id", party, doc="The person: name, numbers, addresses."),
    created_at(),
    updated_at(),
    unique("user_id"),
    unique("external_id"),
    Index(None, "tenant_id", "email"),
    CheckConstraint("num_nonnulls(user_id, external_id) = 1", name="one_account"),
)
