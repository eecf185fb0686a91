"""What a meter's count is worth: its multiplier and the ratios of the transformers before it.

They stand in the JSON `info` of the meter's period, else of the sensor, under `multiplier`, `current_ratio` and
`voltage_ratio`: a number, or a quotient as it is printed on the plate (`200/5`).
"""

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from gridloom.core.series.errors import WrongRatio
from gridloom.core.series.structs import Samples
from gridloom.kernel.units import affine

_NUMBER = r"\s*(\d{1,12}(?:\.\d{1,12})?)\s*"
_PLATE = re.compile(f"{_NUMBER}(?:/{_NUMBER})?", re.ASCII)


def factor_of(
    *infos: Mapping[str, Any] | None,
    apply_multiplier: bool = True,
    apply_current_ratio: bool = True,
    apply_voltage_ratio: bool = True,
) -> Fraction:
    """The product of what applies, each from the first of `infos` that has it, else 1. Raises WrongRatio."""
    result = Fraction(1)
    for name, applies in (
        ("multiplier", apply_multiplier),
        ("current_ratio", apply_current_ratio),
        ("voltage_ratio", apply_voltage_ratio),
    ):
        given = next((info[name] for info in infos if info and info.get(name) is not None), None)
        if applies and given is not None:
            result *= ratio(given)
    return result


def ratio(given: object) -> Fraction:
    """40, 1.5, "40" or "200/5" as an exact fraction. Raises WrongRatio for anything else and what is not positive."""
    if isinstance(given, bool) or not isinstance(given, (int, float, str)):
        raise WrongRatio
    text = given if isinstance(given, str) else f"{given:.12f}" if isinstance(given, float) else str(given)
    parts = _PLATE.fullmatch(text)
    if parts is None:
        raise WrongRatio
    over, under = Fraction(parts[1]), Fraction(parts[2] or 1)
    if not over or not under:
        raise WrongRatio
    return over / under


def scaled(samples: Samples, factor: Fraction) -> Samples:
    """Every value times the factor, exact on decimals and rounded once."""
    return samples if factor == 1 else Samples(samples.time_ms, affine(samples.value, factor))
