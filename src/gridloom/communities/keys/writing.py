"""From what a caller wrote to a key, and back to what travels."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import islice

from gridloom.communities.keys import rules, schemas
from gridloom.communities.keys.rules import Consumer, Key, Round
from gridloom.communities.keys.store import RoundRow, Stored
from gridloom.communities.keys.texts import TEXTS
from gridloom.communities.numbers import Numbered
from gridloom.communities.texts import DEFAULT
from gridloom.kernel.errors import Invalid

_MOST_ERRORS = 100


def read(iterations: Sequence[schemas.IterationWrite], *, is_new: bool) -> Key:
    """The key that was written, rounds in the order of their numbers. Raises Invalid with everything that is wrong."""
    rounds = [_round(each) for each in iterations]
    wrong = [
        Numbered(
            "body",
            each.path,
            TEXTS[each.says][DEFAULT].format(**each.words),
            number=each.number,
            says=each.says,
            words=dict(each.words),
        )
        for each in islice(rules.mistakes(rounds, is_new=is_new), _MOST_ERRORS)
    ]
    if wrong:
        raise Invalid(errors=wrong)
    return Key(tuple(sorted(rounds, key=lambda each: each.number)))


def shown(stored: Stored, rounds: Sequence[RoundRow]) -> schemas.Key:
    """A key as it travels."""
    return schemas.Key(stored.id, stored.name, stored.description, [_iteration(row) for row in rounds])


def _round(given: schemas.IterationWrite) -> Round:
    consumers = tuple(
        Consumer(each.name.strip(), _decimal(each.energy_allocated_percentage)) for each in given.consumers
    )
    return Round(given.number, _decimal(given.energy_allocated_percentage), consumers)


def _decimal(number: float) -> Decimal:
    """The decimal that was written: the shortest one that reads as this number."""
    return Decimal(repr(number))


def _iteration(row: RoundRow) -> schemas.Iteration:
    consumers = [
        schemas.Consumer(number, each.name, float(each.share))
        for number, each in zip(row.consumer_ids, row.round.consumers, strict=True)
    ]
    return schemas.Iteration(row.id, row.round.number, float(row.round.share), consumers)
