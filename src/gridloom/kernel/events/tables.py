"""The outbox, and who has handled what of it."""

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Index, Integer, SmallInteger, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.kernel.database.tables import Instant, one_of, tenant_table, unique

STATES = ("waiting", "done", "dead")

# Rows live through several states in a short time: sweep them, and look at them anew, after a tenth of the usual changes.
_BUSY = {"autovacuum_vacuum_scale_factor": 0.02, "autovacuum_analyze_scale_factor": 0.01}

outbox = tenant_table(
    "events",
    "outbox",
    Column("event_id", Uuid, nullable=False, doc="What receivers recognise a repetition by (UUIDv7)."),
    Column("name", Text, nullable=False),
    Column("version", SmallInteger, nullable=False),
    Column("aggregate", Text, doc="Events about one aggregate are handled in the order of `id`."),
    Column("payload", JSONB, nullable=False),
    Column("key", Text, doc="Of several events with one key the first is kept."),
    Column("request_id", Text),
    Column("occurred_at", Instant, nullable=False),
    Column("relayed_at", Instant, doc="When it was handed out to its handlers."),
    unique("event_id"),
    unique("key"),
    # The relay takes the oldest of all tenants, so these two are not led by the tenant.
    Index("ix_outbox_waiting", "id", postgresql_where=text("relayed_at IS NULL")),
    Index("ix_outbox_occurred_at", "occurred_at", postgresql_using="brin"),
    rights="SELECT, INSERT",
    postgresql_with=_BUSY,
)

handling = tenant_table(
    "events",
    "handling",
    Column("handler", Text, nullable=False, doc="The name of the handler, see `handlers.on`."),
    Column("position", BigInteger, nullable=False, doc="The `id` of the event in the outbox."),
    Column("aggregate", Text),
    Column("status", Text, nullable=False, server_default="waiting"),
    Column("attempts", Integer, nullable=False, server_default=text("0")),
    Column("next_at", Instant, nullable=False),
    Column("handled_at", Instant),
    Column("error", Text, doc="What the last failed attempt said."),
    ForeignKeyConstraint(
        ["tenant_id", "position"], ["events.outbox.tenant_id", "events.outbox.id"], ondelete="CASCADE"
    ),
    one_of("status", STATES),
    Index("ix_handling_due", "handler", "next_at", "position", postgresql_where=text("status = 'waiting'")),
    Index(
        "ix_handling_turn",
        "tenant_id",
        "handler",
        "aggregate",
        "position",
        postgresql_where=text("status = 'waiting' AND aggregate IS NOT NULL"),
    ),
    Index(
        "ix_handling_stuck",
        "tenant_id",
        "handler",
        "aggregate",
        postgresql_where=text("status = 'waiting' AND attempts > 0 AND aggregate IS NOT NULL"),
    ),
    Index("ix_handling_event", "tenant_id", "position"),
    Index("ix_handling_dead", "tenant_id", "handler", "position", postgresql_where=text("status = 'dead'")),
    key=("handler", "position"),
    checked=False,
    rights="SELECT, UPDATE",
    postgresql_with=_BUSY,
)
