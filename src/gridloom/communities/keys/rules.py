"""What an allocation key is, and when it is one. No I/O.

A key shares what is produced in one to three rounds. Each round has a share of the production and gives it to its consumers:
to each a fixed share of the round, or, with `BY_NEED`, a part of what the fixed shares leave, in proportion to what is needed.
Shares are exact decimals between 0 and 1, and sums are exact; they may miss 1 by a thousandth, because thirds are written that
way.
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple

BY_NEED = Decimal(-1)
LEAST_NUMBER, GREATEST_NUMBER = 0, 2
TOLERANCE = Fraction(1, 1000)

CONSUMER_TOO_SMALL, CONSUMER_TOO_BIG = 45000, 45001
NUMBER_TOO_SMALL, NUMBER_TOO_BIG = 45002, 45003
ROUND_TOO_SMALL, CONSUMER_SUM = 45004, 45005
NEW_KEY_SUM, CHANGED_KEY_SUM = 45006, 45007
TWICE, NO_SHARE, OVER_FULL, NOBODY, SAME_CONSUMER = (
    "iteration_twice", "between_need_and_nothing", "fixed_over_full", "no_consumer", "consumer_twice",
)  # fmt: skip

_SHARE = "energy_allocated_percentage"


class Consumer(NamedTuple):
    """Who gets a share of a round; the name is the EAN of a consumption meter where the key computes."""

    name: str
    share: Decimal


class Round(NamedTuple):
    """One round; `share` is its part of the production."""

    number: int
    share: Decimal
    consumers: tuple[Consumer, ...]


class Key(NamedTuple):
    """What a version of a key says, rounds in the order of their numbers."""

    rounds: tuple[Round, ...]


class Mistake(NamedTuple):
    """What is wrong: where on the wire, the number of the broken rule, and which sentence says it with which words."""

    path: tuple[str | int, ...]
    number: int
    says: int | str
    words: Mapping[str, str] = {}


def mistakes(rounds: Iterable[Round], *, is_new: bool) -> Iterator[Mistake]:
    """What is wrong with rounds as they were written, in their order; nothing for a key that can be computed with.

    Source: the rules of the contract's codes 45000 to 45007, the last one for a key that changes.
    """
    seen: set[int] = set()
    total = Fraction(0)
    for index, each in enumerate(rounds):
        yield from _round_mistakes(each, ("iterations", index), is_twice=each.number in seen)
        seen.add(each.number)
        total += Fraction(each.share)
    if abs(total - 1) > TOLERANCE:
        number = NEW_KEY_SUM if is_new else CHANGED_KEY_SUM
        yield Mistake(("iterations",), number, number, _sum_in_words(total))


def _round_mistakes(given: Round, place: tuple[str | int, ...], *, is_twice: bool) -> Iterator[Mistake]:
    if given.number < LEAST_NUMBER:
        yield Mistake((*place, "number"), NUMBER_TOO_SMALL, NUMBER_TOO_SMALL)
    elif given.number > GREATEST_NUMBER:
        yield Mistake((*place, "number"), NUMBER_TOO_BIG, NUMBER_TOO_BIG)
    elif is_twice:
        yield Mistake((*place, "number"), NUMBER_TOO_BIG, TWICE)
    if given.share < 0:
        yield Mistake((*place, _SHARE), ROUND_TOO_SMALL, ROUND_TOO_SMALL)
    seen: set[str] = set()
    is_sound = True
    for index, each in enumerate(given.consumers):
        for found in _consumer_mistakes(each, (*place, "consumers", index), is_twice=each.name in seen):
            is_sound = False
            yield found
        seen.add(each.name)
    if is_sound:
        yield from _sum_mistakes(given, (*place, "consumers"))


def _consumer_mistakes(given: Consumer, place: tuple[str | int, ...], *, is_twice: bool) -> Iterator[Mistake]:
    if given.share < BY_NEED:
        yield Mistake((*place, _SHARE), CONSUMER_TOO_SMALL, CONSUMER_TOO_SMALL)
    elif given.share > 1:
        yield Mistake((*place, _SHARE), CONSUMER_TOO_BIG, CONSUMER_TOO_BIG)
    elif BY_NEED < given.share < 0:
        yield Mistake((*place, _SHARE), CONSUMER_TOO_SMALL, NO_SHARE)
    if is_twice:
        yield Mistake((*place, "name"), CONSUMER_SUM, SAME_CONSUMER)


def _sum_mistakes(given: Round, place: tuple[str | int, ...]) -> Iterator[Mistake]:
    """Only asked of consumers that are right each: the sum of wrong ones says nothing."""
    fixed = sum((Fraction(each.share) for each in given.consumers if each.share != BY_NEED), Fraction(0))
    if not given.consumers:
        yield Mistake(place, CONSUMER_SUM, NOBODY)
    elif any(each.share == BY_NEED for each in given.consumers):
        if fixed > 1:
            yield Mistake(place, CONSUMER_SUM, OVER_FULL)
    elif abs(fixed - 1) > TOLERANCE:
        yield Mistake(place, CONSUMER_SUM, CONSUMER_SUM, _sum_in_words(fixed))


def _sum_in_words(found: Fraction) -> dict[str, str]:
    # Beyond any size that a share may have, the size says nothing.
    most = Fraction(10**9)
    return {"sum": f"{float(max(min(found, most), -most)):.6g}"}
