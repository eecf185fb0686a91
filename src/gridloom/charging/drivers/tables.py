"""Rows of drivers: the people who charge, their groups, what they identify themselves with, and what was decided about it.

A driver is a person of `parties.party`: name, address, phone number and language are read and written there. What only this
API knows is here. A driver who was removed keeps the row (`deleted_at`); nothing points at such a row any more but records.
"""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Index, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gridloom.core.parties.public import party
from gridloom.kernel.database.tables import (
    Instant,
    created_at,
    one_of,
    reference,
    tenant_table,
    unique,
    updated_at,
)

SWITCH = ("enabled", "disabled")
TAG_STATUSES = ("enabled", "disabled", "suspended")
TAG_TYPES = ("rfid", "mac_address", "emaid")
VEHICLE_TYPES = ("company_car", "private_car")
SESSIONS_ALLOWED = (
    "single_session",
    "multiple_simultaneous_sessions_per_idtag",
    "simultaneous_use_of_idtags",
    "multiple_simultaneous_sessions_remotely_and_idtags",
)
ACTIVITIES = ("device_activity", "device_logout", "id_tag_authorization", "transaction", "registration")
METHODS = (
    "user_device", "id_tag", "mac_address", "admin", "plug_and_charge", "roaming", "payment_terminal",
    "plug_and_charge_iso15118",
)  # fmt: skip
DECISIONS = ("accepted", "rejected", "pending")
SOURCES = ("local", "roaming")
INVOICE_TEXTS = (
    "individual_name", "individual_personal_id", "individual_tax_id", "company_name", "company_reg_no", "company_tax_id",
    "company_tax_administration_office_name", "country", "region", "state", "city", "post_code", "address",
)  # fmt: skip


def _flag(name: str) -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text("false"))


user_group = tenant_table(
    "charging",
    "user_group",
    Column("operator_id", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    Column("partner_id", BigInteger),
    Column("description", Text),
    Column("external_id", Text),
    created_at(),
    updated_at(),
)

driver = tenant_table(
    "charging",
    "driver",
    Column("operator_id", BigInteger, nullable=False),
    reference("party_id", party),
    Column("email", Text, nullable=False, doc="What the driver signs in with; written to the person too."),
    Column("email_key", Text, nullable=False, doc="The same as it is compared."),
    Column("password_hash", Text, nullable=False),
    Column("email_verified_at", Instant),
    _flag("requires_password_reset"),
    Column("vehicle_no", Text),
    Column("personal_id", Text),
    Column("company_name", Text),
    Column("status", Text, nullable=False, server_default="enabled"),
    Column("external_id", Text),
    Column("sessions_allowed", Text, nullable=False, server_default="single_session"),
    _flag("receives_news"),
    _flag("skips_pre_authorization"),
    _flag("skips_unpaid_session_check"),
    Column("bank_details", JSONB, nullable=False, server_default=text("'{}'")),
    Column("external_app_data", JSONB),
    Column("partner_id", BigInteger, doc="The partner for whom the driver was created."),
    Column("created_by", Text, nullable=False, doc="admin:<id>, partner:<id>, token:<id> or mobile_api."),
    Column("last_activity_at", Instant),
    Column("last_activity_source", Text),
    created_at(),
    updated_at(),
    Column("deleted_at", Instant),
    one_of("status", SWITCH),
    one_of("sessions_allowed", SESSIONS_ALLOWED),
    one_of("last_activity_source", ACTIVITIES),
    Index(
        "uq_driver_email",
        "tenant_id",
        "operator_id",
        "email_key",
        unique=True,
        postgresql_where=text("deleted_at IS NULL"),
    ),
    Index(None, "tenant_id", "external_id"),
)

user_group_member = tenant_table(
    "charging",
    "user_group_member",
    reference("group_id", user_group, index=False),
    reference("driver_id", driver, on_delete="CASCADE"),
    key=("group_id", "driver_id"),
)

invoice_details = tenant_table(
    "charging",
    "invoice_details",
    reference("driver_id", driver, on_delete="CASCADE", index=False),
    _flag("require_invoice"),
    Column("require_invoice_updated_at", Instant, nullable=False, server_default=text("now()")),
    Column("invoice_type", Text),
    *[Column(name, Text) for name in INVOICE_TEXTS],
    created_at(),
    updated_at(),
    one_of("invoice_type", ("individual", "company")),
    key=("driver_id",),
)

id_tag = tenant_table(
    "charging",
    "id_tag",
    Column("operator_id", BigInteger, nullable=False),
    Column("uid", Text, nullable=False, doc="As it was written."),
    Column("uid_key", Text, nullable=False, doc="As it is compared; see uids.py."),
    Column("label", Text),
    Column("expire_at", Instant),
    Column("status", Text, nullable=False),
    Column("type", Text, nullable=False, server_default="rfid"),
    Column("vehicle_type", Text),
    Column("payment_method_id", Text, doc="A card's id, corporate:<id>, subscription or auto; NULL is auto."),
    reference("driver_id", driver, nullable=True, on_delete="SET NULL"),
    Column("external_id", Text),
    Column("partner_id", BigInteger, doc="The partner whose administrators may change it."),
    created_at(),
    updated_at(),
    unique("operator_id", "uid_key"),
    one_of("status", TAG_STATUSES),
    one_of("type", TAG_TYPES),
    one_of("vehicle_type", VEHICLE_TYPES),
    Index(None, "tenant_id", "uid_key"),
)

authorization = tenant_table(
    "charging",
    "authorization",
    Column("operator_id", BigInteger, doc="NULL where no operator of ours is asked."),
    Column("method", Text, nullable=False),
    Column("source", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("rejection_reason", Text),
    reference("driver_id", driver, nullable=True, on_delete="SET NULL"),
    Column("id_tag_uid", Text),
    Column("roaming", JSONB, doc="{platformId, platformRoleId?, platformRole, reference, client}"),
    Column("charge_point_id", BigInteger),
    Column("evse_id", BigInteger),
    Column("session_ids", ARRAY(BigInteger), nullable=False, server_default=text("'{}'")),
    created_at(),
    updated_at(),
    one_of("method", METHODS),
    one_of("source", SOURCES),
    one_of("status", DECISIONS),
    CheckConstraint("(status = 'rejected') = (rejection_reason IS NOT NULL)", name="rejection_reason"),
    CheckConstraint("(source = 'roaming') = (roaming IS NOT NULL)", name="roaming"),
    Index(None, "tenant_id", "created_at"),
    Index(None, "tenant_id", "updated_at"),
)
