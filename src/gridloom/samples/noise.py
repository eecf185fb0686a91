"""Chance that repeats: numbers that look random and follow from their name alone, on every machine the same."""

import hashlib
import math


def chance(*name: object) -> float:
    """A number in [0, 1) that belongs to this name."""
    text = "/".join(map(str, name)).encode()
    return int.from_bytes(hashlib.sha256(text).digest()[:7]) / 2**56


def drift(name: str, at: float, knot: float) -> float:
    """A smooth curve in [0, 1) through chance numbers that lie `knot` apart."""
    place = at / knot
    left = math.floor(place)
    share = place - left
    eased = share * share * (3 - 2 * share)
    return (1 - eased) * chance(name, left) + eased * chance(name, left + 1)
