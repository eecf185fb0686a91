"""Meters of a community, and the periods in which their data held."""

from sqlalchemy import CheckConstraint, Column, Date, Double, Index, Integer, SmallInteger, Text, func, text
from sqlalchemy.dialects.postgresql import ExcludeConstraint

from gridloom.communities.members.tables import member
from gridloom.communities.membership.tables import community
from gridloom.communities.sharing.tables import sharing_operation
from gridloom.core.parties.tables import address
from gridloom.core.series.tables import point
from gridloom.kernel.database.tables import Instant, created_at, reference, tenant_table, updated_at

meter = tenant_table(
    "communities",
    "meter",
    reference("community_id", community, on_delete="CASCADE", index=False),
    Column("ean", Text, nullable=False),
    reference("point_id", point, doc="Where its readings stand: the sensor of the metering API with the same number."),
    Column("meter_number", Text, nullable=False),
    reference("address_id", address, index=False),
    Column("tarif_group", SmallInteger, nullable=False, doc="1 low voltage, 2 high voltage."),
    Column("phases_number", Integer, nullable=False),
    Column("reading_frequency", SmallInteger, nullable=False, doc="1 monthly, 2 yearly."),
    Column("removed_at", Instant, doc="A removed meter keeps its row: energy was settled on it."),
    created_at(),
    updated_at(),
    CheckConstraint("tarif_group IN (1, 2)", name="tarif_group"),
    CheckConstraint("phases_number >= 1", name="phases_number"),
    CheckConstraint("reading_frequency IN (1, 2)", name="reading_frequency"),
    # One community at a time: whoever could register a neighbour's meter could read it, and write what it took.
    Index("uq_meter_ean", "tenant_id", "ean", unique=True, postgresql_where=text("removed_at IS NULL")),
    Index(None, "tenant_id", "community_id"),
)

period = tenant_table(
    "communities",
    "period",
    reference("meter_id", meter, on_delete="CASCADE", index=False),
    reference(
        "point_id", point, index=False, doc="That of the meter; it is in one operation at most, in all communities."
    ),
    Column("start_date", Date, nullable=False),
    Column("end_date", Date, doc="The last day; NULL while it lasts."),
    Column(
        "status",
        SmallInteger,
        nullable=False,
        doc="1 active, 2 inactive, 3 waits for the grid operator, 4 for a manager.",
    ),
    Column("rate", SmallInteger, nullable=False, doc="1 single, 2 day and night, 3 night only."),
    Column("client_type", SmallInteger, nullable=False, doc="1 residential, 2 professional, 3 industrial."),
    Column("description", Text),
    Column("sampling_power", Double),
    Column("amperage", Double),
    Column("grd", Text, doc="The grid operator."),
    Column("injection_status", SmallInteger, doc="1 to 4; NULL: injects nothing."),
    Column(
        "production_chain",
        SmallInteger,
        doc="1 sun, 2 wind, 3 water, 4 wood, 5 biogas, 6 fossil cogeneration, 7 other.",
    ),
    Column("total_generating_capacity", Double),
    reference("member_id", member, nullable=True, doc="Whose meter it is in this time."),
    reference("sharing_operation_id", sharing_operation, nullable=True),
    created_at(),
    updated_at(),
    CheckConstraint("start_date <= end_date", name="period"),
    CheckConstraint("status BETWEEN 1 AND 4", name="status"),
    CheckConstraint("rate BETWEEN 1 AND 3", name="rate"),
    CheckConstraint("client_type BETWEEN 1 AND 3", name="client_type"),
    CheckConstraint("injection_status BETWEEN 1 AND 4", name="injection_status"),
    CheckConstraint("production_chain BETWEEN 1 AND 7", name="production_chain"),
    ExcludeConstraint(
        (text("tenant_id"), "="),
        (text("meter_id"), "="),
        (func.daterange(text("start_date"), text("end_date"), text("'[]'")), "&&"),
        name="ex_period_meter",
        using="gist",
    ),
    ExcludeConstraint(
        (text("tenant_id"), "="),
        (text("point_id"), "="),
        (func.daterange(text("start_date"), text("end_date"), text("'[]'")), "&&"),
        name="ex_period_sharing",
        using="gist",
        where=text("sharing_operation_id IS NOT NULL"),
    ),
    Index(None, "tenant_id", "meter_id", "start_date"),
)
