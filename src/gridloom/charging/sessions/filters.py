"""How lists of sessions are narrowed down."""

from collections.abc import Mapping
from typing import Any, Literal, TypeAlias

from msgspec import UNSET, UnsetType
from sqlalchemy import (
    BigInteger,
    BindParameter,
    Boolean,
    ColumnElement,
    Text,
    and_,
    exists,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.sql.elements import KeyedColumnElement

from gridloom.charging.drivers.public import tables as drivers
from gridloom.charging.drivers.public import uid_key
from gridloom.charging.schemas import Wire
from gridloom.charging.sessions.schemas import Billing, Payment, PaymentType, Reason, Selected, Status
from gridloom.charging.sessions.tables import session
from gridloom.charging.stations.tables import charge_point, evse
from gridloom.kernel.errors import FieldError, Invalid
from gridloom.kernel.http.filters import Filter, equals, one_or_many, since, until, when

S = session.c
APP_DATA = "externalAppData"
MOST_PATHS = 20
_SPELLED = {"ev_not_connect_to_evse": "ev_not_connected_to_evse"}
_NETWORKS = ("visa", "mastercard", "maestro", "amex", "paypal", "unknown", "apple_pay", "google_pay", "twint", "other")
_TYPES = {"payment_terminal": "terminal", "external": "", **dict.fromkeys((*_NETWORKS, "bancontact"), "")}
_Reason: TypeAlias = Reason | Literal["ev_not_connect_to_evse"]


class RoamingFilter(Wire):
    """Sessions of roaming partners, by their numbers."""

    roaming_operator_cpo_ids: list[int] | UnsetType = UNSET
    roaming_operator_emsp_ids: list[int] | UnsetType = UNSET
    roaming_connection_ids: list[int] | UnsetType = UNSET


def _at_station(column: KeyedColumnElement[Any]) -> Filter:
    """Sessions at stations of which a column is this value."""
    there = (charge_point.c.tenant_id == S.tenant_id) & (charge_point.c.id == S.charge_point_id)
    return when(column.type.python_type, lambda value: exists().where(there, column == value), column.type)


def _booted(name: str) -> Filter:
    """Sessions at stations that said this of themselves at their last boot."""
    there = (charge_point.c.tenant_id == S.tenant_id) & (charge_point.c.id == S.charge_point_id)
    said = charge_point.c.last_boot[name].astext
    return when(str, lambda value: exists().where(there, said == value), Text())


def _at_evse(value: BindParameter[Any]) -> ColumnElement[bool]:
    there = (evse.c.tenant_id == S.tenant_id) & (evse.c.id == S.evse_id)
    return exists().where(there, evse.c.physical_reference == value)


def _of_partner(value: BindParameter[Any]) -> ColumnElement[bool]:
    mine = (drivers.driver.c.tenant_id == S.tenant_id) & (drivers.driver.c.id == S.driver_id)
    return exists().where(mine, drivers.driver.c.partner_id == value)


def _nobody(value: BindParameter[Any]) -> ColumnElement[bool]:
    """Of what there is none yet no session has one."""
    return S.id.is_(None) & (S.id == value)


def _holds(value: BindParameter[Any]) -> ColumnElement[bool]:
    """value: {path with dots: text}; an empty path is any property of the outermost object. All of them have to fit."""
    asked = func.jsonb_each_text(value, type_=JSONB()).table_valued("key", "value", name="asked")
    held = func.jsonb_each_text(S.external_app_data).table_valued("key", "value", name="held")
    anywhere = select(literal_column("1")).select_from(held).where(held.c.value == asked.c.value).exists()
    there = S.external_app_data.op("#>>")(func.string_to_array(asked.c.key, ".")) == asked.c.value
    missing: Any = select(literal_column("1")).select_from(asked).where(
        ~func.coalesce(or_(there & (asked.c.key != ""), (asked.c.key == "") & anywhere), False)
    )  # fmt: skip
    fits: ColumnElement[bool] = func.coalesce(func.jsonb_typeof(S.external_app_data) == "object", False)
    return and_(fits, ~missing.exists())


def asked_of(query: Mapping[str, Any]) -> dict[str, str]:
    """What `filter[externalAppData]` and `filter[externalAppData.some.path]` of a query ask for. Raises Invalid for a path that
    is asked for twice, and for more than twenty of them."""
    given = query.get("filter")
    asked: dict[str, str] = {}
    for name, value in given.items() if isinstance(given, dict) else ():
        if name == APP_DATA or name.startswith(f"{APP_DATA}."):
            if not isinstance(value, str):
                raise Invalid(errors=[FieldError("query", ("filter", name), "Expected one text.")])
            asked[name.removeprefix(APP_DATA).removeprefix(".")] = value
    if len(asked) > MOST_PATHS:
        raise Invalid(errors=[FieldError("query", ("filter", APP_DATA), f"At most {MOST_PATHS} properties.")])
    return asked


FILTERS: dict[str, Filter] = {
    "operatorId": one_or_many(S.operator_id),
    "evseId": equals(S.evse_id),
    "chargePointId": equals(S.charge_point_id),
    "evsePhysicalReference": when(str, _at_evse, Text()),
    "chargePointNetworkId": _at_station(charge_point.c.network_id),
    "reason": when(_Reason, lambda value: S.reason == value, Text(), lambda value: _SPELLED.get(value, value)),
    "chargePointBootNotificationSerialNumber": _booted("chargePointSerialNumber"),
    "chargePointBootNotificationVendor": _booted("vendor"),
    "startedAfter": since(S.started_at),
    "startedBefore": until(S.started_at),
    "userId": equals(S.driver_id),
    "status": equals(S.status, Status),
    "endedAfter": since(S.stopped_at),
    "endedBefore": until(S.stopped_at),
    "partnerId": _at_station(charge_point.c.partner_id),
    "userPartnerId": when(int, _of_partner, BigInteger()),
    "subOperatorId": _at_station(charge_point.c.sub_operator_id),
    "locationId": _at_station(charge_point.c.location_id),
    "idTag": when(str, lambda value: S.id_tag_key == value, Text(), uid_key),
    "paymentType": equals(S.payment_type, PaymentType),
    # Which network a card is of is known to the part that takes money; until then no session has one.
    "selectedPaymentMethod": when(
        list[Selected],
        lambda value: S.payment_type == func.any(value),
        ARRAY(Text()),
        lambda given: [_TYPES.get(each, each) for each in given],
    ),
    "paymentStatus": equals(S.payment_status, Payment),
    "taxId": equals(S.tax_id),
    "paymentStatusUpdatedBefore": until(S.payment_status_updated_at),
    "paymentStatusUpdatedAfter": since(S.payment_status_updated_at),
    "billingCompletedBefore": until(S.billing_completed_at),
    "billingCompletedAfter": since(S.billing_completed_at),
    APP_DATA: when(str, _holds, JSONB()),
    "receiptId": when(int, _nobody, BigInteger()),
    "authorizationSource": equals(S.authorization_source, Literal["roaming", "local", "third_party"]),
    "billingStatus": when(
        Billing | Literal["null"],
        S.billing_status.is_not_distinct_from,
        Text(),
        lambda value: None if value == "null" else value,
    ),
    "terminalId": equals(S.terminal_id),
    "lastUpdatedAfter": since(S.updated_at),
    "lastUpdatedBefore": until(S.updated_at),
    # Nothing roams yet: a list of partners finds no session, an empty one asks nothing.
    "roaming": when(
        RoamingFilter,
        lambda value: ~value,
        Boolean(),
        lambda given: any(
            getattr(given, name) is not UNSET and getattr(given, name) != [] for name in given.__struct_fields__
        ),
    ),
}
