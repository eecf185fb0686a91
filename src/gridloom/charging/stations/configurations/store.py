"""What a station answered about its variables."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

_KEEP = sql(
    "INSERT INTO charging.configuration_variable AS v "
    "(tenant_id, charge_point_id, name, component, instance, evse_id, value, readonly, required, max_limit, at) "
    "VALUES (:tenant, :charge_point, :name, :component, :instance, :evse_id, :value, :readonly, :required, :max_limit, :at) "
    "ON CONFLICT (tenant_id, charge_point_id, name, component, instance, evse_id) DO UPDATE SET value = excluded.value, "
    "readonly = excluded.readonly, required = excluded.required, max_limit = excluded.max_limit, at = excluded.at, "
    "updated_at = now() WHERE v.at <= excluded.at"
)
NOTHING: Mapping[str, Any] = {
    "component": "", "instance": "", "evse_id": 0, "readonly": False, "required": False, "max_limit": None,
}  # fmt: skip


async def keep_variables(tx: Tx, charge_point_id: int, variables: Iterable[Mapping[str, Any]], at: datetime) -> None:
    """Cache variables: `name` and `value`, and of `NOTHING` what the station says. An older answer changes nothing."""
    known = {"tenant": tx.tenant, "charge_point": charge_point_id, "at": at}
    await tx.many(_KEEP, [{**NOTHING, **each, **known} for each in variables])
