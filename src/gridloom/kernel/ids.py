"""Keys and secrets: time-ordered identifiers, tokens no one can guess, codes a person can type."""

import os
import secrets
import threading
import time
from uuid import UUID

CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"

_TAIL_BITS = 74
_TAIL_LIMIT = 1 << _TAIL_BITS
_STEP_LIMIT = 1 << 32


class _Sequence:
    """The last identifier that was given out, so that the next one is larger whatever the machine's clock does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ms = -1
        self._tail = 0

    def next(self) -> tuple[int, int]:
        """Milliseconds since 1970 and 74 bits: random in a new millisecond, a random step further within one."""
        ms = time.time_ns() // 1_000_000
        with self._lock:
            if ms > self._ms:
                self._ms, self._tail = ms, int.from_bytes(os.urandom(10)) >> 6
            else:
                self._tail += 1 + int.from_bytes(os.urandom(4)) % _STEP_LIMIT
                if self._tail >= _TAIL_LIMIT:
                    self._ms, self._tail = self._ms + 1, int.from_bytes(os.urandom(10)) >> 6
            return self._ms, self._tail

    def forget(self) -> None:
        """A forked child draws afresh, or it would walk on from the very number its parent walks on from."""
        self._lock = threading.Lock()
        self._ms, self._tail = -1, 0


_sequence = _Sequence()
os.register_at_fork(after_in_child=_sequence.forget)


def uuid7() -> UUID:
    """A version 7 UUID, strictly larger than every one this process gave out before.

    48 bits of milliseconds, then 74 random bits; within one millisecond the tail grows by a random step (RFC 9562,
    section 6.2, method 2). It is an identifier, not a secret: who has one can narrow down its neighbours. Use `token`
    for secrets.
    """
    ms, tail = _sequence.next()
    high, low = tail >> 62, tail & ((1 << 62) - 1)
    return UUID(int=(ms << 80) | (0x7 << 76) | (high << 64) | (0b10 << 62) | low)


def uuid7_ms(value: UUID) -> int:
    """The milliseconds since 1970 inside a version 7 UUID; ValueError for any other version."""
    if value.version != 7:
        raise ValueError(f"{value} is no version 7 UUID")
    return value.int >> 80


def token(prefix: str = "", bits: int = 256) -> str:
    """A secret of at least `bits` random bits in characters that need no quoting in a URL or a header.

    With a prefix it reads `prefix_secret`, so that a leaked one can be recognised. ValueError below 128 bits.
    """
    if bits < 128:
        raise ValueError(f"a secret needs at least 128 bits, not {bits}")
    secret = secrets.token_urlsafe((bits + 7) // 8)
    return f"{prefix}_{secret}" if prefix else secret


def short_code(length: int = 8, alphabet: str = CODE_ALPHABET) -> str:
    """A random code for people to read out and type in: no 0/O, no 1/I/L, no U.

    Eight characters are 39 bits: enough for an invitation that expires and whose attempts are limited, not for a
    password.
    """
    return "".join(secrets.choice(alphabet) for _ in range(length))
