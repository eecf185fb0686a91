"""Dividing an amount without losing or inventing any of it."""

import math
from decimal import Decimal

import numpy as np

from gridloom.metering.graphs.data import Values

_DECIMALS = (6, 9)
_COARSER = (3, 0)
_EXACT_BELOW = 2**53


def distribute(start: float, end: float, shape: Values) -> tuple[Values, Values] | None:
    """Divide the difference of two readings by a shape: amounts (n,) and the register at the end of each (n,).

    shape: (n,) weights ≥ 0; all zero means equally. amount_i = (end − start) · shape_i / Σ shape, rounded so that,
    read as decimal numbers, the amounts add up to the difference exactly and the last register is `end` (to the
    millionth of the unit, or finer where the readings are). None when the register ran backwards or is too large to be
    exact.
    """
    decimals = _decimals(start, end)
    if decimals is None:
        return None
    scale = 10**decimals
    first = _whole(start, decimals)
    difference = _whole(end, decimals) - first
    if not shape.any():
        shape = np.ones_like(shape)
    # Scaled by its largest, so that neither huge nor tiny weights leave the range of floats.
    running = np.cumsum(shape / shape.max())
    # Cumulated and then rounded: no rounding adds up, and the steps never turn negative.
    reached = np.minimum(np.rint(running / running[-1] * difference), difference).astype(np.int64)
    reached[-1] = difference
    amounts = np.diff(reached, prepend=0)
    # Integers divided by Python are rounded once; numpy would round the integer first.
    registers = [(first + int(each)) / scale for each in reached]
    return np.array([int(each) / scale for each in amounts]), np.array(registers)


def _decimals(start: float, end: float) -> int | None:
    if not (math.isfinite(start) and math.isfinite(end)) or end < start:
        return None
    fine_enough = [d for d in _DECIMALS if start == round(start, d) and end == round(end, d)]
    for decimals in [*(fine_enough or sorted(_DECIMALS, reverse=True)), *_COARSER]:
        if (end - start) * 10.0**decimals < _EXACT_BELOW:
            return decimals
    return None


def _whole(value: float, decimals: int) -> int:
    """The number as it reads in decimal, in units of its last kept place."""
    return int(Decimal(repr(value)).scaleb(decimals).to_integral_value())
