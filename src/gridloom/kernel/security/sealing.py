"""Secrets that must be read back: encrypted at rest with a key that lives outside the database.

A sealed value is `version (1 byte) | key id (4) | nonce (12) | ciphertext and tag`, AES-256-GCM. The key id lets
several keys live side by side: the first one seals, all of them open. Nonces are random, which is safe up to some
four thousand million values a key (NIST SP 800-38D).
"""

import base64
import hashlib
import os
import stat
from pathlib import Path

import structlog
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_SIZE = 32

_VERSION = 1
_ID_SIZE = 4
_NONCE_SIZE = 12
_HEAD_SIZE = 1 + _ID_SIZE

log = structlog.get_logger(__name__)


class Unsealable(ValueError):
    """A sealed value that was altered, belongs elsewhere, or whose key is not at hand."""


class KeyUnusable(ValueError):
    """A key, or a key file, that cannot serve."""


class Sealer:
    """Seals with the first key, opens with any of them. Keys are 32 bytes each."""

    __slots__ = ("_current", "_keys", "_root")

    def __init__(self, key: bytes, *older: bytes) -> None:
        self._keys = {_key_id(each): AESGCM(_checked(each)) for each in (key, *older)}
        self._current = _key_id(key)
        self._root = key

    @classmethod
    def from_file(cls, path: Path) -> "Sealer":
        """The sealer of an installation, see `load_keys`."""
        return cls(*load_keys(path))

    def seal(self, text: str, *, context: bytes = b"") -> bytes:
        """Encrypt. A `context` (say, table and row) must be given again to open, so that no value can be moved."""
        head = bytes([_VERSION]) + self._current
        nonce = os.urandom(_NONCE_SIZE)
        return head + nonce + self._keys[self._current].encrypt(nonce, text.encode(), head + context)

    def open(self, sealed: bytes, *, context: bytes = b"") -> str:
        """Decrypt what `seal` gave; Unsealable when anything about it is not right."""
        head, nonce = sealed[:_HEAD_SIZE], sealed[_HEAD_SIZE : _HEAD_SIZE + _NONCE_SIZE]
        if not sealed or sealed[0] != _VERSION or len(nonce) != _NONCE_SIZE:
            raise Unsealable("this is no sealed value")
        cipher = self._keys.get(head[1:])
        if cipher is None:
            raise Unsealable(f"the key {head[1:].hex()} that sealed this value is not in the key file")
        try:
            return cipher.decrypt(nonce, sealed[_HEAD_SIZE + _NONCE_SIZE :], head + context).decode()
        except InvalidTag:
            raise Unsealable("the sealed value was altered, or belongs to another place") from None

    def is_stale(self, sealed: bytes) -> bool:
        """Whether an older key sealed this value, so that it should be sealed again before that key goes."""
        return sealed[1:_HEAD_SIZE] != self._current

    def derive(self, purpose: str) -> bytes:
        """A key for something else (signing links, digests), from which this one cannot be found. See `derive_key`."""
        return derive_key(self._root, purpose)


def derive_key(key: bytes, purpose: str) -> bytes:
    """32 bytes that belong to one purpose only: HKDF with SHA-256 (RFC 5869)."""
    return HKDF(hashes.SHA256(), KEY_SIZE, salt=None, info=f"gridloom:{purpose}".encode()).derive(_checked(key))


def load_or_create_key(path: Path) -> bytes:
    """The installation's current key; made at the first start, readable by its owner only."""
    return load_keys(path)[0]


def load_keys(path: Path) -> tuple[bytes, ...]:
    """Every key of the file, current one first; the file is made when it is missing.

    One key a line, base64. To change the key put a new line on top and keep the old one below until every value was
    sealed again. When two processes start at once both get the same key. Raises KeyUnusable, naming the line.
    """
    if not path.exists():
        _create(path)
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        log.warning("key_file_open_to_others", path=str(path), advice="chmod 600")
    try:
        text = path.read_text()
    except UnicodeDecodeError:
        raise KeyUnusable(f"{path} holds no text; a key file has one key a line, in base64") from None
    lines = enumerate(text.splitlines(), start=1)
    keys = tuple(_decoded(line.strip(), number, path) for number, line in lines if line.strip())
    if not keys:
        raise KeyUnusable(f"{path} holds no key")
    return keys


def parse_key(text: str) -> bytes:
    """A key as a setting or a line of the key file holds it: 32 bytes in base64. Raises KeyUnusable."""
    try:
        return _checked(base64.b64decode(text.strip(), validate=True))
    except ValueError:
        raise KeyUnusable(f"a key must be {KEY_SIZE} bytes in base64") from None


def new_key_line() -> str:
    """A fresh random key in the form in which a line of the key file holds it."""
    return base64.b64encode(os.urandom(KEY_SIZE)).decode()


def _create(path: Path) -> None:
    """Write under another name and link into place: nobody ever reads half a key, or replaces one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(new_key_line() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return
        log.info("key_file_created", path=str(path))
    finally:
        draft.unlink(missing_ok=True)


def _decoded(line: str, number: int, path: Path) -> bytes:
    try:
        return parse_key(line)
    except KeyUnusable as fault:
        raise KeyUnusable(f"line {number} of {path}: {fault}") from None


def _checked(key: bytes) -> bytes:
    if len(key) != KEY_SIZE:
        raise KeyUnusable(f"a key has {KEY_SIZE} bytes, not {len(key)}")
    return key


def _key_id(key: bytes) -> bytes:
    return hashlib.blake2b(key, digest_size=_ID_SIZE, person=b"gridloom-key").digest()
