"""Who may make whom what. No I/O."""

from gridloom.communities.roles import RANK, Role


def may_appoint(caller: Role, now: Role, new: Role) -> bool:
    """Whether somebody with the role `caller` may turn a member's role `now` into `new`.

    Nobody gives a role above the own one or touches a member who stands above; ADMIN is given and taken by an ADMIN only.
    """
    return max(RANK[now], RANK[new]) <= RANK[caller]


def hands_over(caller: Role, now: Role, new: Role, *, to_other: bool) -> bool:
    """Whether the caller becomes MANAGER by it: an ADMIN who makes somebody else ADMIN, who was none, hands the role over."""
    return to_other and caller == "ADMIN" and new == "ADMIN" != now
