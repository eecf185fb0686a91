"""How the system is set, and what is seeded."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam, insert

from gridloom.charging.pricing.rules import base_currency
from gridloom.charging.stations.operators.tables import (
    charge_point_template,
    charge_point_template_evse,
    operator,
    setting,
)
from gridloom.kernel.database.statement import Statement, sql
from gridloom.kernel.database.transaction import Tx

_SETTING = sql("SELECT * FROM charging.setting")
_CURRENCY = sql("SELECT id, updated_at FROM charging.currency WHERE alphabetic_code = :code")
_REMOVE = sql("DELETE FROM charging.setting")
_DEFAULT = sql("SELECT id FROM charging.operator WHERE is_default")

DEFAULTS: Mapping[str, Any] = {
    "default_tax_id": None,
    "enable_reservations": True,
    "reservation_time": 30,
    "expiry_notification": 5,
    "max_reservations_per_day_per_user": 5,
    "cooldown_time_between_reservations": 0,
    "enable_reservations_queue": False,
    "enable_bookings": True,
    "bilingual_invoices_enabled": False,
    "bilingual_receipts_enabled": False,
}


async def settings(tx: Tx) -> Mapping[str, Any]:
    """The settings of the tenant; those of a fresh system when nobody has set anything (then without the moments)."""
    row = await tx.one(_SETTING)
    return dict(row) if row is not None else DEFAULTS


async def change_settings(tx: Tx, **changes: Any) -> None:
    """Set some of the columns of `charging.setting`; what was not said stays, or is as in a fresh system."""
    stored = await tx.one(_SETTING)
    kept = {} if stored is None else dict(stored)
    await tx.run(_REMOVE)
    columns = {**kept, **changes, "tenant_id": tx.tenant}
    await tx.run(insert_of(setting, columns), **columns)


async def currency_of_business(tx: Tx) -> Any | None:
    """The row (id, updated_at) of the currency that the business counts in; None while it is not among the currencies."""
    return await tx.one(_CURRENCY, code=await base_currency(tx))


async def default_operator(tx: Tx) -> int | None:
    """The operator that what names none belongs to."""
    found: int | None = await tx.scalar(_DEFAULT)
    return found


async def add_operator(tx: Tx, name: str, *, currency: str = "EUR", is_default: bool = False, **columns: Any) -> int:
    """A new operator; returns its id. columns: email, phone, timezone, locale, country."""
    values = {**columns, "tenant_id": tx.tenant, "name": name, "currency": currency, "is_default": is_default}
    return int(await tx.scalar(insert_of(operator, values), **values))


async def add_template(tx: Tx, name: str, evses: Sequence[Mapping[str, Any]], plans: Sequence[int] = ()) -> int:
    """A new template; returns its id. evses: columns of `charging.charge_point_template_evse`."""
    values = {"tenant_id": tx.tenant, "name": name, "subscription_plan_ids": list(plans)}
    template = int(await tx.scalar(insert_of(charge_point_template, values), **values))
    for evse in evses:
        columns = {**evse, "tenant_id": tx.tenant, "template_id": template}
        await tx.run(insert_of(charge_point_template_evse, columns), **columns)
    return template


def insert_of(table: Table, columns: Iterable[str]) -> Statement:
    """A statement that writes these columns of one row, each bound by its name; it returns the id where there is one."""
    return _insert_of(table, frozenset(columns))


@cache
def _insert_of(table: Table, columns: frozenset[str]) -> Statement:
    query = insert(table).values({name: bindparam(name, type_=table.c[name].type) for name in sorted(columns)})
    return Statement(query.returning(table.c.id) if "id" in table.c else query)
