"""Answers kept for an Idempotency-Key."""

from sqlalchemy import Column, Index, Integer, LargeBinary, Text
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.kernel.database.tables import created_at, tenant_table

idempotency = tenant_table(
    "gridloom",
    "idempotency",
    Column("subject", Text, nullable=False),
    Column("operation", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("digest", LargeBinary, nullable=False, doc="Of method, path and body."),
    Column("status", Integer, nullable=False),
    Column("headers", JSONB, nullable=False),
    Column("body", LargeBinary, nullable=False),
    created_at(),
    Index(None, "created_at"),
    key=("subject", "operation", "key"),
)
