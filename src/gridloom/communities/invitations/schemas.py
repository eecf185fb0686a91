"""What travels about invitations."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

from gridloom.communities.members.public import MemberWrite
from gridloom.communities.schemas import Inside, Sort
from gridloom.kernel.mail.address import ADDRESS

# The number of a wrong e-mail address, see `numbers.py`.
_EMAIL = 5002

Email = Annotated[str, Meta(max_length=254, pattern=ADDRESS, extra={"number": _EMAIL}, description="One address.")]


class CommunityName(Struct):
    """Which community invites."""

    id: int
    name: str


class UserMemberInvitation(Struct):
    """Somebody is asked to be a member. With `to_be_encoded` the invited user writes the member's data."""

    id: int
    user_email: str
    created_at: datetime
    to_be_encoded: bool
    community: CommunityName
    member_id: int | UnsetType = UNSET
    member_name: str | UnsetType = UNSET

    def __post_init__(self) -> None:
        """Where no member is there yet, the row has NULL, and the wire nothing."""
        if not self.member_id:
            self.member_id = self.member_name = UNSET


class UserManagerInvitation(Struct):
    """Somebody is asked to manage the community."""

    id: int
    user_email: str
    community: CommunityName
    created_at: datetime


class InviteUser(Struct):
    """Whom to invite."""

    user_email: Email


class Acceptance(Struct):
    """Which invitation is accepted."""

    invitation_id: int


class EncodedAcceptance(Struct):
    """Which invitation is accepted, and the member that the user writes."""

    invitation_id: int
    member: MemberWrite


class MemberInvitationsQuery(Struct):
    """Filters and sorts. `name` is somewhere in the address, the member's name or, in own lists, the community's."""

    name: Inside = UNSET
    to_be_encoded: bool | UnsetType = UNSET
    sort_name: Sort | UnsetType = UNSET
    sort_date: Sort | UnsetType = UNSET


class ManagerInvitationsQuery(Struct):
    """Filters and sorts. `name` is somewhere in the address or, in own lists, in the community's name."""

    name: Inside = UNSET
    sort_name: Sort | UnsetType = UNSET
    sort_date: Sort | UnsetType = UNSET
