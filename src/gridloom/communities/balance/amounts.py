"""Amounts of energy of several meters: as rows, at the steps in which each meter gives them. No I/O."""

from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gridloom.communities.allocation.public import MOST
from gridloom.communities.balance.days import HOUR_MS, QUARTER_MS, Days, Steps

Ints: TypeAlias = NDArray[np.int64]
Mask: TypeAlias = NDArray[np.bool_]

# Milliseconds from 1970 to the year 2248, beyond every reading, so that place and time make one number.
_TIMES = 1 << 43
TOLERANCE = 1_000
"""How many micro-kWh the grid operator's numbers, which are whole watt-hours, may differ from one another."""


class Amounts(NamedTuple):
    """Rows by place, then time; each of them once.

    place: (n,) which meter. time_ms: (n,) where the step begins. micro: (n,) micro-kWh. step_ms: (n,) the length of the step.
    """

    place: Ints
    time_ms: Ints
    micro: Ints
    step_ms: Ints

    def take(self, rows: Mask | Ints) -> "Amounts":
        """Some of the rows."""
        return Amounts(*(column[rows] for column in self))

    @property
    def keys(self) -> Ints:
        """(n,) one number for place and time, ascending."""
        return key_of(self.place, self.time_ms)


class Standing(NamedTuple):
    """What holds of each row, in micro-kWh: gross = shared + net, unless the grid operator says otherwise."""

    place: Ints
    time_ms: Ints
    gross: Ints
    shared: Ints
    net: Ints


class Given(NamedTuple):
    """Amounts that the grid operator states: rows by place and time."""

    key: Ints
    micro: Ints


NOTHING = Given(np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int64))
NO_AMOUNTS = Amounts(*(np.empty(0, dtype=np.int64) for _ in range(4)))


def key_of(place: Ints, time_ms: Ints) -> Ints:
    """One number for a place and a time, in their order."""
    key: Ints = place * _TIMES + time_ms
    return key


def split_key(key: Ints) -> tuple[Ints, Ints]:
    """Place and time of each number."""
    return key // _TIMES, key % _TIMES


def arranged(place: Ints, time_ms: Ints, micro: Ints, days: Days, longest_ms: Ints | None = None) -> Amounts:
    """Rows with the step that each meter keeps on each day.

    place, time_ms: ascending by place, then time. The step is the shortest distance between two values of that meter on that
    day where it is a part of an hour, else a quarter hour. A value inside a step belongs to the whole of it; several are added,
    and more than a step can have (`MOST`) is not there.
    longest_ms: (places * days,) by place, then day, how long the step is at most, where that is known from elsewhere.
    """
    if not len(time_ms):
        return NO_AMOUNTS
    group = place * len(days) + days.of_times(time_ms)
    starts = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
    gaps = np.full(len(time_ms), HOUR_MS + 1, dtype=np.int64)
    gaps[:-1] = np.where(group[1:] == group[:-1], np.diff(time_ms), HOUR_MS + 1)
    shortest = np.minimum.reduceat(gaps, starts)
    is_part = (shortest <= HOUR_MS) & (HOUR_MS % np.maximum(shortest, 1) == 0)
    steps = np.where(is_part, shortest, QUARTER_MS)
    if longest_ms is not None:
        steps = np.minimum(steps, longest_ms[group[starts]])
    step = np.repeat(steps, np.diff(np.append(starts, len(group))))
    begins = time_ms - time_ms % step
    key = key_of(place, begins)
    again = key[1:] == key[:-1]
    if again.any():
        first = np.flatnonzero(np.append(True, ~again))
        fits = np.add.reduceat(micro.astype(np.float64), first) <= MOST
        return Amounts(place[first], begins[first], np.add.reduceat(micro, first), step[first]).take(fits)
    return Amounts(place, begins, micro, step)


def covered(rows: Amounts, days: Days, places: int) -> Ints:
    """(places * days,) how much of each day the amounts of each meter cover, in ms; by place, then day."""
    found = np.zeros(places * len(days), dtype=np.int64)
    np.add.at(found, rows.place * len(days) + days.of_times(rows.time_ms), rows.step_ms)
    return found


def filled(rows: Amounts, counted: Amounts, days: Days, places: int) -> Amounts:
    """Amounts, and what registers counted in the intervals that they leave open.

    An interval of a register that amounts cover whole is theirs. Where they cover a part of it only, the register's count is
    the whole of it, and the amounts inside are in it. Where the steps of a meter on a day do not nest, the day belongs to
    what covers more of it.
    """
    if not len(counted.time_ms) or not len(rows.time_ms):
        return counted if len(counted.time_ms) else rows
    group, counted_group = (each.place * len(days) + days.of_times(each.time_ms) for each in (rows, counted))
    step, counted_step = np.zeros(places * len(days), dtype=np.int64), np.zeros(places * len(days), dtype=np.int64)
    step[group], counted_step[counted_group] = rows.step_ms, counted.step_ms
    # The coarser of the two, where both are: in such a cell one of them counts.
    cell_ms = np.maximum(np.maximum(step, counted_step), 1)
    begins = key_of(rows.place, rows.time_ms - rows.time_ms % cell_ms[group])
    cells, first = np.unique(begins, return_index=True)
    is_full = np.add.reduceat(rows.step_ms, first) == cell_ms[group[first]]
    counted_begins = key_of(counted.place, counted.time_ms - counted.time_ms % cell_ms[counted_group])
    nests = cell_ms % np.maximum(np.minimum(step, counted_step), 1) == 0
    is_theirs = covered(rows, days, places) >= covered(counted, days, places)
    counts = np.where(nests[counted_group], ~np.isin(counted_begins, cells[is_full]), ~is_theirs[counted_group])
    stays = np.where(nests[group], ~np.isin(begins, counted_begins[counts]), is_theirs[group])
    both = Amounts(*(np.concatenate([a[stays], b[counts]]) for a, b in zip(rows, counted, strict=True)))
    return both.take(np.argsort(both.keys, kind="stable"))


def common_steps(days: Days, *directions: Amounts) -> Steps:
    """The step of each day at which every meter's amounts are whole: a quarter hour at least."""
    step = np.full(len(days), QUARTER_MS, dtype=np.int64)
    for rows in directions:
        if len(rows.time_ms):
            pairs = np.unique(days.of_times(rows.time_ms) * (HOUR_MS + 1) + rows.step_ms)
            for day, each in zip((pairs // (HOUR_MS + 1)).tolist(), (pairs % (HOUR_MS + 1)).tolist(), strict=True):
                step[day] = np.lcm(step[day], each)
    return Steps.of(days, step)


def bounded(rows: Amounts, steps: Steps, places: int) -> Amounts:
    """The rows without those that are more than a step can have (`MOST`) together in the step around them."""
    if not len(rows.micro) or int(rows.micro.max()) * (HOUR_MS // int(rows.step_ms.min())) <= MOST:
        return rows
    cell = steps.of_times(rows.time_ms) * places + rows.place
    return rows.take(np.bincount(cell, weights=rows.micro)[cell] <= MOST)


def matrix(rows: Amounts, steps: Steps, places: int) -> Ints:
    """(steps, places) micro-kWh of each meter in each step, 0 where it has none."""
    filled = np.zeros((len(steps), places), dtype=np.int64)
    where = (steps.of_times(rows.time_ms), rows.place)
    if len(rows.step_ms) and (rows.step_ms == steps.step_ms[steps.days.of_times(rows.time_ms)]).all():
        filled[where] = rows.micro
    else:
        np.add.at(filled, where, rows.micro)
    return filled


def standing(rows: Amounts, shared: Ints, given_shared: Given, given_net: Given) -> Standing:
    """What holds: the grid operator's numbers where they stand (`stated`), else ours. shared: (n,) ours, of each row.

    Where the operator says only of a step without a gross amount what was left, nothing was shared in it.
    """
    says = stated(rows, given_shared, given_net)
    if not len(says.time_ms):
        return Standing(rows.place, rows.time_ms, rows.micro, shared, rows.micro - shared)
    said = key_of(says.place, says.time_ms)
    key = _joined(rows.keys, said)
    at, where = np.searchsorted(key, rows.keys), np.searchsorted(key, said)
    columns = []
    for ours, theirs in zip((rows.micro, shared, rows.micro - shared), says[2:], strict=True):
        column = np.zeros(len(key), dtype=np.int64)
        column[at] = ours
        column[where] = theirs
        columns.append(column)
    return Standing(*split_key(key), *columns)


def stated(rows: Amounts, given_shared: Given, given_net: Given) -> Standing:
    """The steps at which the grid operator's numbers stand, and what they make of them.

    They stand where they can be true: nothing is negative, no more is shared (or left) than the gross amount, and both together
    are the gross amount, each within `TOLERANCE`. Where only one is stated, the other is what it leaves of the gross amount.
    Without a gross amount it is what the operator says was shared and left.
    """
    if not len(given_shared.key) and not len(given_net.key):
        return Standing(*(np.empty(0, dtype=np.int64) for _ in Standing._fields))
    key = _joined(given_shared.key, given_net.key)
    shared, has_shared = placed(key, given_shared.key, given_shared.micro)
    net, has_net = placed(key, given_net.key, given_net.micro)
    gross, has_gross = _found(key, rows)
    gross = np.where(has_gross, gross, shared + net)
    can_be = (shared >= 0) & (net >= 0) & (shared <= gross + TOLERANCE) & (net <= gross + TOLERANCE) & (gross <= MOST)
    can_be &= ~(has_shared & has_net) | (np.abs(shared + net - gross) <= TOLERANCE)
    both = (
        np.where(has_shared, shared, np.maximum(gross - net, 0)), np.where(has_net, net, np.maximum(gross - shared, 0)),
    )  # fmt: skip
    place, time_ms = split_key(key)
    return Standing(*(column[can_be] for column in (place, time_ms, gross, *both)))


def _joined(one: Ints, other: Ints) -> Ints:
    """The keys that either has, ascending. Both ascend: two runs are merged faster than anything is hashed."""
    key = np.sort(np.concatenate([one, other]), kind="stable")
    return key[np.append(True, key[1:] != key[:-1])] if len(key) else key


def _found(key: Ints, rows: Amounts) -> tuple[Ints, Mask]:
    """(n,) the amounts of the rows at these keys, and where there is one."""
    if not len(rows.micro):
        return np.zeros(len(key), dtype=np.int64), np.zeros(len(key), dtype=np.bool_)
    known = rows.keys
    at = np.minimum(np.searchsorted(known, key), len(known) - 1)
    is_there = known[at] == key
    return np.where(is_there, rows.micro[at], 0), is_there


def spread(rows: Amounts, steps: Steps, whole: Ints, part: Ints) -> Ints:
    """(n,) each row's piece of what its meter got in the step around it. whole, part: (steps, places) taken, and got.

    A meter that gives finer amounts than the step gets its part spread over them by what it took: whole numbers that add up.
    """
    place = (steps.of_times(rows.time_ms), rows.place)
    got, taken = part[place], whole[place]
    finer = rows.micro != taken
    if not finer.any():
        return got
    group = place[1] * len(steps) + place[0]
    starts = np.flatnonzero(np.append(True, group[1:] != group[:-1]))
    before = np.cumsum(rows.micro) - rows.micro
    before -= np.repeat(before[starts], np.diff(np.append(starts, len(group))))
    pieces = [
        _until(b + m, g, t) - _until(b, g, t)
        for b, m, g, t in zip(*(column[finer].tolist() for column in (before, rows.micro, got, taken)), strict=True)
    ]
    got[finer] = pieces
    return got


def _until(taken_so_far: int, got: int, taken: int) -> int:
    """How much of `got` falls to the beginning of a step in which `taken` was taken."""
    return taken_so_far * got // taken if taken else 0


def placed(key: Ints, have: Ints, values: Ints) -> tuple[Ints, Mask]:
    """(n,) the values where `key` is one of `have`, else 0, and where that is. key: ascending, and all of `have` in it."""
    filled = np.zeros(len(key), dtype=np.int64)
    at = np.searchsorted(key, have)
    filled[at] = values
    known = np.zeros(len(key), dtype=np.bool_)
    known[at] = True
    return filled, known
