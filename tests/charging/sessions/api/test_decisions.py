"""Who may start where: each refusal through a start, in the order in which reasons are told."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.charging.drivers.kit import made, put_into_group
from tests.charging.kit import caller_of
from tests.charging.sessions.api.kit import Site, priced, running, set_columns, site, stations_answer
from tests.charging.stations.kit import evse_of, home
from tests.suites.client import Callers

from gridloom.charging.drivers.public import Driver, KnownTag
from gridloom.charging.sessions.decisions import RULE, Ask, Facts, Refusal, decide, refusal
from gridloom.charging.sessions.facts import Strategy
from gridloom.charging.sessions.settings import change_settings
from gridloom.kernel import clock

FORBIDDEN = {"type": "charging not allowed"}
FLAT = {"type": "flat rate", "pricing": {"pricePerSession": 5}}
GROUPS = "/public-api/resources/user-groups/v1.0"
CLOSED = {"isAlwaysOpen": False, "hours": {}}


async def start(at: Site, body: dict[str, Any], *, by: str = "id") -> str:
    """The error code of a start that must be refused, and must leave no session and tell no station."""
    before = await at.sessions()
    answer = await at.caller.post(at.start_url(by=by), json=body)
    assert answer.status_code == 202, answer.text
    told = answer.json()
    assert told["success"] is False
    assert told["authorizationId"] is None
    assert told.get("sessionId") is None
    assert told["message"] == Refusal(told["errorCode"]).message
    assert await at.sessions() == before
    decisions = await at.rows("SELECT status, rejection_reason FROM charging.authorization ORDER BY id DESC LIMIT 1")
    assert decisions == [{"status": "rejected", "rejection_reason": told["errorCode"].lower()}]
    code: str = told["errorCode"]
    return code


async def may_start(at: Site, body: dict[str, Any], *, by: str = "id") -> None:
    """The start must succeed; the session is over at once."""
    answer = (await at.caller.post(at.start_url(by=by), json=body)).json()
    assert answer["success"] is True, answer
    async with at.tx() as tx:
        await tx.run("UPDATE charging.session SET status = 'expired' WHERE status = 'pending'")


@pytest.fixture
async def at(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A public station that answers yes."""
    found = await site(await caller_of(callers))
    stations_answer(found.caller, monkeypatch)
    return found


async def set_hours(at: Site, hours: dict[str, Any]) -> None:
    await set_columns(at.caller, "location", at.station["locationId"], working_hours=hours)


async def set_station(at: Site, **columns: Any) -> None:
    await set_columns(at.caller, "charge_point", at.station["id"], **columns)


async def set_strategy(at: Site, strategy: Strategy, minimum: str = "0") -> None:
    async with at.tx() as tx:
        await change_settings(tx, at.operator, billing_strategy=strategy, minimum_balance=Decimal(minimum))


async def set_group(at: Site, *tariffs: dict[str, Any]) -> None:
    group = await priced(at.caller, at.operator, *tariffs)
    await set_columns(at.caller, "evse", at.evse["id"], tariff_group_id=group["id"])


@pytest.mark.parametrize(
    "columns", [{"status": "disabled"}, {"status": "out of order"}, {"communication_mode": "none"}]
)
async def test_a_station_that_is_out_of_service_cannot_be_controlled(at: Site, columns: dict[str, str]) -> None:
    await set_station(at, **columns)
    assert await start(at, {}) == "INTERNAL_ISSUE"
    assert await start(at, {}, by="station") == "INTERNAL_ISSUE"


async def test_a_station_of_a_roaming_partner_cannot_be_controlled(at: Site) -> None:
    driver = await at.driver()
    await set_station(at, communication_mode="roaming", roaming_operator_id=3, operator_id=None)
    await set_columns(at.caller, "evse", at.evse["id"], roaming_operator_id=3, operator_id=None)
    assert await start(at, {"userId": driver}) == "INTERNAL_ISSUE"


async def test_an_evse_that_is_out_of_service_cannot_be_controlled(at: Site) -> None:
    await set_columns(at.caller, "evse", at.evse["id"], status="disabled")
    assert await start(at, {}) == "INTERNAL_ISSUE"


async def test_a_disabled_user_may_not_charge(at: Site) -> None:
    assert await start(at, {"userId": await at.driver(status="disabled")}) == "USER_IS_DISABLED"


async def test_a_user_confirms_the_address_first(at: Site) -> None:
    assert await start(at, {"userId": await at.driver(email_verified_at=None)}) == "USER_VALIDATION_NOT_COMPLETE"


async def test_a_closed_location_lets_nobody_start_but_groups_that_may(at: Site) -> None:
    driver = await at.driver()
    group = await made(at.caller, GROUPS, {"operatorId": at.operator, "name": "Night shift"})
    await set_hours(at, CLOSED)
    assert await start(at, {"userId": driver}) == "LOCATION_IS_CLOSED"
    assert await start(at, {}) == "LOCATION_IS_CLOSED"
    await set_hours(at, {**CLOSED, "alwaysOpenForUserGroupIds": [group["id"]]})
    assert await start(at, {"userId": driver}) == "LOCATION_IS_CLOSED"
    await put_into_group(at.caller, group["id"], driver)
    await may_start(at, {"userId": driver})
    await set_hours(at, {**CLOSED, "allowChargingOutsideWorkingHours": True})
    await may_start(at, {})


async def test_the_hours_of_a_location_are_those_of_its_own_clock(at: Site) -> None:
    await set_columns(at.caller, "location", at.station["locationId"], timezone="America/New_York")
    await set_hours(at, {"isAlwaysOpen": False, "hours": {"wednesday": [{"start": "08:00", "end": "18:00"}]}})
    with clock.at(datetime(2025, 6, 4, 11, 59, tzinfo=UTC)):
        assert await start(at, {}) == "LOCATION_IS_CLOSED"
    with clock.at(datetime(2025, 6, 4, 12, tzinfo=UTC)):
        await may_start(at, {})
    with clock.at(datetime(2025, 6, 4, 22, tzinfo=UTC)):
        assert await start(at, {}) == "LOCATION_IS_CLOSED"


async def test_a_private_station_is_for_drivers_of_its_partners(at: Site) -> None:
    await set_station(at, type="private", partner_id=3)
    ours, theirs = await at.driver(partner_id=3), await at.driver(partner_id=4)
    assert await start(at, {"userId": theirs}) == "ACCESS_RESTRICTED"
    assert await start(at, {}) == "ACCESS_RESTRICTED"
    await may_start(at, {"userId": ours})
    async with at.tx() as tx:
        await tx.run(
            "INSERT INTO charging.charge_point_shared_partner (tenant_id, charge_point_id, partner_id) VALUES (:tenant, :id, 4)",
            tenant=at.caller.tenant, id=at.station["id"],
        )  # fmt: skip
    await may_start(at, {"userId": theirs})


async def test_a_private_station_of_which_everybody_may_charge_restricts_nobody(at: Site) -> None:
    await set_station(at, type="private", partner_id=3, partner_access_type="private_view_public_use")
    await may_start(at, {"userId": await at.driver()})


@pytest.fixture
async def at_home(callers: Callers, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A personal station without an owner."""
    found = await site(await caller_of(callers))
    stations_answer(found.caller, monkeypatch)
    found.station = await home(found.caller, operatorId=found.operator, network={"id": f"home-{found.caller.tenant}"})
    found.evse = await evse_of(found.caller, found.station, physicalReference=f"H{found.caller.tenant}")
    return found


async def test_a_personal_station_is_for_its_owner_and_guests(at_home: Site) -> None:
    owner, guest = await at_home.driver(), await at_home.driver()
    await set_station(at_home, user_id=owner)
    await may_start(at_home, {"userId": owner})
    assert await start(at_home, {"userId": guest}) == "ACCESS_RESTRICTED"
    await share(at_home, guest)
    await may_start(at_home, {"userId": guest})


async def share(at: Site, guest: int) -> None:
    async with at.tx() as tx:
        await tx.run(
            "INSERT INTO charging.charge_point_share (tenant_id, charge_point_id, user_id) VALUES (:tenant, :id, :guest)",
            tenant=at.caller.tenant, id=at.station["id"], guest=guest,
        )  # fmt: skip


async def test_a_station_that_needs_a_subscription_lets_nobody_start_without_one(at_home: Site) -> None:
    owner, guest = await at_home.driver(), await at_home.driver()
    await share(at_home, guest)
    await set_station(at_home, user_id=owner, sharing_billing_rule="enforce_subscription")
    assert await start(at_home, {"userId": guest}) == "SUBSCRIPTION_REQUIRED"
    await may_start(at_home, {"userId": owner})
    await set_station(at_home, subscription_required=True)
    assert await start(at_home, {"userId": owner}) == "SUBSCRIPTION_REQUIRED"


async def test_a_driver_runs_one_session_unless_the_account_says_more(at: Site) -> None:
    driver = await at.driver()
    await running(at, clock.now(), driver)
    other = await evse_of(at.caller, at.station, physicalReference="second", networkId="2")
    first, at.evse = at.evse, other
    assert await start(at, {"userId": driver}) == "SESSION_ALREADY_RUNNING"
    await set_columns(at.caller, "driver", driver, sessions_allowed="simultaneous_use_of_idtags")
    assert await start(at, {"userId": driver}) == "SESSION_ALREADY_RUNNING"
    await set_columns(
        at.caller, "driver", driver, sessions_allowed="multiple_simultaneous_sessions_remotely_and_idtags"
    )
    await may_start(at, {"userId": driver})
    at.evse = first
    assert await start(at, {"userId": driver}) == "SESSION_EXISTS"


async def test_an_evse_has_one_session_at_a_time(at: Site) -> None:
    assert (await at.caller.post(at.start_url(), json={})).json()["success"] is True
    assert await start(at, {}) == "SESSION_EXISTS"
    assert await start(at, {}, by="number") == "SESSION_EXISTS"


async def test_an_evse_that_is_reserved_is_for_whoever_reserved_it(at: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    told = stations_answer(at.caller, monkeypatch)
    mine, other = await at.driver(), await at.driver()
    async with at.tx() as tx:
        await tx.run(
            "INSERT INTO charging.reservation (tenant_id, operator_id, charge_point_id, evse_id, driver_id, id_token, reason, "
            "status, expires_at) VALUES (:tenant, :operator, :station, :evse, :driver, '*R00001', 'test', 'active', :until)",
            tenant=at.caller.tenant, operator=at.operator, station=at.station["id"], evse=at.evse["id"], driver=mine,
            until=clock.now() + timedelta(minutes=5),
        )  # fmt: skip
    assert await start(at, {"userId": other}) == "ACCESS_RESTRICTED"
    assert await start(at, {}) == "ACCESS_RESTRICTED"
    await may_start(at, {"userId": mine})
    assert told.calls[0][2]["idTag"] == "*R00001"


async def test_a_cable_that_waits_for_somebody_keeps_nobody_from_starting(at: Site) -> None:
    session = await running(at, clock.now(), transaction_id="T-1")
    await set_columns(at.caller, "session", session, status="pending")
    answer = (await at.caller.post(at.start_url(), json={})).json()
    assert answer["success"] is True
    assert await start(at, {}) == "SESSION_EXISTS"


async def test_what_was_not_paid_comes_first(at: Site) -> None:
    driver = await at.driver()
    session = await running(at, clock.now(), driver)
    await set_columns(at.caller, "session", session, status="finished", payment_status="failed")
    assert await start(at, {"userId": driver}) == "PREVIOUS_SESSION_NOT_PAID"
    await set_columns(at.caller, "session", session, payment_status="partially")
    assert await start(at, {"userId": driver}, by="station") == "PREVIOUS_SESSION_NOT_PAID"
    await set_columns(at.caller, "driver", driver, skips_unpaid_session_check=True)
    await may_start(at, {"userId": driver})
    await set_columns(at.caller, "driver", driver, skips_unpaid_session_check=False)
    await set_columns(at.caller, "session", session, payment_status="paid")
    await may_start(at, {"userId": driver})


async def test_a_tariff_can_forbid_charging_to_all_but_some(at: Site) -> None:
    driver = await at.driver()
    group = await made(at.caller, GROUPS, {"operatorId": at.operator, "name": "Staff"})
    staff = {**FLAT, "restrictions": {"applyToUserGroupIds": [group["id"]]}}
    await set_group(at, FORBIDDEN, staff)
    assert await start(at, {"userId": driver}) == "CHARGING_NOT_ALLOWED"
    assert await start(at, {}) == "CHARGING_NOT_ALLOWED"
    assert await start(at, {}, by="station") == "CHARGING_NOT_ALLOWED"
    await put_into_group(at.caller, group["id"], driver)
    await may_start(at, {"userId": driver})


async def test_without_a_strategy_nothing_is_asked_about_payment(at: Site) -> None:
    await set_group(at, FLAT)
    await may_start(at, {"userId": await at.driver()})


@pytest.mark.parametrize("strategy", ["payment_method", "payment_method_and_authorisation"])
async def test_a_strategy_can_ask_for_a_payment_method_where_charging_costs(at: Site, strategy: Strategy) -> None:
    await set_strategy(at, strategy)
    driver = await at.driver()
    await may_start(at, {"userId": driver})
    await set_group(at, FLAT)
    assert await start(at, {"userId": driver}) == "PAYMENT_METHOD_REQUIRED"
    await may_start(at, {"userId": driver}, by="station")


async def test_a_payment_method_that_nobody_has_cannot_be_used(at: Site) -> None:
    driver = await at.driver()
    for method in ("1234", "subscription"):
        assert await start(at, {"userId": driver, "paymentMethodId": method}) == "CANNOT_USE_PAYMENT_METHOD"


async def test_a_corporate_account_is_for_those_who_belong_to_it(at: Site) -> None:
    assert await start(at, {"userId": await at.driver(), "paymentMethodId": "corporate:7"}) == "BILLING_NOT_ASSOCIATED"


async def test_a_balance_has_to_reach_its_minimum(at: Site) -> None:
    driver = await at.driver()
    await set_group(at, FLAT)
    await may_start(at, {"userId": driver, "paymentMethodId": "balance"})
    await set_strategy(at, "payment_method_or_balance", "10")
    assert await start(at, {"userId": driver}) == "PAYMENT_NO_FUNDS"
    assert await start(at, {"userId": driver, "paymentMethodId": "balance"}) == "PAYMENT_NO_FUNDS"


async def test_a_decision_takes_few_statements_whatever_the_tariff_group_holds(at: Site) -> None:
    driver = await at.driver()
    await set_group(at, *[FLAT] * 12)
    ask = Ask(
        charge_point_id=at.station["id"],
        evse_id=at.evse["id"],
        driver_id=driver,
        method="admin",
        remote=True,
        at=clock.now(),
    )
    async with at.tx() as tx:
        before = tx.statements
        assert await refusal(tx, ask) is None
        assert tx.statements - before == 7


# --- the rule alone ---------------------------------------------------------------------------------------------------

DRIVER = Driver(
    id=1, operator_id=7, status="enabled", sessions_allowed="single_session", skips_pre_authorization=False,
    skips_unpaid_session_check=False, partner_id=None, group_ids=(),
)  # fmt: skip
ASK = Ask(
    charge_point_id=1, evse_id=2, driver_id=1, method="admin", remote=True, at=datetime(2025, 6, 4, 12, tzinfo=UTC),
    payment_method_id="1234",
)  # fmt: skip
WRONG: dict[str, dict[str, Any]] = {
    "INTERNAL_ISSUE": {"is_controllable": False},
    "USER_IS_DISABLED": {"names_driver": True, "driver": None},
    "USER_VALIDATION_NOT_COMPLETE": {"is_email_verified": False},
    "LOCATION_IS_CLOSED": {"working_hours": CLOSED},
    "ACCESS_RESTRICTED": {"type": "personal"},
    "SUBSCRIPTION_REQUIRED": {"needs_subscription": True},
    "SESSION_ALREADY_RUNNING": {"running": (None,)},
    "SESSION_EXISTS": {"is_evse_busy": True},
    "PREVIOUS_SESSION_NOT_PAID": {"has_unpaid": True},
    "CHARGING_NOT_ALLOWED": {"tariff_types": ("charging not allowed",)},
}


@given(st.sets(st.sampled_from(sorted(WRONG)), min_size=1))
def test_of_several_reasons_the_first_in_order_is_told(wrong: set[str]) -> None:
    facts: dict[str, Any] = {"driver": DRIVER, "names_driver": True}
    for code in wrong:
        facts |= WRONG[code]
    order = [code for code, _ in RULE]
    expected = min(wrong, key=order.index)
    if "USER_IS_DISABLED" in wrong:
        # Somebody who is gone has neither an address nor other sessions.
        expected = min(wrong - {"USER_VALIDATION_NOT_COMPLETE"}, key=order.index)
    assert decide(ASK, Facts(**facts)) == expected


def test_a_card_opens_for_a_user_whose_address_is_not_confirmed() -> None:
    tag = KnownTag(
        id=1,
        operator_id=7,
        uid="AB",
        type="rfid",
        status="enabled",
        expire_at=None,
        payment_method_id=None,
        driver=DRIVER,
    )
    ask = Ask(charge_point_id=1, evse_id=2, id_tag=tag, method="id_tag", remote=False, at=ASK.at)
    facts = Facts(names_driver=True, driver=DRIVER, is_email_verified=False, is_evse_busy=True)
    assert decide(ask, facts) is None


def test_a_station_that_starts_by_itself_asks_nobody_for_access() -> None:
    ask = Ask(charge_point_id=1, evse_id=2, method="plug_and_charge", remote=False, at=ASK.at)
    assert decide(ask, Facts(type="personal")) is None
    assert decide(ask, Facts(type="personal", names_driver=True, driver=DRIVER)) == "ACCESS_RESTRICTED"


@pytest.mark.parametrize(
    ("code", "status"),
    [("USER_IS_DISABLED", "Blocked"), ("SESSION_ALREADY_RUNNING", "ConcurrentTx"), ("LOCATION_IS_CLOSED", "Invalid")],
)
def test_a_station_hears_a_refusal_in_its_own_words(code: Any, status: str) -> None:
    assert Refusal(code).ocpp == status
