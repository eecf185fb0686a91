"""What stations answered when they were asked for their configuration: a cache, filled by whoever speaks with them."""

from sqlalchemy import Boolean, Column, Index, Integer, Text, text

from gridloom.charging.stations.tables import charge_point
from gridloom.kernel.database.tables import Instant, reference, tenant_table, updated_at

configuration_variable = tenant_table(
    "charging",
    "configuration_variable",
    reference("charge_point_id", charge_point, on_delete="CASCADE", index=False),
    Column("name", Text, nullable=False),
    Column("component", Text, nullable=False, server_default="", doc="OCPP 2.0.1; empty before."),
    Column("instance", Text, nullable=False, server_default="", doc="OCPP 2.0.1; empty where there is none."),
    Column(
        "evse_id",
        Integer,
        nullable=False,
        server_default=text("0"),
        doc="OCPP 2.0.1, number within the station; 0: none.",
    ),
    Column("value", Text, nullable=False),
    Column("readonly", Boolean, nullable=False, server_default=text("false")),
    Column("required", Boolean, nullable=False, server_default=text("false")),
    Column("max_limit", Integer),
    Column("at", Instant, nullable=False, doc="When the station said so."),
    updated_at(),
    Index(
        "uq_configuration_variable",
        "tenant_id",
        "charge_point_id",
        "name",
        "component",
        "instance",
        "evse_id",
        unique=True,
    ),
)
