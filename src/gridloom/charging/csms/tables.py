"""Who is connected where, what is asked of whom, and what stations said that did not fit."""

from sqlalchemy import Column, Index, Integer, SmallInteger, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.charging.stations.tables import charge_point
from gridloom.kernel.database.tables import (
    Instant,
    created_at,
    one_of,
    reference,
    system_table,
    tenant_table,
    unique,
)

CALL_STATES = ("waiting", "claimed", "answered")

process = system_table(
    "charging",
    "csms_process",
    Column("id", Uuid, primary_key=True),
    Column("host", Text, nullable=False),
    Column("beat_at", Instant, nullable=False, doc="It lives as long as this is young."),
    created_at(),
)

station_seat = tenant_table(
    "charging",
    "station_seat",
    reference("charge_point_id", charge_point, on_delete="CASCADE", index=False),
    Column("process_id", Uuid, doc="Who holds its socket; NULL: it is not connected."),
    Column("connection_id", Uuid, nullable=False, doc="The newest connection, also when it has ended."),
    Column("version", Text, nullable=False, doc="Sub-protocol of that connection."),
    Column("profile", SmallInteger, nullable=False, doc="Security profile of that connection."),
    Column("strength", SmallInteger, nullable=False, doc="Of its proof: 0 none, 1 a password, 3 a certificate."),
    Column("connected_at", Instant, nullable=False),
    Column("disconnected_at", Instant),
    Column("booted_at", Instant, doc="Its newest accepted boot; it lasts beyond the connection."),
    Column("last_seen_at", Instant, doc="When its newest message came."),
    Column(
        "connectors", JSONB, nullable=False, server_default=text("'{}'"), doc="{EVSE: {connector: word}}, 2.0.1 only."
    ),
    Index(None, "process_id"),
    Index(None, "connection_id"),
    key=("charge_point_id",),
    rights="SELECT, INSERT, UPDATE",
)

station_call = tenant_table(
    "charging",
    "station_call",
    reference("charge_point_id", charge_point, on_delete="CASCADE"),
    Column("process_id", Uuid, nullable=False, doc="Who holds the socket and shall ask."),
    Column("caller_id", Uuid, nullable=False, doc="Who waits for the outcome."),
    Column("action", Text, nullable=False),
    Column(
        "payload",
        Text,
        nullable=False,
        doc="JSON until it is claimed; text, because jsonb knows other numbers than the wire.",
    ),
    Column("state", Text, nullable=False, server_default="waiting"),
    Column("outcome", Text, doc="JSON of `outcomes.written`."),
    Column("deadline", Instant, nullable=False),
    created_at(),
    one_of("state", CALL_STATES),
    Index(
        "ix_station_call_waiting",
        "process_id",
        postgresql_where=text("state = 'waiting'"),
    ),
    Index(None, "deadline"),
    key="uuid",
    rights="SELECT",
)

suspect_report = tenant_table(
    "charging",
    "suspect_report",
    reference("charge_point_id", charge_point, on_delete="CASCADE", index=False),
    Column("action", Text, nullable=False),
    Column("reason", Text, nullable=False, doc="What does not fit, with the number that the station gave."),
    Column("payload", JSONB, nullable=False, doc="The newest message."),
    Column("count", Integer, nullable=False, server_default=text("1")),
    Column("at", Instant, nullable=False, doc="When the newest one came."),
    created_at(),
    unique("charge_point_id", "action", "reason"),
    rights="SELECT, INSERT, UPDATE",
)
