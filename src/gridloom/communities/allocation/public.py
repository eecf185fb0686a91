"""The arithmetic of sharing for the rest of the API."""

from gridloom.communities.allocation.rules import (
    BY_NEED,
    MICRO,
    MOST,
    Allocation,
    Rates,
    Round,
    allocate,
    kwh,
    proportional,
    rates,
    whole,
)

__all__ = [
    "BY_NEED",
    "MICRO",
    "MOST",
    "Allocation",
    "Rates",
    "Round",
    "allocate",
    "kwh",
    "proportional",
    "rates",
    "whole",
]
