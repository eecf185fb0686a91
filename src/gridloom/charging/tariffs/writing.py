"""What is checked and completed before a tariff is written, and when one may go."""

from collections.abc import Mapping
from typing import Any

import msgspec

from gridloom.charging.tariffs import parsing, store
from gridloom.charging.tariffs.schemas import GroupDisplayWrite, Partner, Restrictions
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid

_BASE_OF = sql("SELECT name FROM charging.tariff_group WHERE base_tariff_id = :id")
_PRICED_BY = sql("SELECT 1 FROM charging.evse WHERE tariff_group_id = :id LIMIT 1")
_NOTHING_SAID: Mapping[str, Any] = {
    "day_tariff_start": None, "night_tariff_start": None, "pricing": {}, "stop_session": {}, "restrictions": {},
    "partner_id": None, "display": {},
}  # fmt: skip


class StillInUse(Invalid):
    """A tariff or a group that something is still priced by."""

    text = "This is still in use."


def operator(given: int | None) -> Mapping[str, Any]:
    """Whoever says null says nothing: a token of one operator means its own."""
    return {} if given is None else {"operator_id": given}


def partner(given: Partner) -> Mapping[str, Any]:
    """The partner by its number, which may be none."""
    return {"partner_id": given.id or None}


def plain(column: str) -> Any:
    """An object as JSON, without what is null."""

    def unpack(given: Any) -> Mapping[str, Any]:
        return {column: {name: value for name, value in parsing.as_json(given).items() if value is not None}}

    return unpack


def localised(column: str) -> Any:
    """Texts by language, without languages that have none; null is kept as null."""

    def unpack(given: Mapping[str, str | None] | None) -> Mapping[str, Any]:
        if given is None:
            return {column: None}
        return {column: {locale: text for locale, text in given.items() if text is not None}}

    return unpack


def display(given: GroupDisplayWrite) -> Mapping[str, Any]:
    """The texts of a group, without those that are null."""
    found: Mapping[str, Any] = plain("display")(given)
    return found


async def settle(tx: Tx, columns: dict[str, Any], current: Any | None) -> None:
    """Put a tariff into the form in which it is kept. Raises Invalid."""
    for name, value in _NOTHING_SAID.items():
        columns.setdefault(name, value)
    operator_id = columns["operator_id"] if current is None else current["operator_id"]
    pricing = parsing.from_json(columns["pricing"])
    pricing.tax_id = columns["tax_id"] = await store.known_tax(tx, pricing.tax_id or None)
    checked, columns["pricing"] = parsing.kept(
        columns["type"], pricing, columns["day_tariff_start"], columns["night_tariff_start"]
    )
    columns["day_tariff_start"], columns["night_tariff_start"] = checked.day_tariff_start, checked.night_tariff_start
    named = columns["restrictions"].get("applyToUsersWithGroups", ())
    columns["restrictions"] = store.without_groups_by_name(
        columns["restrictions"], await store.groups_named(tx, operator_id, named)
    )
    if current is None:
        columns["currency"] = await store.currency_of(tx, operator_id)
    elif await tx.scalar(_BASE_OF, id=current["id"]) is not None:
        _refuse_restricted(columns["restrictions"])


def _refuse_restricted(restrictions: Mapping[str, Any]) -> None:
    audience = msgspec.convert(restrictions, Restrictions).audience()
    if not audience.everybody or audience.methods or audience.first_day or audience.last_day:
        raise Invalid("The base tariff of a group is for everybody, always.", field="restrictions")


async def keep_base(tx: Tx, current: Any) -> None:
    """The base tariff of a group stays as long as the group does."""
    if await tx.scalar(_BASE_OF, id=current["id"]) is not None:
        raise StillInUse("This is the base tariff of a group, and goes with it.")


async def keep_priced(tx: Tx, current: Any) -> None:
    """A group stays as long as an EVSE is priced by it."""
    if await tx.scalar(_PRICED_BY, id=current["id"]) is not None:
        raise StillInUse
