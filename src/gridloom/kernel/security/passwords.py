"""Passwords: argon2id in threads of its own, as slow for an unknown login as for a known one.

Cost: 2 passes over 19 MiB, one lane (the floor that OWASP's password storage guide gives for argon2id), some 20 ms of
one core. Raise it in `Passwords`; stored hashes carry their own cost and are renewed at the next sign-in, see
`needs_rehash`.
"""

import asyncio
import base64
import os
import secrets
import threading
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

MAX_LENGTH = 1024

_T = TypeVar("_T")
_DIGEST_SIZE = 32
_SALT_SIZE = 16


class PasswordTooLong(ValueError):
    """A password longer than anybody types, sent to keep the machine busy."""

    def __init__(self) -> None:
        super().__init__(f"a password has at most {MAX_LENGTH} characters")


class PasswordsBusy(RuntimeError):
    """So many passwords wait to be checked that another one is refused; answer 503 with Retry-After."""


def _normal(password: str) -> bytes:
    """The same password from every keyboard: an accent is one character or two, full-width or not (NIST SP 800-63B)."""
    if len(password) > MAX_LENGTH:
        raise PasswordTooLong
    return unicodedata.normalize("NFKC", password).encode("utf-8", "surrogatepass")


def _decoy(passes: int, memory_kib: int, lanes: int) -> str:
    """A hash of today's cost that no password has: its digest was drawn, not computed."""
    salt, digest = (
        base64.b64encode(secrets.token_bytes(size)).decode().rstrip("=") for size in (_SALT_SIZE, _DIGEST_SIZE)
    )
    return f"$argon2id$v=19$m={memory_kib},t={passes},p={lanes}${salt}${digest}"


class Passwords:
    """Hashes and checks passwords. `workers` at once, at most `waiting` more in the queue."""

    def __init__(
        self,
        *,
        passes: int = 2,
        memory_kib: int = 19_456,
        lanes: int = 1,
        workers: int | None = None,
        waiting: int = 256,
    ) -> None:
        self._hasher = PasswordHasher(passes, memory_kib, lanes, hash_len=_DIGEST_SIZE, salt_len=_SALT_SIZE)
        self._workers = workers or max(1, min(4, os.cpu_count() or 1))
        self._room = threading.BoundedSemaphore(self._workers + waiting)
        self._threads = ThreadPoolExecutor(self._workers, thread_name_prefix="passwords")
        self._decoy = _decoy(passes, memory_kib, lanes)

    async def hash(self, password: str) -> str:
        """What to store. Raises PasswordTooLong, PasswordsBusy."""
        text = _normal(password)
        return await self._run(lambda: self._hasher.hash(text))

    async def verify(self, stored: str | None, given: str) -> bool:
        """Whether `given` is the password of the stored hash.

        With `stored` None (no such login, or one that has no password) a check of the same cost runs and fails, so
        that the time of the answer does not tell who exists. Raises PasswordsBusy.
        """
        if len(given) > MAX_LENGTH:
            return False
        text = _normal(given)
        return await self._run(lambda: self._check(stored or self._decoy, text))

    def needs_rehash(self, stored: str) -> bool:
        """Whether a stored hash was made at another cost than today's; after a good sign-in, store a new one."""
        try:
            return self._hasher.check_needs_rehash(stored)
        except InvalidHashError:
            return True

    def _check(self, stored: str, given: bytes) -> bool:
        try:
            return self._hasher.verify(stored, given)
        except InvalidHashError:
            return self._check(self._decoy, given)
        except VerificationError:
            return False

    async def _run(self, work: Callable[[], _T]) -> _T:
        if not self._room.acquire(blocking=False):
            raise PasswordsBusy("too many passwords are waiting to be checked")
        task = self._threads.submit(work)
        task.add_done_callback(lambda _: self._room.release())
        return await asyncio.wrap_future(task)


_shared = Passwords()


async def hash_password(password: str) -> str:
    """`Passwords.hash` of the process's own instance."""
    return await _shared.hash(password)


async def verify_password(stored: str | None, given: str) -> bool:
    """`Passwords.verify` of the process's own instance; give None for an unknown login."""
    return await _shared.verify(stored, given)


def needs_rehash(stored: str) -> bool:
    """`Passwords.needs_rehash` of the process's own instance."""
    return _shared.needs_rehash(stored)
