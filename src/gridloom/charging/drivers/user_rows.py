"""How users are found, shown and written: the columns of a driver, and of the person behind."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from msgspec import UNSET
from sqlalchemy import ARRAY, BigInteger, ColumnElement, Numeric, Text, cast, exists, func, literal_column, null, select

from gridloom.charging.drivers import invoicing, people
from gridloom.charging.drivers.tables import driver, invoice_details, user_group_member
from gridloom.charging.drivers.users import email, instant
from gridloom.charging.writing import ignored, text_or_none
from gridloom.core.parties.public import email_key
from gridloom.kernel.database.statement import Statement
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.filters import Filter, Include, Switch, equals, one_or_many, since, until, when
from gridloom.kernel.http.rows import Unpack

_MEMBERSHIP = (user_group_member.c.tenant_id == driver.c.tenant_id) & (user_group_member.c.driver_id == driver.c.id)
_DETAILS = (invoice_details.c.tenant_id == driver.c.tenant_id) & (invoice_details.c.driver_id == driver.c.id)
_APP_DATA = Statement(select(driver.c.id, driver.c.external_app_data).where(driver.c.id == func.any(invoicing.IDS)))
_CUSTOMER = driver.c.external_app_data["externalCustomerId"].astext
_NOTHING = Decimal(0)


async def _app_data(tx: Tx, ids: Sequence[Any]) -> Mapping[Any, Any]:
    rows = await tx.all(_APP_DATA, ids=[int(each) for each in ids])
    return {str(row["id"]): row["external_app_data"] for row in rows}


async def _none_of_this(_: Tx, __: Sequence[Any]) -> Mapping[Any, Any]:
    """Invitations and debts are made by parts that are not there; nobody has one."""
    return {}


def _options(given: Any) -> Mapping[str, Any]:
    return {} if given.sessions_allowed is UNSET else {"sessions_allowed": given.sessions_allowed}


def operator(given: int | None) -> Mapping[str, Any]:
    """Whoever says null says nothing: a token of one operator means its own."""
    return {} if given is None else {"operator_id": given}


def _when_details(each: Filter) -> Filter:
    """A condition on the details of a user, which one without details does not meet."""
    return replace(each, clause=lambda value: exists().where(_DETAILS, each.clause(value)))


FILTERS: dict[str, Filter] = {
    "operatorId": one_or_many(driver.c.operator_id),
    "userGroupId": when(
        int, lambda value: exists().where(_MEMBERSHIP, user_group_member.c.group_id == value), BigInteger()
    ),
    "partnerId": equals(driver.c.partner_id),
    "externalId": equals(driver.c.external_id),
    "email": when(str, lambda value: driver.c.email_key == value, Text(), email_key),
    "externalAppData": when(str, _CUSTOMER.__eq__, Text()),
    "externalAppData.externalCustomerId": when(str, _CUSTOMER.__eq__, Text()),
    "lastUpdatedAfter": since(people.CHANGED),
    "lastUpdatedBefore": until(people.CHANGED),
    "lastActivityBefore": until(driver.c.last_activity_at),
    "invoiceDetailsLastUpdatedAfter": _when_details(since(invoice_details.c.updated_at)),
    "invoiceDetailsLastUpdatedBefore": _when_details(until(invoice_details.c.updated_at)),
    "createdAfter": since(driver.c.created_at),
    "createdBefore": until(driver.c.created_at),
}
INCLUDES = {
    "partnerInvites": Include(_none_of_this),
    "externalAppData": Include(_app_data, empty=lambda: None),
    "invoiceDetails": Include(invoicing.of_users, empty=lambda: None),
}
SWITCHES = {"withAmountDue": Switch("amountDue", Include(_none_of_this, empty=lambda: _NOTHING), ("read",))}
COLUMNS: dict[str, ColumnElement[Any]] = {
    **people.COLUMNS,
    "id": cast(driver.c.id, Text),
    "email_verified": driver.c.email_verified_at,
    "require_password_reset": driver.c.requires_password_reset,
    "balance": cast(literal_column("0"), Numeric(12, 3)),
    "subscription_id": cast(null(), BigInteger),
    "user_group_ids": func.array(
        select(user_group_member.c.group_id)
        .where(_MEMBERSHIP)
        .order_by(user_group_member.c.group_id)
        .scalar_subquery(),
        type_=ARRAY(BigInteger),
    ),
    "options": func.jsonb_build_object("sessionsAllowed", driver.c.sessions_allowed, type_=driver.c.bank_details.type),
    "receive_news_and_promotions": driver.c.receives_news,
    "skip_pre_authorization": driver.c.skips_pre_authorization,
    "skip_unpaid_session_check": driver.c.skips_unpaid_session_check,
}
WRITES: dict[str, Unpack | str] = {
    **dict.fromkeys((*people.PERSON, "password", "user_group_ids", "last_updated_at", "nonce"), ignored),
    **{name: text_or_none(name) for name in ("vehicle_no", "personal_id", "company_name", "external_id")},
    "operator_id": operator,
    "email": email,
    "email_verified": lambda given: {"email_verified_at": instant(given)},
    "require_password_reset": "requires_password_reset",
    "options": _options,
    "receive_news_and_promotions": "receives_news",
    "skip_pre_authorization": "skips_pre_authorization",
    "skip_unpaid_session_check": "skips_unpaid_session_check",
}
