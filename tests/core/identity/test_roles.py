"""Roles and scopes: who covers what, and the traps of a star."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.core.identity.roles import ROLES, scopes_of
from gridloom.kernel.http.subject import Subject


def may(granted: list[str], scope: str) -> bool:
    return Subject(tenant_id=1, id="token:1", kind="service", scopes=frozenset(granted)).may(scope)


COVERED = [
    (["charging.taxes:read"], "charging.taxes:read"),
    (["charging.taxes"], "charging.taxes:read"),
    (["charging.taxes"], "charging.taxes"),
    (["charging.*"], "charging.taxes:read"),
    (["charging.tax*"], "charging.taxes:read"),
    (["charging.taxes:*"], "charging.taxes:read"),
    (["*"], "charging.taxes:read"),
    (["iam:*"], "iam:users:read"),
    (["x", "charging.taxes:read"], "charging.taxes:read"),
    (["a:read"], "b:write|a:read"),
    (["b.*"], "b:write|b.c:write"),
    (["a:read|b:read"], "a:read|b:read"),
]
REFUSED = [
    ([], "charging.taxes:read"),
    ([""], "charging.taxes:read"),
    ([""], "charging"),
    (["charging.*"], "chargingx.taxes:read"),
    (["charging.*"], "charging"),
    (["charging.*"], "charging:read"),
    (["charging.taxes"], "charging.taxesx:read"),
    (["charging.taxes:*"], "charging.taxesx:read"),
    (["charging.taxes:read"], "charging.taxes:readx"),
    (["charging.taxes:read"], "charging.taxes:write"),
    (["charging.taxes:read"], "charging.taxes"),
    (["charging"], "charging.taxes:read"),
    (["CHARGING.*"], "charging.taxes:read"),
    (["*.taxes:read"], "charging.taxes:read"),
    (["charging.*:read"], "charging.taxes:read"),
    (["c*g.taxes:read"], "charging.taxes:read"),
    (["**"], "charging.taxes:read"),
    ([" *"], "charging.taxes:read"),
    (["?"], "c"),
    (["a:read"], "b:write|c:read"),
    (["a"], "a.b:read|ab:read"),
]


@pytest.mark.parametrize(("granted", "scope"), COVERED)
def test_a_right_covers_what_it_says(granted: list[str], scope: str) -> None:
    assert may(granted, scope)


@pytest.mark.parametrize(("granted", "scope"), REFUSED)
def test_a_right_covers_nothing_else(granted: list[str], scope: str) -> None:
    assert not may(granted, scope)


WORDS = st.text("abx.:*", min_size=1, max_size=6)


@given(WORDS, WORDS)
def test_a_right_without_a_star_covers_itself_and_its_verbs_alone(granted: str, scope: str) -> None:
    if not granted.endswith("*"):
        assert may([granted], scope) is (granted == scope or granted == scope.rpartition(":")[0])


@given(st.lists(WORDS, max_size=4), WORDS, WORDS)
def test_more_rights_never_cover_less(granted: list[str], more: str, scope: str) -> None:
    assert not may(granted, scope) or may([*granted, more], scope)


def test_the_rights_of_several_roles_add_up_and_a_role_that_is_gone_brings_none() -> None:
    assert scopes_of([]) == frozenset()
    assert scopes_of(["gone"]) == frozenset()
    assert scopes_of(["community", "gone", "portal-user"]) == ROLES["community"] | ROLES["portal-user"]


@pytest.mark.parametrize(
    ("role", "scope", "expected"),
    [
        ("admin", "anything.at:all", True),
        ("charging", "charging.taxes:write", True),
        ("charging", "commerce.orders:write", False),
        ("commerce", "rel:contacts:read", True),
        ("commerce", "relx:contacts:read", False),
        ("metering-reader", "metering.signals:read", True),
        ("metering-reader", "metering.signals:write", False),
        ("portal-user", "portal.own:read", True),
        ("portal-user", "portal.configurations:write", False),
        ("portal-admin", "portal.own:write", True),
    ],
)
def test_a_role_brings_the_rights_of_its_api_and_no_others(role: str, scope: str, expected: bool) -> None:
    assert may(list(scopes_of([role])), scope) is expected
