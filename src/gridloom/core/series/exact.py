"""Sums, differences and means of groups of values, exact on the decimals that the values stand for, rounded once.

Groups are given as `starts`: ascending places where each begins, the first of them 0; none is empty. No sum depends on
how values were grouped before: four quarter hours and one hour give the same day, to the last digit.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from gridloom.core.series.structs import Floats, Ints
from gridloom.kernel.units import Whole, from_whole, quotient, summable, to_whole

_EXACT = 1 << 53
_INT64 = (1 << 63) - 1


def total(values: Floats) -> float:
    """The sum of all values; 0.0 of none."""
    if not len(values):
        return 0.0
    return float(sums(values, np.zeros(1, dtype=np.int64))[0])


def sums(values: Floats, starts: Ints) -> Floats:
    """The sum of each group. values: (n,) finite; starts: (groups,). Returns (groups,)."""
    if not len(starts):
        return np.empty(0)
    whole, decimals = to_whole(values)
    return from_whole(np.add.reduceat(summable(whole), starts), 10**decimals)


def differences(values: Floats) -> Floats:
    """Each value less the one before it. values: (n,); returns (n - 1,)."""
    whole, decimals = to_whole(values)
    return from_whole(np.diff(roomy(whole, 2)), 10**decimals)


def means(values: Floats, starts: Ints, weights: Ints | None = None) -> Floats:
    """The mean of each group, weighted when there are weights. weights: (n,) positive whole numbers."""
    if not len(starts):
        return np.empty(0)
    whole, decimals = to_whole(values)
    if weights is None:
        counts = np.diff(np.append(starts, len(values)))
        return quotients(np.add.reduceat(summable(whole), starts), counts, 10**decimals)
    weights = weights // np.gcd.reduce(weights)
    weighted = roomy(whole, int(weights.sum())) * weights
    return quotients(np.add.reduceat(weighted, starts), np.add.reduceat(weights, starts), 10**decimals)


def quotients(numbers: Whole, by: Ints, scale: int) -> Floats:
    """`numbers / (by * scale)`, each rounded once. by: (n,) positive."""
    largest = int(by.max(initial=1)) * scale
    if numbers.dtype != object and largest <= _EXACT and int(np.abs(numbers).max(initial=0)) <= _EXACT:
        exact: Floats = numbers / (by * scale).astype(np.float64)
        return exact
    return np.array(
        [quotient(n, d * scale) for n, d in zip(numbers.tolist(), by.tolist(), strict=True)], dtype=np.float64
    )


def roomy(whole: Whole, times: int) -> NDArray[Any]:
    """The numbers in a form that can be multiplied by so much."""
    if whole.dtype != object and int(np.abs(whole).max(initial=0)) * times > _INT64:
        return whole.astype(object)
    return whole
