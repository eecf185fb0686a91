"""Who built the stations: vendors and their models."""

from sqlalchemy import Column, Text

from gridloom.kernel.database.tables import created_at, reference, tenant_table, updated_at

charge_point_vendor = tenant_table(
    "charging",
    "charge_point_vendor",
    Column("name", Text, nullable=False),
    created_at(),
    updated_at(),
)

charge_point_model = tenant_table(
    "charging",
    "charge_point_model",
    Column("name", Text, nullable=False),
    reference("vendor_id", charge_point_vendor),
    Column("default_photo", Text, doc="Address of a picture; put there by whoever seeds the models."),
    Column("user_manual", Text),
    Column("installer_manual", Text, doc="Kept as an address only, never fetched."),
    created_at(),
    updated_at(),
)
