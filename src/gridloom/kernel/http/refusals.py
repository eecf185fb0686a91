"""What the database refuses, as a declared resource says it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import asyncpg

from gridloom.kernel.errors import Conflict, Fault, Invalid


@contextmanager
def told(taken: Mapping[str, str], in_use: type[Fault]) -> Iterator[None]:
    """A value that is taken is a wrong field where `taken` (constraint -> wire field) says so; a row that others still
    point at is `in_use`. Everything else passes."""
    try:
        yield
    except asyncpg.UniqueViolationError as error:
        field = taken.get(error.constraint_name or "")
        if field is None:
            raise
        raise Invalid("This value is taken already.", field=field) from None
    except (asyncpg.ForeignKeyViolationError, asyncpg.RestrictViolationError) as error:
        if in_use is Conflict or "referenced from" not in str(error.detail or ""):
            raise
        raise in_use("This is still in use.") from None
