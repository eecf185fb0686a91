"""Days of a sharing operation that have to be shared again, because its key or its meters changed."""

from sqlalchemy import CheckConstraint, Column, Date

from gridloom.communities.sharing.tables import sharing_operation
from gridloom.kernel.database.tables import created_at, reference, tenant_table

stale = tenant_table(
    "communities",
    "stale",
    reference("sharing_operation_id", sharing_operation, on_delete="CASCADE"),
    Column("since", Date, nullable=False, doc="The first day, in the calendar of the grid."),
    Column("till", Date, doc="The last day; NULL: every later one."),
    created_at(),
    CheckConstraint("since <= till", name="days"),
)
