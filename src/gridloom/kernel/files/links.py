"""Links that open one file for a while, without a login: pure functions, for the store that cannot sign by itself.

A link reads `/files/{tenant}/{file}/{name}?expires=…&signature=…`. The signature (HMAC-SHA256) covers the purpose,
the tenant, the file and the moment of expiry; the name is there for the person who saves it and changes nothing.
"""

import base64
import hashlib
import hmac
import re
import unicodedata
from datetime import datetime
from urllib.parse import quote
from uuid import UUID

from gridloom.kernel import clock
from gridloom.kernel.errors import Forbidden

READ = "read"

# What a browser may show in place: nothing in these can run a script with our address (SVG and HTML can).
_SHOWN = frozenset(
    (
        "image/png",
        "image/jpeg",
        "image/gif",
        "image/webp",
        "image/avif",
        "application/pdf",
        "text/plain",
        "text/csv",
        "video/mp4",
        "audio/mpeg",
    )
)
_MEDIA_TYPE = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}")
_MAX_NAME_LENGTH = 200


class LinkInvalid(Forbidden):
    """A link that this installation never gave out, or that was changed."""

    code = "link_invalid"
    text = "This link is not valid."


class LinkExpired(Forbidden):
    """A link whose time is over."""

    code = "link_expired"
    text = "This link has expired."


def sign(secret: bytes, tenant: int, file: UUID, expires_at: datetime, *, purpose: str = READ) -> tuple[int, str]:
    """The values of `expires` (seconds since 1970) and `signature` for a link."""
    expires = clock.to_ms(expires_at) // 1000
    return expires, _signature(secret, purpose, tenant, file, expires)


def signed_path(secret: bytes, tenant: int, file: UUID, name: str, expires_at: datetime, *, purpose: str = READ) -> str:
    """The link itself, to be put behind the address of the installation."""
    expires, signature = sign(secret, tenant, file, expires_at, purpose=purpose)
    return f"/files/{tenant}/{file}/{quote(clean_name(name), safe='')}?expires={expires}&signature={signature}"


def verify(secret: bytes, tenant: int, file: UUID, expires: str, signature: str, *, purpose: str = READ) -> None:
    """Let a caller with this link pass. Raises LinkInvalid, and LinkExpired only for a link that was genuine."""
    if not re.fullmatch(r"[0-9]{1,12}", expires):
        raise LinkInvalid
    expected = _signature(secret, purpose, tenant, file, int(expires))
    if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
        raise LinkInvalid
    if clock.to_ms(clock.now()) >= int(expires) * 1000:
        raise LinkExpired


def clean_name(name: str) -> str:
    """A file name that no system stumbles over: no folders, no control characters, at most 200 characters."""
    last = re.split(r"[/\\]", name)[-1]
    kept = "".join(char for char in last if unicodedata.category(char)[0] != "C").strip(" .")
    stem, dot, ending = kept.rpartition(".")
    if len(kept) > _MAX_NAME_LENGTH and dot and len(ending) <= 10:
        return f"{stem[: _MAX_NAME_LENGTH - len(ending) - 1]}.{ending}"
    return kept[:_MAX_NAME_LENGTH] or "file"


def clean_media_type(media_type: str) -> str:
    """`type/subtype` in lower case without parameters; `application/octet-stream` for anything else."""
    bare = media_type.partition(";")[0].strip().lower()
    return bare if _MEDIA_TYPE.fullmatch(bare) else "application/octet-stream"


def attachment(name: str) -> str:
    """The Content-Disposition that makes a browser save the file under its name (RFC 6266, RFC 8187)."""
    return _disposition("attachment", name)


def disposition(name: str, media_type: str) -> str:
    """Show in place what is harmless there, save everything else."""
    return _disposition("inline" if clean_media_type(media_type) in _SHOWN else "attachment", name)


def _disposition(kind: str, name: str) -> str:
    cleaned = clean_name(name)
    plain = re.sub(r'[^ -~]|["\\%]', "_", cleaned)
    return f"{kind}; filename=\"{plain}\"; filename*=UTF-8''{quote(cleaned, safe='')}"


def _signature(secret: bytes, purpose: str, tenant: int, file: UUID, expires: int) -> str:
    signed = f"gridloom-file-link\n1\n{purpose}\n{tenant}\n{file}\n{expires}".encode()
    return base64.urlsafe_b64encode(hmac.digest(secret, signed, hashlib.sha256)).decode().rstrip("=")
