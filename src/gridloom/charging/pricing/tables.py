"""Rows of prices: taxes (currencies and tariffs stand beside them)."""

from sqlalchemy import BigInteger, CheckConstraint, Column, Numeric, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.kernel.database.tables import created_at, tenant_table, updated_at

tax = tenant_table(
    "charging",
    "tax",
    Column("name", Text, nullable=False),
    Column("display_name", JSONB, nullable=False, server_default=text("'[]'")),
    Column("percentage", Numeric(7, 4), nullable=False),
    Column("tax_identification_number_id", BigInteger),
    created_at(),
    updated_at(),
    CheckConstraint("percentage BETWEEN 0 AND 100", name="percentage"),
)
