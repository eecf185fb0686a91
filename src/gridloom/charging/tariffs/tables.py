"""Rows of tariffs: what they say, the groups that order them, and the copies that nothing changes any more.

For foreign keys: `tariff_group` from whatever is priced by a group, `tariff_snapshot` from whatever was priced.
"""

from sqlalchemy import BigInteger, Column, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.schema import SchemaItem

from gridloom.charging.pricing.tables import tax
from gridloom.kernel.database.tables import (
    Instant,
    created_at,
    one_of,
    reference,
    tenant_table,
    unique,
    updated_at,
)

TYPES = (
    "free", "flat rate", "duration+energy", "duration+energy time of day", "energy tou", "standard", "charging not allowed",
    "average power levels", "peak power levels", "standard_tod", "optimised dynamic pricing",
)  # fmt: skip
BASE_TYPES = ("free", "charging not allowed")
CONTENT = (
    "operator_id", "name", "type", "description", "additional_information", "learn_more_url", "day_tariff_start",
    "night_tariff_start", "pricing", "currency", "stop_session", "restrictions", "partner_id", "display", "integration_id",
    "external_id",
)  # fmt: skip
"""The columns that a tariff and its copies share: what a tariff says."""


def _object(name: str) -> Column[object]:
    return Column(name, JSONB, nullable=False, server_default=text("'{}'"))


def _content() -> list[SchemaItem]:
    return [
        Column("operator_id", BigInteger, nullable=False),
        Column("name", Text, nullable=False),
        Column("type", Text, nullable=False),
        Column("description", JSONB),
        Column("additional_information", JSONB),
        Column("learn_more_url", JSONB),
        Column("day_tariff_start", Text),
        Column("night_tariff_start", Text),
        Column("pricing", JSONB, nullable=False, doc="What travels, checked, without what the type does not use."),
        Column("currency", Text, nullable=False),
        _object("stop_session"),
        _object("restrictions"),
        Column("partner_id", BigInteger),
        _object("display"),
        Column("integration_id", BigInteger),
        Column("external_id", Text),
        one_of("type", TYPES),
    ]


tariff = tenant_table(
    "charging",
    "tariff",
    *_content(),
    reference("tax_id", tax, nullable=True, doc="What `pricing` names, so that the tax stays."),
    created_at(),
    updated_at(),
    Index(None, "tenant_id", "operator_id"),
)

tariff_group = tenant_table(
    "charging",
    "tariff_group",
    Column("operator_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("partner_id", BigInteger),
    _object("display"),
    reference(
        "base_tariff_id", tariff, doc="Made and removed with the group; what holds when nothing else does.", index=False
    ),
    created_at(),
    updated_at(),
    unique("base_tariff_id"),
)

tariff_group_member = tenant_table(
    "charging",
    "tariff_group_member",
    reference("group_id", tariff_group, on_delete="CASCADE", index=False),
    Column("position", Integer, nullable=False, doc="From 0, the base tariff; the highest is asked first."),
    reference("tariff_id", tariff),
    unique("group_id", "tariff_id"),
    key=("group_id", "position"),
)

tariff_snapshot = tenant_table(
    "charging",
    "tariff_snapshot",
    *_content(),
    Column("tariff_id", BigInteger, nullable=False, doc="No reference: a copy outlives its tariff."),
    Column("digest", Text, nullable=False, doc="Of all that the tariff said."),
    created_at(),
    Column("updated_at", Instant, nullable=False, doc="When the tariff was changed last."),
    unique("tariff_id", "digest"),
    rights="SELECT, INSERT",
)

tariff_setting = tenant_table(
    "charging",
    "tariff_setting",
    Column("operator_id", BigInteger, nullable=False),
    Column("base_type", Text, nullable=False, doc="Of the base tariffs of new groups."),
    one_of("base_type", BASE_TYPES),
    key=("operator_id",),
)
