"""Up to which acquisition an operation is shared.

A day has to be shared again when its key or its meters changed (`communities.stale` says so), or when a reading of one of its
meters got here later than `shared_until` (the channels say so).
"""

from sqlalchemy import Column

from gridloom.communities.sharing.tables import sharing_operation
from gridloom.kernel.database.tables import Instant, reference, tenant_table

shared = tenant_table(
    "communities",
    "shared",
    reference("sharing_operation_id", sharing_operation, on_delete="CASCADE", index=False),
    Column("shared_until", Instant, nullable=False, doc="Readings that got here by then are shared."),
    key=("sharing_operation_id",),
)
