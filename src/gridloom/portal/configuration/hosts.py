"""When two ways of writing a domain mean the same host. No I/O."""

import re

_LABELS = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]*://")
MAX_LENGTH = 253


def host_of(domain: str) -> str | None:
    """The host in a domain or address, as it is compared: small letters, ASCII, no port, no dot at the end.

    None when there is none: empty, too long (253 characters), or with characters no host has.
    """
    text = _SCHEME.sub("", domain.strip().lower())
    text = re.split(r"[/?#]", text, maxsplit=1)[0]
    name, _, port = text.partition(":")
    if port and not (port.isascii() and port.isdecimal()):
        return None
    name = name.removesuffix(".")
    try:
        name = name.encode("idna").decode("ascii")
    except UnicodeError:
        # The codec refuses labels of more than 63 characters and empty ones, as DNS does.
        return None
    return name if len(name) <= MAX_LENGTH and _LABELS.fullmatch(name) else None
