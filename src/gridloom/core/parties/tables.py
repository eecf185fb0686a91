"""Who we deal with: people and organisations, where they live, how they are called.

The newest version of a party is what every read shows; the columns here and the links are its index, for searching, for
foreign keys and for joins. Both are written by `writing.py` and by nobody else.
"""

from sqlalchemy import Boolean, Column, Float, Index, Integer, Text, Uuid, text
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from gridloom.kernel.database.tables import (
    Instant,
    created_at,
    one_of,
    reference,
    tenant_table,
    unique,
    updated_at,
)

KINDS = ("person", "organisation")
ADDRESS_ROLES = ("home", "billing", "shipping")
APPEND_ONLY = "SELECT, INSERT"

party = tenant_table(
    "parties",
    "party",
    Column("public_id", Uuid, nullable=False, doc="The id of the APIs that know parties by UUID."),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False, server_default="", doc="An organisation's name, or a person's whole name."),
    Column("given_name", Text),
    Column("family_name", Text),
    Column("email", Text),
    Column("email_key", Text, doc="The e-mail address as it is compared; see rules.email_key."),
    Column("audience", Text, nullable=False, server_default="default", doc="Which public this contact belongs to."),
    Column("language", Text),
    Column("national_number", Text),
    Column("vat_numbers", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("ibans", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("version_id", Uuid, nullable=False, doc="The newest row of parties.party_version."),
    created_at(),
    updated_at(),
    Column("deleted_at", Instant),
    one_of("kind", KINDS),
    unique("public_id"),
    Index(None, "tenant_id", "kind", "id"),
    Index(None, "tenant_id", "email_key"),
)

party_version = tenant_table(
    "parties",
    "party_version",
    reference("party_id", party, on_delete="CASCADE", index=False),
    Column("number", Integer, nullable=False, doc="Counts from 1 in each party."),
    # JSON, not JSONB: it is read whole, and must come back to the letter (JSONB turns 1e300 into 301 digits).
    Column("snapshot", JSON, nullable=False, doc="The whole party as it was then, with its addresses and numbers."),
    Column("changed_by", Text, nullable=False),
    created_at(),
    unique("party_id", "number"),
    key="uuid",
    rights=APPEND_ONLY,
)

address = tenant_table(
    "parties",
    "address",
    Column("public_id", Uuid, nullable=False),
    Column("street", Text),
    Column("number", Text, doc="House number; in some countries with letters."),
    Column("supplement", Text, doc="Suffix or box."),
    Column("postcode", Text),
    Column("city", Text),
    Column("district", Text, doc="Part of a city that the post asks for."),
    Column("region", Text, doc="Province, state, canton."),
    Column("country", Text, doc="ISO 3166-1 alpha-2."),
    Column("sorting_code", Text),
    Column("line_1", Text, doc="As a whole line, where somebody wrote it so."),
    Column("line_2", Text),
    Column("organisation", Text, doc="Who receives what is sent here."),
    Column("given_name", Text),
    Column("additional_name", Text),
    Column("family_name", Text),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("is_precise", Boolean, nullable=False, server_default=text("false")),
    created_at(),
    unique("public_id"),
    rights=APPEND_ONLY,
)

phone_number = tenant_table(
    "parties",
    "phone_number",
    Column("public_id", Uuid, nullable=False),
    Column("country", Text, doc="ISO 3166-1 alpha-2."),
    Column("number", Text, nullable=False, doc="E.164; as it was written when it is no valid number."),
    Column("national", Text, nullable=False),
    Column("type", Text),
    Column("is_valid", Boolean, nullable=False),
    created_at(),
    unique("public_id"),
    Index(None, "tenant_id", "number"),
    rights=APPEND_ONLY,
)

address_link = tenant_table(
    "parties",
    "address_link",
    reference("party_id", party, on_delete="CASCADE", index=False),
    Column("role", Text, nullable=False),
    reference("address_id", address),
    Column("position", Integer, nullable=False, doc="0 is the primary one; without a primary it begins at 1."),
    one_of("role", ADDRESS_ROLES),
    key=("party_id", "role", "address_id"),
)

phone_link = tenant_table(
    "parties",
    "phone_link",
    reference("party_id", party, on_delete="CASCADE", index=False),
    reference("phone_id", phone_number),
    Column("position", Integer, nullable=False, doc="As in address_link."),
    key=("party_id", "phone_id"),
)

membership = tenant_table(
    "parties",
    "membership",
    reference("person_id", party, on_delete="CASCADE", index=False),
    reference("organisation_id", party, on_delete="CASCADE"),
    Column("role", Text, nullable=False, doc="What the person is there: member, manager, contact."),
    Column("position", Integer, nullable=False, doc="As in address_link."),
    key=("person_id", "organisation_id"),
)
