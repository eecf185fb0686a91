"""A small check of a JSON value against an OpenAPI 3.1 schema: enough to see that an answer has its declared form."""

from typing import Any

_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "null": (type(None),),
}


def mismatches(value: Any, schema: Any, whole: dict[str, Any], path: str = "$") -> list[str]:
    """Every place where the value is not what the schema says."""
    if not isinstance(schema, dict) or not schema:
        return []
    if "$ref" in schema:
        target: Any = whole
        for step in schema["$ref"].lstrip("#/").split("/"):
            target = target[step]
        return mismatches(value, target, whole, path)
    if "anyOf" in schema:
        tried = [mismatches(value, option, whole, path) for option in schema["anyOf"]]
        return [] if any(not each for each in tried) else min(tried, key=len)
    found: list[str] = []
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{path}: {value!r} is none of {schema['enum']}")
    if "const" in schema and value != schema["const"]:
        found.append(f"{path}: {value!r} is not {schema['const']!r}")
    kinds = schema.get("type")
    wanted = [kinds] if isinstance(kinds, str) else list(kinds or [])
    if wanted and not _is(value, wanted):
        return [*found, f"{path}: {type(value).__name__}, declared {wanted}"]
    if isinstance(value, dict):
        found += [f"{path}.{name}: missing" for name in schema.get("required", []) if name not in value]
        for name, inner in schema.get("properties", {}).items():
            if name in value:
                found += mismatches(value[name], inner, whole, f"{path}.{name}")
        if "properties" in schema and schema.get("additionalProperties", False) in (False, None):
            found += [f"{path}.{name}: not declared" for name in value if name not in schema["properties"]]
    if isinstance(value, list) and isinstance(schema.get("items"), dict):
        for index, each in enumerate(value):
            found += mismatches(each, schema["items"], whole, f"{path}[{index}]")
    return found


def _is(value: Any, kinds: list[str]) -> bool:
    if isinstance(value, bool):
        return "boolean" in kinds
    return any(isinstance(value, _TYPES[kind]) for kind in kinds)
