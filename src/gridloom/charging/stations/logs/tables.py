"""What stations said of their state, and when they were reached: append-only."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, Text

from gridloom.charging.stations.tables import NETWORK_STATUSES, charge_point, evse
from gridloom.kernel.database.tables import Instant, created_at, one_of, reference, tenant_table

hardware_status_log = tenant_table(
    "charging",
    "hardware_status_log",
    reference("charge_point_id", charge_point, on_delete="CASCADE", index=False),
    Column("evse_id", BigInteger, doc="NULL for the station as a whole."),
    Column("status", Text, nullable=False),
    Column("error_code", Text, nullable=False, server_default="NoError"),
    Column("vendor_id", Text),
    Column("info", Text),
    Column("vendor_error_code", Text),
    Column("at", Instant, nullable=False),
    created_at(),
    ForeignKeyConstraint(
        ["tenant_id", "charge_point_id", "evse_id"],
        [evse.c.tenant_id, evse.c.charge_point_id, evse.c.id],
        ondelete="CASCADE",
    ),
    Index(None, "tenant_id", "charge_point_id", "at"),
    Index(None, "tenant_id", "evse_id", "at"),
    rights="SELECT, INSERT",
)

network_status_log = tenant_table(
    "charging",
    "network_status_log",
    reference("charge_point_id", charge_point, on_delete="CASCADE", index=False),
    Column("status", Text, nullable=False),
    Column("at", Instant, nullable=False),
    created_at(),
    one_of("status", NETWORK_STATUSES),
    Index(None, "tenant_id", "charge_point_id", "at"),
    rights="SELECT, INSERT",
)
