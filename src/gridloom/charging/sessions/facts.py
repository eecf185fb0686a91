"""What a decision about charging has to know, and how it is read: eight statements at most for one EVSE."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal, TypeAlias
from zoneinfo import ZoneInfo

from msgspec import Struct

from gridloom.charging.commands.public import reservation_of
from gridloom.charging.drivers.public import Driver, KnownTag, driver, uid_key
from gridloom.charging.sessions.places import zone_of
from gridloom.charging.tariffs.public import Visitor, candidates, resolve
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

Strategy: TypeAlias = Literal["none", "payment_method", "payment_method_and_authorisation", "payment_method_or_balance"]
Method: TypeAlias = Literal[
    "user_device", "id_tag", "mac_address", "admin", "plug_and_charge", "payment_terminal", "plug_and_charge_iso15118"
]
NOT_ALLOWED = "charging not allowed"
REMOTELY = ("admin", "user_device")
"""Methods by which a session is started from afar; a tag that is named with it opens nothing."""


class Ask(Struct, frozen=True, kw_only=True):
    """Somebody wants to charge. evse_id: None where the station has yet to say which. id_tag: what was held before it, with
    its driver; driver_id counts without one. remote: asked from afar, not at the station. at: UTC."""

    charge_point_id: int
    method: Method
    remote: bool
    at: datetime
    operator_id: int | None = None
    evse_id: int | None = None
    driver_id: int | None = None
    id_tag: KnownTag | None = None
    payment_method_id: str | None = None


class Facts(Struct, frozen=True, kw_only=True):
    """Everything that the rule looks at. Nobody known is `names_driver=False`; a driver who is gone is `driver=None` beside it.

    guests_of: whether the driver owns a personal station, shares it, or is a driver of a partner with access to a private one.
    running: tags by which the driver's open sessions were started, None for a remote start. tariff_types: of every EVSE that
    the session may start at, for this driver. is_held_for: the driver who has reserved the EVSE.
    """

    is_controllable: bool = True
    names_driver: bool = False
    driver: Driver | None = None
    is_email_verified: bool = True
    working_hours: Mapping[str, Any] = {}
    zone: ZoneInfo = clock.zone("UTC")
    type: Literal["public", "private", "personal"] = "public"
    is_for_everybody: bool = False
    is_owner: bool = False
    is_guest: bool = False
    needs_subscription: bool = False
    plan_ids: tuple[int, ...] = ()
    driver_plan_ids: tuple[int, ...] = ()
    running: tuple[str | None, ...] = ()
    is_evse_busy: bool = False
    is_held_for: int | None = None
    has_unpaid: bool = False
    tariff_types: tuple[str, ...] = ()
    strategy: Strategy = "none"
    minimum_balance: Decimal = Decimal(0)
    balance: Decimal = Decimal(0)


_PLACE = sql(
    "SELECT p.operator_id, p.status, p.type, p.partner_id, p.partner_access_type, p.communication_mode, p.user_id, "
    "p.subscription_required, p.subscription_plan_ids, p.sharing_billing_rule, l.working_hours, l.timezone AS location_zone, "
    "o.timezone AS operator_zone, s.billing_strategy, s.minimum_balance, "
    "EXISTS (SELECT FROM charging.charge_point_share g WHERE g.charge_point_id = p.id AND g.user_id = CAST(:driver AS bigint)) "
    "AS is_guest, "
    "ARRAY(SELECT x.partner_id FROM charging.charge_point_shared_partner x WHERE x.charge_point_id = p.id) AS shared_with "
    "FROM charging.charge_point p "
    "LEFT JOIN charging.location l ON l.tenant_id = p.tenant_id AND l.id = p.location_id "
    "LEFT JOIN charging.operator o ON o.tenant_id = p.tenant_id AND o.id = p.operator_id "
    "LEFT JOIN charging.session_setting s ON s.tenant_id = p.tenant_id AND s.operator_id = p.operator_id "
    "WHERE p.id = :station"
)
_EVSES = sql(
    "SELECT e.id, e.status, e.tariff_group_id, EXISTS (SELECT FROM charging.session s WHERE s.evse_id = e.id "
    # A transaction that waits for somebody to say who charges is what a start from afar is for.
    "AND s.status IN ('pending', 'active') AND (s.status = 'active' OR s.transaction_id IS NULL)) AS is_busy "
    "FROM charging.evse e WHERE e.charge_point_id = :station "
    "AND e.id = coalesce(CAST(:evse AS bigint), e.id) ORDER BY e.id"
)
_PAST = sql(
    "SELECT d.email_verified_at IS NOT NULL AS is_email_verified, "
    "EXISTS (SELECT FROM charging.session s WHERE s.driver_id = d.id AND s.payment_status IN ('failed', 'partially')) "
    "AS has_unpaid, "
    "ARRAY(SELECT CASE WHEN a.method = ANY(CAST(:remotely AS text[])) THEN NULL ELSE s.id_tag_key END FROM charging.session s "
    "LEFT JOIN charging.authorization a ON a.tenant_id = s.tenant_id AND a.id = s.authorization_id "
    "WHERE s.driver_id = d.id AND s.status IN ('pending', 'active') ORDER BY s.id) AS running "
    "FROM charging.driver d WHERE d.id = :driver"
)
_TYPES = sql("SELECT id, type FROM charging.tariff WHERE id = ANY(CAST(:ids AS bigint[]))")


async def facts_of(tx: Tx, ask: Ask) -> Facts:
    """Read what stands about an ask. LookupError for a station or an EVSE that is not there."""
    who = ask.id_tag.driver if ask.id_tag is not None else None
    if ask.id_tag is None and ask.driver_id is not None:
        who = await driver(tx, ask.driver_id)
    number = None if who is None else who.id
    place = await tx.one(_PLACE, station=ask.charge_point_id, driver=number)
    evses = await tx.all(_EVSES, station=ask.charge_point_id, evse=ask.evse_id)
    if place is None or (ask.evse_id is not None and not evses):
        raise LookupError(f"no station {ask.charge_point_id} with EVSE {ask.evse_id}")
    past = None if number is None else await tx.one(_PAST, driver=number, remotely=list(REMOTELY))
    zone = await zone_of(tx, place["location_zone"], place["operator_zone"])
    held = None if ask.evse_id is None else await reservation_of(tx, ask.evse_id, ask.at)
    return Facts(
        is_controllable=_is_controllable(place, evses),
        names_driver=ask.id_tag is not None or ask.driver_id is not None,
        driver=who,
        is_email_verified=past is None or past["is_email_verified"],
        working_hours=place["working_hours"] or {},
        zone=zone,
        **_access(place, who),
        plan_ids=tuple(place["subscription_plan_ids"]),
        running=() if past is None else tuple(past["running"]),
        is_evse_busy=ask.evse_id is not None and evses[0]["is_busy"],
        is_held_for=None if held is None else held.driver_id,
        has_unpaid=past is not None and past["has_unpaid"],
        tariff_types=await _tariff_types(tx, ask, place["partner_id"], evses, who, zone),
        strategy=place["billing_strategy"] or "none",
        minimum_balance=place["minimum_balance"] or Decimal(0),
    )


def _is_controllable(place: Any, evses: list[Any]) -> bool:
    """A station that is in service and speaks with us, and at least one EVSE that is in service."""
    if place["status"] not in ("enabled", "demo") or place["communication_mode"] in ("none", "roaming"):
        return False
    return any(each["status"] == "enabled" for each in evses)


def _access(place: Any, who: Driver | None) -> dict[str, Any]:
    is_owner = who is not None and place["user_id"] == who.id
    with_access = {place["partner_id"], *place["shared_with"]} - {None}
    is_guest = place["is_guest"] if place["type"] == "personal" else who is not None and who.partner_id in with_access
    return {
        "type": place["type"],
        "is_for_everybody": place["partner_access_type"] == "private_view_public_use",
        "is_owner": is_owner,
        "is_guest": is_guest,
        "needs_subscription": place["subscription_required"]
        or (place["sharing_billing_rule"] == "enforce_subscription" and is_guest),
    }


async def _tariff_types(
    tx: Tx, ask: Ask, partner_id: int | None, evses: list[Any], who: Driver | None, zone: ZoneInfo
) -> tuple[str, ...]:
    """Of the EVSEs that are in service; one without a tariff group costs nothing."""
    visitor = visitor_as(who, ask.method)
    today = clock.day_of(ask.at, zone)
    found: dict[int | None, int | None] = {None: None}
    for group in dict.fromkeys(each["tariff_group_id"] for each in evses):
        if group is not None:
            found[group] = resolve(await candidates(tx, group), visitor, today, charge_point_partner=partner_id)
    numbers = [each for each in found.values() if each is not None]
    types = {row["id"]: row["type"] for row in await tx.all(_TYPES, ids=numbers)} if numbers else {}
    in_service = [each for each in evses if each["status"] == "enabled"]
    return tuple(types.get(found[each["tariff_group_id"]], "free") for each in in_service)


def visitor_as(who: Driver | None, method: str | None) -> Visitor:
    """A driver as tariffs see one; nobody is ad hoc."""
    if who is None:
        return Visitor(method=method)
    partners = () if who.partner_id is None else (who.partner_id,)
    return Visitor(known=True, partner_ids=partners, group_ids=who.group_ids, method=method)


def tag_of(ask: Ask) -> str | None:
    """The tag that a new session counts as started by; None for a remote start."""
    return None if ask.remote or ask.id_tag is None else uid_key(ask.id_tag.uid)
