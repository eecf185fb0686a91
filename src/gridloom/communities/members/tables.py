"""Members of a community, and who speaks for them. People and organisations themselves are the parties core's."""

from sqlalchemy import Boolean, CheckConstraint, Column, Index, SmallInteger, text

from gridloom.communities.membership.tables import community
from gridloom.communities.users.tables import profile
from gridloom.core.parties.tables import party
from gridloom.kernel.database.tables import Instant, created_at, reference, tenant_table, updated_at

guardian = tenant_table(
    "communities",
    "guardian",
    reference("community_id", community, on_delete="CASCADE"),
    reference("party_id", party, doc="The person who speaks for a member."),
    created_at(),
    updated_at(),
)

member = tenant_table(
    "communities",
    "member",
    reference("community_id", community, on_delete="CASCADE"),
    reference("party_id", party, doc="The person or the organisation."),
    Column("member_type", SmallInteger, nullable=False, doc="1 individual, 2 company; never changes."),
    Column("status", SmallInteger, nullable=False, doc="1 active, 2 inactive, 3 pending."),
    Column("social_rate", Boolean, nullable=False, server_default=text("false")),
    reference("guardian_id", guardian, nullable=True, doc="The manager on the wire."),
    reference("profile_id", profile, nullable=True, on_delete="SET NULL", doc="The user who is this member."),
    Column("removed_at", Instant, doc="A removed member keeps its row: energy was settled on it."),
    created_at(),
    updated_at(),
    CheckConstraint("member_type IN (1, 2)", name="member_type"),
    CheckConstraint("status IN (1, 2, 3)", name="status"),
    CheckConstraint("member_type = 1 OR guardian_id IS NOT NULL", name="company_has_guardian"),
    Index(None, "tenant_id", "community_id", "status"),
)
