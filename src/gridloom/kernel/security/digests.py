"""What is stored of a secret so that it can be recognised but not read back."""

import hashlib
import hmac

DIGEST_SIZE = 32


def token_digest(secret: str, *, key: bytes = b"") -> bytes:
    """The 32 bytes by which a random token is found in the database.

    A fast hash is right for secrets of 128 bits and more (`ids.token`); what people choose goes through `passwords`.
    With a `key` (up to 64 bytes) the digest tells nothing even of a short code to somebody who holds the table alone.
    """
    return hashlib.blake2b(_bytes(secret), digest_size=DIGEST_SIZE, key=key, person=b"gridloom-token").digest()


def same(given: str | bytes, expected: str | bytes) -> bool:
    """Compare two secrets in a time that does not depend on where they differ."""
    return hmac.compare_digest(_bytes(given), _bytes(expected))


def _bytes(secret: str | bytes) -> bytes:
    """Any text there is: half a surrogate pair in a caller's token must be a wrong token, not a crash."""
    return secret if isinstance(secret, bytes) else secret.encode("utf-8", "surrogatepass")
