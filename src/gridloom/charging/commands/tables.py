"""Rows of what stations were asked for and is not over with the answer: profiles, reservations, uploads, updates, reports.

A row is written before the station is asked (`asked`), because its number travels in the message; a station that says no
leaves no row. What a caller wrote into an address to sign in with (`ftp://user:password@host`) is never kept.
"""

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, SmallInteger, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gridloom.charging.drivers.public import tables as drivers
from gridloom.charging.stations.tables import charge_point, evse
from gridloom.kernel.database.tables import Instant, created_at, one_of, reference, tenant_table, updated_at

PURPOSES = ("ChargePointMaxProfile", "TxDefaultProfile", "TxProfile")
RESERVATION_STATUSES = ("asked", "active", "done", "expired", "canceled")
UPLOAD_STATUSES = ("asked", "accepted", "idle", "uploading", "uploaded", "uploadfailed")
REPORT_STATUSES = ("asked", "waiting", "done", "failed")

charging_profile = tenant_table(
    "charging",
    "charging_profile",
    reference("charge_point_id", charge_point, on_delete="CASCADE", index=False),
    Column("evse_number", Integer, nullable=False, doc="Within the station, from 1; 0 is the station itself."),
    Column("purpose", Text, nullable=False),
    Column("stack_level", Integer, nullable=False),
    Column("transaction_id", Text, doc="Of a profile for one transaction, as the station calls it."),
    Column("profile", JSONB, nullable=False, doc="As the caller said it, in the words of OCPP 1.6."),
    Column("status", Text, nullable=False, server_default="asked"),
    Column("installed_at", Instant),
    created_at(),
    updated_at(),
    one_of("purpose", PURPOSES),
    one_of("status", ("asked", "installed")),
    Index(None, "tenant_id", "charge_point_id", "evse_number"),
)

reservation = tenant_table(
    "charging",
    "reservation",
    Column("operator_id", BigInteger, nullable=False),
    reference("charge_point_id", charge_point, on_delete="CASCADE"),
    reference("evse_id", evse, on_delete="CASCADE", index=False),
    reference("driver_id", drivers.driver, index=False),
    Column("id_token", Text, nullable=False, doc="Whom the station lets charge: a tag of the driver, or one made for it."),
    Column("reason", Text, nullable=False),
    Column("status", Text, nullable=False, server_default="asked"),
    Column("expires_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("session_id", BigInteger, doc="Which one made it done."),
    created_at(),
    updated_at(),
    one_of("status", RESERVATION_STATUSES),
    # One EVSE is held for one driver.
    Index(
        "uq_reservation_open", "tenant_id", "evse_id", unique=True, postgresql_where=text("status IN ('asked', 'active')")
    ),
    Index(None, "tenant_id", "evse_id", "created_at"),
    Index(None, "tenant_id", "driver_id", "created_at"),
)  # fmt: skip

log_upload = tenant_table(
    "charging",
    "log_upload",
    reference("charge_point_id", charge_point, on_delete="CASCADE"),
    Column("log_type", Text, nullable=False),
    Column("location", Text, nullable=False, doc="Where it shall be uploaded to, without what one signs in with."),
    Column("file_name", Text, doc="As the station announced it."),
    Column("status", Text, nullable=False, server_default="asked"),
    Column("reason", Text),
    created_at(),
    updated_at(),
    one_of("log_type", ("DiagnosticsLog", "SecurityLog")),
    one_of("status", UPLOAD_STATUSES),
)

firmware_execution = tenant_table(
    "charging",
    "firmware_execution",
    reference("charge_point_id", charge_point, on_delete="CASCADE"),
    Column("location", Text, nullable=False, doc="Where it is to be had, without what one signs in with."),
    Column("is_signed", Boolean, nullable=False),
    Column("retrieve_at", Instant, nullable=False),
    Column(
        "status", Text, nullable=False, server_default="asked", doc="asked, accepted, then the station's own words."
    ),
    Column("protocol", Text, nullable=False, doc="ocpp 1.6 or ocpp 2.0.1"),
    created_at(),
    updated_at(),
)

configuration_request = tenant_table(
    "charging",
    "configuration_request",
    reference("charge_point_id", charge_point, on_delete="CASCADE"),
    Column("at_boot", Boolean, nullable=False, doc="Nobody asked for it but the boot of the station."),
    Column("keys", ARRAY(Text), nullable=False, server_default=text("'{}'"), doc="Empty: all there are."),
    Column("status", Text, nullable=False, server_default="asked"),
    Column("error", Text),
    created_at(),
    updated_at(),
    one_of("status", REPORT_STATUSES),
    Index("ix_configuration_request_open", "tenant_id", "created_at", postgresql_where=text("status IN ('asked', 'waiting')")),
)  # fmt: skip

configuration_part = tenant_table(
    "charging",
    "configuration_part",
    reference("request_id", configuration_request, on_delete="CASCADE", index=False),
    Column("seq_no", Integer, nullable=False, doc="From 0."),
    Column("is_last", Boolean, nullable=False),
    Column("variables", JSONB, nullable=False, doc="reportData as the station sent it."),
    key=("request_id", "seq_no"),
)

profile_change = tenant_table(
    "charging",
    "security_profile_change",
    reference("charge_point_id", charge_point, on_delete="CASCADE", index=False),
    Column("wanted", SmallInteger, nullable=False, doc="The security profile, 1 to 3."),
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    Column("reason", Text),
    created_at(),
    updated_at(),
    key=("charge_point_id",),
)
