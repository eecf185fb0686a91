"""The list of this module."""

from typing import Literal

from sqlalchemy import BigInteger, bindparam, select

from gridloom.communities.lists import Listing
from gridloom.communities.sharing.schemas import OperationPartial
from gridloom.communities.sharing.tables import sharing_operation
from gridloom.kernel.http.filters import contains, when

_columns = sharing_operation.c

OPERATIONS = Listing(
    select(_columns.id, _columns.name, _columns.type).where(
        _columns.deleted_at.is_(None), _columns.community_id == bindparam("community_id", type_=BigInteger)
    ),
    OperationPartial,
    key=_columns.id,
    filters={
        "name": contains(_columns.name),
        "type": when(Literal["1", "2", "3"], lambda value: _columns.type == value, _columns.type.type, int),
    },
    sorts={"name": _columns.name, "type": _columns.type},
)
