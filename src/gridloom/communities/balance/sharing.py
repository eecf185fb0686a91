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
    bounded,
    common_steps,
    key_of,
    matrix,
    split_key,
    spread,
    standing,
    stated,
)
from gridloom.communities.balance.days import Days, Span, Steps
from gridloom.communities.balance.readings import Found
from gridloom.communities.balance.stating import Block, Side, around
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

    Where the grid operator states what some meters shared, `ours` of the others is computed around it (`stating.around`), and
    `ours` of the stated ones is what the key alone gives them: a check.
    """
    consumption, production = _of(taken.gross, takes, days), _of(fed.gross, feeds, days)
    steps = common_steps(days, consumption, production)
    places = takes.shape[1]
    consumption, production = bounded(consumption, steps, places), bounded(production, steps, places)
    gross, injected = matrix(consumption, steps, places), matrix(production, steps, places)
    # Only columns that produce: a village has few roofs.
    producers = np.flatnonzero(feeds.any(axis=0))
    blocks = [(steps.of_days(days.places(span)), rounds) for span, rounds in agreed]
    shared, given = _by_key(blocks, gross, injected, producers)
    said = _of_given(consumption, taken, takes, days), _of_given(production, fed, feeds, days)
    as_consumers = spread(consumption, steps, gross, shared)
    as_producers = spread(production, steps, injected, given)
    if len(said[0].time_ms) or len(said[1].time_ms):
        open_rows = _unstated(consumption, said[0]), _unstated(production, said[1])
        sides = [
            Side(matrix(consumption.take(rows), steps, places), _stated_matrix(each, steps, places))
            for each, rows, consumption in zip(said, open_rows, (consumption, production), strict=True)
        ]
        touched = np.flatnonzero(np.bincount(np.concatenate([steps.of_times(each.time_ms) for each in said])))
        around(blocks, sides[0], sides[1], touched, shared, given)
        for ours, rows, all_rows, side, part in zip(
            (as_consumers, as_producers), open_rows, (consumption, production), sides, (shared, given), strict=True
        ):
            ours[rows] = spread(all_rows.take(rows), steps, side.open, part)
    consumers = _shared(taken, consumption, as_consumers, takes, days)
    feeders = _shared(fed, production, as_producers, feeds, days)
    return consumers, feeders, _sums(steps, consumers.stands, feeders.stands)


def _by_key(blocks: Sequence[Block], gross: Ints, injected: Ints, producers: NDArray[np.intp]) -> tuple[Ints, Ints]:
    """(steps, places) what consumers get by the keys, and what producers give for it."""
    shared, given = np.zeros_like(gross), np.zeros_like(injected)
    for block, rounds in blocks:
        done = allocate(rounds, gross[block], injected[block][:, producers])
        shared[block] = done.shared
        given[block, producers] = done.injected
    return shared, given


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


def _here(given: Given, present: Mask, days: Days) -> Given:
    """What is given of the meters that take part on the day."""
    if not len(given.key):
        return given
    place, time_ms = split_key(given.key)
    inside = present[days.of_times(time_ms), place]
    return Given(given.key[inside], given.micro[inside])


def _of_given(rows: Amounts, found: Found, present: Mask, days: Days) -> Standing:
    return stated(rows, _here(found.shared, present, days), _here(found.net, present, days))


def _unstated(rows: Amounts, said: Standing) -> Mask:
    """(n,) of which rows the grid operator states nothing that stands."""
    return ~np.isin(rows.keys, key_of(said.place, said.time_ms))


def _stated_matrix(said: Standing, steps: Steps, places: int) -> Ints:
    """(steps, places) what the grid operator says was shared of each meter."""
    filled = np.zeros((len(steps), places), dtype=np.int64)
    np.add.at(filled, (steps.of_times(said.time_ms), said.place), said.shared)
    return filled


def _shared(found: Found, rows: Amounts, ours: Ints, present: Mask, days: Days) -> Shared:
    stands = standing(rows, ours, _here(found.shared, present, days), _here(found.net, present, days))
    return Shared(rows, ours, stands)


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
