"""Clients, their sensors, and the states of a sensor: which meter hung there when, and its registers at both ends."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKeyConstraint,
    Index,
    Integer,
    Text,
    func,
    text,
)
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from gridloom.core.identity.tables import user
from gridloom.core.series.tables import point
from gridloom.kernel.database.tables import Instant, created_at, reference, tenant_table, unique, updated_at

client = tenant_table(
    "metering",
    "client",
    Column("cid", Integer, nullable=False, doc="The client's number in paths."),
    Column("name", Text, nullable=False, server_default=""),
    Column("next_mid", Integer, nullable=False, server_default=text("1"), doc="The number its next sensor gets."),
    created_at(),
    key=("cid",),
)

client_right = tenant_table(
    "metering",
    "client_right",
    reference("user_id", user, on_delete="CASCADE"),
    Column("client_cid", Integer, nullable=False),
    Column("can_read", Boolean, nullable=False, server_default=text("true")),
    Column("can_write", Boolean, nullable=False, server_default=text("false")),
    Column("can_execute", Boolean, nullable=False, server_default=text("false")),
    ForeignKeyConstraint(["tenant_id", "client_cid"], [client.c.tenant_id, client.c.cid], ondelete="CASCADE"),
    key=("user_id", "client_cid"),
)

sensor = tenant_table(
    "metering",
    "sensor",
    Column("client_cid", Integer, nullable=False),
    Column("sensor_mid", Integer, nullable=False),
    reference("point_id", point),
    Column("sensor_type_id", Integer, nullable=False),
    Column("node_id", Integer),
    Column("info", Text, doc="JSON, as it was given."),
    Column("annotations", Text, doc="JSON, as it was given."),
    Column("comments", Text),
    Column("uncertain", Boolean, nullable=False, server_default=text("false"), doc="Its data are flagged."),
    Column("negligible", Boolean, nullable=False, server_default=text("false"), doc="Left out of sums."),
    Column("balance_calculation", Boolean, nullable=False, server_default=text("true"), doc="Counts in the balance."),
    created_at(),
    updated_at(),
    ForeignKeyConstraint(["tenant_id", "client_cid"], [client.c.tenant_id, client.c.cid]),
    unique("point_id"),
    Index(None, "tenant_id", "sensor_type_id"),
    key=("client_cid", "sensor_mid"),
)

sensor_state = tenant_table(
    "metering",
    "sensor_state",
    Column("client_cid", Integer, nullable=False),
    Column("sensor_mid", Integer, nullable=False),
    Column("since", Instant, doc="NULL: always."),
    Column("till", Instant, doc="NULL: still."),
    Column("meter_eid", Text),
    Column("meter_type_id", Integer),
    Column("info", Text, doc="JSON, as it was given."),
    created_at(),
    updated_at(),
    ForeignKeyConstraint(
        ["tenant_id", "client_cid", "sensor_mid"],
        [sensor.c.tenant_id, sensor.c.client_cid, sensor.c.sensor_mid],
        ondelete="CASCADE",
    ),
    CheckConstraint("since < till", name="period"),
    ExcludeConstraint(
        (text("tenant_id"), "="),
        (text("client_cid"), "="),
        (text("sensor_mid"), "="),
        (func.tstzrange(text("since"), text("till")), "&&"),
        name="ex_sensor_state_period",
        using="gist",
    ),
    Index(None, "tenant_id", "client_cid", "sensor_mid"),
)

signal_state = tenant_table(
    "metering",
    "signal_state",
    Column("sensor_state_id", BigInteger, nullable=False),
    Column("signal_type_moid", Integer, nullable=False),
    Column("value_for_since", Double, doc="The register when the meter came."),
    Column("value_for_till", Double, doc="The register when the meter went."),
    Column("info", Text),
    created_at(),
    updated_at(),
    ForeignKeyConstraint(
        ["tenant_id", "sensor_state_id"], [sensor_state.c.tenant_id, sensor_state.c.id], ondelete="CASCADE"
    ),
    unique("sensor_state_id", "signal_type_moid"),
)
