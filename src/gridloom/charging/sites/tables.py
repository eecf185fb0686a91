"""Rows of sites: locations, their charging zones, their pictures.

A location that another table points at cannot be deleted (the API answers 422): point at it with `reference("location_id",
location)`, which restricts unless it says otherwise.
"""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Double, Index, Integer, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gridloom.kernel.database.tables import created_at, one_of, reference, tenant_table, unique, updated_at
from gridloom.kernel.files.tables import file

PARKING_TYPES = (
    "ALONG_MOTORWAY", "PARKING_GARAGE", "PARKING_LOT", "ON_DRIVEWAY", "ON_STREET", "UNDERGROUND_GARAGE",
)  # fmt: skip
SWITCH = ("enabled", "disabled")
GALLERY, MAIN, PIN = "gallery", "main", "pin"


def _texts(name: str) -> Column[object]:
    return Column(name, JSONB, nullable=False, server_default=text("'[]'"), doc="[{locale, translation}]")


location = tenant_table(
    "charging",
    "location",
    Column("operator_id", BigInteger, doc="NULL for the sites of roaming partners, which no operator of ours owns."),
    Column("external_id", Text),
    _texts("name"),
    Column("status", Text, nullable=False, server_default="enabled"),
    _texts("description"),
    _texts("short_description"),
    _texts("additional_description"),
    Column("latitude", Double, nullable=False),
    Column("longitude", Double, nullable=False),
    _texts("address"),
    _texts("street_address"),
    Column("city", Text),
    Column("region", Text),
    Column("state", Text),
    Column("country", Text, nullable=False),
    Column("post_code", Text),
    Column("timezone", Text, doc="IANA name; NULL: the zone of the tenant."),
    Column("parking_type", Text),
    Column("access_methods", ARRAY(Text)),
    Column("facilities", ARRAY(Text)),
    Column("payment_options", ARRAY(Text), doc="NULL: unknown; empty: surely none."),
    Column("accepted_payment_brands", ARRAY(Text), doc="Only where a terminal is among the payment options."),
    Column("working_hours", JSONB, nullable=False, server_default=text("""'{"isAlwaysOpen": true}'""")),
    Column("tags", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("external_app_data", JSONB),
    Column("is_roaming", Boolean, nullable=False, server_default=text("false")),
    Column("roaming_operator_id", BigInteger),
    Column("roaming", JSONB, doc="{owner, operator, suboperator: {name}} as the roaming partner sent them."),
    created_at(),
    updated_at(),
    unique("operator_id", "external_id"),
    one_of("status", SWITCH),
    one_of("parking_type", PARKING_TYPES),
    CheckConstraint("latitude BETWEEN -90 AND 90 AND longitude BETWEEN -180 AND 180", name="position"),
    CheckConstraint("is_roaming OR operator_id IS NOT NULL", name="owned"),
    Index(None, "tenant_id", "updated_at"),
    Index("ix_location_tags", "tags", postgresql_using="gin"),
)

charging_zone = tenant_table(
    "charging",
    "charging_zone",
    reference("location_id", location, on_delete="CASCADE"),
    Column("name", Text, nullable=False),
    Column("floor_level", Text),
    Column("status", Text, nullable=False),
    Column("additional_info", JSONB, nullable=False),
    created_at(),
    updated_at(),
    one_of("status", SWITCH),
)

location_image = tenant_table(
    "charging",
    "location_image",
    reference("location_id", location, on_delete="CASCADE"),
    Column("purpose", Text, nullable=False, doc="gallery, main (shown in lists) or pin (shown on the map)."),
    Column("position", Integer, nullable=False, server_default=text("0"), doc="Order within the gallery."),
    reference("file_id", file),
    reference("thumbnail_id", file, nullable=True),
    created_at(),
    one_of("purpose", (GALLERY, MAIN, PIN)),
    Index(
        "uq_location_image_purpose",
        "tenant_id",
        "location_id",
        "purpose",
        unique=True,
        postgresql_where=text(f"purpose <> '{GALLERY}'"),
    ),
)
