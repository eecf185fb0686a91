"""March of a cooperative as it is known outside of the API: readings, keys, and who had which meter from when to when."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import NamedTuple

from tests.journeys.cooperative import day_of, quarters
from tests.journeys.reckoning import Round, Step, micro, reckoned

from gridloom.samples.readings import energy, meters

ONE_DAY = timedelta(days=1)
SUNDAY = date(2026, 3, 29)
REGISTER = 32
SAMPLE = energy()
HOUSES = [each.ean for each in meters() if each.signal == REGISTER]
ROOFS = [each.ean for each in meters() if each.signal != REGISTER]
# Houses with a part of their own, by their place among the houses.
PROSUMER, MOVES, ENTERS, LEAVES, JOINS, COUNTS, HALF, SENDS, SOLD, BAKERY = 0, 3, 4, 5, 6, 8, 9, 10, 11, 14


def days_of_march() -> list[date]:
    """The days of the month of which the sample has every quarter hour."""
    known = {time for time, _ in SAMPLE[HOUSES[0]]}
    march = [date(2026, 3, 1) + n * ONE_DAY for n in range(31)]
    return [day for day in march if known.issuperset(quarters(day))]


MARCH = days_of_march()
FIRST, LAST = MARCH[0], MARCH[-1]
MOVED, LEFT, SECOND, JOINED = (MARCH[len(MARCH) * part // 31] for part in (7, 10, 14, 20))


class Stay(NamedTuple):
    """A meter in the sharing operation, from a first to a last day, and whose it is."""

    ean: str
    first: date
    last: date
    member: str


class Agreed(NamedTuple):
    """A key and its days: rounds of (share of the production, EAN -> share, or -1 for by need)."""

    first: date
    last: date
    rounds: Sequence[tuple[str, Mapping[str, str]]]

    @property
    def wire(self) -> list[tuple[float, dict[str, float]]]:
        return [(float(share), {ean: float(part) for ean, part in parts.items()}) for share, parts in self.rounds]

    @property
    def exact(self) -> list[Round]:
        return [
            Round(
                Fraction(share),
                {ean: Fraction(part) for ean, part in parts.items() if part != "-1"},
                [ean for ean, part in parts.items() if part == "-1"],
            )
            for share, parts in self.rounds
        ]


# A first round of fixed shares, a second one by need. Neither has the house that joins later; the second half of the month mixes
# both in its second round.
FIXED = dict(zip(HOUSES[:JOINS] + HOUSES[JOINS + 1 :], ["0.05"] * 12 + ["0.1", "0.3"], strict=True))
KEYS = [
    Agreed(FIRST, SECOND - ONE_DAY, [("0.6", FIXED), ("0.4", dict.fromkeys(FIXED, "-1"))]),
    Agreed(
        SECOND, LAST,
        [("0.5", dict.fromkeys(HOUSES[:5], "0.2")), ("0.5", {HOUSES[BAKERY]: "0.25", **dict.fromkeys(HOUSES[:BAKERY], "-1")})],
    ),
]  # fmt: skip


class Month:
    """What the month is made of, as it is known outside of the API: readings, keys, and who had which meter."""

    def __init__(self) -> None:
        self.readings = {
            ean: {time: micro(kwh) for time, kwh in column if FIRST <= day_of(time) <= LAST}
            for ean, column in SAMPLE.items()
        }
        self.keys = list(KEYS)
        self.stays: list[Stay] = []
        self.members: dict[str, int] = {}

    def present(self, day: date) -> dict[str, str]:
        """Who shares on a day: EAN -> member."""
        return {each.ean: each.member for each in self.stays if each.first <= day <= each.last}

    def steps(self, days: Sequence[date]) -> Iterator[tuple[datetime, Step]]:
        """Every quarter hour of these days, reckoned."""
        for day in days:
            here = self.present(day)
            (rounds,) = [each.exact for each in self.keys if each.first <= day <= each.last]
            for time in quarters(day):
                now = {ean: self.readings[ean][time] for ean in here}
                taken = {ean: now[ean] for ean in HOUSES if ean in now}
                fed = {ean: now[ean] for ean in ROOFS if ean in now}
                yield time, reckoned(rounds, taken, fed)
