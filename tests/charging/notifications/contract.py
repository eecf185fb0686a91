"""The payloads as the contract describes them, and a check against that."""

import json
from functools import cache
from pathlib import Path
from typing import Any

CONTRACT = Path(__file__).parents[3] / "contracts" / "charging.json"
# What the contract asks for under another name than the one by which it describes it.
MISSPELT = ("$.charge-point: missing",)
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,), "array": (list,), "string": (str,), "integer": (int,), "number": (int, float), "boolean": (bool,),
}  # fmt: skip


@cache
def _whole() -> Any:
    return json.loads(CONTRACT.read_text())


def wrong_in(payload: dict[str, Any]) -> list[str]:
    """Every place where a message is not what the contract says of the notification that it names."""
    callbacks = _whole()["paths"]["/public-api/notifications/v2.0"]["post"]["callbacks"]
    (item,) = callbacks[payload["notification"]].values()
    found = _wrong(payload, item["post"]["requestBody"]["content"]["application/json"]["schema"], "$")
    return [each for each in found if each not in MISSPELT]


def _wrong(value: Any, schema: Any, at: str) -> list[str]:
    schema = _resolved(schema)
    if value is None and (schema.get("nullable") or None in schema.get("enum", ())):
        return []
    for choice in ("oneOf", "anyOf"):
        if choice in schema:
            tried = [_wrong(value, each, at) for each in schema[choice]]
            return min(tried, key=len)
    found = [] if value in schema.get("enum", [value]) else [f"{at}: {value!r} is none of {schema['enum']}"]
    kind = schema.get("type")
    if kind and (not isinstance(value, _TYPES[kind]) or (isinstance(value, bool) and kind != "boolean")):
        return [*found, f"{at}: {value!r} is no {kind}"]
    if isinstance(value, dict) and "properties" in schema:
        found += [f"{at}.{name}: missing" for name in schema.get("required", ()) if name not in value]
        for name, each in value.items():
            if name in schema["properties"]:
                found += _wrong(each, schema["properties"][name], f"{at}.{name}")
            else:
                found.append(f"{at}.{name}: not in the contract")
    if isinstance(value, list) and "items" in schema:
        found += [wrong for n, each in enumerate(value) for wrong in _wrong(each, schema["items"], f"{at}[{n}]")]
    return found


def _resolved(schema: Any) -> dict[str, Any]:
    """References followed, and what `allOf` puts together as one."""
    if "$ref" in schema:
        target = _whole()
        for step in schema["$ref"].lstrip("#/").split("/"):
            target = target[step]
        return _resolved(target)
    if "allOf" not in schema:
        return dict(schema)
    parts = [_resolved(part) for part in schema["allOf"]]
    if any(part.get("type") != "object" for part in parts):
        items = [part["items"] for part in parts if "items" in part]
        return parts[0] | ({"items": {"allOf": items}} if items else {})
    merged: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
    for found in parts:
        for name, each in found.get("properties", {}).items():
            known = merged["properties"].get(name)
            merged["properties"][name] = each if known is None else {"allOf": [known, each]}
        merged["required"] += found.get("required", [])
        merged |= {"nullable": True} if found.get("nullable") else {}
    return merged
