"""Whether somebody may charge somewhere: one rule, its reasons in the order in which they are told.

    refused = await refusal(tx, Ask(charge_point_id=3, evse_id=7, driver_id=12, method="admin", remote=True, at=clock.now()))
    if refused is not None: ...  # refused.code is the contract's, refused.ocpp what a station is told

Whether a tag itself opens anything is `drivers.public.may_charge`: who holds a tag asks that first.
"""

from collections.abc import Callable, Mapping
from typing import Literal, TypeAlias

from msgspec import Struct

from gridloom.charging.drivers.public import may_start_another
from gridloom.charging.sessions.facts import NOT_ALLOWED, Ask, Facts, facts_of, tag_of
from gridloom.charging.sessions.hours import may_begin
from gridloom.kernel.database.transaction import Tx

__all__ = ["Ask", "Code", "Facts", "Refusal", "decide", "refusal"]

Code: TypeAlias = Literal[
    "INTERNAL_ISSUE", "USER_IS_DISABLED", "USER_VALIDATION_NOT_COMPLETE", "LOCATION_IS_CLOSED", "ACCESS_RESTRICTED",
    "SUBSCRIPTION_REQUIRED", "SESSION_ALREADY_RUNNING", "SESSION_EXISTS", "PREVIOUS_SESSION_NOT_PAID", "CHARGING_NOT_ALLOWED",
    "PAYMENT_METHOD_REQUIRED", "CANNOT_USE_PAYMENT_METHOD", "PAYMENT_NO_FUNDS", "BILLING_NOT_ASSOCIATED",
]  # fmt: skip
CORPORATE = "corporate:"
OcppStatus: TypeAlias = Literal["Blocked", "Invalid", "ConcurrentTx"]

_MESSAGES: Mapping[Code, str] = {
    "INTERNAL_ISSUE": "The charge point cannot be controlled.",
    "USER_IS_DISABLED": "The user is disabled.",
    "USER_VALIDATION_NOT_COMPLETE": "The user has not confirmed the e-mail address.",
    "LOCATION_IS_CLOSED": "The location is closed.",
    "ACCESS_RESTRICTED": "The user has no access to this charge point, or not while it is reserved.",
    "SUBSCRIPTION_REQUIRED": "This charge point needs a subscription that the user does not have.",
    "SESSION_ALREADY_RUNNING": "The user may not run another session beside the one that is running.",
    "SESSION_EXISTS": "There is a session at this EVSE already.",
    "PREVIOUS_SESSION_NOT_PAID": "An earlier session is not paid.",
    "CHARGING_NOT_ALLOWED": "The tariff does not allow charging.",
    "PAYMENT_METHOD_REQUIRED": "A payment method is needed.",
    "CANNOT_USE_PAYMENT_METHOD": "This payment method cannot be used.",
    "PAYMENT_NO_FUNDS": "The balance is too low.",
    "BILLING_NOT_ASSOCIATED": "The user does not belong to this corporate account.",
}


class Refusal(Struct, frozen=True):
    """Why somebody may not charge."""

    code: Code

    @property
    def message(self) -> str:
        """The same as a sentence."""
        return _MESSAGES[self.code]

    @property
    def ocpp(self) -> OcppStatus:
        """What a station is told, in words that OCPP 1.6 and 2.0.1 share."""
        if self.code == "USER_IS_DISABLED":
            return "Blocked"
        return "ConcurrentTx" if self.code == "SESSION_ALREADY_RUNNING" else "Invalid"


async def refusal(tx: Tx, ask: Ask) -> Refusal | None:
    """Why this may not start; None when it may. LookupError for a station or an EVSE that is not there."""
    code = decide(ask, await facts_of(tx, ask))
    return None if code is None else Refusal(code)


def decide(ask: Ask, facts: Facts) -> Code | None:
    """The first reason that holds, in the order of RULE; None when there is none."""
    return next((code for code, holds in RULE if holds(ask, facts)), None)


def _cannot_be_controlled(_: Ask, facts: Facts) -> bool:
    return not facts.is_controllable


def _is_disabled(_: Ask, facts: Facts) -> bool:
    return facts.names_driver and (facts.driver is None or facts.driver.status == "disabled")


def _is_unverified(ask: Ask, facts: Facts) -> bool:
    # Whoever was given a card is known to the operator, whatever became of the e-mail.
    return facts.driver is not None and ask.remote and not facts.is_email_verified


def _is_closed(ask: Ask, facts: Facts) -> bool:
    groups = () if facts.driver is None else facts.driver.group_ids
    return not may_begin(facts.working_hours, groups, ask.at, facts.zone)


def _has_no_access(ask: Ask, facts: Facts) -> bool:
    if facts.is_held_for is not None and (facts.driver is None or facts.driver.id != facts.is_held_for):
        return True
    if facts.type == "public" or facts.is_guest:
        return False
    # A station that starts by itself asks nobody: its owner wanted that.
    if facts.driver is None and ask.method == "plug_and_charge":
        return False
    return not (facts.is_owner if facts.type == "personal" else facts.is_for_everybody)


def _has_no_plan(_: Ask, facts: Facts) -> bool:
    mine, wanted = set(facts.driver_plan_ids), set(facts.plan_ids)
    return facts.needs_subscription and not (mine & wanted if wanted else mine)


def _runs_another(ask: Ask, facts: Facts) -> bool:
    who = facts.driver
    return who is not None and not may_start_another(who.sessions_allowed, facts.running, tag_of(ask))


def _is_taken(ask: Ask, facts: Facts) -> bool:
    # A station that says itself that a session starts has ended the one before.
    return ask.remote and facts.is_evse_busy


def _owes(_: Ask, facts: Facts) -> bool:
    return facts.driver is not None and facts.has_unpaid and not facts.driver.skips_unpaid_session_check


def _tariff_forbids(_: Ask, facts: Facts) -> bool:
    return bool(facts.tariff_types) and all(each == NOT_ALLOWED for each in facts.tariff_types)


def _needs_method(ask: Ask, facts: Facts) -> bool:
    if not _is_asked_for_payment(ask, facts) or ask.payment_method_id is not None:
        return False
    return facts.strategy in ("payment_method", "payment_method_and_authorisation")


def _cannot_use_method(ask: Ask, _: Facts) -> bool:
    # Nobody can have a card or a subscription here yet: one that is named is nobody's.
    method = ask.payment_method_id
    return ask.evse_id is not None and method is not None and method != "balance" and not method.startswith(CORPORATE)


def _has_no_funds(ask: Ask, facts: Facts) -> bool:
    by_balance = ask.payment_method_id is None and facts.strategy == "payment_method_or_balance"
    if not by_balance and ask.payment_method_id != "balance":
        return False
    return _is_asked_for_payment(ask, facts) and facts.balance < facts.minimum_balance


def _is_no_colleague(ask: Ask, _: Facts) -> bool:
    return ask.evse_id is not None and (ask.payment_method_id or "").startswith(CORPORATE)


def _is_asked_for_payment(ask: Ask, facts: Facts) -> bool:
    """Not without an EVSE: what it costs is not known before the station says where. Not for what costs nothing."""
    return ask.evse_id is not None and not all(each == "free" for each in facts.tariff_types)


RULE: tuple[tuple[Code, Callable[[Ask, Facts], bool]], ...] = (
    ("INTERNAL_ISSUE", _cannot_be_controlled),
    ("USER_IS_DISABLED", _is_disabled),
    ("USER_VALIDATION_NOT_COMPLETE", _is_unverified),
    ("LOCATION_IS_CLOSED", _is_closed),
    ("ACCESS_RESTRICTED", _has_no_access),
    ("SUBSCRIPTION_REQUIRED", _has_no_plan),
    ("SESSION_ALREADY_RUNNING", _runs_another),
    ("SESSION_EXISTS", _is_taken),
    ("PREVIOUS_SESSION_NOT_PAID", _owes),
    ("CHARGING_NOT_ALLOWED", _tariff_forbids),
    ("PAYMENT_METHOD_REQUIRED", _needs_method),
    ("CANNOT_USE_PAYMENT_METHOD", _cannot_use_method),
    ("PAYMENT_NO_FUNDS", _has_no_funds),
    ("BILLING_NOT_ASSOCIATED", _is_no_colleague),
)
"""A start without an EVSE hears none of the reasons about an EVSE or a payment. Terms have nobody who could keep them yet."""
