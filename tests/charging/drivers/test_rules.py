"""What a tag opens, and how many sessions a driver may have."""

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gridloom.charging.drivers.public import OCPP_STATUS, Driver, KnownTag, Refusal, may_charge, may_start_another
from gridloom.charging.drivers.rules import SessionsAllowed

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
INSTANTS = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis wants them bare
ALLOWED = get_args(SessionsAllowed)


def driver(**changes: Any) -> Driver:
    given: dict[str, Any] = {
        "id": 1, "operator_id": 7, "status": "enabled", "sessions_allowed": "single_session", "skips_pre_authorization": False,
        "skips_unpaid_session_check": False, "partner_id": None, "group_ids": (),
    }  # fmt: skip
    return Driver(**(given | changes))


def tag(**changes: Any) -> KnownTag:
    given: dict[str, Any] = {
        "id": 1, "operator_id": 7, "uid": "CAFE", "type": "rfid", "status": "enabled", "expire_at": None,
        "payment_method_id": None, "driver": driver(),
    }  # fmt: skip
    return KnownTag(**(given | changes))


drivers = st.one_of(st.none(), st.sampled_from(["enabled", "disabled"]).map(lambda status: driver(status=status)))
tags = st.builds(
    lambda status, expire_at, holder, kind: tag(status=status, expire_at=expire_at, driver=holder, type=kind),
    st.sampled_from(["enabled", "disabled", "suspended"]),
    st.one_of(st.none(), INSTANTS),
    drivers,
    st.sampled_from(["rfid", "mac_address", "emaid"]),
)


@pytest.mark.parametrize(
    ("known", "refusal"),
    [
        (None, "unknown_id_tag"),
        (tag(status="disabled"), "id_tag_disabled"),
        (tag(status="suspended"), "id_tag_suspended"),
        (tag(expire_at=NOON), "id_tag_expired"),
        (tag(expire_at=NOON + timedelta(microseconds=1)), None),
        (tag(driver=None), "id_tag_without_user"),
        (tag(driver=driver(status="disabled")), "user_disabled"),
        (tag(status="disabled", expire_at=NOON, driver=None), "id_tag_disabled"),
        (tag(status="suspended", expire_at=NOON, driver=None), "id_tag_suspended"),
        (tag(expire_at=NOON, driver=None), "id_tag_expired"),
        (tag(), None),
    ],
)
def test_the_first_reason_in_the_written_order_is_told(known: KnownTag | None, refusal: Refusal | None) -> None:
    assert may_charge(known, NOON) == refusal


@given(tags, INSTANTS)
def test_a_tag_opens_exactly_when_nothing_speaks_against_it(known: KnownTag, at: datetime) -> None:
    good = (
        known.status == "enabled"
        and (known.expire_at is None or at < known.expire_at)
        and known.driver is not None
        and known.driver.status == "enabled"
    )
    assert (may_charge(known, at) is None) == good


@given(tags, INSTANTS, st.timedeltas(timedelta(0), timedelta(days=4000)))
def test_time_alone_never_opens_a_tag_again(known: KnownTag, at: datetime, later: timedelta) -> None:
    if may_charge(known, at) is not None:
        assert may_charge(known, at + later) is not None


@given(tags, INSTANTS)
def test_every_refusal_has_a_word_of_ocpp(known: KnownTag, at: datetime) -> None:
    refusal = may_charge(known, at)
    assert refusal is None or OCPP_STATUS[refusal] in ("Invalid", "Blocked", "Expired")
    assert set(OCPP_STATUS) == set(get_args(Refusal))


SINGLE, PER_TAG, TAGS, ALL = ALLOWED


@pytest.mark.parametrize(
    ("allowed", "running", "by", "may"),
    [
        (SINGLE, [], "A", True), (SINGLE, [], None, True), (SINGLE, ["A"], "B", False), (SINGLE, [None], None, False),
        (PER_TAG, ["A"], "A", True), (PER_TAG, ["A", "A"], "B", True), (PER_TAG, [None], "A", True),
        (PER_TAG, ["A"], None, False), (TAGS, ["A"], "A", False), (TAGS, ["A"], "B", True), (TAGS, [None], "A", True),
        (TAGS, ["A"], None, False), (ALL, ["A", None], "A", True), (ALL, ["A", None], None, True),
    ],
)  # fmt: skip
def test_how_many_sessions_an_account_allows(
    allowed: SessionsAllowed, running: list[str | None], by: str | None, may: bool
) -> None:
    assert may_start_another(allowed, running, by) is may


@given(
    st.sampled_from(ALLOWED), st.lists(st.sampled_from(["A", "B", None]), max_size=4), st.sampled_from(["A", "B", None])
)
def test_one_session_is_always_allowed_and_a_further_one_never_helps(
    allowed: SessionsAllowed, running: list[str | None], by: str | None
) -> None:
    assert may_start_another(allowed, [], by)
    if not may_start_another(allowed, running, by):
        assert not may_start_another(allowed, [*running, "A"], by)
