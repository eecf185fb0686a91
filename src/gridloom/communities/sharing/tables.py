"""Sharing operations, and the keys they follow over time."""

from sqlalchemy import CheckConstraint, Column, Date, Index, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from gridloom.communities.keys.tables import allocation_key, key_version
from gridloom.communities.membership.tables import community
from gridloom.core.series.tables import point
from gridloom.kernel.database.tables import Instant, created_at, reference, tenant_table, updated_at

sharing_operation = tenant_table(
    "communities",
    "sharing_operation",
    reference("community_id", community, on_delete="CASCADE"),
    Column("name", Text, nullable=False),
    Column("type", SmallInteger, nullable=False, doc="1 local, 2 renewable, 3 citizen energy community."),
    reference("point_id", point, nullable=True, index=False, doc="Where its sums stand in the series store."),
    Column("deleted_at", Instant, doc="A deleted operation keeps its rows: energy was settled in it."),
    created_at(),
    updated_at(),
    CheckConstraint("type IN (1, 2, 3)", name="type"),
)

operation_key = tenant_table(
    "communities",
    "operation_key",
    reference("sharing_operation_id", sharing_operation, on_delete="CASCADE"),
    reference("key_id", allocation_key),
    reference("key_version_id", key_version, doc="What was handed in; later changes of the key do not count."),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date, doc="The last day; NULL while it lasts."),
    Column("status", SmallInteger, nullable=False, doc="1 approved, 2 pending, 3 rejected."),
    created_at(),
    updated_at(),
    CheckConstraint("status IN (1, 2, 3)", name="status"),
    CheckConstraint("start_date <= end_date", name="period"),
    ExcludeConstraint(
        (text("tenant_id"), "="),
        (text("sharing_operation_id"), "="),
        (func.daterange(text("start_date"), text("end_date"), text("'[]'")), "&&"),
        name="ex_operation_key_approved",
        using="gist",
        where=text("status = 1"),
    ),
    Index(None, "tenant_id", "sharing_operation_id", "status"),
)
