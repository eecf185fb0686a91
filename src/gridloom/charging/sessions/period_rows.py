"""Periods, lines and authorizations of a page of sessions, each in one statement."""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import msgspec
from msgspec import UNSET

from gridloom.charging.schemas import Wire
from gridloom.charging.sessions.amounts import PriceLine, TaxedAmount
from gridloom.charging.sessions.breakdown import details_from, lines_from
from gridloom.charging.sessions.schemas import ChargingPeriod, SessionAuthorization, SessionPriceLine
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.call import Call

_PERIODS = sql(
    "SELECT p.*, s.billing_status FROM charging.session_period p "
    "JOIN charging.session s ON s.tenant_id = p.tenant_id AND s.id = p.session_id "
    "WHERE p.session_id = ANY(CAST(:ids AS bigint[])) ORDER BY p.session_id, p.position"
)
_LINES = sql(
    "SELECT id, price_breakdown FROM charging.session "
    "WHERE id = ANY(CAST(:ids AS bigint[])) AND billing_status = 'completed'"
)
_AUTHORIZATIONS = sql(
    "SELECT s.id AS session_id, a.id, a.operator_id, a.method, a.source, a.created_at, a.status, a.rejection_reason, "
    "a.driver_id, a.id_tag_uid, a.roaming, a.updated_at FROM charging.session s "
    "JOIN charging.authorization a ON a.tenant_id = s.tenant_id AND a.id = s.authorization_id "
    "WHERE s.id = ANY(CAST(:ids AS bigint[])) AND a.status <> 'pending'"
)
_APP_DATA = sql("SELECT id, external_app_data FROM charging.session WHERE id = ANY(CAST(:ids AS bigint[]))")
_METHODS = {
    "id_tag": "rfid_tag",
    "mac_address": "rfid_tag",
    "roaming": "user_device",
    "payment_terminal": "user_device",
    "plug_and_charge_iso15118": "plug_and_charge",
}
_WHOLE = Decimal(1)


class Wanted(Wire):
    """What the query says beside the switches."""

    with_charging_periods_price_breakdown: bool = False
    clock_aligned_interval: int = 15


def wanted_of(call: Call | None) -> Wanted:
    """The same of a request that was checked; without a request nothing is wanted."""
    return Wanted() if call is None else msgspec.convert(call.query, Wanted, strict=False)


def numbers(ids: Sequence[Any]) -> list[int]:
    """Ids as the database has them: they travel as text."""
    return [int(each) for each in ids]


async def periods(tx: Tx, ids: Sequence[Any], call: Call) -> Mapping[Any, list[ChargingPeriod]]:
    """The periods of each session in order, with their lines where they are wanted and the bill is made."""
    with_lines = wanted_of(call).with_charging_periods_price_breakdown
    found: dict[str, list[ChargingPeriod]] = {}
    for row in await tx.all(_PERIODS, ids=numbers(ids)):
        shown = _period(row, with_lines=with_lines and row["billing_status"] == "completed")
        found.setdefault(str(row["session_id"]), []).append(shown)
    return found


def _period(row: Any, *, with_lines: bool) -> ChargingPeriod:
    priced = row["total_with_tax"] is not None
    return ChargingPeriod(
        id=row["id"],
        energy=int(row["energy_wh"].quantize(_WHOLE, ROUND_HALF_UP)),
        energy_precise=plain(row["energy_wh"]),
        started_at=row["started_at"],
        stopped_at=row["stopped_at"],
        state=row["state"],
        charging_state=row["charging_state"],
        grace_time_end_at=row["grace_time_end_at"] or UNSET,
        pricing_details=details_from(row["pricing_details"]) if row["pricing_details"] else UNSET,
        amount=plain(row["total_with_tax"]) if priced else None,
        total_amount=_taxed(row["total_with_tax"], row["total_without_tax"]) if priced else UNSET,
        price_breakdown=lines_from(row["price_breakdown"]) if with_lines else UNSET,
    )


async def lines(tx: Tx, ids: Sequence[Any]) -> Mapping[Any, list[SessionPriceLine]]:
    """The lines of each session whose bill is made."""
    rows = await tx.all(_LINES, ids=numbers(ids))
    return {str(row["id"]): [_whole(each) for each in lines_from(row["price_breakdown"])] for row in rows}


def _whole(line: PriceLine) -> SessionPriceLine:
    fields = {name: getattr(line, name) for name in line.__struct_fields__}
    return SessionPriceLine(**fields, total_price=line.price.with_tax, unit_price=line.price_per_unit.with_tax)


async def authorizations(tx: Tx, ids: Sequence[Any]) -> Mapping[Any, SessionAuthorization]:
    """The decision behind each session."""
    return {str(row["session_id"]): _authorization(row) for row in await tx.all(_AUTHORIZATIONS, ids=numbers(ids))}


def _authorization(row: Any) -> SessionAuthorization:
    method = "rfid_tag" if row["method"] == "roaming" and row["id_tag_uid"] else row["method"]
    return msgspec.convert(
        {
            "id": row["id"],
            "operatorId": row["operator_id"],
            "method": _METHODS.get(method, method),
            "source": row["source"],
            "createdAt": row["created_at"],
            "status": row["status"],
            "rejectionReason": row["rejection_reason"],
            "userId": row["driver_id"],
            "rfidTagUid": row["id_tag_uid"],
            **({"roaming": row["roaming"]} if row["roaming"] else {}),
            "lastUpdatedAt": row["updated_at"],
        },
        SessionAuthorization,
    )


async def app_data(tx: Tx, ids: Sequence[Any]) -> Mapping[Any, Any]:
    """What other applications keep with each session."""
    return {str(row["id"]): row["external_app_data"] for row in await tx.all(_APP_DATA, ids=numbers(ids))}


def plain(value: Decimal) -> Decimal:
    """Without the zeros that the column's scale adds."""
    return value.normalize() if value != value.to_integral_value() else value.quantize(_WHOLE)


def _taxed(with_tax: Decimal, without_tax: Decimal) -> TaxedAmount:
    return TaxedAmount(with_tax=plain(with_tax), without_tax=plain(without_tax))
