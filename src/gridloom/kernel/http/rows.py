"""Between a row and what travels: which column feeds which field, and back."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias, get_args

import msgspec
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.sql.elements import ColumnElement

from gridloom.kernel.errors import FieldError, Invalid

Unpack: TypeAlias = Callable[[Any], Mapping[str, Any]]
_INT_RANGE = {"small_integer": 2**15, "integer": 2**31, "big_integer": 2**63}


class Shape:
    """How rows of a table are shown as a struct.

    columns: field -> SQL expression where the name differs. values: field -> {stored: shown}. Fields in `apart` are not
    selected (includes). A NULL in a field that may be left out (UNSET) and may not be null is left out.
    """

    def __init__(
        self,
        table: Table,
        struct: type[msgspec.Struct],
        columns: Mapping[str, ColumnElement[Any]],
        values: Mapping[str, Mapping[Any, Any]],
        apart: Iterable[str],
    ) -> None:
        self.struct = struct
        skipped = set(apart)
        fields = [f for f in msgspec.structs.fields(struct) if f.name not in skipped]
        self.selected: list[ColumnElement[Any]] = []
        for field in fields:
            source = columns.get(field.name, table.c.get(field.name))
            if source is None:
                raise TypeError(f"{struct.__name__}.{field.name} has no column in {table.fullname}")
            self.selected.append(source.label(field.name))
        self._names = [f.name for f in fields]
        self._left_out = [f.name for f in fields if _may_be_left_out(f.type)]
        self._values = dict(values)

    def make(self, row: Any) -> Any:
        """A struct from a record that begins with the selected columns in their order; what follows is not looked at."""
        given = dict(zip(self._names, row, strict=False))
        if not self._left_out and not self._values:
            return self.struct(**given)
        for name in self._left_out:
            if given.get(name) is None:
                given[name] = msgspec.UNSET
        for name, shown in self._values.items():
            if name in given:
                given[name] = shown.get(given[name], given[name])
        return self.struct(**given)


class Writing:
    """How a struct that was received is stored: field -> column, or field -> several columns by a function."""

    def __init__(
        self,
        table: Table,
        struct: type[msgspec.Struct],
        unpack: Mapping[str, Unpack | str],
        values: Mapping[str, Mapping[Any, Any]],
        ignored: Iterable[str] = (),
    ) -> None:
        self._table = table
        self._fields: list[tuple[str, str, Unpack | str]] = []
        self._values = {name: {shown: stored for stored, shown in both.items()} for name, both in values.items()}
        for field in msgspec.structs.fields(struct):
            if field.name in ignored:
                continue
            target = unpack.get(field.name, field.name)
            if isinstance(target, str) and target not in table.c:
                raise TypeError(f"{struct.__name__}.{field.name} is written nowhere in {table.fullname}")
            self._fields.append((field.name, field.encode_name, target))

    @property
    def wires(self) -> dict[str, str]:
        """Column -> the wire field that is stored in it alone."""
        return {target: wire for _, wire, target in self._fields if isinstance(target, str)}

    def columns(self, given: msgspec.Struct) -> dict[str, Any]:
        """The columns to write. Raises Invalid naming fields whose value the column cannot hold."""
        written: dict[str, Any] = {}
        errors: list[FieldError] = []
        for name, wire, target in self._fields:
            value = getattr(given, name)
            if value is msgspec.UNSET:
                continue
            if name in self._values:
                value = self._values[name].get(value, value)
            found = {target: value} if isinstance(target, str) else target(value)
            for column, each in found.items():
                stored, wrong = _stored(self._table, column, each)
                if wrong:
                    errors.append(FieldError("body", (wire,), wrong))
                written[column] = stored
        if errors:
            raise Invalid(errors=errors)
        return written


def _stored(table: Table, name: str, value: Any) -> tuple[Any, str]:
    column = table.c[name]
    if value is None:
        return (None, "") if column.nullable else (None, "This field must not be null.")
    kind = column.type
    if isinstance(kind, JSONB):
        return msgspec.to_builtins(value, order=None), ""
    if isinstance(value, int) and not isinstance(value, bool):
        limit = _INT_RANGE.get(kind.__visit_name__)
        if limit is not None and not -limit <= value < limit:
            return None, "This number is too large."
    if isinstance(value, list | tuple | set | frozenset):
        return [msgspec.to_builtins(each) if isinstance(each, msgspec.Struct) else each for each in value], ""
    return value, ""


def _may_be_left_out(wanted: Any) -> bool:
    options = get_args(wanted)
    return msgspec.UnsetType in options and type(None) not in options
