"""Communities, and who belongs to them as what."""

from sqlalchemy import Column, Index, Text

from gridloom.communities.roles import ROLES
from gridloom.communities.users.tables import profile
from gridloom.kernel.database.tables import (
    Instant,
    created_at,
    one_of,
    reference,
    tenant_table,
    unique,
    updated_at,
)

community = tenant_table(
    "communities",
    "community",
    Column("auth_community_id", Text, nullable=False, doc="What `x-community-id` names."),
    Column("name", Text, nullable=False),
    Column("deleted_at", Instant, doc="A deleted community keeps its rows: energy was settled on them."),
    created_at(),
    updated_at(),
    unique("auth_community_id"),
)

membership = tenant_table(
    "communities",
    "membership",
    reference("community_id", community, index=False),
    reference("profile_id", profile),
    Column("role", Text, nullable=False),
    Column("ended_at", Instant, doc="When the user left or was sent away."),
    created_at(),
    updated_at(),
    one_of("role", ROLES),
    Index(None, "tenant_id", "community_id", "role"),
    key=("community_id", "profile_id"),
)
