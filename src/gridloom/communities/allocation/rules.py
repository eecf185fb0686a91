"""The arithmetic of sharing: who gets how much of what was produced, step by step. No I/O.

At one step, with P the production, need_c what consumer c takes (later: what is left of it), rounds k in order:

    pool_k    = share_k * P + left_(k-1)
    fixed c:    offer_c = pool_k * x_c
    by need c:  offer_c = pool_k * (1 - sum of fixed x) * need_c / sum of need of those by need
    used_c    = min(need_c, offer_c); need_c -= used_c
    left_k    = pool_k - sum of used

What a consumer gets is the sum of used over the rounds; what producers shared is in proportion to what each injected.
Shares of rounds, or of consumers in a round, that add up to more than one are scaled to one: nobody shares more than there is.

Everything comes in and goes out in whole micro-kWh. The sharing itself is done in double precision, whose error on amounts
up to `MOST` is far under one micro-kWh; then each amount is rounded to the nearest whole one, and what the sum of a step
lacks or exceeds goes to whoever got most and has room, the first of equals. After that every law holds to the last digit:
sum of shared = sum of injected shared, nothing above what was taken, injected or produced, nothing negative.

Source: the energy-sharing rules of the Walloon and Brussels grid operators (fixed and by-need keys, one or several rounds).
"""

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from gridloom.communities.allocation.rounding import HALF, level

Ints: TypeAlias = NDArray[np.int64]
Floats: TypeAlias = NDArray[np.float64]

MICRO = 1_000_000
"""Parts of a kWh."""

MOST = 100_000_000 * MICRO
"""The largest amount of one step, in micro-kWh. The sum of 90,000 of them fits into 64 bits."""

BY_NEED = Decimal(-1)

# Steps are worked on in blocks that stay in the cache of a core: so many numbers each.
_BLOCK = 65_536
_LARGEST = int(np.iinfo(np.int64).max)


class Round(NamedTuple):
    """One round of a key. share: of the production, 0 to 1. consumers: (column, share of the round or BY_NEED).

    The column is the consumer's place in the arrays; None for one without a meter, whose share nobody takes.
    """

    share: Decimal
    consumers: tuple[tuple[int | None, Decimal], ...]


class Allocation(NamedTuple):
    """What came of sharing, in micro-kWh. shared: (steps, consumers). injected: (steps, producers), the shared part of what
    each injected. surplus: (steps,) what nobody took. pools: (steps, rounds) what each round had to give, when asked for."""

    shared: Ints
    injected: Ints
    surplus: Ints
    pools: Ints | None


class Rates(NamedTuple):
    """sharing: shared of what was produced. sufficiency: shared of what was taken. 0 where there was nothing."""

    sharing: float
    sufficiency: float


class _Step(NamedTuple):
    share: float
    fixed: Floats | None
    unfixed: float
    by_need: slice | NDArray[np.intp] | None


def allocate(rounds: Sequence[Round], gross: Ints, production: Ints, *, with_pools: bool = False) -> Allocation:
    """Share production among consumers, step by step, round by round.

    gross: (steps, consumers) micro-kWh taken; production: (steps, producers) micro-kWh injected; both whole and not negative.
    A consumer whom no round names gets nothing; without rounds nobody does. Raises ValueError for negative amounts, for amounts
    above `MOST`, for so many of them that their sum does not fit, and for arrays that do not belong together.
    """
    _check(rounds, gross, production)
    steps, consumers = gross.shape
    columns, plan = _planned(rounds)
    everybody = len(columns) == consumers
    total = production.sum(axis=1)
    given = np.zeros(steps, dtype=np.int64)
    shared = (np.empty if everybody else np.zeros)((steps, consumers), dtype=np.int64)
    pools = np.zeros((steps, len(plan)), dtype=np.int64) if with_pools else None
    rows = max(1, _BLOCK // max(1, len(columns)))
    for start in range(0, steps if len(columns) else 0, rows):
        block = slice(start, start + rows)
        taken = gross[block] if everybody else gross[block][:, columns]
        part = _share(plan, taken, total[block], given[block], None if pools is None else pools[block])
        if everybody:
            shared[block] = part
        else:
            shared[block, columns] = part
    if pools is not None and not len(columns):
        _share(plan, np.zeros((steps, 0), dtype=np.int64), total, given, pools)
    return Allocation(shared, proportional(production, given), total - given, pools)


def proportional(limits: Ints, sums: Ints) -> Ints:
    """(rows, n) whole amounts in proportion to their limits that add up to the sums, none above its limit.

    limits: (rows, n), not negative; sums: (rows,), from 0 to what the limits add up to.
    """
    total = limits.sum(axis=1)
    part = np.zeros(len(total))
    np.divide(sums, total, out=part, where=total > 0)
    exact = limits * part[:, None]
    exact += HALF
    amounts: Ints = np.minimum(exact.astype(np.int64), limits)
    level(amounts, sums.copy(), limits)
    return amounts


def rates(shared: int, production: int, gross: int) -> Rates:
    """The rates of any span of time, from its sums in micro-kWh."""
    return Rates(shared / production if production else 0.0, shared / gross if gross else 0.0)


def whole(kwh: Floats) -> Ints:
    """Amounts in kWh as the nearest whole micro-kWh."""
    micro: Ints = np.rint(kwh * MICRO).astype(np.int64)
    return micro


def kwh(micro: Any) -> Any:
    """Whole micro-kWh as kWh: the double nearest to the decimal number with six places."""
    return micro / MICRO


def _check(rounds: Sequence[Round], gross: Ints, production: Ints) -> None:
    if gross.ndim != 2 or production.ndim != 2 or len(gross) != len(production):
        raise ValueError("gross and production are two-dimensional, with the same steps")
    if (gross.size and int(gross.min()) < 0) or (production.size and int(production.min()) < 0):
        raise ValueError("an amount of energy is negative")
    if any(_is_too_much(each) for each in (gross, production)):
        raise ValueError("an amount of energy is too much for a step")
    if any(c is not None and not 0 <= c < gross.shape[1] for each in rounds for c, _ in each.consumers):
        raise ValueError("a consumer of the key has no column")


def _is_too_much(amounts: Ints) -> bool:
    most = int(amounts.max()) if amounts.size else 0
    return most > MOST or most * amounts.shape[1] > _LARGEST


def _planned(rounds: Sequence[Round]) -> tuple[NDArray[np.intp], list[_Step]]:
    """The columns that take part, ascending, and the rounds over them."""
    columns = np.array(sorted({c for each in rounds for c, _ in each.consumers if c is not None}), dtype=np.intp)
    place = {int(column): index for index, column in enumerate(columns)}
    production = max(Fraction(1), sum((Fraction(each.share) for each in rounds), Fraction(0)))
    return columns, [_planned_round(each, place, Fraction(each.share) / production) for each in rounds]


def _planned_round(each: Round, place: dict[int, int], share: Fraction) -> _Step:
    shares = [(column, Fraction(x)) for column, x in each.consumers if x != BY_NEED]
    together = sum((x for _, x in shares), Fraction(0))
    of = max(Fraction(1), together)
    fixed = np.zeros(len(place))
    for column, x in shares:
        if column is not None:
            fixed[place[column]] += float(x / of)
    needy = sorted(place[column] for column, x in each.consumers if x == BY_NEED and column is not None)
    by_need: slice | NDArray[np.intp] | None = np.array(needy, dtype=np.intp) if needy else None
    if needy and len(needy) == needy[-1] - needy[0] + 1:
        by_need = slice(needy[0], needy[-1] + 1)
    return _Step(float(share), fixed if fixed.any() else None, float(max(Fraction(0), 1 - together)), by_need)


def _share(plan: Sequence[_Step], taken: Ints, total: Ints, given: Ints, pools: Ints | None) -> Ints:
    """One block: what each consumer gets, and in `given` (and `pools`) what all get."""
    need = taken.astype(np.float64)
    produced = total.astype(np.float64)
    left, used = np.zeros(len(need)), np.zeros(len(need))
    for number, each in enumerate(plan):
        pool = produced * each.share
        pool += left
        if pools is not None:
            pools[:, number] = pool + HALF
        of_round = np.zeros(len(need))
        if each.fixed is not None:
            offer = pool[:, None] * each.fixed
            np.minimum(offer, need, out=offer)
            need -= offer
            of_round += offer.sum(axis=1)
        if each.by_need is not None:
            of_round += _by_need(need, each.by_need, pool * each.unfixed)
        used += of_round
        left = np.maximum(pool - of_round, 0.0)
    given[:] = np.minimum((used + HALF).astype(np.int64), total)
    np.subtract(taken, need, out=need)
    need += HALF
    shared = need.astype(np.int64)
    level(shared, given, taken)
    return shared


def _by_need(need: Floats, who: slice | NDArray[np.intp], offer: Floats) -> Floats:
    """Give those who share by need all the same part of their need; returns how much that is together."""
    wanted = need[:, who]
    want = wanted.sum(axis=1)
    unmet = np.zeros(len(want))
    np.divide(want - offer, want, out=unmet, where=want > offer)
    if isinstance(who, slice):
        wanted *= unmet[:, None]
    else:
        need[:, who] = wanted * unmet[:, None]
    met: Floats = np.minimum(want, offer)
    return met
