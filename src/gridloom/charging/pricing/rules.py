"""When a currency may change or go."""

from typing import Any

from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Conflict, Invalid

_BASE = sql("SELECT currency FROM identity.tenant WHERE id = :tenant")


async def base_currency(tx: Tx) -> str:
    """The code of the currency that the whole business counts in."""
    async with tx.as_owner():
        return str(await tx.scalar(_BASE, tenant=tx.tenant))


async def keep_code_of_base(tx: Tx, columns: dict[str, Any], current: Any | None) -> None:
    """The currency of the business keeps its code, or every stored amount would mean something else."""
    if current is None or columns["alphabetic_code"] == current["alphabetic_code"]:
        return
    if current["alphabetic_code"] == await base_currency(tx):
        raise Invalid("The business counts in this currency; its code cannot change.", field="alphabeticCode")


async def keep_base(tx: Tx, current: Any) -> None:
    """The currency of the business stays; others are kept by the rows that name them."""
    if current["alphabetic_code"] == await base_currency(tx):
        raise Conflict("The business counts in this currency.")
