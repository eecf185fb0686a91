"""Which tariff of a group applies."""

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.charging.tariffs.public import Audience, Candidate, Visitor, applies, resolve

TODAY = date(2026, 5, 10)
LOCAL = Visitor(known=True, partner_ids=(5,), group_ids=(3, 4), plan_ids=(9,), method="id_tag")
GUEST = Visitor(roaming=True, method="id_tag")
AD_HOC = Visitor()


@pytest.mark.parametrize(
    ("audience", "local", "guest", "ad_hoc"),
    [
        ({}, True, True, True),
        ({"roaming": True}, False, True, False),
        ({"ad_hoc": True}, False, False, True),
        ({"roaming": True, "ad_hoc": True}, False, True, True),
        ({"partner_ids": (5, 6)}, True, False, False),
        ({"partner_ids": (6,)}, False, False, False),
        ({"group_ids": (4,)}, True, False, False),
        ({"group_ids": (1,), "plan_ids": (9,)}, True, False, False),
        ({"group_ids": (1,), "ad_hoc": True}, False, False, True),
        ({"charge_point_partner": True}, True, False, False),
        ({"methods": ("id_tag", "user_device")}, True, False, False),
        ({"methods": ("user_device",)}, False, False, False),
        ({"methods": ("user_device",), "group_ids": (4,)}, False, False, False),
        ({"first_day": TODAY, "last_day": TODAY}, True, True, True),
        ({"first_day": date(2026, 5, 11)}, False, False, False),
        ({"last_day": date(2026, 5, 9)}, False, False, False),
        ({"last_day": date(2026, 5, 9), "partner_ids": (5,)}, False, False, False),
    ],
)
def test_whom_a_tariff_is_for(audience: dict[str, Any], local: bool, guest: bool, ad_hoc: bool) -> None:
    found = [applies(Audience(**audience), each, TODAY, charge_point_partner=5) for each in (LOCAL, GUEST, AD_HOC)]
    assert found == [local, guest, ad_hoc]


@pytest.mark.parametrize(("partner", "meant"), [(5, True), (6, False), (None, False)])
def test_the_owner_of_the_charge_point_decides_whose_users_are_meant(partner: int | None, meant: bool) -> None:
    assert applies(Audience(charge_point_partner=True), LOCAL, TODAY, charge_point_partner=partner) is meant


def test_the_last_that_matches_applies_and_the_base_when_none_does() -> None:
    group = [
        Candidate(audience=Audience(), what="base"),
        Candidate(audience=Audience(group_ids=(3,)), what="first"),
        Candidate(audience=Audience(group_ids=(3,)), what="second"),
        Candidate(audience=Audience(ad_hoc=True), what="ad hoc"),
    ]
    assert [resolve(group, each, TODAY) for each in (LOCAL, GUEST, AD_HOC)] == ["second", "base", "ad hoc"]
    assert resolve(group[:2], LOCAL, TODAY) == "first"
    assert resolve([], LOCAL, TODAY) is None


_IDS = st.lists(st.integers(1, 4), max_size=2).map(tuple)
_AUDIENCES = st.builds(
    Audience, charge_point_partner=st.booleans(), roaming=st.booleans(), ad_hoc=st.booleans(), partner_ids=_IDS,
    group_ids=_IDS, plan_ids=_IDS, methods=st.sampled_from(((), ("id_tag",), ("user_device",))),
    first_day=st.none() | st.dates(date(2026, 5, 8), date(2026, 5, 12)),
    last_day=st.none() | st.dates(date(2026, 5, 8), date(2026, 5, 12)),
)  # fmt: skip
_VISITORS = st.builds(
    Visitor, known=st.booleans(), roaming=st.booleans(), partner_ids=_IDS, group_ids=_IDS, plan_ids=_IDS,
    method=st.sampled_from((None, "id_tag", "user_device")),
)  # fmt: skip


@given(st.lists(_AUDIENCES, max_size=5), _VISITORS, st.integers(1, 4) | st.none())
def test_what_applies_matches_and_nothing_after_it_does(
    audiences: list[Audience], visitor: Visitor, partner: int | None
) -> None:
    group = [Candidate(audience=each, what=i) for i, each in enumerate([Audience(), *audiences])]
    found = resolve(group, visitor, TODAY, charge_point_partner=partner)
    assert found is not None
    matching = [each.what for each in group if applies(each.audience, visitor, TODAY, charge_point_partner=partner)]
    assert found == max(matching)
