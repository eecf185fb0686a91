"""The details that invoices to a user carry: one row a user."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ARRAY, BigInteger, bindparam, func, select

from gridloom.charging.drivers.events import InvoiceDetailsChanged
from gridloom.charging.drivers.invoice_schemas import OTHERS, InvoiceDetails, InvoiceDetailsWrite
from gridloom.charging.drivers.tables import INVOICE_TEXTS, invoice_details
from gridloom.kernel.database.statement import Statement, sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import NotFound
from gridloom.kernel.events.event import emit
from gridloom.kernel.http.rows import Shape

IDS = bindparam("ids", type_=ARRAY(BigInteger))

_SHAPE = Shape(
    invoice_details,
    InvoiceDetails,
    {
        "require_invoice_last_updated_at": invoice_details.c.require_invoice_updated_at,
        "last_updated_at": invoice_details.c.updated_at,
    },
    {},
    ("require_invoice_enforced_by", "original_request_value", "individual", "company", *OTHERS),
)
_OF_USERS = Statement(
    select(*_SHAPE.selected, invoice_details.c.driver_id).where(invoice_details.c.driver_id == func.any(IDS))
)
_NAMES = ("require_invoice", "invoice_type", *INVOICE_TEXTS)
_SAVE = sql(
    f"INSERT INTO charging.invoice_details AS there (tenant_id, driver_id, {', '.join(_NAMES)}) "
    f"VALUES (:tenant_id, :driver_id, {', '.join(f':{name}' for name in _NAMES)}) "
    f"ON CONFLICT (tenant_id, driver_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in _NAMES)}, "
    "updated_at = now(), require_invoice_updated_at = CASE WHEN there.require_invoice = excluded.require_invoice "
    "THEN there.require_invoice_updated_at ELSE now() END RETURNING xmax = 0 AS is_new"
)
_USER = (
    "SELECT 1 FROM charging.driver WHERE id = :id AND deleted_at IS NULL "
    "AND operator_id = coalesce(CAST(:owner AS bigint), operator_id)"
)
_EXISTS, _HOLD = sql(_USER), sql(f"{_USER} FOR KEY SHARE")


async def of_users(tx: Tx, ids: Sequence[Any]) -> Mapping[Any, InvoiceDetails]:
    """The details of each of these users that has some, by the text of the user's number."""
    rows = await tx.all(_OF_USERS, ids=[int(each) for each in ids])
    return {str(row["driver_id"]): _SHAPE.make(row) for row in rows}


async def require_user(tx: Tx, user: int) -> None:
    """Raises NotFound for a user whom the caller cannot see."""
    if await tx.scalar(_EXISTS, id=user, owner=_operator(tx)) is None:
        raise NotFound


async def read(tx: Tx, user: int) -> InvoiceDetails:
    """The details of a user whom the caller may see. Raises NotFound, also while there are none."""
    await require_user(tx, user)
    found = (await of_users(tx, [user])).get(str(user))
    if found is None:
        raise NotFound
    return found


async def save(tx: Tx, user: int, given: InvoiceDetailsWrite) -> InvoiceDetails:
    """Write the whole of the details. Raises NotFound."""
    if await tx.scalar(_HOLD, id=user, owner=_operator(tx)) is None:
        raise NotFound
    values = {name: getattr(given, name) for name in _NAMES}
    plain = {name: None if value in (msgspec.UNSET, "") else value for name, value in values.items()}
    is_new = await tx.scalar(_SAVE, tenant_id=tx.tenant, driver_id=user, **plain)
    emit(tx, InvoiceDetailsChanged(user_id=user, action="created" if is_new else "updated"))
    return await read(tx, user)


def _operator(tx: Tx) -> Any | None:
    return None if tx.subject is None else tx.subject.attributes.get("operator_id")
