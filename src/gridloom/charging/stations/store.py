"""Stations found for those who may see them."""

from typing import Any

from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import NotFound

_FOUND = (
    "SELECT id, operator_id, type, partner_id, network_status, hardware_status, updated_at FROM charging.charge_point "
    "WHERE id = :id AND (CAST(:owner AS bigint) IS NULL OR operator_id = :owner OR (:shared AND roaming_operator_id IS NOT NULL))"
)
_READ, _LOCKED = sql(_FOUND), sql(f"{_FOUND} FOR UPDATE")


async def station_of_caller(tx: Tx, charge_point_id: int, *, lock: bool = False) -> Any:
    """A charge point that whoever acts may see (locked: may change). Raises NotFound."""
    owner = tx.subject.attributes.get("operator_id") if tx.subject is not None else None
    query = _LOCKED if lock else _READ
    row = await tx.one(query, id=charge_point_id, owner=owner, shared=not lock)
    if row is None:
        raise NotFound
    return row
