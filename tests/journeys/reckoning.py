"""Sharing as it is defined, step by step and with fractions, to compare ours with: slow, straight, and written for itself.

Energy is in micro-kWh here: whole numbers come in, fractions come out.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import NamedTuple, TypeAlias

MICRO = 1_000_000
ZERO = Fraction(0)
NAMES = ("gross", "shared", "net", "inj_gross", "inj_shared", "inj_net")

Amounts: TypeAlias = Mapping[str, int]
Shares: TypeAlias = dict[str, Fraction]


class Round(NamedTuple):
    """A round of a key. share: of the production. fixed: EAN -> share of the round. by_need: EANs that share what is left."""

    share: Fraction
    fixed: Mapping[str, Fraction]
    by_need: Sequence[str]


class Step(NamedTuple):
    """What came of one quarter hour: what each consumer got, and how much each roof gave."""

    shared: Shares
    injected: Shares

    @property
    def is_whole(self) -> bool:
        """Whether nothing has to be rounded."""
        return all(each.denominator == 1 for each in (*self.shared.values(), *self.injected.values()))


def micro(kwh: Decimal | int) -> int:
    """kWh as they were read, which must be whole micro-kWh."""
    scaled = Decimal(kwh).scaleb(6)
    assert scaled == int(scaled), f"{kwh} kWh has more than six decimals"
    return int(scaled)


def reckoned(rounds: Sequence[Round], taken: Amounts, fed: Amounts) -> Step:
    """One quarter hour. taken, fed: of the meters that take part; a consumer of the key who does not leaves its share."""
    produced = sum(fed.values())
    need = {ean: Fraction(amount) for ean, amount in taken.items()}
    left = ZERO
    for each in rounds:
        pool = each.share * produced + left
        free = 1 - sum(each.fixed.values(), ZERO)
        needy = {ean: need[ean] for ean in each.by_need if ean in need}
        needed = sum(needy.values(), ZERO)
        offers = {ean: pool * share for ean, share in each.fixed.items() if ean in need}
        for ean, amount in needy.items():
            offers[ean] = pool * free * amount / needed if needed else ZERO
        used = {ean: min(need[ean], offer) for ean, offer in offers.items()}
        for ean, amount in used.items():
            need[ean] -= amount
        left = pool - sum(used.values(), ZERO)
    shared = {ean: amount - need[ean] for ean, amount in taken.items()}
    given = sum(shared.values(), ZERO)
    injected = {ean: amount * given / produced if produced else ZERO for ean, amount in fed.items()}
    return Step(shared, injected)


class Sums(dict[str, int]):
    """Micro-kWh by name, 0 where nothing was added."""

    def __missing__(self, name: str) -> int:
        return 0

    def add(self, amounts: Mapping[str, int]) -> None:
        for name in NAMES:
            self[name] += amounts.get(name, 0)


def whole(sums: Mapping[str, Decimal]) -> dict[str, int]:
    return {name: micro(sums[name]) for name in NAMES}
