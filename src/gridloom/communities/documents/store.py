"""Reading and writing documents, in the caller's transaction."""

from uuid import UUID

from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

_FIND = (
    "SELECT d.file_id FROM communities.document d "
    "JOIN communities.member m ON m.tenant_id = d.tenant_id AND m.id = d.member_id "
    "WHERE d.id = :id AND m.community_id = :community_id AND m.removed_at IS NULL"
)
_FIND_OF = sql(f"{_FIND} AND m.id = :member_id")
_HOLD = sql(f"{_FIND} FOR UPDATE OF d")
_ADD = sql(
    "INSERT INTO communities.document (tenant_id, member_id, file_id) VALUES (:tenant_id, :member_id, :file_id) RETURNING id"
)
_REMOVE = sql("DELETE FROM communities.document WHERE id = :id")


async def file_of(tx: Tx, community_id: int, member_id: int, document_id: int) -> UUID | None:
    """The file of a member's document; None when the member has no such document."""
    found: UUID | None = await tx.scalar(_FIND_OF, community_id=community_id, member_id=member_id, id=document_id)
    return found


async def held(tx: Tx, community_id: int, document_id: int) -> UUID | None:
    """The file of a document of the community that nobody else removes now; None when there is no such document."""
    found: UUID | None = await tx.scalar(_HOLD, community_id=community_id, id=document_id)
    return found


async def add(tx: Tx, member_id: int, file_id: UUID) -> int:
    """A new document; gives its number."""
    return int(await tx.scalar(_ADD, tenant_id=tx.tenant, member_id=member_id, file_id=file_id))


async def remove(tx: Tx, document_id: int) -> None:
    """Forget a document."""
    await tx.run(_REMOVE, id=document_id)
