"""Sharing some days of an operation: from what meters took and injected to what each shared, and to the sums. No I/O."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gridloom.communities.allocation.public import Round, allocate
from gridloom.communities.balance.amounts import (
    Amounts,
    Given,
    Standing,
    common_steps,
    matrix,
    split_key,
    spread,
    standing,
)
from gridloom.communities.balance.days import Days, Span, Steps
from gridloom.communities.balance.readings import Found
from gridloom.communities.keys.public import Key

Ints: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]


class Agreed(NamedTuple):
    """The rounds that hold on some days."""

    span: Span
    rounds: Sequence[Round]


class Shared(NamedTuple):
    """One direction of the days. rows: of the meters that take part, with `ours`, (n,) what we computed; `stands`: what holds."""

    rows: Amounts
    ours: Ints
    stands: Standing


class Sums(NamedTuple):
    """The operation's sums at each of its steps, in micro-kWh: gross, shared, net taken, then the same injected."""

    time_ms: Ints
    columns: tuple[Ints, Ints, Ints, Ints, Ints, Ints]


def share(
    days: Days, taken: Found, fed: Found, takes: Mask, feeds: Mask, agreed: Sequence[Agreed]
) -> tuple[Shared, Shared, Sums]:
    """Share whole days.

    takes, feeds: (days, places) which meters take part as consumers, and as producers. On a day without agreed rounds nothing
    is shared. Meters of different steps are shared at the coarsest of the day, and each gets its part at its own step.
    """
    consumption, production = _of(taken.gross, takes, days), _of(fed.gross, feeds, days)
    steps = common_steps(days, consumption, production)
    places = takes.shape[1]
    gross, injected = matrix(consumption, steps, places), matrix(production, steps, places)
    shared, given = np.zeros_like(gross), np.zeros_like(injected)
    # Only columns that produce: a village has few roofs.
    producers = np.flatnonzero(feeds.any(axis=0))
    for span, rounds in agreed:
        block = steps.of_days(days.places(span))
        done = allocate(rounds, gross[block], injected[block][:, producers])
        shared[block] = done.shared
        given[block, producers] = done.injected
    as_consumers = _shared(taken, consumption, spread(consumption, steps, gross, shared), takes, days)
    as_producers = _shared(fed, production, spread(production, steps, injected, given), feeds, days)
    return as_consumers, as_producers, _sums(steps, as_consumers.stands, as_producers.stands)


def rounds_of(key: Key, places: Mapping[str, int]) -> tuple[Round, ...]:
    """The rounds of a key over the places of meters; a consumer whose name is no EAN of theirs has none."""
    return tuple(
        Round(each.share, tuple((places.get(consumer.name), consumer.share) for consumer in each.consumers))
        for each in key.rounds
    )


def _of(rows: Amounts, present: Mask, days: Days) -> Amounts:
    """The rows of the meters that take part on the day."""
    if present.all():
        return rows
    return rows.take(present[days.of_times(rows.time_ms), rows.place])


def _shared(found: Found, rows: Amounts, ours: Ints, present: Mask, days: Days) -> Shared:
    def here(given: Given) -> Given:
        if not len(given.key):
            return given
        place, time_ms = split_key(given.key)
        inside = present[days.of_times(time_ms), place]
        return Given(given.key[inside], given.micro[inside])

    return Shared(rows, ours, standing(rows, ours, here(found.shared), here(found.net)))


def _sums(steps: Steps, *directions: Standing) -> Sums:
    columns: list[Ints] = []
    known = np.zeros(len(steps), dtype=np.bool_)
    for each in directions:
        at = steps.of_times(each.time_ms)
        known[at] = True
        for values in (each.gross, each.shared, each.net):
            column = np.zeros(len(steps), dtype=np.int64)
            np.add.at(column, at, values)
            columns.append(column)
    first, second, third, fourth, fifth, sixth = (column[known] for column in columns)
    return Sums(steps.times()[known], (first, second, third, fourth, fifth, sixth))
