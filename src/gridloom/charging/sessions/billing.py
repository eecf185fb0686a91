"""What a session costs: its tariff when it starts, its bill when it has ended. What it costs meanwhile is in `spending.py`.

    await take_tariff(tx, session_id)               # when a session is made, and when it gets its driver
    await bill(tx, session_id)                      # again after late values: the same rows give the same bill

A session without a tariff group is free. What is owed is not collected here: without a part that takes money `payment_status`
stays empty.
"""

from typing import Any

import structlog
from msgspec.structs import replace

from gridloom.charging.drivers.public import driver
from gridloom.charging.pricing.engine.public import NoRate, Period, Priced, Thresholds, Timeline, price, states_of
from gridloom.charging.pricing.rules import base_currency
from gridloom.charging.sessions import store
from gridloom.charging.sessions.breakdown import details_of, lines_of
from gridloom.charging.sessions.events import SessionUpdated
from gridloom.charging.sessions.facts import visitor_as
from gridloom.charging.sessions.places import zone_of
from gridloom.charging.sessions.terms import Circumstances, circumstances_of
from gridloom.charging.sessions.timeline import timeline_of
from gridloom.charging.tariffs.public import snapshot, snapshot_of, tariff_for
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import emit

log = structlog.get_logger(__name__)

_WHERE = sql(
    "SELECT s.operator_id, s.driver_id, s.started_at, e.tariff_group_id, p.partner_id, l.timezone AS location_zone, "
    "o.timezone AS operator_zone, o.currency, a.method "
    "FROM charging.session s "
    "JOIN charging.evse e ON e.tenant_id = s.tenant_id AND e.id = s.evse_id "
    "JOIN charging.charge_point p ON p.tenant_id = s.tenant_id AND p.id = s.charge_point_id "
    "LEFT JOIN charging.location l ON l.tenant_id = p.tenant_id AND l.id = p.location_id "
    "LEFT JOIN charging.operator o ON o.tenant_id = s.tenant_id AND o.id = s.operator_id "
    "LEFT JOIN charging.authorization a ON a.tenant_id = s.tenant_id AND a.id = s.authorization_id "
    "WHERE s.id = :id"
)
_TAX = sql(
    "SELECT t.id, t.percentage FROM charging.setting x JOIN charging.tax t ON t.tenant_id = x.tenant_id AND t.id = "
    "CASE WHEN x.enable_multi_tax_support THEN coalesce(CAST(:own AS bigint), x.default_tax_id) ELSE x.default_tax_id END"
)
_TAKE = sql(
    "UPDATE charging.session SET tariff_id = :tariff, tariff_snapshot_id = :snapshot, currency = :currency, tax_id = :tax, "
    "tax_percentage = :percentage, updated_at = now() WHERE id = :id"
)
_STATUS = sql("UPDATE charging.session SET billing_status = :status, updated_at = now() WHERE id = :id")
_PRICED = sql(
    "UPDATE charging.session SET billing_status = 'completed', billing_completed_at = :now, currency = :currency, "
    "total_with_tax = :with_tax, total_without_tax = :without_tax, price_breakdown = :lines, charging_state = :state, "
    "non_billable_energy_wh = :allowed, updated_at = now() WHERE id = :id"
)
_PERIODS = sql(
    "SELECT position, started_at, stopped_at, charging_state, state, energy_wh, grace_time_end_at, pricing_details, "
    "total_with_tax, total_without_tax, price_breakdown FROM charging.session_period "
    "WHERE session_id = :session ORDER BY position"
)
_PUT_PERIOD = sql(
    "INSERT INTO charging.session_period (tenant_id, session_id, position, started_at, stopped_at, charging_state, state, "
    "energy_wh, grace_time_end_at, pricing_details, total_with_tax, total_without_tax, price_breakdown) VALUES (:tenant_id, "
    ":session, :position, :started_at, :stopped_at, :charging_state, :state, :energy_wh, :grace_time_end_at, :pricing_details, "
    ":total_with_tax, :total_without_tax, :price_breakdown) ON CONFLICT (tenant_id, session_id, position) DO UPDATE SET "
    "started_at = excluded.started_at, stopped_at = excluded.stopped_at, charging_state = excluded.charging_state, "
    "state = excluded.state, energy_wh = excluded.energy_wh, grace_time_end_at = excluded.grace_time_end_at, "
    "pricing_details = excluded.pricing_details, total_with_tax = excluded.total_with_tax, "
    "total_without_tax = excluded.total_without_tax, price_breakdown = excluded.price_breakdown, updated_at = now()"
)
_CUT_PERIODS = sql("DELETE FROM charging.session_period WHERE session_id = :session AND position >= :count")


async def take_tariff(tx: Tx, session_id: int) -> None:
    """Give a session the tariff that applies to its driver (nobody: ad hoc) at its EVSE on the local day of its start: a copy
    of it, its currency and its tax, which stay as they are. An EVSE that no group prices leaves it without one, free."""
    place = await tx.one(_WHERE, id=session_id)
    if place is None:
        raise LookupError(f"no session {session_id}")
    tariff = None
    if place["tariff_group_id"] is not None:
        zone = await zone_of(tx, place["location_zone"], place["operator_zone"])
        who = None if place["driver_id"] is None else await driver(tx, place["driver_id"])
        visitor = visitor_as(who, place["method"])
        today = clock.day_of(place["started_at"], zone)
        tariff = await tariff_for(
            tx, place["tariff_group_id"], visitor, today, charge_point_partner=place["partner_id"]
        )
    await price_by(tx, session_id, tariff, place["currency"])


async def price_by(tx: Tx, session_id: int, tariff_id: int | None, currency: str | None = None) -> None:
    """Price a session by a copy of this tariff from now on; by none it is free, in the currency of its operator."""
    copy = None if tariff_id is None else await snapshot(tx, await snapshot_of(tx, tariff_id))
    tax = await tx.one(_TAX, own=None if copy is None else copy.tax_id)
    await tx.run(
        _TAKE,
        id=session_id,
        tariff=tariff_id,
        snapshot=None if copy is None else copy.id,
        currency=(currency or await base_currency(tx)) if copy is None else copy.currency,
        tax=None if tax is None else tax["id"],
        percentage=None if tax is None else tax["percentage"],
    )


async def bill(tx: Tx, session_id: int) -> None:
    """Make the bill of a finished session: its periods, its breakdown, its totals. Nothing changes when nothing did.

    Without a meter value, or without the electricity rate that its tariff follows, billing is suspended until there is one.
    A session that has not finished has no bill.
    """
    session = await store.session(tx, session_id, lock=True)
    if session is None or session["status"] != "finished":
        return
    timeline = await timeline_of(tx, session, session["stopped_at"])
    around = await circumstances_of(tx, session)
    priced = _priced(timeline, around) if timeline.readings else None
    if priced is None:
        if session["billing_status"] != "suspended":
            await tx.run(_STATUS, id=session_id, status="suspended")
            _tell(tx, session)
        return
    has_moved = await put_periods(tx, session_id, periods_of(priced))
    if has_moved or session["billing_status"] != "completed" or _said(session) != _says(priced):
        await tx.run(
            _PRICED,
            id=session_id,
            now=clock.now(),
            currency=priced.currency,
            with_tax=priced.total_amount.with_tax,
            without_tax=priced.total_amount.without_tax,
            lines=lines_of(priced.price_breakdown),
            state=priced.periods[-1].charging_state,
            allowed=priced.non_billable_energy_wh,
        )
        _tell(tx, session)


def _priced(timeline: Timeline, around: Circumstances) -> Priced | None:
    """None where the tariff follows a rate that is not there."""
    try:
        return price(with_states(timeline, around.thresholds), around.tariff, around.calendar, around.terms)
    except NoRate:
        return None


def with_states(timeline: Timeline, thresholds: Thresholds) -> Timeline:
    """The timeline with the states to price it by. Silence is not idleness: whether the car takes power is known up to the
    newest value, and goes on like that."""
    told = [each.at for each in timeline.readings if each.at <= timeline.stopped_at]
    known = replace(timeline, stopped_at=max([timeline.started_at, *told]))
    return replace(timeline, states=states_of(known, thresholds))


def _said(session: Any) -> tuple[Any, ...]:
    return session["currency"], session["total_with_tax"], session["total_without_tax"], session["price_breakdown"]


def _says(priced: Priced) -> tuple[Any, ...]:
    total = priced.total_amount
    return priced.currency, total.with_tax, total.without_tax, lines_of(priced.price_breakdown)


def _tell(tx: Tx, session: Any) -> None:
    emit(
        tx,
        SessionUpdated(
            session_id=session["id"], charge_point_id=session["charge_point_id"], evse_id=session["evse_id"]
        ),
    )


def periods_of(priced: Priced, *, is_running: bool = False) -> list[dict[str, Any]]:
    """The periods as columns of `charging.session_period`, in order; the last of a running session has no end."""
    rows = [_period(position, each) for position, each in enumerate(priced.periods)]
    if is_running:
        rows[-1]["stopped_at"] = None
    return rows


def _period(position: int, period: Period) -> dict[str, Any]:
    return {
        "position": position,
        "started_at": period.started_at,
        "stopped_at": period.stopped_at,
        "charging_state": period.charging_state,
        "state": period.state,
        "energy_wh": period.energy_wh,
        "grace_time_end_at": period.grace_time_end_at,
        "pricing_details": details_of(period.pricing_details),
        "total_with_tax": period.total_amount.with_tax,
        "total_without_tax": period.total_amount.without_tax,
        "price_breakdown": lines_of(period.price_breakdown),
    }


async def put_periods(tx: Tx, session_id: int, rows: list[dict[str, Any]]) -> bool:
    """Make these the periods of a session; says whether anything changed. A period keeps its id as long as its place in the
    order is filled. rows: as `periods_of` gives them."""
    before = [dict(row) for row in await tx.all(_PERIODS, session=session_id)]
    changed = [row for row in rows if row["position"] >= len(before) or before[row["position"]] != row]
    if changed:
        await tx.many(_PUT_PERIOD, [{"tenant_id": tx.tenant, "session": session_id, **row} for row in changed])
    if len(before) > len(rows):
        await tx.run(_CUT_PERIODS, session=session_id, count=len(rows))
    return bool(changed) or len(before) > len(rows)
