"""Where metered numbers stand: points, their channels, the readings, what their registers are worth, and what was moved out.

`reading` is partitioned by month of the capture time; its partitions are made by `partitions.py`, its view by
`ddl.py`. Tenants may only read it: rows enter through `store.py`, which has proven by then that every channel is the
tenant's own.
"""

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Date,
    Double,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.kernel.database.tables import (
    Instant,
    created_at,
    one_of,
    reference,
    tenant_table,
    unique,
    updated_at,
)

KINDS = ("instant", "register", "interval")

point = tenant_table(
    "series",
    "point",
    Column("owner_cid", Integer, doc="The client that owns the point in the metering API; NULL when no client does."),
    Column("eid", Text, doc="The number on the meter's contract: an EAN, a serial number."),
    Column("name", Text, nullable=False, server_default=""),
    Column("lat", Double, doc="Degrees north."),
    Column("lon", Double, doc="Degrees east."),
    created_at(),
    updated_at(),
    CheckConstraint("lat BETWEEN -90 AND 90", name="lat"),
    CheckConstraint("lon BETWEEN -180 AND 180", name="lon"),
    Index(
        "uq_point_eid_owner_cid",
        "tenant_id",
        "eid",
        "owner_cid",
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=text("eid IS NOT NULL"),
    ),
)

channel = tenant_table(
    "series",
    "channel",
    reference("point_id", point, on_delete="CASCADE", index=False),
    Column("code", Integer, nullable=False, doc="The signal type, e.g. 32 for active energy taken from the grid."),
    Column("quantity", Text, nullable=False, doc="What is measured, see kernel/units.py."),
    Column("unit", Text, nullable=False, doc="Symbol of the unit in which every value of the channel stands."),
    Column("kind", Text, nullable=False, doc="instant: a state; register: a counter; interval: an amount per step."),
    Column("step_s", Integer, doc="Expected seconds from one value to the next; NULL when values come as they like."),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
    Column("first_cap", Instant, doc="Earliest capture time ever written; NULL before the first value."),
    Column("last_cap", Instant, doc="Latest capture time ever written."),
    Column("last_acq", Instant, doc="Acquisition time of the last write; the next is later."),
    created_at(),
    updated_at(),
    one_of("kind", KINDS),
    CheckConstraint("step_s > 0", name="step_s"),
    unique("point_id", "code"),
    postgresql_with={"fillfactor": 80},
)

reading = tenant_table(
    "series",
    "reading",
    Column("origin", SmallInteger, nullable=False, doc="How the value came about, see structs.Origin."),
    Column("channel_id", BigInteger, nullable=False),
    Column("cap_time", Instant, nullable=False, doc="The time the value is about."),
    Column("acq_time", Instant, nullable=False, doc="When the value reached this store."),
    Column("value", Double, doc="NULL says that what stood here was removed."),
    Column("lower", Double, doc="Lower bound of a prediction."),
    Column("upper", Double, doc="Upper bound of a prediction."),
    Column("original_acq", Instant, doc="When the value reached the system it came from."),
    Column("comment", Text),
    Index(None, "acq_time", postgresql_using="brin"),
    key=("channel_id", "cap_time", "origin", "acq_time"),
    rights="SELECT",
    checked=False,
    postgresql_partition_by="RANGE (cap_time)",
)

counter = tenant_table(
    "series",
    "counter",
    reference("point_id", point, on_delete="CASCADE", index=False),
    Column("code", Integer, nullable=False, doc="Which register."),
    Column("position", Integer, nullable=False, doc="The meters of a register one after the other, from 0."),
    Column("since", Instant, doc="When this meter came; NULL: it was always there."),
    Column("till", Instant, doc="When it went; NULL: it is still there."),
    Column("value_for_since", Double, doc="The register when it came; NULL: nobody read it."),
    Column("value_for_till", Double, doc="The register when it went."),
    Column("factor", Text, nullable=False, doc="What one count is worth, as a fraction: `40`, `200/5`."),
    created_at(),
    CheckConstraint("since < till", name="period"),
    key=("point_id", "code", "position"),
)

archive = tenant_table(
    "series",
    "archive",
    Column("month", Date, nullable=False, doc="First day (UTC) of the month whose readings were moved out."),
    Column("first_channel", BigInteger, nullable=False),
    Column("last_channel", BigInteger, nullable=False),
    Column("path", Text, nullable=False, doc="Where the Parquet file stands in the object store."),
    Column("row_count", BigInteger, nullable=False),
    Column("byte_count", BigInteger, nullable=False),
    Column("digest", LargeBinary, nullable=False, doc="SHA-256 of the file."),
    created_at(),
    CheckConstraint("first_channel <= last_channel", name="channels"),
    unique("path"),
    Index(None, "tenant_id", "month"),
    rights="SELECT, INSERT, DELETE",
)

retention = tenant_table(
    "series",
    "retention",
    Column("keep_months", Integer, nullable=False, doc="Whole months that stay here besides the present one."),
    updated_at(),
    CheckConstraint("keep_months > 0", name="keep_months"),
    key=(),
)
