"""Sharing with exact rationals, written from the rules and not from the code under test."""

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from gridloom.communities.allocation.public import BY_NEED, Round


class Exact(NamedTuple):
    shared: list[Fraction]
    injected: list[Fraction]
    pools: list[Fraction]
    surplus: Fraction


def share(rounds: Sequence[Round], gross: Sequence[int], production: Sequence[int]) -> Exact:
    """One step. gross, production: micro-kWh."""
    produced = Fraction(sum(production))
    of_rounds = max(Fraction(1), sum((Fraction(each.share) for each in rounds), Fraction(0)))
    need = [Fraction(each) for each in gross]
    left = Fraction(0)
    pools: list[Fraction] = []
    for each in rounds:
        pool = Fraction(each.share) / of_rounds * produced + left
        pools.append(pool)
        fixed = [(c, Fraction(x)) for c, x in each.consumers if x != BY_NEED]
        needy = [c for c, x in each.consumers if x == BY_NEED and c is not None]
        together = sum((x for _, x in fixed), Fraction(0))
        used = Fraction(0)
        for column, x in fixed:
            if column is not None:
                part = min(need[column], pool * x / max(Fraction(1), together))
                need[column] -= part
                used += part
        wanted = sum((need[c] for c in needy), Fraction(0))
        offer = pool * max(Fraction(0), 1 - together)
        for column in needy:
            part = min(need[column], offer * need[column] / wanted) if wanted else Fraction(0)
            need[column] -= part
            used += part
        left = pool - used
    shared = [Fraction(each) - rest for each, rest in zip(gross, need, strict=True)]
    total = sum(shared, Fraction(0))
    injected = [Fraction(each) * total / produced if produced else Fraction(0) for each in production]
    return Exact(shared, injected, pools, produced - total)
