"""Rows of prices: taxes and currencies.

A row that another table points at cannot be deleted: point at `tax` by its id, at `currency` by its code, with a foreign key
that restricts (the default of `reference` and `in_currency`); the API then answers 409 without a further line.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Numeric,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

from gridloom.kernel.database.tables import created_at, tenant_table, unique, updated_at

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

currency = tenant_table(
    "charging",
    "currency",
    Column("alphabetic_code", Text, nullable=False),
    Column("prefix", Text),
    Column("suffix", Text),
    Column("decimal", SmallInteger, doc="Digits of totals; NULL: those of ISO 4217."),
    Column("unit_price_and_calculations_decimal", SmallInteger, doc="Digits of unit prices; NULL: five."),
    Column("enable_use_of_minor_currency_unit", Boolean, nullable=False, server_default=text("false")),
    Column("minor_unit_sign", Text),
    created_at(),
    updated_at(),
    unique("alphabetic_code"),
    CheckConstraint("alphabetic_code ~ '^[A-Z]{3}$'", name="alphabetic_code"),
)


def in_currency(name: str = "currency_code", *, nullable: bool = False) -> list[SchemaItem]:
    """A column that holds the code of a currency of this system, which then stays as long as it is used."""
    return [
        Column(name, Text, nullable=nullable),
        ForeignKeyConstraint(["tenant_id", name], [currency.c.tenant_id, currency.c.alphabetic_code]),
    ]
