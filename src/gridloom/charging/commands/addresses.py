"""Addresses that stations upload to and download from. Pure.

A station's network is not ours: private addresses are what an operator's file server has. What only the station itself
would answer (loopback, nothing, link-local, multicast) is a mistake.
"""

import ipaddress
import re
from urllib.parse import SplitResult, urlsplit, urlunsplit

# RFC 3986, with names of servers as they are in use.
_PERCENT = r"%[0-9A-Fa-f]{2}"
_PLAIN = r"-A-Za-z0-9._~!$&'()*+,;="
_WRITTEN = re.compile(
    rf"[A-Za-z][A-Za-z0-9+.-]*://(?:(?:[{_PLAIN}:]|{_PERCENT})*@)?(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::[0-9]{{1,5}})?"
    rf"(?:/(?:[{_PLAIN}:@/]|{_PERCENT})*)?(?:\?(?:[{_PLAIN}:@/?]|{_PERCENT})*)?(?:#(?:[{_PLAIN}:@/?]|{_PERCENT})*)?"
)

SCHEMES = ("ftp", "ftps", "sftp", "http", "https")


def upload_mistake(address: str) -> str | None:
    """What is wrong with an address to upload to; None when nothing is."""
    return _mistake(address)[0]


def download_mistake(address: str) -> str | None:
    """What is wrong with an address of a file; None when nothing is."""
    wrong, parts = _mistake(address)
    if wrong is None and parts is not None and parts.path in ("", "/"):
        return "This names no file."
    return wrong


def without_secrets(address: str) -> str:
    """The address without what one signs in with: user, password, query and fragment."""
    parts = urlsplit(address)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _mistake(address: str) -> tuple[str | None, SplitResult | None]:
    if _WRITTEN.fullmatch(address) is None:
        return "This is no address: a scheme, a server, and other characters written with percent signs.", None
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "This is no address.", None
    if parts.scheme not in SCHEMES:
        return f"Expected an address that begins with one of {', '.join(SCHEMES)}.", None
    if not host or port == 0:
        return "This names no server.", None
    return _unreachable(host), parts


def _unreachable(host: str) -> str | None:
    own = "The charge point would look for this at itself."
    if host == "localhost" or host.endswith(".localhost"):
        return own
    try:
        number = ipaddress.ip_address(host)
    except ValueError:
        return None
    elsewhere = number.is_loopback or number.is_unspecified or number.is_link_local or number.is_multicast
    return own if elsewhere else None
