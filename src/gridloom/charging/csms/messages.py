"""Which function answers which message of a station, found by file name: declarations stand in `inbound.py` or `inbound/`."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeAlias

from gridloom.charging.csms.turns import Turns
from gridloom.charging.ocpp.public import Payload, Refusal, Version
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.discovery import modules
from gridloom.kernel.http.call import Services


@dataclass(frozen=True, slots=True)
class Contact:
    """A message on its way to its handler: which station said it, in which version, and when it got here (UTC)."""

    tenant: int
    charge_point_id: int
    operator_id: int | None
    network_id: str = field(repr=False)
    version: Version
    received_at: datetime
    services: Services = field(repr=False)

    @asynccontextmanager
    async def transaction(self, *, read_only: bool = False) -> AsyncIterator[Tx]:
        """A transaction of the station's tenant, when it is its turn. Never await a station, nor open another one, in it."""
        turns = self.services.get(Turns) or nullcontext()
        async with turns, self.services.part(Database).tenant(self.tenant, read_only=read_only) as tx:
            yield tx


Answering: TypeAlias = Callable[[Contact, Payload], Awaitable[Payload | Refusal]]

_known: dict[tuple[Version, str], Answering] = {}


def on_message(action: str, *versions: Version) -> Callable[[Answering], Answering]:
    """Declare who answers an action of these versions (without any: of all).

    The function is called with a payload that its schema allows, one message of a station after the other, and again with
    the same one when a deadlock ended it or the station repeats itself: what it does is the same when done twice.
    ValueError when somebody else answers that action.
    """

    def declare(answering: Answering) -> Answering:
        for version in versions or tuple(Version):
            known = _known.setdefault((version, action), answering)
            if (known.__module__, known.__qualname__) != (answering.__module__, answering.__qualname__):
                raise ValueError(f"two functions answer {action} of {version}")
        return answering

    return declare


def answering(version: Version, action: str) -> Answering | None:
    """Who answers; None when nobody does."""
    return _known.get((version, action))


def discover() -> None:
    """Import every `inbound.py` and `inbound/`."""
    for _ in modules("inbound", within="gridloom.charging"):
        pass
