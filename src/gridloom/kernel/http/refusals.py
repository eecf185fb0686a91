"""What the database refuses, as a declared resource says it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import asyncpg
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import dialect

from gridloom.kernel.errors import Conflict, Fault, Invalid

_NAMES = dialect().identifier_preparer  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


def references(table: Table, wires: Mapping[str, str]) -> dict[str, str]:
    """The foreign keys of a table -> the wire field that holds the reference. wires: column -> wire field.

    The database tells no column: under row-level security it keeps the key of a missing row to itself.
    """
    found: dict[str, str] = {}
    for constraint in table.foreign_key_constraints:
        column = constraint.column_keys[-1]
        if column in wires:
            found[str(_NAMES.format_constraint(constraint))] = wires[column]
    return found


@contextmanager
def told(taken: Mapping[str, str], in_use: type[Fault], references: Mapping[str, str] | None = None) -> Iterator[None]:
    """A value that is taken is a wrong field where `taken` (constraint -> wire field) says so; a row that others still
    point at is `in_use`; a reference to nothing is a wrong field of `references`. Everything else passes."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        field = taken.get(error.constraint_name or "")
        if field is None:
            raise
        raise Invalid("This value is taken already.", field=field) from None
    except (asyncpg.ForeignKeyViolationError, asyncpg.RestrictViolationError) as error:
        if "referenced from" not in str(error.detail or ""):
            wire = (references or {}).get(error.constraint_name or "")
            if wire is None:
                raise
            raise Invalid("A reference points at nothing.", field=wire) from None
        if in_use is Conflict:
            raise
        raise in_use("This is still in use.") from None
