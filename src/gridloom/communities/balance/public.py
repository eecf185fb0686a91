"""What is shared in an operation, for the rest of the API.

Whoever changes the key or the meters of an operation marks the days; whoever reads what was shared lets it catch up before.
Whoever settles computes for itself: holds the readings, reads them, and shares them.
"""

from gridloom.communities.balance.amounts import Amounts, Given, Standing, covered, split_key
from gridloom.communities.balance.catching import catch_up
from gridloom.communities.balance.days import Days, Span, portions
from gridloom.communities.balance.holding import hold_readings
from gridloom.communities.balance.readings import Found, channels_of, read
from gridloom.communities.balance.sharing import Agreed, rounds_of, share
from gridloom.communities.stale.public import mark

__all__ = [
    "Agreed",
    "Amounts",
    "Days",
    "Found",
    "Given",
    "Span",
    "Standing",
    "catch_up",
    "channels_of",
    "covered",
    "hold_readings",
    "mark",
    "portions",
    "read",
    "rounds_of",
    "share",
    "split_key",
]
