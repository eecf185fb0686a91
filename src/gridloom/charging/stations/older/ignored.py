"""Fields that a request may carry and that are ignored: the document still says what they look like."""

from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta

from gridloom.charging.notes.schemas import Note
from gridloom.charging.stations.points.schemas import ChargingProfile


def _inlined(schema: Any, shapes: dict[str, Any]) -> Any:
    """A schema without references, as the field of a request holds it."""
    if isinstance(schema, list):
        return [_inlined(each, shapes) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(shapes[schema["$ref"].rsplit("/", 1)[-1]], shapes)
    if schema.get("format") == "decimal":
        return {"type": "number"}
    return {name: _inlined(value, shapes) for name, value in schema.items() if name != "$defs"}


def looks_like(shape: Any) -> Any:
    """Anything goes in; documented as this shape."""
    schema = msgspec.json.schema(shape)
    inlined = _inlined(schema, schema.get("$defs", {}))
    return Annotated[Any, Meta(description="Read-only: ignored in a request.", extra_json_schema=inlined)]


if TYPE_CHECKING:
    ProfileSaid: TypeAlias = Any
    NotesSaid: TypeAlias = Any
else:
    ProfileSaid = looks_like(ChargingProfile)
    NotesSaid = looks_like(list[Note])
