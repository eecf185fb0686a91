"""What a session's price depends on besides what happened in it: zone, currency, tax, switches of its operator, its tariff."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from msgspec import Struct

from gridloom.charging.pricing.engine.public import Calendar, Free, Tariff, Terms, Thresholds
from gridloom.charging.sessions.places import zone_of
from gridloom.charging.tariffs.public import Snapshot, snapshot
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.money import UNIT_PRICE_DIGITS

_AROUND = sql(
    "SELECT l.timezone AS location_zone, o.timezone AS operator_zone, o.currency AS operator_currency, "
    "c.decimal AS digits, c.unit_price_and_calculations_decimal AS unit_price_digits, s.duration_fee_while_idle, "
    "s.idle_power_kw, s.idle_soc_percent, s.tariffs_set_idle, s.prices_include_tax "
    "FROM charging.charge_point p "
    "LEFT JOIN charging.location l ON l.tenant_id = p.tenant_id AND l.id = p.location_id "
    "LEFT JOIN charging.operator o ON o.tenant_id = p.tenant_id AND o.id = :operator "
    "LEFT JOIN charging.currency c ON c.tenant_id = p.tenant_id AND c.alphabetic_code = coalesce(:currency, o.currency) "
    "LEFT JOIN charging.session_setting s ON s.tenant_id = p.tenant_id AND s.operator_id = :operator "
    "WHERE p.id = :station"
)

DEFAULTS: Mapping[str, Any] = {
    "duration_fee_while_idle": False,
    "idle_power_kw": Decimal("0.1"),
    "idle_soc_percent": None,
    "tariffs_set_idle": True,
    "prices_include_tax": True,
}
"""How an operator prices who has said nothing."""


class Circumstances(Struct, frozen=True, kw_only=True):
    """All that the engine needs but the timeline. snapshot: None where no tariff group prices the EVSE; then it is free."""

    tariff: Tariff
    terms: Terms
    calendar: Calendar
    thresholds: Thresholds
    snapshot: Snapshot | None


async def circumstances_of(tx: Tx, session: Any) -> Circumstances:
    """The circumstances of a session, a row of `charging.session`: two statements, one more where no zone is set."""
    around = await tx.one(
        _AROUND, station=session["charge_point_id"], operator=session["operator_id"], currency=session["currency"]
    )
    if around is None:
        raise LookupError(f"session {session['id']} is at no station")
    said = {
        name: around[name] if around["prices_include_tax"] is not None else value for name, value in DEFAULTS.items()
    }
    number = session["tariff_snapshot_id"]
    copy = None if number is None else await snapshot(tx, number)
    return Circumstances(
        tariff=Free() if copy is None else copy.tariff,
        terms=_terms(session, around, said),
        calendar=Calendar(await zone_of(tx, around["location_zone"], around["operator_zone"])),
        thresholds=thresholds_of(said, copy),
        snapshot=copy,
    )


def _terms(session: Any, around: Any, said: Mapping[str, Any]) -> Terms:
    unit_price_digits = around["unit_price_digits"]
    return Terms(
        currency=session["currency"] or around["operator_currency"],
        digits=around["digits"],
        unit_price_digits=UNIT_PRICE_DIGITS if unit_price_digits is None else unit_price_digits,
        tax_percentage=session["tax_percentage"],
        prices_include_tax=said["prices_include_tax"],
        duration_fee_while_idle=said["duration_fee_while_idle"],
    )


def thresholds_of(said: Mapping[str, Any], copy: Snapshot | None) -> Thresholds:
    """When the car idles: as the operator says, or as the tariff does where tariffs may."""
    power, soc = said["idle_power_kw"], said["idle_soc_percent"]
    if copy is not None and said["tariffs_set_idle"]:
        # Decimal zero is a threshold of its own: no power is little enough.
        own = copy.pricing.average_power_idle_threshold
        power = own if isinstance(own, Decimal) else power
        soc = copy.pricing.state_of_charge_idle_threshold or soc
    return Thresholds(average_power_idle_threshold=power, state_of_charge_idle_threshold=soc)
