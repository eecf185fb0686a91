"""Who listens to which event.

A module's `events.py` declares its events and its handlers; a handler is found by existing. It runs in a transaction
of its own, of the tenant whose event it is, and is counted as done in that same transaction: its rows are written
exactly once, however often the process dies. What leaves the database (mail, calls to partners) belongs into a job
that it defers.
"""

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any, Generic, TypeAlias, TypeVar
from uuid import UUID

import msgspec

from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.discovery import modules
from gridloom.kernel.events.backoff import Backoff
from gridloom.kernel.events.event import Event, kind

E = TypeVar("E", bound=Event)

Function: TypeAlias = Callable[[Tx, Any], Awaitable[None]]

EVERY = "*"
PATIENCE = Backoff.exponential(1, factor=4, most_s=3600, attempts=9)

_NAME = re.compile(r"[A-Za-z0-9_.\-]{1,200}")


@dataclass(frozen=True)
class Received(Generic[E]):
    """An event as a handler gets it. `id` is the same at every repetition; `position` grows with the commits."""

    id: UUID
    position: int
    tenant: int
    name: str
    version: int
    aggregate: str | None
    occurred_at: datetime
    request_id: str | None
    attempt: int
    payload: Mapping[str, Any]

    @cached_property
    def event(self) -> E:
        """The event itself. LookupError when its class is gone; msgspec.ValidationError when its fields do not fit."""
        known = kind(self.name)
        payload = self.payload
        if self.version != known.version:
            payload = known.upgraded(self.version, payload)
        return msgspec.convert(payload, known)  # type: ignore[return-value]  # E is what the handler says it listens to


@dataclass(frozen=True)
class Handler:
    """A function and the events it wants. See `Handlers.on`."""

    name: str
    events: tuple[str, ...]
    function: Function
    batch: int
    system: bool
    backoff: Backoff
    when: str | None
    timeout_s: float


@dataclass
class Handlers:
    """A set of handlers. The program has one, `registry`; a test makes its own."""

    known: dict[str, Handler] = field(default_factory=dict)

    def on(
        self,
        *events: type[Event] | str,
        name: str | None = None,
        batch: int = 0,
        system: bool = False,
        backoff: Backoff = PATIENCE,
        when: str | None = None,
        timeout_s: float = 60.0,
    ) -> Callable[[Function], Function]:
        """Declare a handler: `async def told(tx, received)` for these events, or for every one (`"*"`).

        name: under which its progress is kept, by default module and function; give one to be free to move the
        function. batch: take up to so many events of a tenant in one transaction, as a sequence (much cheaper each);
        when the call fails, they are tried one by one. system: run in a transaction of the installation. backoff:
        waits between attempts; after the last one the event is a dead letter. when: with "*", a condition in SQL on
        the outbox row `o`. timeout_s: how long one call may take.
        """

        def declare(function: Function) -> Function:
            label = name or f"{function.__module__.removeprefix('gridloom.')}.{function.__qualname__}"
            names = tuple(each if isinstance(each, str) else each.name for each in events)
            self._add(Handler(label, names, function, batch, system, backoff, when, timeout_s))
            return function

        return declare

    def _add(self, handler: Handler) -> None:
        if not _NAME.fullmatch(handler.name):
            raise ValueError(
                f"{handler.name!r} is no name of a handler: give it one of letters, digits, dots and dashes"
            )
        if not handler.events or "" in handler.events:
            raise ValueError(f"{handler.name} listens to no event")
        if handler.when is not None and handler.events != (EVERY,):
            raise ValueError(f"{handler.name}: a condition goes with {EVERY!r} only")
        if handler.name in self.known:
            raise ValueError(f"two handlers are called {handler.name}")
        self.known[handler.name] = handler

    def named(self) -> Sequence[tuple[str, str]]:
        """(event, handler) for each event that is asked for by name."""
        return [(event, each.name) for each in self.known.values() for event in each.events if event != EVERY]

    def general(self) -> Sequence[Handler]:
        """The handlers that listen to every event."""
        return [each for each in self.known.values() if EVERY in each.events]


registry = Handlers()
on = registry.on


def discover() -> Handlers:
    """Import every `events.py` and give the program's handlers."""
    for _ in modules("events"):
        pass
    return registry
