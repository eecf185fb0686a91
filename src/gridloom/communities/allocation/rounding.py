"""Whole amounts that add up. No I/O."""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Ints: TypeAlias = NDArray[np.int64]

HALF = 0.5 + 1 / 1024
"""Added before the fraction is cut off. A little over a half: an exact half goes up, whichever way its last bit fell."""


def level(amounts: Ints, sums: Ints, limits: Ints) -> None:
    """Make each row of `amounts` add up to its sum, in place: what is missing or too much goes to the largest amount.

    amounts: (rows, n) with 0 <= amounts <= limits; sums: (rows,), lowered where the limits leave no room for it. Of equal
    amounts the first is taken; when the largest has no room, the next largest follows, until nothing more can be taken or given.
    """
    lacks = sums - amounts.sum(axis=1)
    _take(amounts, lacks)
    _give(amounts, lacks, limits)
    sums -= np.maximum(lacks, 0)


def _take(amounts: Ints, lacks: Ints) -> None:
    rows = np.flatnonzero(lacks < 0)
    while len(rows):
        largest = amounts[rows].argmax(axis=1)
        less = np.minimum(-lacks[rows], amounts[rows, largest])
        amounts[rows, largest] -= less
        lacks[rows] += less
        rows = rows[(lacks[rows] < 0) & (less > 0)]


def _give(amounts: Ints, lacks: Ints, limits: Ints) -> None:
    rows = np.flatnonzero(lacks > 0) if amounts.shape[1] else np.empty(0, dtype=np.intp)
    while len(rows):
        have, room = amounts[rows], limits[rows] - amounts[rows]
        largest = np.where(room > 0, have, -1).argmax(axis=1)
        more = np.minimum(lacks[rows], room[np.arange(len(rows)), largest])
        amounts[rows, largest] += more
        lacks[rows] -= more
        rows = rows[(lacks[rows] > 0) & (more > 0)]
