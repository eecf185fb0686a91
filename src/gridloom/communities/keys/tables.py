"""Allocation keys: how what is produced is shared, round by round.

The rounds of a key never change: whoever changes them makes a new version. A sharing operation holds the version that was
approved, so that editing a key changes nothing that was agreed or settled.
"""

from sqlalchemy import CheckConstraint, Column, Index, Integer, Numeric, SmallInteger, Text

from gridloom.communities.membership.tables import community
from gridloom.kernel.database.tables import Instant, created_at, reference, tenant_table, unique, updated_at

allocation_key = tenant_table(
    "communities",
    "allocation_key",
    reference("community_id", community, on_delete="CASCADE"),
    Column("name", Text, nullable=False),
    Column("description", Text, nullable=False, server_default=""),
    Column("version", Integer, nullable=False, server_default="1", doc="The number of its newest version."),
    Column("deleted_at", Instant),
    created_at(),
    updated_at(),
)

key_version = tenant_table(
    "communities",
    "key_version",
    reference("key_id", allocation_key, on_delete="CASCADE", index=False),
    Column("number", Integer, nullable=False, doc="Counts from 1 in each key."),
    created_at(),
    unique("key_id", "number"),
)

iteration = tenant_table(
    "communities",
    "iteration",
    reference("key_version_id", key_version, on_delete="CASCADE", index=False),
    Column("number", SmallInteger, nullable=False, doc="Rounds happen in the order of their numbers."),
    Column("energy_allocated_percentage", Numeric(), nullable=False, doc="Share of the production, 0 to 1."),
    unique("key_version_id", "number"),
    CheckConstraint("number BETWEEN 0 AND 2", name="number"),
)

consumer = tenant_table(
    "communities",
    "consumer",
    reference("iteration_id", iteration, on_delete="CASCADE", index=False),
    Column("position", Integer, nullable=False, doc="As it was written."),
    Column("name", Text, nullable=False, doc="The EAN of a consumption meter where the key computes."),
    Column("energy_allocated_percentage", Numeric(), nullable=False, doc="Share of the round, 0 to 1; -1: by need."),
    unique("iteration_id", "name"),
    Index(None, "tenant_id", "name"),
)
