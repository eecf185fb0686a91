"""Whether a tag opens anything, and whether its driver may start one more session. No I/O."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal, TypeAlias

from msgspec import Struct

Refusal: TypeAlias = Literal[
    "unknown_id_tag", "id_tag_disabled", "id_tag_suspended", "id_tag_expired", "id_tag_without_user", "user_disabled"
]
SessionsAllowed: TypeAlias = Literal[
    "single_session",
    "multiple_simultaneous_sessions_per_idtag",
    "simultaneous_use_of_idtags",
    "multiple_simultaneous_sessions_remotely_and_idtags",
]

OCPP_STATUS: dict[Refusal, Literal["Invalid", "Blocked", "Expired"]] = {
    "unknown_id_tag": "Invalid",
    "id_tag_disabled": "Blocked",
    "id_tag_suspended": "Blocked",
    "id_tag_expired": "Expired",
    "id_tag_without_user": "Invalid",
    "user_disabled": "Blocked",
}
"""What a charge point is told about a refused tag, in words that OCPP 1.6 and 2.0.1 share."""


class Driver(Struct, frozen=True, kw_only=True):
    """What a start has to know of a driver."""

    id: int
    operator_id: int
    status: Literal["enabled", "disabled"]
    sessions_allowed: SessionsAllowed
    skips_pre_authorization: bool
    skips_unpaid_session_check: bool
    partner_id: int | None
    group_ids: tuple[int, ...]


class KnownTag(Struct, frozen=True, kw_only=True):
    """What a start has to know of a tag. driver: None where nobody has it. payment_method_id: None means auto."""

    id: int
    operator_id: int
    uid: str
    type: Literal["rfid", "mac_address", "emaid"]
    status: Literal["enabled", "disabled", "suspended"]
    expire_at: datetime | None
    payment_method_id: str | None
    driver: Driver | None


def may_charge(tag: KnownTag | None, at: datetime) -> Refusal | None:
    """Why a tag opens nothing at an instant; None when it does, as far as tag and driver are concerned.

    The order is fixed: a driver hears first of what somebody decided about the tag, then of its date, then of the account.
    """
    if tag is None:
        return "unknown_id_tag"
    if tag.status == "disabled":
        return "id_tag_disabled"
    if tag.status == "suspended":
        return "id_tag_suspended"
    if tag.expire_at is not None and at >= tag.expire_at:
        return "id_tag_expired"
    if tag.driver is None:
        return "id_tag_without_user"
    return "user_disabled" if tag.driver.status == "disabled" else None


def may_start_another(allowed: SessionsAllowed, running: Sequence[str | None], by: str | None) -> bool:
    """Whether a driver may start a session beside those that run.

    running: for each of them the key of the tag that started it, None when it was started remotely. by: the same of the new
    one. Tags per session, sessions per tag or everything, as the account says; a remote start beside other sessions needs the
    last of these.
    """
    if not running or allowed == "multiple_simultaneous_sessions_remotely_and_idtags":
        return True
    if allowed == "single_session" or by is None:
        return False
    return allowed == "multiple_simultaneous_sessions_per_idtag" or by not in running
