"""Who runs stations, how the system is set, and what new stations are made from. All of it is seeded, not written by the API."""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, Numeric, Text, text
from sqlalchemy.dialects.postgresql import ARRAY

from gridloom.charging.pricing.tables import tax
from gridloom.kernel.database.tables import Instant, created_at, one_of, reference, tenant_table, unique, updated_at

EVSE_STATUSES = ("enabled", "disabled", "out of order")
PHASES = ("single_phase", "three_phase", "split_phase")
ROTATIONS = ("RST", "RTS", "SRT", "STR", "TRS", "TSR")
CONNECTED = ("L1", "L2", "L3", "L1_L2", "L1_L3", "L2_L3")
VOLTAGES = ("230", "380", "400", "480", "120", "208", "240", "110-130", "220-240", "277")


def _flag(name: str, default: str = "false") -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text(default))


def _number(name: str, default: int) -> Column[int]:
    return Column(name, Integer, nullable=False, server_default=text(str(default)))


def _changed(name: str) -> Column[object]:
    return Column(name, Instant, nullable=False, server_default=text("now()"))


operator = tenant_table(
    "charging",
    "operator",
    Column("name", Text, nullable=False),
    Column("email", Text),
    Column("phone", Text),
    Column("timezone", Text),
    Column("locale", Text),
    Column("currency", Text, nullable=False),
    Column("country", Text),
    _flag("is_default"),
    created_at(),
    updated_at(),
    Index(
        "uq_operator_default",
        "tenant_id",
        unique=True,
        postgresql_where=text("is_default"),
    ),
)

setting = tenant_table(
    "charging",
    "setting",
    reference("default_tax_id", tax, nullable=True, on_delete="SET NULL"),
    _flag("enable_multi_tax_support"),
    _flag("tax_information_not_in_invoices_and_receipts"),
    _changed("tax_changed_at"),
    _flag("enable_reservations", "true"),
    _number("reservation_time", 30),
    _number("expiry_notification", 5),
    _number("max_reservations_per_day_per_user", 5),
    _number("cooldown_time_between_reservations", 0),
    _flag("enable_reservations_queue"),
    _changed("reservations_changed_at"),
    _flag("enable_bookings", "true"),
    _flag("bilingual_invoices_enabled"),
    _flag("bilingual_receipts_enabled"),
    key=(),
)

charge_point_template = tenant_table(
    "charging",
    "charge_point_template",
    Column("name", Text, nullable=False),
    Column("subscription_plan_ids", ARRAY(BigInteger), nullable=False, server_default=text("'{}'")),
    created_at(),
    updated_at(),
)

charge_point_template_evse = tenant_table(
    "charging",
    "charge_point_template_evse",
    reference("template_id", charge_point_template, on_delete="CASCADE"),
    Column("network_id", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="enabled"),
    Column("current_type", Text, nullable=False, server_default="ac"),
    Column("max_power_w", Integer),
    Column("max_voltage", Text),
    Column("max_amperage", Numeric(8, 1)),
    Column("phases", Text),
    Column("phase_rotation", Text),
    Column("connected_phase", Text),
    Column("priority", Integer, doc="Higher is served first where a circuit is short."),
    Column("efficiency_percent", Numeric(5, 2)),
    Column("tariff_group_id", BigInteger),
    _flag("allows_reservation"),
    unique("template_id", "network_id"),
    one_of("status", EVSE_STATUSES),
    one_of("current_type", ("ac", "dc")),
    one_of("max_voltage", VOLTAGES),
    one_of("phases", PHASES),
    one_of("phase_rotation", ROTATIONS),
    one_of("connected_phase", CONNECTED),
)
