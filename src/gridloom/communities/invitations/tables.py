"""Invitations that wait for an answer: to be a member, or to be a manager."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Text, text

from gridloom.communities.members.tables import member
from gridloom.communities.membership.tables import community
from gridloom.kernel.database.tables import created_at, reference, tenant_table, unique, updated_at

member_invitation = tenant_table(
    "communities",
    "member_invitation",
    reference("community_id", community, on_delete="CASCADE"),
    reference("member_id", member, nullable=True, on_delete="CASCADE", doc="The member that waits for its user."),
    Column("email", Text, nullable=False, doc="As it was written."),
    Column("email_key", Text, nullable=False, doc="As it is compared; see core.parties email_key."),
    Column("to_be_encoded", Boolean, nullable=False, doc="Whether the invited user writes the member's data."),
    Column("created_by", Text, nullable=False),
    created_at(),
    updated_at(),
    CheckConstraint("to_be_encoded = (member_id IS NULL)", name="to_be_encoded"),
    Index(None, "tenant_id", "email_key"),
    Index(
        "uq_member_invitation_member_id",
        "tenant_id",
        "member_id",
        unique=True,
        postgresql_where=text("member_id IS NOT NULL"),
    ),
    Index(
        "uq_member_invitation_community_id_email_key",
        "tenant_id",
        "community_id",
        "email_key",
        unique=True,
        postgresql_where=text("member_id IS NULL"),
    ),
)

manager_invitation = tenant_table(
    "communities",
    "manager_invitation",
    reference("community_id", community, on_delete="CASCADE", index=False),
    Column("email", Text, nullable=False),
    Column("email_key", Text, nullable=False),
    Column("created_by", Text, nullable=False),
    created_at(),
    updated_at(),
    unique("community_id", "email_key"),
    Index(None, "tenant_id", "email_key"),
)
