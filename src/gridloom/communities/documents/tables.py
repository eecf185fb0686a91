"""Documents of members; their bytes are files."""

from gridloom.communities.members.tables import member
from gridloom.kernel.database.tables import created_at, reference, tenant_table, unique
from gridloom.kernel.files.tables import file

document = tenant_table(
    "communities",
    "document",
    reference("member_id", member),
    reference("file_id", file, index=False),
    created_at(),
    unique("file_id"),
)
