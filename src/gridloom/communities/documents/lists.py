"""The list of a member's documents."""

from sqlalchemy import BigInteger, bindparam, select

from gridloom.communities.documents.schemas import Document
from gridloom.communities.documents.tables import document
from gridloom.communities.lists import Listing
from gridloom.kernel.files.tables import file
from gridloom.kernel.http.filters import contains

DOCUMENTS = Listing(
    select(
        document.c.id,
        file.c.name.label("file_name"),
        file.c.size_bytes.label("file_size"),
        document.c.created_at.label("upload_date"),
        file.c.media_type.label("file_type"),
    )
    .select_from(document.join(file, (file.c.tenant_id == document.c.tenant_id) & (file.c.id == document.c.file_id)))
    .where(document.c.member_id == bindparam("member_id", type_=BigInteger)),
    Document,
    key=document.c.id,
    filters={"file_name": contains(file.c.name), "file_type": contains(file.c.media_type)},
    sorts={"upload_date": document.c.created_at, "file_size": file.c.size_bytes},
)
