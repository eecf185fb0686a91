"""The meters of a sensor as the series core counts them: when each hung there, its registers at both ends, its factor."""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import msgspec

from gridloom.core.series import public as series
from gridloom.metering.sensors.schemas import SensorState
from gridloom.metering.signals.catalogue import SignalType


def factor_of(kind: SignalType, *infos: str | None, multiply: bool = True) -> Fraction:
    """What one count is worth for a signal of this type.

    infos: JSON texts, of the meter before those of the sensor. multiply: false leaves all factors out. Raises WrongRatio.
    """
    return series.factor_of(
        *(_object(info) for info in infos),
        apply_multiplier=multiply and kind.apply_multiplier,
        apply_current_ratio=multiply and kind.apply_current_ratio,
        apply_voltage_ratio=multiply and kind.apply_voltage_ratio,
    )


def periods_of(
    kind: SignalType, meters: Sequence[SensorState], info: str | None, *, multiply: bool = True
) -> list[series.Period]:
    """The meters as they were noted, for a signal of this type. info: of the sensor, for what a meter's own does not say."""
    periods = []
    for meter in meters:
        register = next((each for each in meter.signal_states if each.signal_type_moid == kind.signal_type_moid), None)
        periods.append(
            series.Period(
                since_ms=meter.since,
                till_ms=meter.till,
                value_for_since=register.value_for_since if register else None,
                value_for_till=register.value_for_till if register else None,
                factor=factor_of(kind, meter.info, info, multiply=multiply),
            )
        )
    return periods


def _object(text: str | None) -> dict[str, Any] | None:
    """The object in a JSON text; anything else says nothing about factors."""
    if not text:
        return None
    try:
        found = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return None
    return found if isinstance(found, dict) else None
