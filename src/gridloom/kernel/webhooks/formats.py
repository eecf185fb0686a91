"""What the subscribers of an API are told of an event: under which name, with which fields, signed how, tried how often.

A module declares its format in `webhooks.py`, and there, for each event, what is told of it. A subscriber's list of
events names notifications as the format spells them, not the events of the program.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import msgspec

from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.discovery import modules
from gridloom.kernel.events.backoff import Backoff
from gridloom.kernel.events.event import Event
from gridloom.kernel.events.handlers import Received
from gridloom.kernel.webhooks.signing import Signer, StandardSigner

# 15 attempts; with full jitter the last one falls, on average, three days after the first.
THREE_DAYS = Backoff.exponential(10, factor=3, most_s=86_400, attempts=15)

_encode = msgspec.json.Encoder(decimal_format="number").encode


class Message(msgspec.Struct, frozen=True):
    """What is told: the JSON that is sent, and what it is about.

    realm: the part of the tenant whose it is (an operator). A subscription of one part is told of nothing else.
    """

    payload: Any
    entity_type: str | None = None
    entity_id: str | None = None
    realm: int | None = None

    def body(self) -> str:
        """The payload as it is sent and signed."""
        return _encode(self.payload).decode()


Teller: TypeAlias = Callable[[Tx, Received[Any]], Awaitable[Message | None]]


@dataclass(frozen=True)
class Notification:
    """A name that can be subscribed to, and what is told under it of which events."""

    name: str
    description: str
    events: tuple[str, ...]
    tell: Teller


@dataclass(frozen=True)
class Format:
    """One API's way of telling. general: tell of every event, under the event's own name."""

    name: str
    signer: Signer
    retry: Backoff = THREE_DAYS
    general: Teller | None = None
    notifications: dict[str, Notification] = field(default_factory=dict)

    def tells(self, name: str, *events: type[Event] | str, description: str = "") -> Callable[[Teller], Teller]:
        """Declare a notification: `async def told(tx, received) -> Message | None` for these events (None: not this one).

        It runs in a transaction of the event's tenant, and only when somebody subscribes to the name.
        """

        def declare(tell: Teller) -> Teller:
            if name in self.notifications:
                raise ValueError(f"{self.name} tells {name} twice")
            names = tuple(each if isinstance(each, str) else each.name for each in events)
            self.notifications[name] = Notification(name, description or (tell.__doc__ or "").strip(), names, tell)
            return tell

        return declare

    def of(self, event: str, patterns: Iterable[str]) -> list[tuple[str, Teller]]:
        """What is told of an event to somebody with these patterns: names and tellers."""
        told = [(each.name, each.tell) for each in self.notifications.values() if event in each.events]
        if self.general is not None:
            told.append((event, self.general))
        wanted = tuple(patterns)
        return [(name, tell) for name, tell in told if any(matches(pattern, name) for pattern in wanted)]


@dataclass
class Formats:
    """A set of formats. The program has one, `registry`; a test makes its own."""

    known: dict[str, Format] = field(default_factory=dict)

    def add(self, added: Format) -> Format:
        """Make a format known; ValueError when its name is taken."""
        if added.name in self.known:
            raise ValueError(f"two formats are called {added.name}")
        self.known[added.name] = added
        return added

    def find(self, name: str) -> Format:
        """The format of that name; LookupError when no imported module declares it."""
        try:
            return self.known[name]
        except KeyError:
            raise LookupError(f"no format is called {name}") from None


def matches(pattern: str, name: str) -> bool:
    """Whether a subscriber's pattern (`order.paid`, `order.*`, `*`) covers a name."""
    return pattern in ("*", name) or (pattern.endswith(".*") and name.startswith(pattern[:-1]))


async def _told(_tx: Tx, received: Received[Any]) -> Message:
    """Type, instant and fields of an event (the payload form that Standard Webhooks recommends)."""
    payload: Mapping[str, Any] = {"type": received.name, "timestamp": received.occurred_at, "data": received.payload}
    kind, _, number = (received.aggregate or "").partition(":")
    return Message(payload, kind or None, number or None)


registry = Formats()
standard = registry.add(Format("standard", StandardSigner(), general=_told))


def discover() -> Formats:
    """Import every `webhooks.py` and give the program's formats."""
    for _ in modules("webhooks"):
        pass
    return registry
