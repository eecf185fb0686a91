"""Who may make whom what."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.communities.membership.rules import hands_over, may_appoint
from gridloom.communities.roles import RANK, ROLES, Role, at_least, highest, lower

roles = st.sampled_from(ROLES)


@given(roles, roles, roles)
def test_nobody_gives_or_touches_a_role_above_the_own_one(caller: Role, now: Role, new: Role) -> None:
    assert may_appoint(caller, now, new) == (RANK[now] <= RANK[caller] and RANK[new] <= RANK[caller])


@given(roles, roles, roles)
def test_admin_is_given_and_taken_by_an_admin_only(caller: Role, now: Role, new: Role) -> None:
    if "ADMIN" in (now, new) and may_appoint(caller, now, new):
        assert caller == "ADMIN"


@given(roles, roles, st.booleans())
def test_only_an_admin_who_appoints_another_admin_hands_over(caller: Role, new: Role, to_other: bool) -> None:
    for now in ROLES:
        expected = caller == new == "ADMIN" and now != "ADMIN" and to_other
        assert hands_over(caller, now, new, to_other=to_other) == expected


@given(roles, roles)
def test_the_lower_of_two_roles_opens_only_what_both_open(one: Role, other: Role) -> None:
    for least in ROLES:
        assert at_least(lower(one, other), least) == (at_least(one, least) and at_least(other, least))


@given(st.lists(st.sampled_from([*ROLES, "OWNER", "admin", ""])))
def test_the_highest_role_is_one_of_ours_or_none(named: list[str]) -> None:
    known = [each for each in named if each in RANK]
    assert highest(named) == (max(known, key=RANK.__getitem__) if known else None)


@pytest.mark.parametrize(
    ("caller", "now", "new", "may"),
    [
        ("MANAGER", "MEMBER", "MANAGER", True), ("MANAGER", "MANAGER", "MEMBER", True),
        ("MANAGER", "MEMBER", "ADMIN", False), ("MANAGER", "ADMIN", "MEMBER", False),
        ("ADMIN", "ADMIN", "MEMBER", True), ("ADMIN", "MEMBER", "ADMIN", True), ("MEMBER", "MEMBER", "MANAGER", False),
    ],
)  # fmt: skip
def test_appointing_by_example(caller: Role, now: Role, new: Role, may: bool) -> None:
    assert may_appoint(caller, now, new) is may
