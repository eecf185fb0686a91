"""Whether somebody who stands before a station may charge there, and the record of it."""

from datetime import datetime, timedelta
from typing import Any, Literal, TypeAlias

from msgspec import Struct

from gridloom.charging.drivers.public import (
    OCPP_STATUS,
    KnownTag,
    id_tag,
    may_charge,
    record_authorization,
    uid_key,
)
from gridloom.charging.sessions.decisions import Ask, refusal
from gridloom.charging.sessions.facts import Method
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

Status: TypeAlias = Literal["Accepted", "Blocked", "Expired", "Invalid", "ConcurrentTx"]

FRESH = timedelta(minutes=10)
"""So long an Authorize counts for the start that follows it."""
METHODS: dict[str, Method] = {"rfid": "id_tag", "mac_address": "mac_address", "emaid": "plug_and_charge_iso15118"}
BY_TOKEN: dict[str, Method] = {"MacAddress": "mac_address", "eMAID": "plug_and_charge_iso15118"}
"""idToken.type of 2.0.1, where it is no ordinary tag."""
NOT_ALLOWED = "CHARGING_NOT_ALLOWED"

_UNUSED = sql(
    "SELECT id FROM charging.authorization WHERE charge_point_id = :station AND status = 'accepted' AND session_ids = '{}' "
    "AND id_tag_uid = :uid AND driver_id = CAST(:driver AS bigint) AND method = :method AND created_at > :since "
    "ORDER BY id DESC LIMIT 1"
)
_TURN = sql("SELECT id FROM charging.driver WHERE id = :id FOR NO KEY UPDATE")
_RUNNING = sql(
    "SELECT EXISTS (SELECT FROM charging.session WHERE charge_point_id = :station AND status = 'active' AND id_tag_key = :key)"
)


class Decision(Struct, frozen=True, kw_only=True):
    """What was decided. reason: of a session that failed for it. tag: None for somebody without a name here."""

    status: Status
    authorization_id: int | None
    driver_id: int | None = None
    tag: KnownTag | None = None
    reason: str | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether charging may begin."""
        return self.status == "Accepted"


class Asked(Struct, frozen=True, kw_only=True):
    """Who asks where. uid: None or empty where nothing was held before the station. evse_id: None where it is not known yet.

    auto_start: the station charges whoever comes. at: UTC.
    """

    charge_point_id: int
    operator_id: int | None
    evse_id: int | None
    uid: str | None
    at: datetime
    auto_start: bool = False
    method: Method = "id_tag"


async def decide(tx: Tx, asked: Asked, *, reuse: bool = True) -> Decision:
    """Decide and write it down. reuse: an Authorize of the same tag a moment ago is the record of the start that follows."""
    tag = await id_tag(tx, asked.uid, operator_id=asked.operator_id) if asked.uid else None
    method = asked.method if tag is None else METHODS[tag.type]
    if (holder := _driver_of(tag)) is not None and asked.evse_id is not None:
        # Of two cars of one driver at the same moment the second waits, and sees the first.
        await tx.scalar(_TURN, id=holder)
    status, word = await _of_tag(tx, asked, tag, method)
    if status != "Accepted" and asked.auto_start:
        tag, method = None, "plug_and_charge"
        status, word = await _of_rules(tx, asked, None, method)
    driver_id = _driver_of(tag)
    found = None
    if status == "Accepted" and reuse and asked.uid:
        found = await tx.scalar(
            _UNUSED,
            station=asked.charge_point_id,
            uid=asked.uid,
            driver=driver_id,
            method=method,
            since=clock.now() - FRESH,
        )
    if found is None:
        found = await record_authorization(
            tx, method=method, status="accepted" if status == "Accepted" else "rejected", operator_id=asked.operator_id,
            rejection_reason=word, driver_id=driver_id, id_tag_uid=asked.uid or None, charge_point_id=asked.charge_point_id,
            evse_id=asked.evse_id,
        )  # fmt: skip
    reason = "charging_on_evse_not_allowed" if word == NOT_ALLOWED.lower() else "authorization_failed"
    return Decision(
        status=status, authorization_id=found, driver_id=driver_id, tag=tag, reason=None if word is None else reason
    )


def _driver_of(tag: KnownTag | None) -> int | None:
    return tag.driver.id if tag is not None and tag.driver is not None else None


async def again(tx: Tx, session: Any, evse: Any, uid: str, at: datetime) -> Status:
    """What a station is told that repeats the start of a session: as it was told then while that one runs; of one that is
    over, what holds for its card now. Nothing is written. evse: a row of `store.evse_of`."""
    if session["status"] != "finished":
        return "Accepted" if session["status"] == "active" else "Invalid"
    if session["remote_start_id"] is not None or evse["auto_start"]:
        return "Accepted"
    word = may_charge(await id_tag(tx, uid, operator_id=evse["operator_id"]), at)
    return "Accepted" if word is None else OCPP_STATUS[word]


async def is_of_running(tx: Tx, charge_point_id: int, uid: str) -> bool:
    """Whether a session runs at the station that was started with this tag: then it is held up to end it."""
    return bool(await tx.scalar(_RUNNING, station=charge_point_id, key=uid_key(uid)))


async def _of_tag(tx: Tx, asked: Asked, tag: KnownTag | None, method: Method) -> tuple[Status, str | None]:
    word = may_charge(tag, asked.at)
    if word is not None:
        return OCPP_STATUS[word], word
    return await _of_rules(tx, asked, tag, method)


async def _of_rules(tx: Tx, asked: Asked, tag: KnownTag | None, method: Method) -> tuple[Status, str | None]:
    refused = await refusal(
        tx,
        Ask(
            charge_point_id=asked.charge_point_id, operator_id=asked.operator_id, evse_id=asked.evse_id, id_tag=tag,
            driver_id=tag.driver.id if tag is not None and tag.driver is not None else None,
            payment_method_id=None if tag is None else _paid_by(tag), method=method, remote=False, at=asked.at,
        ),
    )  # fmt: skip
    return ("Accepted", None) if refused is None else (refused.ocpp, refused.code.lower())


def _paid_by(tag: KnownTag) -> str | None:
    return None if tag.payment_method_id == "auto" else tag.payment_method_id
