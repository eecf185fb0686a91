"""Which days of a sharing operation have to be shared again, and up to which acquisition the others are.

A day is stale when its key or its meters changed (a row here says so), or when a reading of one of its meters got here later
than `shared_until` (the channels say so).
"""

from sqlalchemy import CheckConstraint, Column, Date

from gridloom.communities.sharing.tables import sharing_operation
from gridloom.kernel.database.tables import Instant, created_at, reference, tenant_table

stale = tenant_table(
    "communities",
    "stale",
    reference("sharing_operation_id", sharing_operation, on_delete="CASCADE"),
    Column("since", Date, nullable=False, doc="The first day, in the calendar of the grid."),
    Column("till", Date, doc="The last day; NULL: every later one."),
    created_at(),
    CheckConstraint("since <= till", name="days"),
)

shared = tenant_table(
    "communities",
    "shared",
    reference("sharing_operation_id", sharing_operation, on_delete="CASCADE", index=False),
    Column("shared_until", Instant, nullable=False, doc="Readings that got here by then are shared."),
    key=("sharing_operation_id",),
)
