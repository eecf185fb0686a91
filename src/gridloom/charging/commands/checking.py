"""Messages that a caller wrote, held against the published schemas before anybody is asked. Pure."""

from typing import Any

from gridloom.charging.ocpp.public import Version, checks

_TOLD = {
    "required": "A required property is missing here.",
    "additionalProperties": "There is a property here that this message does not have.",
    "type": "Expected another type.",
    "enum": "This is none of the allowed values.",
    "minItems": "There are too few entries.",
    "maxItems": "There are too many entries.",
    "maxLength": "This is too long.",
    "format": "This does not have the form of its type.",
    "multipleOf": "Expected one digit after the point at most.",
}


PASSWORDS = frozenset({"AuthorizationKey", "BasicAuthPassword"})
"""What the two versions call the password with which a station connects."""


def sets_password(action: str, payload: dict[str, Any]) -> bool:
    """Whether a call that its schema allows gives a station another password."""
    if action == "ChangeConfiguration":
        return payload["key"] in PASSWORDS
    return action == "SetVariables" and any(
        each["variable"]["name"] in PASSWORDS for each in payload["setVariableData"]
    )


def request_mistake(version: Version, action: str, payload: dict[str, Any]) -> tuple[tuple[str | int, ...], str] | None:
    """What is wrong with a call to a station: the place in the body, and a sentence. None when it can be sent."""
    known = checks(version)
    if action not in known.to_station:
        return ("command",), f"A charge point with {version} is sent no such message."
    found = known.request(action, payload)
    if found is None:
        return None
    place, _, rule = found[1].rpartition(": ")
    steps = [] if place in ("", "payload") else place.split("/")
    path = ("payload", *(int(step) if step.isdigit() else step for step in steps))
    return path, _TOLD.get(rule, "This value is not allowed.")
