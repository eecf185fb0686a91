"""Rows of sessions: one delivery of energy at one EVSE, what it was priced to, and what the station said of it on the way.

The numbers that a meter read are in the series core, in channels of the EVSE; `session_channel` says which. A session keeps
the registers at its ends and the latest values, so that a list of sessions asks the series nothing.

`start_request` is a remote start that leaves the connector to the station: a session is made when the station starts. `stray` is
what a station said about sessions and what fits none: kept, and never trusted.
"""

from sqlalchemy import BigInteger, Boolean, Column, Double, Index, Integer, Numeric, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.charging.drivers.public import tables as drivers
from gridloom.charging.stations.tables import charge_point, evse
from gridloom.charging.tariffs.tables import tariff_snapshot
from gridloom.kernel.database.tables import Instant, created_at, one_of, reference, tenant_table, updated_at

STATUSES = ("unknown", "pending", "active", "finished", "failed", "expired")
BILLING = ("pending", "suspended", "completed")
PAYMENT = ("pending", "paid", "partially", "failed")
PAYMENT_TYPES = ("tokenized", "subscription", "balance", "corporate", "terminal", "bank_transfer")
STRATEGIES = ("none", "payment_method", "payment_method_and_authorisation", "payment_method_or_balance")
STATES = ("charging", "idle", "suspended_ev", "suspended_evse")
SOURCES = ("local", "roaming", "third_party")
MONEY = Numeric(18, 6)
WH = Numeric(20, 6)

session = tenant_table(
    "charging",
    "session",
    Column("operator_id", BigInteger, nullable=False),
    reference("charge_point_id", charge_point, index=False),
    reference("evse_id", evse, index=False),
    Column("connector_number", Integer, doc="OCPP's number of the connector within the station or the EVSE."),
    Column("connector_id", BigInteger),
    reference("driver_id", drivers.driver, nullable=True),
    reference("authorization_id", drivers.authorization, nullable=True),
    Column("authorization_source", Text, nullable=False, server_default="local"),
    Column("booking_id", BigInteger),
    Column("id_tag", Text, doc="What it was started with; `*` and seven digits or more for a remote start."),
    Column("id_tag_key", Text, doc="The same as it is compared."),
    Column("id_tag_label", Text),
    Column("id_tag_type", Text),
    Column("status", Text, nullable=False),
    Column("reason", Text, doc="Why it stopped, expired or failed."),
    Column("stopping_for", Text, doc="Why a stop was asked for that the station has not confirmed."),
    Column("stopping_at", Instant, doc="When it was asked for last."),
    Column("started_at", Instant, nullable=False, doc="Of a pending one: when it was asked for."),
    Column("stopped_at", Instant),
    Column("transaction_id", Text, doc="What the station calls it (2.0.1), or our number as we told it (1.6)."),
    Column("remote_start_id", BigInteger, doc="What a remote start was asked with (2.0.1)."),
    Column(
        "reported_start", Text,
        doc="Connector, instant, register and tag of the start (1.6), or its instant (2.0.1); of a clock that is not believed "
        "with something of its own behind it.",
    ),
    Column("reported_stop", Text, doc="Instant, register and reason of the station's own stop; it repeats itself."),
    Column("reported_stop_wh", WH, doc="The register of that stop as it was told, good or not."),
    Column("heard_at", Instant, doc="When the station said something about it last, by our clock."),
    Column("announced_at", Instant, doc="When listeners were told of its energy last."),
    Column("bill_again_at", Instant, doc="Values came late: from then on it is billed again."),
    Column("reported_state", Text, nullable=False, server_default="charging", doc="The newest that the station told."),
    Column("meter_start_wh", WH),
    Column("meter_start_at", Instant, doc="Of which instant the first register is."),
    Column("meter_stop_wh", WH, doc="The last good register, once it has stopped."),
    Column("meter_wh", WH, doc="The newest good register."),
    Column("metered_at", Instant, doc="When it was so."),
    Column("power_w", WH, doc="The newest."),
    Column("peak_power_w", WH),
    Column("soc_percent", Numeric(6, 2)),
    Column("stop_energy_kwh", Numeric(12, 3), doc="Stop conditions of the session itself; the tariff may have lower ones."),
    Column("stop_minutes", Integer),
    Column("stop_soc_percent", Numeric(6, 2)),
    Column("stop_amount", MONEY),
    Column("charging_profile", JSONB, doc="What the start was asked with."),
    Column("payment_type", Text),
    Column("payment_method_id", Text),
    Column("terminal_id", BigInteger),
    Column("tariff_id", BigInteger),
    reference("tariff_snapshot_id", tariff_snapshot, nullable=True),
    Column("tax_id", BigInteger),
    Column("tax_percentage", Numeric(8, 4)),
    Column("billing_status", Text),
    Column("billing_completed_at", Instant),
    Column("payment_status", Text),
    Column("payment_status_updated_at", Instant),
    Column("currency", Text),
    Column("total_with_tax", MONEY),
    Column("total_without_tax", MONEY),
    Column("price_breakdown", JSONB, nullable=False, server_default=text("'[]'")),
    Column("non_billable_energy_wh", WH),
    Column("electricity_cost", MONEY),
    Column("charging_state", Text, doc="charging or idle, of the newest period."),
    Column("original_session_id", BigInteger, doc="Which one this goes on after a long silence."),
    Column("extended_by_session_id", BigInteger),
    Column("randomised_delay_s", Integer),
    Column("reimbursement_eligibility", Boolean),
    Column("external_app_data", JSONB),
    Column("suspect", JSONB, nullable=False, server_default=text("'[]'"), doc="[{at, what, detail}]: what did not fit."),
    Column("is_recalculating", Boolean, nullable=False, server_default=text("false")),
    Column(
        "is_apart", Boolean, nullable=False, server_default=text("false"),
        doc="Its time at the EVSE is another's, or it was refused: its values are in session_value alone.",
    ),
    created_at(),
    updated_at(),
    one_of("status", STATUSES),
    one_of("billing_status", BILLING),
    one_of("payment_status", PAYMENT),
    one_of("payment_type", PAYMENT_TYPES),
    one_of("reported_state", STATES),
    one_of("authorization_source", SOURCES),
    # One station, one name: a start that comes again finds the session that it made.
    Index(
        "uq_session_transaction", "tenant_id", "charge_point_id", "transaction_id", unique=True,
        postgresql_where=text("transaction_id IS NOT NULL AND original_session_id IS NULL"),
    ),
    # What goes on after a long silence keeps the transaction's name.
    Index(
        "ix_session_transaction", "tenant_id", "charge_point_id", "transaction_id",
        postgresql_where=text("transaction_id IS NOT NULL"),
    ),
    Index(
        "ix_session_bill_again", "tenant_id", "bill_again_at", postgresql_where=text("bill_again_at IS NOT NULL"),
    ),
    Index(
        "uq_session_reported_start", "tenant_id", "charge_point_id", "reported_start", unique=True,
        postgresql_where=text("reported_start IS NOT NULL"),
    ),
    Index(
        "ix_session_open", "tenant_id", "evse_id", postgresql_where=text("status IN ('pending', 'active')"),
    ),
    Index(None, "tenant_id", "charge_point_id", "started_at"),
    Index(None, "tenant_id", "evse_id", "started_at"),
    Index(None, "tenant_id", "evse_id", "stopped_at"),
    postgresql_with={"fillfactor": 70},
)  # fmt: skip

session_period = tenant_table(
    "charging",
    "session_period",
    reference("session_id", session, on_delete="CASCADE"),
    Column("position", Integer, nullable=False, doc="From 0, in order of time."),
    Column("started_at", Instant, nullable=False),
    Column("stopped_at", Instant, doc="NULL while it is running."),
    Column("charging_state", Text, nullable=False),
    Column("state", Text, nullable=False, doc="The older text for state and slot, `charging@day`."),
    Column("energy_wh", WH, nullable=False),
    Column("grace_time_end_at", Instant),
    Column("pricing_details", JSONB, nullable=False, server_default=text("'{}'")),
    Column("total_with_tax", MONEY),
    Column("total_without_tax", MONEY),
    Column("price_breakdown", JSONB, nullable=False, server_default=text("'[]'")),
    updated_at(),
    one_of("charging_state", ("charging", "idle")),
    Index("uq_session_period_position", "tenant_id", "session_id", "position", unique=True),
)

session_state = tenant_table(
    "charging",
    "session_state",
    reference("session_id", session, on_delete="CASCADE", index=False),
    Column("at", Instant, nullable=False),
    Column("state", Text, nullable=False, doc="What the station said that the car does."),
    Column(
        "sequence", Integer, nullable=False, server_default=text("0"), doc="Of two of one instant the higher holds."
    ),
    one_of("state", STATES),
    key=("session_id", "at"),
)

session_channel = tenant_table(
    "charging",
    "session_channel",
    reference("evse_id", evse, on_delete="CASCADE", index=False),
    Column("measurand", Text, nullable=False),
    Column("phase", Text, nullable=False, server_default="", doc="Empty: all together."),
    Column("location", Text, nullable=False, server_default="Outlet"),
    Column("channel_id", BigInteger, nullable=False, doc="Of the series core."),
    Column("precision", SmallInteger),
    key=("evse_id", "measurand", "phase", "location"),
)

session_value = tenant_table(
    "charging",
    "session_value",
    reference("session_id", session, on_delete="CASCADE", index=False),
    Column("measurand", Text, nullable=False),
    Column("phase", Text, nullable=False, server_default=""),
    Column("location", Text, nullable=False, server_default="Outlet"),
    Column("time_ms", BigInteger, nullable=False, doc="Since 1970, as the series counts."),
    Column("value", Double, nullable=False),
    key=("session_id", "measurand", "phase", "location", "time_ms"),
)
"""What was told for a session and lies outside of its turn at the EVSE: no other session ever sees it."""

session_setting = tenant_table(
    "charging",
    "session_setting",
    Column("operator_id", BigInteger, nullable=False),
    Column("billing_strategy", Text, nullable=False, server_default="none", doc="What a driver needs to start."),
    Column("minimum_balance", MONEY, nullable=False, server_default=text("0")),
    Column("duration_fee_while_idle", Boolean, nullable=False, server_default=text("false")),
    Column("idle_power_kw", Numeric(8, 3), nullable=False, server_default=text("0.1"), doc="Below it a car idles."),
    Column("idle_soc_percent", Integer, doc="Above it a car idles; NULL: never."),
    Column("tariffs_set_idle", Boolean, nullable=False, server_default=text("true"), doc="Tariffs may say otherwise."),
    Column("prices_include_tax", Boolean, nullable=False, server_default=text("true")),
    one_of("billing_strategy", STRATEGIES),
    key=("operator_id",),
)

start_request = tenant_table(
    "charging",
    "start_request",
    reference("charge_point_id", charge_point, on_delete="CASCADE", index=False),
    reference("authorization_id", drivers.authorization, nullable=True),
    Column("id_tag", Text, nullable=False, doc="What the station was told to start with."),
    Column("id_tag_key", Text, nullable=False),
    Column("remote_start_id", BigInteger),
    Column("wishes", JSONB, nullable=False, doc="Columns of the session that is to come."),
    Column("session_id", BigInteger, doc="The session that came of it."),
    created_at(),
    Index(None, "tenant_id", "charge_point_id", "created_at"),
)

stray = tenant_table(
    "charging",
    "stray",
    reference("charge_point_id", charge_point, on_delete="CASCADE", index=False),
    Column("action", Text, nullable=False),
    Column("version", Text, nullable=False),
    Column("transaction_id", Text, doc="What the station named."),
    Column("why", Text, nullable=False, doc="Why it fits nowhere."),
    Column("payload", JSONB, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("digest", Text, nullable=False, doc="Of the payload: what is repeated is kept once."),
    Index("uq_stray", "tenant_id", "charge_point_id", "action", "digest", unique=True),
    Index(None, "tenant_id", "charge_point_id", "transaction_id"),
)
