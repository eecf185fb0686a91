"""What travels about documents."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from gridloom.communities.schemas import Inside, Sort


class DocumentForm(Struct):
    """A document and whose it is."""

    file: Annotated[str, Meta(description="At most 5,000,000 bytes.", extra_json_schema={"format": "binary"})]
    id_member: int


class Document(Struct):
    """A document of a member."""

    id: int
    file_name: str
    file_size: Annotated[int, Meta(description="Bytes.")]
    upload_date: datetime
    file_type: Annotated[str, Meta(description="Media type, as whoever sent it said.")]


class DocumentsQuery(Struct):
    """Filters and sorts. Several sorts count in the order in which they are given."""

    file_name: Inside = UNSET
    file_type: Inside = UNSET
    sort_upload_date: Sort | UnsetType = UNSET
    sort_file_size: Sort | UnsetType = UNSET
