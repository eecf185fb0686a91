"""What the part that speaks with stations does for this one; without it no station can be reached."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from gridloom.kernel.http.subject import Subject

# who asks, charge point, name of the variable, value -> whether the station took it. It stores what the station took, and
# is called without a transaction: a station may be slow.
SetVariable: TypeAlias = Callable[[Subject, int, str, str], Awaitable[bool]]


async def _unreachable(_: Subject, __: int, ___: str, ____: str) -> bool:
    return False


@dataclass
class StationControl:
    """Ways to a station; whoever speaks with stations puts its own in place of those that reach nobody."""

    set_variable: SetVariable = _unreachable
