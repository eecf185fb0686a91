"""Rows of notes: whatever they are about, they lie in one table."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Text, text

from gridloom.core.identity.tables import user
from gridloom.kernel.database.tables import created_at, one_of, reference, tenant_table, updated_at

KINDS = ("chargePoint", "evse", "location", "partner", "subOperator")

note = tenant_table(
    "charging",
    "note",
    Column("object_kind", Text, nullable=False, doc="What it is about, as the paths of the API call it."),
    Column("object_id", BigInteger, nullable=False, doc="Whoever deletes the object removes its notes, see `public`."),
    Column("summary", Text, nullable=False),
    Column("details", Text),
    Column("pinned", Boolean, nullable=False, server_default=text("false")),
    reference("created_by_id", user, nullable=True, on_delete="SET NULL"),
    reference("updated_by_id", user, nullable=True, on_delete="SET NULL"),
    created_at(),
    updated_at(),
    one_of("object_kind", KINDS),
    Index(None, "tenant_id", "object_kind", "object_id"),
)
