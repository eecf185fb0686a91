"""The list of this module."""

from sqlalchemy import BigInteger, bindparam, select

from gridloom.communities.keys.schemas import KeyPartial
from gridloom.communities.keys.tables import allocation_key
from gridloom.communities.lists import Listing
from gridloom.kernel.http.filters import contains

KEYS = Listing(
    select(allocation_key.c.id, allocation_key.c.name, allocation_key.c.description).where(
        allocation_key.c.deleted_at.is_(None),
        allocation_key.c.community_id == bindparam("community_id", type_=BigInteger),
    ),
    KeyPartial,
    key=allocation_key.c.id,
    filters={"name": contains(allocation_key.c.name), "description": contains(allocation_key.c.description)},
    sorts={"name": allocation_key.c.name},
)
