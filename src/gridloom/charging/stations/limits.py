"""The limits that stations keep to: known to whoever gives them, shown with charge points and EVSEs."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.filters import Include

# ids -> what each is shown with (`points.schemas.ChargingProfile` in camel case); who has no limit is left out.
Reader: TypeAlias = Callable[[Tx, Sequence[Any]], Awaitable[Mapping[Any, Any]]]


async def _none(_: Tx, __: Sequence[Any]) -> Mapping[Any, Any]:
    return {}


@dataclass
class Limits:
    """Whoever gives stations limits puts its own functions in place of those that know of none."""

    of_points: Reader = _none
    of_evses: Reader = _none


limits = Limits()


async def _of_points(tx: Tx, ids: Sequence[Any]) -> Mapping[Any, Any]:
    return await limits.of_points(tx, ids)


async def _of_evses(tx: Tx, ids: Sequence[Any]) -> Mapping[Any, Any]:
    return await limits.of_evses(tx, ids)


POINT_LIMITS = Include(_of_points, empty=lambda: None)
EVSE_LIMITS = Include(_of_evses, empty=lambda: None)
