"""One row about each file; its bytes lie in the store under `key`."""

from sqlalchemy import BigInteger, CheckConstraint, Column, LargeBinary, Text

from gridloom.kernel.database.tables import created_at, tenant_table, unique

file = tenant_table(
    "files",
    "file",
    Column("key", Text, nullable=False, doc="Where the bytes lie; never used twice."),
    Column("name", Text, nullable=False, doc="What the person who sent it called it."),
    Column("media_type", Text, nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("sha256", LargeBinary, nullable=False),
    Column("created_by", Text, nullable=False, doc="The subject that wrote it, as in the trail."),
    created_at(),
    unique("key"),
    CheckConstraint("size_bytes >= 0 AND octet_length(sha256) = 32", name="measured"),
    key="uuid",
)
