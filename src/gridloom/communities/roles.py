"""Who may call which operation: one table, read at the door of every request.

A role counts inside one community, the one that `x-community-id` names. An operation that is about the caller alone needs no
community. An operation that is missing here cannot be called by anybody.
"""

from collections.abc import Iterable
from typing import Literal, NamedTuple, TypeAlias

Role: TypeAlias = Literal["MEMBER", "MANAGER", "ADMIN"]

ROLES: tuple[Role, ...] = ("MEMBER", "MANAGER", "ADMIN")
RANK: dict[str, int] = {role: rank for rank, role in enumerate(ROLES)}


class Need(NamedTuple):
    """What an operation asks of its caller: to be a user, and the least role in the named community."""

    user: bool
    least: Role | None


SELF = Need(user=True, least=None)
MEMBER = Need(user=False, least="MEMBER")
MANAGER = Need(user=False, least="MANAGER")
ADMIN = Need(user=False, least="ADMIN")

NEEDED: dict[str, Need] = {
    "get_users": SELF,
    "put_users": SELF,
    "post_communities_logout": SELF,
    "get_communities_my_communities": SELF,
    "post_communities": SELF,
    "delete_communities_leave_id_community": SELF,
    "get_communities_admins": MEMBER,
    "get_communities_users": MANAGER,
    "put_communities": MANAGER,
    "patch_communities": MANAGER,
    "delete_communities_kick_id_user": ADMIN,
    "delete_communities_delete_id_community": ADMIN,
    "post_documents": MANAGER,
    "delete_documents_document_id": MANAGER,
    "get_documents_member_id": MANAGER,
    "get_documents_member_id_document_id": MANAGER,
    "get_invitations": MANAGER,
    "post_invitations_accept": SELF,
    "post_invitations_accept_encoded": SELF,
    "post_invitations_accept_manager": SELF,
    "post_invitations_manager": ADMIN,
    "get_invitations_managers": MANAGER,
    "post_invitations_member": MANAGER,
    "get_invitations_own": SELF,
    "get_invitations_own_managers": SELF,
    "delete_invitations_id_invitation_manager": ADMIN,
    "delete_invitations_id_invitation_member": MANAGER,
    "delete_invitations_id_invitation_own_manager": SELF,
    "delete_invitations_id_invitation_own_member": SELF,
    "get_keys": MANAGER,
    "post_keys": MANAGER,
    "put_keys": MANAGER,
    "delete_keys_id": MANAGER,
    "get_keys_id": MANAGER,
    "get_keys_id_download": MANAGER,
    "get_members": MANAGER,
    "post_members": MANAGER,
    "put_members": MANAGER,
    "patch_members_invite": MANAGER,
    "patch_members_status": MANAGER,
    "delete_members_id_member": MANAGER,
    "get_members_id_member": MANAGER,
    "delete_members_id_member_link": MANAGER,
    "get_members_id_member_link": MANAGER,
    "get_meters": MANAGER,
    "post_meters": MANAGER,
    "patch_meters_data": MANAGER,
    "delete_meters_id": MANAGER,
    "get_meters_id": MANAGER,
    "get_meters_id_consumptions": MANAGER,
    "get_meters_id_consumptions_download": MANAGER,
    "get_sharing_operations": MANAGER,
    "post_sharing_operations": MANAGER,
    "post_sharing_operations_consumptions": MANAGER,
    "patch_sharing_operations_key": MANAGER,
    "post_sharing_operations_key": MANAGER,
    "patch_sharing_operations_meter": MANAGER,
    "post_sharing_operations_meter": MANAGER,
    "delete_sharing_operations_id": ADMIN,
    "get_sharing_operations_id": MANAGER,
    "get_sharing_operations_id_consumptions": MANAGER,
    "get_sharing_operations_id_consumptions_download": MANAGER,
    "delete_sharing_operations_id_meter": MANAGER,
    "post_settlements": MANAGER,
    "get_settlements": MANAGER,
    "get_settlements_id": MANAGER,
    "get_settlements_id_lines": MANAGER,
    "get_settlements_id_differences": MANAGER,
    "get_settlements_id_download": MANAGER,
}


def at_least(role: str, least: str) -> bool:
    """Whether a role is this one or a higher one."""
    return RANK[role] >= RANK[least]


def highest(roles: Iterable[str]) -> Role | None:
    """The highest of several roles; names that are no role do not count."""
    known = [role for role in ROLES if role in set(roles)]
    return known[-1] if known else None


def lower(one: Role, other: Role) -> Role:
    """The lower of two roles."""
    return min(one, other, key=RANK.__getitem__)
