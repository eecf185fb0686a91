"""Settlements: what a sharing operation gave to whom in a period, frozen with all it was computed from.

A run never changes. Running again makes the next version, which knows the one before.
"""

from sqlalchemy import CheckConstraint, Column, Date, Integer, LargeBinary, Numeric, Text
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.communities.members.tables import member
from gridloom.communities.membership.tables import community
from gridloom.communities.meters.tables import meter
from gridloom.communities.sharing.tables import sharing_operation
from gridloom.kernel.database.tables import Instant, created_at, reference, tenant_table, unique
from gridloom.kernel.files.tables import file

_KWH = Numeric(18, 6)

settlement = tenant_table(
    "communities",
    "settlement",
    reference("community_id", community),
    reference("sharing_operation_id", sharing_operation, index=False),
    Column("since", Date, nullable=False, doc="The first day, in the calendar of the grid."),
    Column("till", Date, nullable=False, doc="The last day."),
    Column("version", Integer, nullable=False, doc="Counts from 1 for the same operation and period."),
    Column("as_of", Instant, nullable=False, doc="Readings that got here later are not in it."),
    Column("keys", JSONB, nullable=False, doc="The keys in force, round by round, with their days."),
    Column("inputs_digest", LargeBinary, nullable=False, doc="SHA-256 of the frozen readings, meters and keys."),
    reference("inputs_file_id", file, index=False, doc="The frozen readings as Parquet."),
    Column("totals", JSONB, nullable=False, doc="Sums of the whole run, as decimal texts in kWh."),
    Column("created_by", Text, nullable=False),
    created_at(),
    CheckConstraint("since <= till", name="period"),
    unique("sharing_operation_id", "since", "till", "version"),
    rights="SELECT, INSERT",
)

settlement_line = tenant_table(
    "communities",
    "settlement_line",
    reference("settlement_id", settlement, on_delete="CASCADE", index=False),
    reference("meter_id", meter),
    Column("day", Date, nullable=False),
    reference("member_id", member, nullable=True),
    Column("gross_kwh", _KWH, nullable=False),
    Column("shared_kwh", _KWH, nullable=False),
    Column("net_kwh", _KWH, nullable=False),
    Column("injected_gross_kwh", _KWH, nullable=False),
    Column("injected_shared_kwh", _KWH, nullable=False),
    Column("injected_net_kwh", _KWH, nullable=False),
    Column("missing_count", Integer, nullable=False, doc="Intervals of the day without a reading."),
    key=("settlement_id", "meter_id", "day"),
    rights="SELECT, INSERT",
)
