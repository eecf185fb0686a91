"""What holds of groups and tags before they are written or go."""

from typing import Any

from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid

_HAS_MEMBERS = sql("SELECT 1 FROM charging.user_group_member WHERE group_id = :id LIMIT 1")
# Held until this transaction ends: a driver who is being removed at the same time lets go of the tags, this one too.
_HOLD_DRIVER = sql("SELECT operator_id FROM charging.driver WHERE id = :id AND deleted_at IS NULL FOR SHARE")


class StillInUse(Invalid):
    """A group that drivers or rules still need."""

    text = "This is still in use."


async def keep_partner(tx: Tx, columns: dict[str, Any], current: Any | None) -> None:
    """The partner of a group changes only while no driver is in it."""
    if current is None or "partner_id" not in columns or columns["partner_id"] == current["partner_id"]:
        return
    if await tx.scalar(_HAS_MEMBERS, id=current["id"]) is not None:
        raise Invalid("Drivers are in this group; its partner cannot change.", field="partnerId")


async def same_operator(tx: Tx, columns: dict[str, Any], current: Any | None) -> None:
    """A tag belongs to a driver of its own operator, or to nobody."""
    driver_id = columns.get("driver_id")
    if driver_id is None:
        return
    operator = columns["operator_id"] if current is None else current["operator_id"]
    if await tx.scalar(_HOLD_DRIVER, id=driver_id) != operator:
        raise Invalid("There is no such user.", field="userId")
