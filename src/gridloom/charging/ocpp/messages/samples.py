"""Meter values of both versions in one form: instants in UTC, Decimals, energy in Wh, power in W.

1.6 sends each value as text and names the unit beside it; 2.0.1 sends numbers with a unit and a power of ten. Kilo
units become base units, everything else keeps its unit. A value that cannot be read is kept as text with `value` None:
it is shown and never computed with. Signed data travels along untouched, for those who verify it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from gridloom.charging.ocpp.messages.instants import instant
from gridloom.charging.ocpp.messages.schemas import Payload
from gridloom.charging.ocpp.messages.versions import Version

DEFAULT_MEASURAND = "Energy.Active.Import.Register"
_KILO = {"kWh": "Wh", "kvarh": "varh", "kW": "W", "kVA": "VA", "kvar": "var", "kVAh": "VAh"}
_SPELLINGS = {"Celcius": "Celsius"}
_LONGEST = 40
_LARGEST = Decimal(10) ** 18


@dataclass(slots=True, frozen=True)
class Sample:
    """One measured number; `value` is None when it could not be read, `text` is then what the station sent."""

    at: datetime
    measurand: str
    value: Decimal | None
    unit: str | None
    phase: str | None
    context: str
    location: str
    text: str | None = None
    signed: str | None = None


def samples(version: Version, payload: Payload) -> Iterator[Sample]:
    """The samples of a checked MeterValues, StopTransaction or TransactionEvent, in the order sent."""
    meter_values = payload.get("meterValue") or payload.get("transactionData") or ()
    for meter_value in meter_values:
        at = instant(meter_value["timestamp"])
        for sampled in meter_value["sampledValue"]:
            yield _of_16(at, sampled) if version is Version.V16 else _of_201(at, sampled)


def _of_16(at: datetime, sampled: dict[str, Any]) -> Sample:
    measurand = sampled.get("measurand", DEFAULT_MEASURAND)
    text = sampled["value"]
    signed = text if sampled.get("format") == "SignedData" else None
    value = None if signed is not None else _number(text)
    unit = sampled.get("unit", "Wh" if measurand.startswith("Energy") else None)
    value, unit = _base(value, unit)
    return Sample(
        at, measurand, value, unit, sampled.get("phase"), sampled.get("context", "Sample.Periodic"),
        sampled.get("location", "Outlet"), text if value is None else None, signed,
    )  # fmt: skip


def _of_201(at: datetime, sampled: dict[str, Any]) -> Sample:
    measurand = sampled.get("measurand", DEFAULT_MEASURAND)
    of_unit = sampled.get("unitOfMeasure", {})
    unit = of_unit.get("unit", "Wh" if measurand.startswith("Energy") else None)
    sent = Decimal(sampled["value"])
    power_of_ten = of_unit.get("multiplier", 0)
    value = _bounded(sent.scaleb(power_of_ten)) if abs(power_of_ten) <= 30 else None
    value, unit = _base(value, unit)
    signed = sampled.get("signedMeterValue", {}).get("signedMeterData")
    return Sample(
        at, measurand, value, unit, sampled.get("phase"), sampled.get("context", "Sample.Periodic"),
        sampled.get("location", "Outlet"), str(sent) if value is None else None, signed,
    )  # fmt: skip


def _number(text: str) -> Decimal | None:
    try:
        # Some stations write a decimal comma.
        return _bounded(Decimal(text.strip().replace(",", "."))) if len(text) <= _LONGEST else None
    except InvalidOperation:
        return None


def _bounded(value: Decimal) -> Decimal | None:
    return value if value.is_finite() and abs(value) < _LARGEST and abs(value.adjusted()) <= 30 else None


def _base(value: Decimal | None, unit: str | None) -> tuple[Decimal | None, str | None]:
    if unit in _KILO:
        return (None if value is None else value * 1000), _KILO[unit]
    return value, _SPELLINGS.get(unit, unit) if unit is not None else None
