"""What travels about sharing."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta

from gridloom.charging.schemas import Id, Wire
from gridloom.charging.sites.schemas import ReadOnly


class Share(Wire):
    """A guest who may use a personal charge point."""

    id: int
    user_id: int
    shared_on: datetime


class ShareWrite(Wire):
    """A new guest."""

    user_id: Id
    id: ReadOnly = UNSET
    shared_on: ReadOnly = UNSET


class SharedPartner(Wire):
    """A partner whose drivers may use a private charge point."""

    id: int
    shared_at: datetime


class SharedPartners(Wire):
    """All partners that a private charge point is shared with; others are taken away."""

    partner_ids: Annotated[list[Id], Meta(max_length=1000)]
