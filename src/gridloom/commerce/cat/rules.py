"""What must be true of the catalogue's rows."""

from typing import Any

from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid


async def complete_channel(tx: Tx, columns: dict[str, Any], current: Any | None) -> None:
    """A new channel has a name and a type, and belongs to a client where a client makes it."""
    if current is not None:
        return
    missing = [name for name in ("name", "type") if name not in columns]
    if missing:
        raise Invalid(errors=[FieldError("body", (name,), "This field is required.", "required") for name in missing])
    if columns.get("client_id") is None and tx.subject is not None:
        columns["client_id"] = tx.subject.attributes.get("client_id")
