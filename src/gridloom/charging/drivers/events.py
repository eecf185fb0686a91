"""What happens to drivers, their tags and what is decided about them, for those who listen."""

from typing import ClassVar, Literal

from gridloom.charging.gone import Gone
from gridloom.kernel.events.event import Event


class UserChanged(Event, kw_only=True, frozen=True):
    """A driver came, changed or went."""

    name: ClassVar[str] = "charging.user.changed"
    user_id: int
    action: Literal["created", "updated", "deleted", "permanently deleted"]
    gone: Gone | None = None

    def aggregate(self) -> str | None:
        """The driver."""
        return f"driver:{self.user_id}"


class InvoiceDetailsChanged(Event, kw_only=True, frozen=True):
    """How a driver wants invoices."""

    name: ClassVar[str] = "charging.user.invoice_details"
    user_id: int
    action: Literal["created", "updated"]


class IdTagChanged(Event, kw_only=True, frozen=True):
    """A tag came, changed or went."""

    name: ClassVar[str] = "charging.id_tag.changed"
    id_tag_id: int
    action: Literal["created", "updated", "deleted"]
    gone: Gone | None = None


class AuthorizationChanged(Event, kw_only=True, frozen=True):
    """Somebody asked to charge, or it was decided."""

    name: ClassVar[str] = "charging.authorization.changed"
    authorization_id: int
    action: Literal["created", "updated"]
