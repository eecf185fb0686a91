"""How far a file has been read in."""

from sqlalchemy import BigInteger, Column, Integer, LargeBinary, Text, text

from gridloom.kernel.database.tables import Instant, created_at, tenant_table, updated_at

file_import = tenant_table(
    "metering",
    "file_import",
    Column("digest", LargeBinary, nullable=False, doc="SHA-256 of the file."),
    Column("client_cid", Integer, nullable=False),
    Column("name", Text, nullable=False),
    Column("rows_done", BigInteger, nullable=False, server_default=text("0")),
    Column("finished_at", Instant),
    created_at(),
    updated_at(),
    key=("digest", "client_cid"),
)
