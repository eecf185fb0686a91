"""Who wants to be told, what is to be told, and what came of it."""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    Text,
    Uuid,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gridloom.kernel.database.tables import Instant, created_at, one_of, reference, tenant_table, unique, updated_at

STATES = ("waiting", "delivered", "dead")

# Rows live through several states in a short time: sweep them, and look at them anew, after a tenth of the usual changes.
_BUSY = {"autovacuum_vacuum_scale_factor": 0.02, "autovacuum_analyze_scale_factor": 0.01}

subscription = tenant_table(
    "webhooks",
    "subscription",
    Column("owner", Text, nullable=False, doc="The API through which it was made."),
    Column("realm", BigInteger, doc="The part of the tenant whose it is (an operator); NULL: it is told of all."),
    Column("format", Text, nullable=False, doc="How messages look and are signed, see `formats.Format`."),
    Column("url", Text, nullable=False),
    Column("events", ARRAY(Text), nullable=False, doc="Names, `prefix.*` or `*`, as the format spells them."),
    Column("secret", LargeBinary, doc="What messages are signed with, sealed; see `subscriptions.seal_secret`."),
    Column("headers", JSONB, nullable=False, server_default=text("'{}'"), doc="Sent along with every message."),
    Column("rate_per_s", Float, doc="At most so many messages a second; NULL for as many as it takes."),
    Column("paced_until", Instant, doc="Up to when its rate is used up."),
    Column("is_enabled", Boolean, nullable=False, server_default=text("true")),
    Column("disabled_at", Instant),
    Column("disabled_reason", Text),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'"), doc="What the API keeps beside it."),
    created_at(),
    updated_at(),
    CheckConstraint("rate_per_s > 0", name="rate_per_s"),
    Index("ix_subscription_owner", "tenant_id", "owner"),
)

delivery = tenant_table(
    "webhooks",
    "delivery",
    reference("subscription_id", subscription, on_delete="CASCADE", index=False),
    Column("message_id", Uuid, nullable=False, doc="What the receiver recognises a repetition by."),
    Column("event_id", Uuid, doc="The event it tells about; NULL for a test."),
    Column("event", Text, nullable=False, doc="Its name, as the format spells it."),
    Column("entity_type", Text),
    Column("entity_id", Text),
    Column("body", Text, nullable=False, doc="Exactly what is sent and signed, at every attempt."),
    Column("status", Text, nullable=False, server_default="waiting"),
    Column("attempts", Integer, nullable=False, server_default=text("0"), doc="All that were begun."),
    Column("tries", Integer, nullable=False, server_default=text("0"), doc="Those since it began to wait."),
    Column("tries_most", Integer, doc="After so many it is given up; NULL leaves that to the format."),
    Column("next_at", Instant, nullable=False, server_default=text("now()")),
    Column("response_code", Integer, doc="Of the last attempt."),
    Column("error", Text, doc="Why the last attempt failed."),
    Column("delivered_at", Instant),
    created_at(),
    unique("subscription_id", "message_id"),
    one_of("status", STATES),
    Index("ix_delivery_due", "tenant_id", "subscription_id", "next_at", postgresql_where=text("status = 'waiting'")),
    Index("ix_delivery_dead", "tenant_id", "subscription_id", "id", postgresql_where=text("status = 'dead'")),
    Index("ix_delivery_created_at", "created_at", postgresql_using="brin"),
    postgresql_with=_BUSY,
)

attempt = tenant_table(
    "webhooks",
    "attempt",
    reference("delivery_id", delivery, on_delete="CASCADE"),
    Column("number", Integer, nullable=False),
    Column("is_success", Boolean, nullable=False),
    Column("response_code", Integer),
    Column("response_body", Text, doc="Its beginning."),
    Column("error", Text),
    Column("took_ms", BigInteger, nullable=False),
    Column("attempted_at", Instant, nullable=False),
    rights="SELECT, INSERT",
)
