"""When two ways of writing the identifier of a tag are the same tag. No I/O.

Readers write one card as `04:a2:3b:9c`, `04-A2-3B-9C` or `04A23B9C`. Their byte order is left as it is: a reversed
identifier is another card's, and nothing in it tells which way round it was read.
"""

import re

_FILLING = re.compile(r"[\s:-]+")
_HEX = re.compile(r"(?:[0-9A-F]{2})+")
# Contract identifier of an electric vehicle (ISO 15118, DIN 91286): country, provider, C, instance, check digit.
_CONTRACT = re.compile(r"[A-Z]{2}[A-Z0-9]{3}C?[A-Z0-9]{8,9}")

MAX_LENGTH = 36
"""Characters of an OCPP 2.0.1 IdToken."""


def uid_key(text: str) -> str:
    """The form in which identifiers are compared: in capitals, without filling where that has no meaning.

    Only bytes in hexadecimal and contract identifiers are known to mean nothing by it: `user-1` stays apart from `USER1`.
    """
    whole = text.strip().upper()
    plain = _FILLING.sub("", whole)
    return plain if _HEX.fullmatch(plain) or _CONTRACT.fullmatch(plain) else whole
