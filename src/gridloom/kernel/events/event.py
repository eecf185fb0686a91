"""What an event is, and how a handler of a request says that one happened."""

import hashlib
import zlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

import msgspec
import structlog

from gridloom.kernel import clock, ids
from gridloom.kernel.database.transaction import Tx

_TURNS = 128

_kinds: dict[str, type["Event"]] = {}


class Event(msgspec.Struct, kw_only=True, frozen=True):
    """A fact in the past tense. A subclass names it (`parties.contact.changed`) and lists what listeners need to know.

    Its fields are written as JSON: instants, UUIDs and decimals come back as what they were. Raise `version` when
    fields change meaning, and bring stored ones up to date in `upgraded`.
    """

    name: ClassVar[str] = ""
    version: ClassVar[int] = 1

    def __init_subclass__(cls, **_: Any) -> None:
        """Register the subclass under its name. TypeError when another class has it."""
        super().__init_subclass__()
        if not cls.name:
            return
        known = _kinds.setdefault(cls.name, cls)
        if (known.__module__, known.__qualname__) != (cls.__module__, cls.__qualname__):
            raise TypeError(f"two events are called {cls.name}: {known.__qualname__} and {cls.__qualname__}")
        _kinds[cls.name] = cls

    def aggregate(self) -> str | None:
        """The thing this is about (`contact:12`), when its events must be handled in the order of their commits."""
        return None

    @classmethod
    def upgraded(cls, version: int, payload: Mapping[str, Any]) -> Mapping[str, Any]:  # noqa: ARG003  for subclasses
        """The fields of an event that was stored as an older `version`, in the form of this one."""
        return payload


class Emitted(msgspec.Struct, frozen=True):
    """An event on its way into the outbox of its transaction."""

    id: UUID
    tenant: int
    name: str
    version: int
    aggregate: str | None
    payload: Any
    key: str | None
    request_id: str | None
    occurred_at: datetime

    @property
    def turn(self) -> int | None:
        """The number of the advisory lock that puts the commits about one aggregate in a row.

        Aggregates share a limited number of them, so that a transaction about very many fits PostgreSQL's lock table.
        """
        if self.aggregate is None:
            return None
        return lock_number(f"events:{self.tenant}:{zlib.crc32(self.aggregate.encode()) % _TURNS}")


def emit(
    tx: Tx, event: Event, *, key: str | None = None, aggregate: str | None = None, tenant: int | None = None
) -> UUID:
    """Say that something happened; it is told when, and only if, the transaction commits. Gives the event's id.

    key: of several events of the tenant with one key only the first is kept, for as long as the outbox remembers it.
    aggregate: overrides the event's own. tenant: needed in a transaction of the installation, which has none of its
    own.
    """
    emitted = Emitted(
        id=ids.uuid7(),
        tenant=tx.tenant if tenant is None else tenant,
        name=event.name,
        version=event.version,
        aggregate=aggregate or event.aggregate(),
        payload=msgspec.to_builtins(event),
        key=key,
        request_id=structlog.contextvars.get_contextvars().get("request_id"),
        occurred_at=clock.now(),
    )
    tx.outbox.append(emitted)
    return emitted.id


def kind(name: str) -> type[Event]:
    """The class of the events of that name; LookupError when this version of the program knows none."""
    try:
        return _kinds[name]
    except KeyError:
        raise LookupError(f"no event is called {name}") from None


def kinds() -> dict[str, type[Event]]:
    """Every event that the imported modules declare, by name."""
    return dict(_kinds)


def lock_number(text: str) -> int:
    """A signed 64-bit number for `pg_advisory_xact_lock` from a name."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), signed=True)
