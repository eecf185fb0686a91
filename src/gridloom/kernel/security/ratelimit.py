"""How often somebody may ask: the generic cell rate algorithm (GCRA), one number a caller.

A limit of 300 a minute lets 300 through at once and then one every 200 ms: over any stretch of time t no more than
300 + t / 200 ms. Limits are kept in the memory of one process; several processes of one installation each grant their
own, so divide the configured number by how many there are where that matters (a proxy in front can hold a common
one).
"""

import hashlib
import heapq
import ipaddress
import math
import time
from collections.abc import Callable

import msgspec
import structlog

from gridloom.kernel.errors import RateLimited

SECOND_NS = 1_000_000_000

_LONGEST_KEY = 64

log = structlog.get_logger(__name__)


class Limit(msgspec.Struct, frozen=True):
    """So many requests in so many seconds."""

    count: int
    seconds: int = 60


class Decision(msgspec.Struct, frozen=True):
    """What a limiter said. Times in seconds, rounded up.

    remaining: how many more would pass now. reset_s: until all of `limit` would. retry_after_s: until one would; 0
    when this one has passed.
    """

    allowed: bool
    limit: int
    remaining: int
    reset_s: int
    retry_after_s: int

    def headers(self, prefix: str = "X-RateLimit-") -> dict[str, str]:
        """`…Limit`, `…Remaining`, `…Reset`, and `Retry-After` on a refusal."""
        said = {
            f"{prefix}Limit": str(self.limit),
            f"{prefix}Remaining": str(self.remaining),
            f"{prefix}Reset": str(self.reset_s),
        }
        return said if self.allowed else {**said, "Retry-After": str(self.retry_after_s)}

    def enforce(self) -> "Decision":
        """Raises RateLimited, with the headers, when this was a refusal."""
        if not self.allowed:
            raise RateLimited(headers=self.headers())
        return self


class RateLimiter:
    """One limit for each of many keys. `capacity` keys are remembered at most.

    When there are more, those go first that have used the least of their limit: somebody who floods the memory with
    invented keys does not make it forget the one who is being held back.
    """

    def __init__(
        self, limit: Limit, *, capacity: int = 100_000, clock_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        if limit.count < 1 or limit.seconds < 1 or capacity < 1:
            raise ValueError(f"a limit needs positive numbers, not {limit} for {capacity} keys")
        self.limit = limit
        # Rounded up, so that rounding never lets more pass than was said.
        self._interval = -(-limit.seconds * SECOND_NS // limit.count)
        self._burst = self._interval * limit.count
        self._capacity = capacity
        self._clock = clock_ns
        self._full_at: dict[str, int] = {}

    def take(self, key: str, cost: int = 1) -> Decision:
        """Ask for `cost` requests at once; a refusal takes nothing."""
        now = self._clock()
        before = max(self._full_at.get(_short(key), now), now)
        after = before + cost * self._interval
        if after - now > self._burst:
            return self._decision(now, before, cost)
        self._remember(_short(key), after, now)
        return self._decision(now, after, 0)

    def look(self, key: str) -> Decision:
        """What `take` would say, without taking."""
        now = self._clock()
        before = max(self._full_at.get(_short(key), now), now)
        return self._decision(now, before, 1 if before + self._interval - now > self._burst else 0)

    def give_back(self, key: str, cost: int = 1) -> None:
        """Undo a `take` that turned out not to count."""
        name = _short(key)
        if name in self._full_at:
            self._full_at[name] -= cost * self._interval

    def forget(self, key: str) -> None:
        """Start anew for this key."""
        self._full_at.pop(_short(key), None)

    def __len__(self) -> int:
        return len(self._full_at)

    def _decision(self, now: int, full_at: int, refused: int) -> Decision:
        room = self._burst - (full_at - now)
        wait = refused * self._interval - room
        return Decision(
            allowed=not refused,
            limit=self.limit.count,
            remaining=0 if refused else room // self._interval,
            reset_s=math.ceil((full_at - now) / SECOND_NS),
            retry_after_s=max(1, math.ceil(wait / SECOND_NS)) if refused else 0,
        )

    def _remember(self, key: str, full_at: int, now: int) -> None:
        if key not in self._full_at and len(self._full_at) >= self._capacity:
            self._make_room(now)
        self._full_at[key] = full_at

    def _make_room(self, now: int) -> None:
        """Drop whoever has their whole limit again; if that is nearly nobody, the tenth that is closest to it."""
        kept = {key: full_at for key, full_at in self._full_at.items() if full_at > now}
        surplus = len(kept) - (self._capacity - max(1, self._capacity // 10))
        for key in heapq.nsmallest(surplus, kept, key=kept.__getitem__) if surplus > 0 else ():
            del kept[key]
        self._full_at = kept


class LoginLimiter:
    """Slows down who guesses passwords: per address and per login, `per_minute` failures and five times as many an
    hour.

    An attempt counts from the moment it is checked, so that a hundred at once are not all let in before the first has
    failed; the right password gives it back.
    """

    def __init__(
        self, *, per_minute: int = 10, capacity: int = 50_000, clock_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        limits = (Limit(per_minute, 60), Limit(per_minute * 5, 3600))
        self._limiters = [RateLimiter(limit, capacity=2 * capacity, clock_ns=clock_ns) for limit in limits]

    def check(self, address: str, login: str) -> None:
        """Before the password is looked at. Raises RateLimited with Retry-After; nothing is counted then."""
        pairs = [(limiter, key) for limiter in self._limiters for key in _login_keys(address, login)]
        looked = [limiter.look(key) for limiter, key in pairs]
        refused = [decision for decision in looked if not decision.allowed]
        if refused:
            max(refused, key=lambda decision: decision.retry_after_s).enforce()
        for limiter, key in pairs:
            limiter.take(key)

    def failed(self, address: str, login: str) -> None:
        """The password was wrong: the attempt stays counted. The one that used up a limit is logged."""
        looked = [limiter.look(key) for limiter in self._limiters for key in _login_keys(address, login)]
        if not all(decision.allowed for decision in looked):
            log.warning("logins_held_back", address=address)

    def succeeded(self, address: str, login: str) -> None:
        """The password was right: the address gets its attempt back, the login starts anew."""
        by_address, by_login = _login_keys(address, login)
        for limiter in self._limiters:
            limiter.give_back(by_address)
            limiter.forget(by_login)


def address_key(address: str) -> str:
    """What counts as one address: an IPv4 address, the /64 network of an IPv6 one (one customer has that many)."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(ip, ipaddress.IPv4Address):
        return str(ip)
    if ip.ipv4_mapped is not None:
        return str(ip.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(ip) >> 64 << 64, 64)))


def _login_keys(address: str, login: str) -> tuple[str, str]:
    return f"address:{address_key(address)}", f"login:{login.strip().casefold()}"


def _short(key: str) -> str:
    """A key as it is remembered: what a caller sends may be long, what is kept of it is not."""
    if len(key) <= _LONGEST_KEY:
        return key
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=24).hexdigest()
