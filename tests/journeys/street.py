"""One house that takes everything of one roof, for a day: the smallest thing that shares."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.journeys.cooperative import Cooperative, quarters

DAY = date(2026, 3, 10)
NEXT = DAY + timedelta(days=1)
HOUSE, ROOF = "549999900000000019", "549999900000001016"
REGISTER = 32
EMAIL = "Mia.Janssens@example.org"


async def street(cooperative: Cooperative) -> None:
    """A house that takes everything of a roof, both without readings."""
    await cooperative.found("Street")
    owner = await cooperative.individual("Janssens", EMAIL)
    await cooperative.meter(HOUSE, owner, DAY)
    await cooperative.meter(ROOF, owner, DAY, injects=True)
    await cooperative.agree("All to the house", [(1, {HOUSE: 1})], DAY)


def column(values: Sequence[str]) -> list[tuple[datetime, Decimal]]:
    """Values of the first quarter hours of the day."""
    return [(time, Decimal(value)) for time, value in zip(quarters(DAY), values, strict=False)]


async def consumption(cooperative: Cooperative, ean: str, *names: str) -> list[Any]:
    body = await cooperative.of_meter(ean, {"date_start": str(DAY), "date_end": str(DAY)})
    return [body[name] for name in names]
