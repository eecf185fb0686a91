"""Where bytes lie in the store: the tenant first, then plain names; nothing that could lead out of its folder."""

import re

MAX_KEY_LENGTH = 900

_SEGMENT = re.compile(r"[A-Za-z0-9_=@+-][A-Za-z0-9._=@+-]{0,199}")
_TENANT = re.compile(r"[1-9][0-9]{0,9}")


class BadKey(ValueError):
    """A key that no part of this program would make."""

    def __init__(self, key: str) -> None:
        super().__init__(f"{key[:100]!r} is no key of the file store")


def key_of(tenant: int, *segments: str) -> str:
    """The key `tenant/segment/…`. Raises BadKey when a segment holds anything but letters, digits and `._=@+-`."""
    return checked("/".join((str(tenant), *segments)))


def checked(key: str) -> str:
    """The same key, once it is known to be harmless: tenant first, no empty or hidden segment, 900 characters."""
    tenant, *rest = key.split("/")
    if (
        not rest
        or len(key) > MAX_KEY_LENGTH
        or not _TENANT.fullmatch(tenant)
        or not all(_SEGMENT.fullmatch(segment) for segment in rest)
    ):
        raise BadKey(key)
    return key


def tenant_of(key: str) -> int:
    """The tenant whose bytes lie there. Raises BadKey."""
    return int(checked(key).partition("/")[0])
