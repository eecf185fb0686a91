"""What happened, told once it is committed: the outbox, its relay, and the handlers that listen."""

from gridloom.kernel.events.backoff import Backoff
from gridloom.kernel.events.event import Event, emit
from gridloom.kernel.events.handlers import Received, on

__all__ = ["Backoff", "Event", "Received", "emit", "on"]
