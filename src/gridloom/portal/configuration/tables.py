"""Portals of an organisation, and the hosts by which the public finds them."""

from sqlalchemy import Boolean, Column, ForeignKeyConstraint, Index, Integer, LargeBinary, Text, Uuid, text
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.kernel.database.tables import Instant, created_at, system_table, tenant_table, updated_at

portal = tenant_table(
    "portal",
    "portal",
    Column("origin", Text, nullable=False, doc="What kind of portal: one of each in an organisation."),
    Column("domain", Text, nullable=False, doc="As it was written; compared as portal.host has it."),
    Column("enabled", Boolean, nullable=False, server_default=text("true")),
    Column("common", JSONB, nullable=False, server_default=text("'{}'"), doc="What everybody may read."),
    Column("internal", JSONB, nullable=False, server_default=text("'{}'"), doc="What only the server and admins need."),
    Column("providers", JSONB, nullable=False, server_default=text("'[]'"), doc="Identity providers without secrets."),
    Column("sealed", LargeBinary, doc="Secrets, see secrets.py."),
    Column("deleted_at", Instant),
    created_at(),
    updated_at(),
    Index("uq_portal_origin", "tenant_id", "origin", unique=True, postgresql_where=text("deleted_at IS NULL")),
    key="uuid",
)

# Who asks by host does not know the tenant yet, and a host leads to one portal only: hence a table of the installation.
host = system_table(
    "portal",
    "host",
    Column("host", Text, primary_key=True, doc="As hosts.py compares them."),
    Column("tenant_id", Integer, nullable=False),
    Column("portal_id", Uuid, nullable=False),
    ForeignKeyConstraint(["tenant_id", "portal_id"], [portal.c.tenant_id, portal.c.id], ondelete="CASCADE"),
    Index(None, "tenant_id", "portal_id"),
)
