"""Rows of the catalogue."""

from sqlalchemy import Column, Index, Text

from gridloom.kernel.database.tables import Instant, created_at, one_of, tenant_table, updated_at

CHANNEL_TYPES = ("pos", "storefront", "order", "integration")

channel = tenant_table(
    "commerce",
    "channel",
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("description", Text),
    Column("client_id", Text, doc="The OAuth client that sells through it."),
    created_at(),
    updated_at(),
    Column("deleted_at", Instant),
    one_of("type", CHANNEL_TYPES),
    Index(None, "tenant_id", "type"),
    key="uuid",
)
