"""Files of consumption that were uploaded: each one that said something new is a version, and none is lost."""

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Integer, Text

from gridloom.communities.sharing.tables import sharing_operation
from gridloom.kernel.database.tables import Instant, created_at, reference, tenant_table, unique
from gridloom.kernel.files.tables import file

upload = tenant_table(
    "communities",
    "upload",
    reference("sharing_operation_id", sharing_operation, on_delete="CASCADE", index=False),
    Column("version", Integer, nullable=False, doc="Counts from 1 in each operation."),
    reference("file_id", file, index=False),
    Column("since", Instant, nullable=False, doc="Beginning of its first interval."),
    Column("till", Instant, nullable=False, doc="End of its last interval."),
    Column("value_count", BigInteger, nullable=False, doc="Values of known meters in the file."),
    Column("new_count", BigInteger, nullable=False, doc="Those of them that said something new."),
    Column("is_settled", Boolean, nullable=False, doc="Whether the grid operator's shared and net values are in it."),
    Column("acq_time", Instant, nullable=False, doc="The acquisition time of its values."),
    Column("created_by", Text, nullable=False),
    created_at(),
    unique("sharing_operation_id", "version"),
    CheckConstraint("new_count <= value_count", name="counts"),
)
