"""Up to which write each channel of an operation's meters is shared.

A day has to be shared again when its key or its meters changed (`communities.stale` says so), or when a reading got here after
what stands here for its channel. Acquisition times grow within a channel, whatever clocks do; between channels they say nothing.
"""

from sqlalchemy import BigInteger, Column

from gridloom.communities.sharing.tables import sharing_operation
from gridloom.kernel.database.tables import Instant, reference, tenant_table

shared = tenant_table(
    "communities",
    "shared",
    reference("sharing_operation_id", sharing_operation, on_delete="CASCADE", index=False),
    Column("channel_id", BigInteger, nullable=False, doc="A channel of a meter; it may be gone meanwhile."),
    Column("last_acq", Instant, nullable=False, doc="Readings of the channel that got here by then are shared."),
    key=("sharing_operation_id", "channel_id"),
)
