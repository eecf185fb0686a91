"""Who may be called how often at once, so that slow partners wait for each other and nobody waits for them."""

import random
from collections import Counter
from collections.abc import Sequence
from typing import TypeAlias

Lane: TypeAlias = tuple[int, int]


class Slots:
    """Connections at once: `total` for all, `each` for one subscription.

    A subscription whose last attempt failed, or took longer than `slow_s`, is a suspect: it gets one connection, and
    all suspects together get a quarter of them. One that answers well is free again at once.
    """

    def __init__(self, total: int, each: int, slow_s: float) -> None:
        self._each = each
        self._slow_ms = slow_s * 1000
        self._for_suspects = max(1, total // 4)
        self._for_others = max(1, total - self._for_suspects)
        self._suspects: set[Lane] = set()
        self._running: Counter[Lane] = Counter()
        self._of_suspects = 0
        self._of_others = 0

    @property
    def running(self) -> int:
        """How many are in use."""
        return self._of_suspects + self._of_others

    def share_out(self, lanes: Sequence[Lane]) -> list[tuple[Lane, int]]:
        """How many deliveries to take for which lane; lanes that get none are left out."""
        order = random.sample(lanes, len(lanes))
        suspects = [lane for lane in order if lane in self._suspects]
        others = [lane for lane in order if lane not in self._suspects]
        return self._share(suspects, self._for_suspects - self._of_suspects, 1) + self._share(
            others, self._for_others - self._of_others, self._each
        )

    def _share(self, lanes: Sequence[Lane], free: int, most: int) -> list[tuple[Lane, int]]:
        shares: list[tuple[Lane, int]] = []
        even = max(1, free // len(lanes)) if lanes else 0
        for lane in lanes:
            share = min(most - self._running[lane], even, free)
            if share > 0:
                shares.append((lane, share))
                free -= share
        return shares

    def enter(self, lane: Lane) -> bool:
        """An attempt begins; gives what `leave` wants to know."""
        is_suspect = lane in self._suspects
        self._running[lane] += 1
        if is_suspect:
            self._of_suspects += 1
        else:
            self._of_others += 1
        return is_suspect

    def leave(self, lane: Lane, *, as_suspect: bool) -> None:
        """It ended."""
        self._running[lane] -= 1
        if not self._running[lane]:
            del self._running[lane]
        if as_suspect:
            self._of_suspects -= 1
        else:
            self._of_others -= 1

    def judge(self, lane: Lane, *, is_success: bool, took_ms: int) -> None:
        """What the last attempt says about a lane."""
        if is_success and took_ms <= self._slow_ms:
            self._suspects.discard(lane)
        else:
            self._suspects.add(lane)
