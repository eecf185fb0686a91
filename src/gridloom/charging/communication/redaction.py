"""What the communication log must not keep: passwords and keys, wherever a message carries them.

Identifiers of cards and drivers stay: an operator looks for them here, and the sessions show them as well.
"""

import re
from typing import Any

import msgspec

REDACTED = "***"
LONGEST_SEARCHED = 16_384
"""Characters of one text in a payload that are looked through; of a longer one only its length is kept."""

_NAMES = (
    "passw", "passphrase", "secret", "authorizationkey", "authorisationkey", "privatekey", "apikey", "api_key",
    "accesstoken", "authtoken", "authkey", "bearer", "psk", "simpin",
)  # fmt: skip
_SECRET = re.compile("|".join(_NAMES), re.IGNORECASE)
# An escape may hide a letter of a name, an address may carry credentials.
_WORDS = (*_NAMES, "authorization key", "authorisation key", "\\u", "://", "vpn")
_CREDENTIALS = re.compile(r"(?i)\b([a-z][a-z0-9+.-]{0,30}://)[^/\s@\"'\\]{0,300}@")
# In running text: `password=…`, `psk: …`.
_SAID = re.compile(rf"(?i)((?:{'|'.join(_NAMES)})[a-z_-]{{0,40}}\s{{0,8}}[=:]\s{{0,8}})[^\s,;&\"']+")
_QUERY = re.compile(r"(?i)([?&;](?:[a-z0-9_-]{0,60}(?:token|password|secret|signature|sig|key))=)[^&\s\"'#]+")
# Where OCPP puts the value of a configuration key or of a variable: 1.6 `value`; 2.0.1 the others.
_VALUES = frozenset({"value", "attributeValue", "actualValue", "variableAttribute"})
_VPN = frozenset({"key", "password"})


def is_harmless(text: str) -> bool:
    """Whether nothing in a JSON text can be secret, so that it may be kept as it came. Quick, and careful rather than exact."""
    small = text.lower()
    return not any(word in small for word in _WORDS)


def redacted(payload: Any) -> Any:
    """The payload as the log may keep it; what is secret is replaced, nothing is left out."""
    if isinstance(payload, dict):
        return {name: _entry(name, value, payload) for name, value in payload.items()}
    if isinstance(payload, list):
        return [redacted(each) for each in payload]
    return _text(payload) if isinstance(payload, str) else payload


def redacted_text(text: str) -> str:
    """The same for a text that is no JSON. With the name of a secret in it, nothing of it is kept but its length."""
    hidden = len(text) > 4 * LONGEST_SEARCHED or _SECRET.search(text)
    return f"{REDACTED} ({len(text)} characters)" if hidden else _addresses(text)


def _entry(name: str, value: Any, around: dict[str, Any]) -> Any:
    if isinstance(value, str | int | float) and not isinstance(value, bool) and _SECRET.search(name):
        return REDACTED
    if name in _VALUES and _names_secret(around):
        return REDACTED
    if name == "vpn" and isinstance(value, dict):
        return {key: REDACTED if key in _VPN else redacted(each) for key, each in value.items()}
    return redacted(value)


def _names_secret(around: dict[str, Any]) -> bool:
    """Whether the key (1.6) or the variable (2.0.1) that is spoken of is a secret one."""
    variable = around.get("variable")
    name = variable.get("name") if isinstance(variable, dict) else around.get("key")
    return isinstance(name, str) and _SECRET.search(name.replace(" ", "")) is not None


def _text(text: str) -> str:
    """A text of a payload. JSON inside of it (vendors' data) is looked through like the rest."""
    if len(text) > LONGEST_SEARCHED:
        return f"{REDACTED} ({len(text)} characters)"
    if _SECRET.search(text) and text.lstrip()[:1] in ("{", "["):
        try:
            return msgspec.json.encode(redacted(msgspec.json.decode(text))).decode()
        except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
            return redacted_text(text)
    return _addresses(_SAID.sub(rf"\1{REDACTED}", text))


def _addresses(text: str) -> str:
    if "://" not in text:
        return text
    return _QUERY.sub(rf"\1{REDACTED}", _CREDENTIALS.sub(rf"\1{REDACTED}@", text))
