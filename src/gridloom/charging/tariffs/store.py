"""What tariffs need to read and write beside their own row."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from gridloom.charging.drivers import public as drivers
from gridloom.charging.pricing.engine import public as engine
from gridloom.charging.pricing.rules import base_currency
from gridloom.charging.tariffs import parsing
from gridloom.charging.tariffs.events import TariffChanged
from gridloom.charging.tariffs.pricing_schemas import Pricing
from gridloom.charging.tariffs.rules import Candidate, Visitor, resolve
from gridloom.charging.tariffs.schemas import Restrictions, StopSession
from gridloom.charging.tariffs.tables import CONTENT
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid, NotFound
from gridloom.kernel.events.event import emit

_NAMES = ", ".join(CONTENT)
_DIGEST = f"encode(sha256(convert_to(jsonb_build_array({_NAMES})::text, 'UTF8')), 'hex')"
_COPY = sql(
    f"INSERT INTO charging.tariff_snapshot (tenant_id, tariff_id, digest, updated_at, {_NAMES}) "
    f"SELECT tenant_id, id, {_DIGEST}, updated_at, {_NAMES} FROM charging.tariff WHERE id = :id "
    "ON CONFLICT (tenant_id, tariff_id, digest) DO NOTHING RETURNING id"
)
_EQUAL = sql(
    "SELECT s.id FROM charging.tariff_snapshot s "
    f"JOIN (SELECT id, {_DIGEST} AS digest FROM charging.tariff WHERE id = :id) t ON t.id = s.tariff_id AND t.digest = s.digest"
)
_SNAPSHOT = sql("SELECT * FROM charging.tariff_snapshot WHERE id = :id")
_CURRENCY = sql("SELECT currency FROM charging.operator WHERE id = :id")
_TIMEZONE = sql(
    "SELECT o.timezone, g.operator_id FROM charging.tariff_group g "
    "LEFT JOIN charging.operator o ON o.tenant_id = g.tenant_id AND o.id = g.operator_id "
    "WHERE g.id = :id AND g.operator_id = coalesce(CAST(:owner AS bigint), g.operator_id)"
)
_CANDIDATES = sql(
    "SELECT t.id, t.restrictions FROM charging.tariff_group_member m "
    "JOIN charging.tariff t ON t.tenant_id = m.tenant_id AND t.id = m.tariff_id WHERE m.group_id = :id ORDER BY m.position"
)
_BASE_TYPE = sql("SELECT base_type FROM charging.tariff_setting WHERE operator_id = :id")
_SET_BASE_TYPE = sql(
    "INSERT INTO charging.tariff_setting (tenant_id, operator_id, base_type) VALUES (:tenant_id, :id, :base_type) "
    "ON CONFLICT (tenant_id, operator_id) DO UPDATE SET base_type = excluded.base_type"
)
_ADD_BASE = sql(
    "INSERT INTO charging.tariff (tenant_id, operator_id, name, type, pricing, currency) "
    "VALUES (:tenant_id, :operator_id, :name, :type, '{}', :currency) RETURNING id"
)
_OWN_TARIFFS = sql(
    "SELECT t.id, g.id AS base_of FROM charging.tariff t "
    "LEFT JOIN charging.tariff_group g ON g.tenant_id = t.tenant_id AND g.base_tariff_id = t.id "
    "WHERE t.operator_id = :operator_id AND t.id = ANY(CAST(:ids AS bigint[])) FOR KEY SHARE OF t"
)
_LEAVE = sql("DELETE FROM charging.tariff_group_member WHERE group_id = :id")
_JOIN = sql(
    "INSERT INTO charging.tariff_group_member (tenant_id, group_id, tariff_id, position) "
    "SELECT CAST(:tenant_id AS integer), CAST(:id AS bigint), tariff_id, place - 1 "
    "FROM unnest(CAST(:tariffs AS bigint[])) WITH ORDINALITY AS listed (tariff_id, place)"
)
_MULTI_TAX = sql("SELECT enable_multi_tax_support FROM charging.setting")
_TAX = sql("SELECT id FROM charging.tax WHERE id = :id FOR KEY SHARE")
_GROUPS_NAMED = sql(
    "SELECT id, name FROM charging.user_group WHERE operator_id = :operator_id AND name = ANY(CAST(:names AS text[])) ORDER BY id"
)


class Snapshot(Struct, frozen=True, kw_only=True):
    """A copy of a tariff, as a session is priced with it. tax_id: None is the default tax. tariff_id: of what was copied."""

    id: int
    tariff_id: int
    operator_id: int
    name: str
    currency: str
    tax_id: int | None
    tariff: engine.Tariff
    pricing: Pricing
    stop_session: StopSession
    restrictions: Restrictions


async def snapshot_of(tx: Tx, tariff_id: int) -> int:
    """The number of a copy that says what the tariff says now; an equal one is used again. Raises NotFound."""
    found = await tx.scalar(_COPY, id=tariff_id)
    if found is None:
        found = await tx.scalar(_EQUAL, id=tariff_id)
    if found is None:
        raise NotFound
    return int(found)


async def snapshot(tx: Tx, snapshot_id: int) -> Snapshot:
    """A copy, read. Raises NotFound."""
    row = await tx.one(_SNAPSHOT, id=snapshot_id)
    if row is None:
        raise NotFound
    pricing = parsing.from_json(row["pricing"])
    return Snapshot(
        id=row["id"],
        tariff_id=row["tariff_id"],
        operator_id=row["operator_id"],
        name=row["name"],
        currency=row["currency"],
        tax_id=pricing.tax_id or None,
        tariff=parsing.tariff_of(row["type"], pricing, row["day_tariff_start"], row["night_tariff_start"]),
        pricing=pricing,
        stop_session=msgspec.convert(row["stop_session"], StopSession),
        restrictions=msgspec.convert(row["restrictions"], Restrictions),
    )


async def candidates(tx: Tx, group_id: int) -> list[Candidate[int]]:
    """The tariffs of a group by their numbers, in the group's order; none for a group that is not there."""
    rows = await tx.all(_CANDIDATES, id=group_id)
    return [
        Candidate(audience=msgspec.convert(row["restrictions"], Restrictions).audience(), what=row["id"])
        for row in rows
    ]


async def tariff_for(
    tx: Tx, group_id: int, visitor: Visitor, today: date, *, charge_point_partner: int | None = None
) -> int | None:
    """The number of the tariff of a group that applies to a visitor; None when there is no such group."""
    return resolve(await candidates(tx, group_id), visitor, today, charge_point_partner=charge_point_partner)


async def visitor_of(tx: Tx, driver_id: int, *, method: str | None = None) -> Visitor | None:
    """A driver of ours as the rule takes one; None when there is no such driver."""
    driver = await drivers.driver(tx, driver_id)
    if driver is None:
        return None
    partners = () if driver.partner_id is None else (driver.partner_id,)
    return Visitor(known=True, partner_ids=partners, group_ids=driver.group_ids, method=method)


async def resolved_for_user(tx: Tx, group_id: int, user_id: int | None, owner: int | None) -> int | None:
    """The tariff of a group for a user as of today at the group's operator; None as user is somebody ad hoc. owner: the
    operator whose groups count. Raises Invalid for a user who is not the operator's; None for a group that is not there."""
    group = await tx.one(_TIMEZONE, id=group_id, owner=owner)
    if group is None:
        return None
    visitor: Visitor | None = Visitor()
    if user_id is not None:
        driver = await drivers.driver(tx, user_id)
        known = driver is not None and driver.operator_id == group["operator_id"]
        visitor = await visitor_of(tx, user_id) if known else None
    if visitor is None:
        raise Invalid(errors=[FieldError("query", ("filter", "userId"), "There is no such user.")])
    return await tariff_for(tx, group_id, visitor, clock.now().astimezone(ZoneInfo(group["timezone"] or "UTC")).date())


async def set_base_type(tx: Tx, operator_id: int, base_type: str) -> None:
    """Which type the base tariffs of an operator's new groups have: `free` (where nothing was said) or `charging not allowed`."""
    await tx.run(_SET_BASE_TYPE, tenant_id=tx.tenant, id=operator_id, base_type=base_type)


async def add_base(tx: Tx, operator_id: int, name: str) -> int:
    """The base tariff of a new group; gives its number."""
    kind = await tx.scalar(_BASE_TYPE, id=operator_id) or "free"
    number: int = await tx.scalar(
        _ADD_BASE,
        tenant_id=tx.tenant,
        operator_id=operator_id,
        name=name,
        type=kind,
        currency=await currency_of(tx, operator_id),
    )
    emit(tx, TariffChanged(tariff_id=number, action="created"))
    return number


async def currency_of(tx: Tx, operator_id: int) -> str:
    """What an operator counts in: its own currency, else that of the business."""
    return await tx.scalar(_CURRENCY, id=operator_id) or await base_currency(tx)


async def ordered(tx: Tx, operator_id: int, base_id: int, given: Sequence[int]) -> list[int]:
    """The tariffs of a group in order, the base tariff first, wherever it was named. Raises Invalid for tariffs that are not
    the operator's, that come twice, or that are the base of another group."""
    rows = {row["id"]: row["base_of"] for row in await tx.all(_OWN_TARIFFS, operator_id=operator_id, ids=list(given))}
    errors: list[FieldError] = []
    seen: set[int] = set()
    for i, each in enumerate(given):
        if each not in rows:
            errors.append(FieldError("body", ("tariffIds", i), "There is no such tariff."))
        elif each in seen:
            errors.append(FieldError("body", ("tariffIds", i), "This tariff is named twice."))
        elif rows[each] is not None and each != base_id:
            errors.append(FieldError("body", ("tariffIds", i), "This is the base tariff of another group."))
        seen.add(each)
    if errors:
        raise Invalid(errors=errors)
    return [base_id, *[each for each in given if each != base_id]]


async def put_members(tx: Tx, group_id: int, tariffs: Sequence[int]) -> None:
    """Make these the tariffs of a group, in this order."""
    await tx.run(_LEAVE, id=group_id)
    await tx.run(_JOIN, tenant_id=tx.tenant, id=group_id, tariffs=list(tariffs))


async def known_tax(tx: Tx, tax_id: int | None) -> int | None:
    """The tax that a tariff may carry: none without several taxes. Raises Invalid for one that is not there."""
    if tax_id is None or not await tx.scalar(_MULTI_TAX):
        return None
    if await tx.scalar(_TAX, id=tax_id) is None:
        raise Invalid("There is no such tax.", field="pricing.taxID")
    return tax_id


async def groups_named(tx: Tx, operator_id: int, names: Sequence[str]) -> list[int]:
    """User groups by name. Raises Invalid for a name that no group or more than one has."""
    found: dict[str, list[int]] = {}
    for row in await tx.all(_GROUPS_NAMED, operator_id=operator_id, names=list(names)) if names else ():
        found.setdefault(row["name"], []).append(row["id"])
    errors = [
        FieldError("body", ("restrictions", "applyToUsersWithGroups", i), "Exactly one user group needs this name.")
        for i, name in enumerate(names)
        if len(found.get(name, ())) != 1
    ]
    if errors:
        raise Invalid(errors=errors)
    return [found[name][0] for name in names]


def without_groups_by_name(restrictions: Mapping[str, Any], more: Sequence[int]) -> dict[str, Any]:
    """Restrictions as they are kept: groups by number, the owner of a charge point under one of its two names each."""
    kept = {
        name: value for name, value in restrictions.items() if name != "applyToUsersWithGroups" and value is not None
    }
    if more:
        kept["applyToUserGroupIds"] = list(dict.fromkeys([*kept.get("applyToUserGroupIds", ()), *more]))
    names = ("applyToUsersOfChargePointPartner", "applyToUsersOfChargePointOwner")
    said = [kept[name] for name in names if name in kept]
    return {**kept, **dict.fromkeys(names, said[0])} if said else kept
