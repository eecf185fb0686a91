"""What an address to send mail to looks like. Stricter than what may be written in a contact's file."""

import re
from email.utils import parseaddr

_ATOM = r"[^\s@<>(),;:\"\\\[\]\x00-\x1f\x7f]"
_LABEL = r"[^\s@<>(),;:\"\\\[\].\x00-\x1f\x7f]{1,63}"
# Spaces around an address do not count. At most 254 characters (RFC 5321, 4.5.3.1).
ADDRESS = rf"^\s*{_ATOM}{{1,64}}@(?:{_LABEL}\.)*{_LABEL}\s*$"
MAX_LENGTH = 254

_ADDRESS = re.compile(ADDRESS)


class BadAddress(ValueError):
    """Nothing can be sent there."""


def checked(text: str) -> str:
    """One bare address, the domain as the network knows it (IDNA). Raises BadAddress; the text of it names no address."""
    plain = text.strip()
    if len(plain) > MAX_LENGTH or not _ADDRESS.fullmatch(plain):
        raise BadAddress("this is no address for mail")
    local, _, domain = plain.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        raise BadAddress("this is no address for mail: the domain cannot be") from None


def named(text: str) -> tuple[str, str]:
    """`Name <address>` or a bare address, as (name, address). Raises BadAddress."""
    name, address = parseaddr(text)
    return one_line(name), checked(address)


def one_line(text: str) -> str:
    """Text for a header: what would begin a new line, or is no text, becomes a space."""
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())
