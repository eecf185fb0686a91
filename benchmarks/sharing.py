"""How far the sharing of energy is from merely moving its numbers: ratios, measured in one run on one machine.

    .venv/bin/python benchmarks/sharing.py [--meters 1000]

A month of quarter hours of so many meters, a tenth of them producers, is shared by several keys. Against each stands
`np.copyto` of the same arrays (what is taken and injected, and what comes out): the limit that memory sets. They take turns;
what counts is the median. A ratio of 0.05 means that sharing takes as long as copying its numbers twenty times.
"""

import argparse
import statistics
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import numpy as np

from gridloom.communities.allocation.public import BY_NEED, MICRO, Round, allocate

STEPS = 2_976
ROUNDS = 9
FLOOR = 0.06


def say(name: str, ratio: float, floor: float, text: str) -> None:
    """One line of the result."""
    mark = "ok  " if ratio >= floor else "LOW "
    print(f"{mark}{name:<44} {ratio:6.3f}  (at least {floor})   {text}")


def keys(meters: int) -> dict[str, list[Round]]:
    """What communities agree on: equal parts, by need, and both in rounds."""
    equal = tuple((column, Decimal(1) / meters) for column in range(meters))
    needed = tuple((column, BY_NEED) for column in range(meters))
    mixed = tuple((column, BY_NEED if column % 2 else Decimal(1) / meters) for column in range(meters))
    return {
        "fixed, one round": [Round(Decimal(1), equal)],
        "by need, one round": [Round(Decimal(1), needed)],
        "fixed, then by need": [Round(Decimal("0.6"), equal), Round(Decimal("0.4"), needed)],
        "three rounds, one mixed": [
            Round(Decimal("0.5"), equal), Round(Decimal("0.3"), mixed), Round(Decimal("0.2"), needed),
        ],
    }  # fmt: skip


def seconds(work: Callable[[], Any]) -> float:
    """How long it takes once."""
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def main() -> None:
    """Every key, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--meters", type=int, default=1000)
    meters = parser.parse_args().meters
    rng = np.random.default_rng(1)
    gross = rng.integers(0, 2 * MICRO, (STEPS, meters))
    production = rng.integers(0, 10 * MICRO, (STEPS, max(1, meters // 10)))
    arrays = (gross, production, gross.copy(), production.copy())
    targets = [np.zeros_like(each) for each in arrays]

    def copy() -> None:
        for target, source in zip(targets, arrays, strict=True):
            np.copyto(target, source)

    for name, key in keys(meters).items():
        ours, copies = [], []
        for _ in range(ROUNDS):
            copies.append(seconds(copy))
            ours.append(seconds(lambda: allocate(key, gross, production)))  # noqa: B023 - called at once
        took, limit = statistics.median(ours) * 1000, statistics.median(copies) * 1000
        say(
            f"sharing, {name}", limit / took, FLOOR,
            f"{took:.1f} ms for {gross.size:,} values, copying them {limit:.1f} ms",
        )  # fmt: skip


if __name__ == "__main__":
    main()
