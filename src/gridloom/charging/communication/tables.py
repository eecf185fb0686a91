"""What was said between stations and us: an entry for each question, with its answer. Filled by COPY, in parts of a day."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Text, Uuid, text

from gridloom.kernel.database.tables import Instant, tenant_table

communication = tenant_table(
    "charging",
    "communication",
    Column("created_at", Instant, nullable=False, doc="When the question came, or went."),
    Column("id", Uuid, nullable=False, doc="UUIDv7 with the milliseconds of `created_at`."),
    # Plain numbers: an entry outlives its station, and COPY asks no other table.
    Column("operator_id", BigInteger, doc="Of the station, as it was then."),
    Column("charge_point_id", BigInteger, nullable=False),
    Column("location_id", BigInteger, doc="Where the station stood then."),
    Column("evse_id", BigInteger),
    Column("session_id", BigInteger),
    Column("incoming", Boolean, nullable=False, doc="Whether the station asked."),
    Column("command", Text, nullable=False),
    Column("parameters", Text, nullable=False, doc="JSON, redacted, its beginning."),
    Column("response", Text, doc="JSON, redacted, its beginning; NULL without a good answer."),
    Column("error", Text, doc="JSON: why there is no good answer."),
    Index("ix_communication_charge_point", "tenant_id", "charge_point_id", "created_at", "id"),
    Index(
        "ix_communication_evse", "tenant_id", "evse_id", "created_at", "id",
        postgresql_where=text("evse_id IS NOT NULL"),
    ),
    Index(
        "ix_communication_session", "tenant_id", "session_id", "created_at", "id",
        postgresql_where=text("session_id IS NOT NULL"),
    ),
    key=("created_at", "id"),
    rights="SELECT",
    checked=False,
    postgresql_partition_by="RANGE (created_at)",
)  # fmt: skip
