"""Secrets out of whatever is written down: by the name of the field, and by their look inside a text.

Used on every log line (as a structlog processor, also on formatted exceptions) and on the details of the trail.
"""

import re
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any

REDACTED = "[redacted]"

_DEEPEST = 12
_PLAIN = (int, float, type(None))
_BINARY = (bytes, bytearray, memoryview)

# Words of a field's name, joined by underscores, compared as a whole run of words: `api_key`, not `monkey`.
_SECRET_WORDS = re.compile(
    r"(?:^|_)(?:authorization|password|passwd|passphrase|pwd|secrets?|tokens?|cookies?|credentials?|signature|otp|totp|pin"
    r"|cvc|cvv|jwt|bearer|x_auth|dsn|database_url|(?:api|private|access|signing|encryption|client|account)_key"
    r"|(?:recovery|backup)_codes?)(?:$|_)"
)
# What merely speaks about a secret may be seen.
_HARMLESS_ENDING = re.compile(
    r"_(?:id|ids|uid|kind|kinds|type|types|name|count|counts|at|expires|expires_in|ttl|digest|length|policy|status)$"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_NAME = (
    r"(?:authorization|password|passwd|passphrase|secret|token|cookie|signature|credential|x-auth"
    r"|(?:api|access|private|signing)[_-]?key|(?<![a-z])(?:pwd|otp|pin|jwt))"
)
# A value in quotes, in quotes that are escaped themselves (JSON inside JSON), or up to the next separator. Each is
# one pass over the text: what a stranger sends must not be able to keep the logger busy.
_VALUE = (
    r"(?:\\\"(?:[^\"\\]|\\[^\"])*(?:\\\")?|\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?"
    r"|(?!\[redacted\])[^\s&,;\"'})\]]+)"
)
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # scheme://user:password@host, as in the address of a database
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,30}://[^\s/:@?#]*:)[^\s/]+(@)"), rf"\1{REDACTED}\2"),
    # the rest of the line of a header that holds nothing else
    (re.compile(r"(?i)\b((?:proxy-)?authorization|(?:set-)?cookie)(:\s*)(?![\"'\\\s])[^\r\n\"']+"), rf"\1\2{REDACTED}"),
    # Bearer xyz without its header; not a word such as in "basic authentication"
    (re.compile(r"(?i)\b(bearer|basic)(\s+)(?=[a-z]*[0-9._=~+/-])[a-z0-9._=~+/-]{6,}"), rf"\1\2{REDACTED}"),
    # name=value and name: value, in query strings, forms, JSON, keyword arguments of a traceback
    (re.compile(rf"(?i)({_NAME})(\\?[\"']?\s*(?:[=:]|%3d)\s*){_VALUE}"), rf"\1\2{REDACTED}"),
    # a JSON Web Token wherever it stands
    (re.compile(r"\beyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?"), REDACTED),
    # a private key in PEM form
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), REDACTED),
)
_HINT = re.compile(
    r"(?i)://|bearer|basic|authorization|passw|passphrase|pwd|secret|token|cookie|signature|credential|x-auth|key|otp|pin"
    r"|jwt|eyJ"
)
_SCHEME = re.compile(r"(?i)bearer|basic")
# What the chain of processors itself puts into an event.
_OUR_OWN = frozenset(("timestamp", "level", "logger"))


@lru_cache(maxsize=4096)
def is_secret(name: str) -> bool:
    """Whether a field of this name holds a secret: `apiKey`, `client_secret`, `X-Auth`; not `token_id`, `monkey`."""
    words = re.sub(r"[^a-z0-9]+", "_", _CAMEL.sub("_", name).lower()).strip("_")
    return bool(_SECRET_WORDS.search(words)) and not _HARMLESS_ENDING.search(words)


def redact_text(text: str) -> str:
    """The text without the secrets that can be told by their look or by what stands before them."""
    if not _may_match(text):
        return text
    for pattern, replacement in _PATTERNS:
        text = pattern.sub(replacement, text)
    return text


def redact(value: Any) -> Any:
    """A copy of plain data (mappings, sequences, texts) without secrets; other objects become their redacted text.

    Numbers, booleans and None stay what they are, bytes become their length, and what is nested deeper than twelve
    levels is left out.
    """
    return _redact(value, 0)


def redact_event(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor; place it after exceptions were formatted and before the line is rendered."""
    for name, value in event.items():
        if name not in _OUR_OWN:
            event[name] = _field(name, value, 0)
    return event


def _may_match(text: str) -> bool:
    """A quick no for most of what is logged: every pattern needs a sign between name and value, or a known beginning."""
    if "=" in text or ":" in text or "%" in text:
        return _HINT.search(text) is not None
    return "eyJ" in text or "-----BEGIN" in text or (" " in text and _SCHEME.search(text) is not None)


def _redact(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return redact_text(value)
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, _BINARY):
        return f"<{len(value)} bytes>"
    return "…" if depth >= _DEEPEST else _redact_nested(value, depth)


def _redact_nested(value: Any, depth: int) -> Any:
    if isinstance(value, Mapping):
        return {_name(key): _field(key, each, depth) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redact(each, depth + 1) for each in value]
    return redact_text(str(value))


def _name(key: Any) -> str:
    return redact_text(key if isinstance(key, str) else str(key))


def _field(key: Any, value: Any, depth: int) -> Any:
    if value is not None and isinstance(key, str) and is_secret(key):
        return REDACTED
    return _redact(value, depth + 1)
