"""How long to wait before the next attempt, and when to give up."""

import random
from collections.abc import Callable

import msgspec


class Backoff(msgspec.Struct, frozen=True):
    """The waits after the first, second, … failure, in seconds. With no wait left the thing is given up.

    jitter: draw each wait evenly between nothing and its full length ("full jitter"), so that what failed together
    does not come back together.
    """

    delays_s: tuple[float, ...]
    jitter: bool = True

    @classmethod
    def exponential(
        cls, first_s: float, *, factor: float, most_s: float, attempts: int, jitter: bool = True
    ) -> "Backoff":
        """Waits that grow by `factor` up to `most_s`; `attempts` counts the first one, which waits for nothing."""
        return cls(tuple(min(first_s * factor**n, most_s) for n in range(attempts - 1)), jitter)

    @property
    def attempts(self) -> int:
        """How often something is tried before it is given up."""
        return len(self.delays_s) + 1

    def after(self, failures: int, draw: Callable[[], float] = random.random) -> float | None:
        """Seconds to wait after so many failures (1 or more), or None to give up. `draw` gives a number in [0, 1)."""
        if failures > len(self.delays_s):
            return None
        delay = self.delays_s[failures - 1]
        return delay * draw() if self.jitter else delay
