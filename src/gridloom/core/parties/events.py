"""What happens to parties."""

from typing import ClassVar
from uuid import UUID

from gridloom.core.parties.records import Kind
from gridloom.kernel.events.event import Event


class PartyEvent(Event, kw_only=True, frozen=True):
    """What each of them tells: who, and in which version the party is now."""

    party_id: int
    public_id: UUID
    kind: Kind
    version_id: UUID

    def aggregate(self) -> str | None:
        """The events of one party are told in their order."""
        return f"party:{self.party_id}"


class PartyCreated(PartyEvent, kw_only=True, frozen=True):
    """A person or an organisation is known now."""

    name: ClassVar[str] = "parties.party.created"


class PartyChanged(PartyEvent, kw_only=True, frozen=True):
    """There is a new version of a party."""

    name: ClassVar[str] = "parties.party.changed"


class PartyRemoved(PartyEvent, kw_only=True, frozen=True):
    """A party is no longer shown; its versions stay, because documents point at them."""

    name: ClassVar[str] = "parties.party.removed"
