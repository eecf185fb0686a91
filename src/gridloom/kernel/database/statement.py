"""A statement is compiled to PostgreSQL text once, and run many times straight through asyncpg.

SQLAlchemy builds the text; its execution layer is not on the way of a request (a list of 50 costs half of what it would).
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import text
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlalchemy.sql import ClauseElement

_DIALECT: Any = asyncpg_dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy leaves it untyped


class Statement:
    """SQL text with numbered parameters and the names that fill them."""

    __slots__ = ("defaults", "names", "text")

    def __init__(self, clause: ClauseElement) -> None:
        """Compile a Core construct; give it binds by name (`bindparam("since")`), never values of a request."""
        compiled: Any = clause.compile(dialect=_DIALECT)
        self.text: str = compiled.string
        self.names: tuple[str, ...] = tuple(compiled.positiontup or ())
        self.defaults: dict[str, Any] = {k: v for k, v in compiled.params.items() if v is not None}

    def arguments(self, given: Mapping[str, Any]) -> list[Any]:
        """The values in the order of the text; a name that was not given and has no default is NULL.

        Raises KeyError for a name the statement does not know, so that a typing error never becomes a NULL.
        """
        if unknown := given.keys() - set(self.names):
            raise KeyError(f"the statement has no parameter {', '.join(sorted(unknown))}")
        return [given[name] if name in given else self.defaults.get(name) for name in self.names]

    def __repr__(self) -> str:
        return f"Statement({self.text!r})"


@lru_cache(maxsize=4096)
def sql(query: str) -> Statement:
    """A statement written by hand: `sql("SELECT name FROM parties.party WHERE id = :id")`."""
    return Statement(text(query))
