"""Rows of stations: charge points, their EVSEs and connectors.

What belongs to parts that stand elsewhere (drivers, partners, tariffs, circuits) is kept as a plain number. The credential
of a station is sealed, see `secrets.py`; it is never shown.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    Numeric,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gridloom.charging.sites.tables import charging_zone, location
from gridloom.charging.stations.hardware.tables import charge_point_model
from gridloom.charging.stations.operators.tables import CONNECTED, EVSE_STATUSES, PHASES, ROTATIONS, VOLTAGES
from gridloom.charging.tariffs.tables import tariff_group
from gridloom.kernel.database.tables import Instant, created_at, one_of, reference, tenant_table, unique, updated_at

TYPES = ("public", "private", "personal")
STATUSES = ("enabled", "disabled", "out of order", "demo")
NETWORK_TYPES = ("cellular", "ethernet", "wlan")
PROTOCOLS = ("ocpp 1.5", "ocpp 1.6", "ocpp 1.6 soap", "ocpp 2.0.1")
PARTNER_ACCESS = ("private_view_private_use", "private_view_public_use", "public_view_private_use")
MODES = ("none", "direct_ocpp", "via_ocpp_connected_charge_point", "roaming")
NETWORK_STATUSES = ("never_connected", "available", "temporarily_unavailable", "long-term_unavailable")
HARDWARE_STATUSES = ("available", "unavailable", "faulted")
PROFILE_STATUSES = ("applied", "pending", "rejected")
BILLING_RULES = ("owner_covers_guests", "guests_pay_directly", "enforce_subscription")
EVSE_HARDWARE = (
    "available", "preparing", "charging", "suspendedEV", "suspendedEVSE", "finishing", "reserved", "unavailable", "faulted",
    "occupied",
)  # fmt: skip
CONNECTORS = (
    "type1", "type2", "type3", "chademo", "ccs1", "ccs2", "schuko", "nacs", "cee16", "cee32", "j1772", "inductive",
    "nema-5-20", "type-e-french", "type-g-british", "type-j-swiss", "avcon", "gb-t-ac", "gb-t-dc", "chaoji", "nema-6-30",
    "nema-6-50", "mcs",
)  # fmt: skip


def _flag(name: str, default: str = "false") -> Column[bool]:
    return Column(name, Boolean, nullable=False, server_default=text(default))


def _texts(name: str) -> Column[list[str]]:
    return Column(name, ARRAY(Text), nullable=False, server_default=text("'{}'"))


charge_point_notice = tenant_table(
    "charging",
    "charge_point_notice",
    Column("texts", JSONB, nullable=False, doc="[{locale, translation}]"),
    created_at(),
    updated_at(),
)

charge_point = tenant_table(
    "charging",
    "charge_point",
    Column("operator_id", BigInteger, doc="NULL for those of roaming partners."),
    Column("external_id", Text),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("pin", Text, doc="By which a driver claims a personal charge point."),
    reference("location_id", location, nullable=True),
    reference("charging_zone_id", charging_zone, nullable=True, on_delete="SET NULL"),
    reference("model_id", charge_point_model, nullable=True),
    Column("electricity_rate_id", BigInteger),
    Column("utility_id", BigInteger),
    Column("circuit_id", BigInteger, doc="The circuit it hangs on; written by load management."),
    Column("electricity_cost_reimbursement_integration_id", BigInteger),
    Column("installation_and_maintenance_company_id", BigInteger),
    Column("country_station_id", Text, doc="Its number at the national access point."),
    _flag("subscription_required"),
    Column("subscription_plan_ids", ARRAY(BigInteger), nullable=False, server_default=text("'{}'")),
    Column("network_type", Text),
    Column("network_id", Text, doc="What it calls itself when it connects."),
    Column("network_protocol", Text, nullable=False, server_default="ocpp 1.6"),
    Column("network_password", LargeBinary, doc="Sealed: a station that changes its profile is told it again."),
    Column("network_ip", Text),
    Column("network_port", Integer),
    _texts("capabilities"),
    _flag("auto_start_without_authorization"),
    _flag("disable_auto_start_emulation"),
    Column("desired_security_profile", SmallInteger),
    Column("current_security_profile", SmallInteger, nullable=False, server_default=text("0")),
    Column("hardware_enabled_security_profile", SmallInteger),
    Column("desired_security_profile_status", Text),
    _flag("monitoring_enabled", "true"),
    _flag("auto_recovery_enabled", "true"),
    Column("communication_mode", Text, nullable=False, server_default="direct_ocpp"),
    Column("ocpp_connected_charge_point_id", BigInteger, doc="The station through which it speaks."),
    Column("user_id", BigInteger, doc="Who owns a personal charge point."),
    _flag("automatic_firmware_updates_enabled", "true"),
    Column("partner_id", BigInteger),
    Column("partner_contract_id", BigInteger),
    Column("partner_access_type", Text),
    _flag("corporate_billing_as_default"),
    Column("partner_notice", JSONB, doc="[{locale, translation}]; a notice of the catalogue wins."),
    reference("notice_id", charge_point_notice, nullable=True),
    Column("sub_operator_id", BigInteger),
    Column("sharing_code", Text),
    Column("sharing_billing_rule", Text),
    Column("enabled_randomised_delay", Boolean),
    _flag("uses_renewable_energy"),
    _texts("tags"),
    Column("integrated_at", Instant),
    Column("manufactured_at", Instant),
    Column("first_contact_at", Instant),
    Column("roaming_operator_id", BigInteger),
    _flag("display_tariff_and_costs"),
    Column("network_status", Text, nullable=False, server_default="never_connected"),
    Column("network_status_at", Instant),
    Column("hardware_status", Text),
    Column("hardware_status_at", Instant),
    Column("vendor_error_code", Text),
    Column("last_boot", JSONB, doc="What it said of itself at its last boot, in camel case."),
    Column("last_boot_at", Instant),
    created_at(),
    updated_at(),
    unique("network_id"),
    unique("operator_id", "external_id"),
    unique("sharing_code"),
    one_of("type", TYPES),
    one_of("status", STATUSES),
    one_of("network_type", NETWORK_TYPES),
    one_of("network_protocol", PROTOCOLS),
    one_of("partner_access_type", PARTNER_ACCESS),
    one_of("communication_mode", MODES),
    one_of("network_status", NETWORK_STATUSES),
    one_of("hardware_status", HARDWARE_STATUSES),
    one_of("desired_security_profile_status", PROFILE_STATUSES),
    one_of("sharing_billing_rule", BILLING_RULES),
    CheckConstraint("(communication_mode = 'roaming') = (roaming_operator_id IS NOT NULL)", name="roaming"),
    CheckConstraint("roaming_operator_id IS NOT NULL OR operator_id IS NOT NULL", name="owned"),
    CheckConstraint(
        "(communication_mode = 'via_ocpp_connected_charge_point') = (ocpp_connected_charge_point_id IS NOT NULL)",
        name="satellite",
    ),
    ForeignKeyConstraint(
        ["tenant_id", "ocpp_connected_charge_point_id"], ["charging.charge_point.tenant_id", "charging.charge_point.id"]
    ),
    Index(None, "tenant_id", "ocpp_connected_charge_point_id"),
    Index(None, "tenant_id", "updated_at"),
    # A station says its name before anybody knows which tenant it belongs to.
    Index(None, "network_id"),
    Index("ix_charge_point_tags", "tags", postgresql_using="gin"),
)

evse = tenant_table(
    "charging",
    "evse",
    reference("charge_point_id", charge_point, on_delete="CASCADE", index=False),
    Column("operator_id", BigInteger, doc="As its charge point has it."),
    Column("roaming_operator_id", BigInteger, doc="As its charge point has it."),
    Column("external_id", Text),
    Column("physical_reference", Text, nullable=False, doc="What drivers read on it."),
    Column("network_id", Text, nullable=False, doc="Its number within the station, from 1."),
    Column("label", Text),
    Column("current_type", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("mid_meter_certification_end_year", Integer),
    reference("tariff_group_id", tariff_group, nullable=True),
    _flag("allows_reservation"),
    _flag("booking_enabled"),
    _flag("monitoring_enabled", "true"),
    Column("max_power_w", Integer),
    Column("max_voltage", Text, doc="V, or a range of V."),
    Column("max_amperage", Numeric(8, 1), doc="A"),
    Column("phases", Text),
    Column("phase_rotation", Text),
    Column("connected_phase", Text),
    Column("external_app_data", JSONB),
    Column("hardware_status", Text),
    Column("hardware_status_at", Instant),
    Column(
        "roaming", JSONB, doc="{evseId, tariffIds, capabilities, physicalReference, status} as the partner sent them."
    ),
    created_at(),
    updated_at(),
    unique("charge_point_id", "network_id"),
    unique("charge_point_id", "id"),
    unique("operator_id", "external_id"),
    one_of("current_type", ("ac", "dc")),
    one_of("status", EVSE_STATUSES),
    one_of("max_voltage", VOLTAGES),
    one_of("phases", PHASES),
    one_of("phase_rotation", ROTATIONS),
    one_of("connected_phase", CONNECTED),
    one_of("hardware_status", EVSE_HARDWARE),
    Index(
        "uq_evse_physical_reference",
        "tenant_id",
        "physical_reference",
        unique=True,
        postgresql_where=text("roaming_operator_id IS NULL"),
    ),
    Index(None, "tenant_id", "updated_at"),
)

connector = tenant_table(
    "charging",
    "connector",
    Column("charge_point_id", BigInteger, nullable=False),
    Column("evse_id", BigInteger, nullable=False),
    Column("type", Text, nullable=False),
    Column("format", Text),
    Column("status", Text, nullable=False, server_default="enabled"),
    created_at(),
    updated_at(),
    ForeignKeyConstraint(
        ["tenant_id", "charge_point_id", "evse_id"],
        [evse.c.tenant_id, evse.c.charge_point_id, evse.c.id],
        ondelete="CASCADE",
    ),
    one_of("type", CONNECTORS),
    one_of("format", ("socket", "cable")),
    one_of("status", ("enabled", "disabled")),
    Index(None, "tenant_id", "evse_id"),
)
