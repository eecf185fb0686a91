"""What tellers share: a message of a station, what remains of something deleted, and looking up whose it is."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import msgspec

from gridloom.charging.gone import Gone
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.webhooks import Message

_STATION = sql(
    "SELECT c.operator_id, c.monitoring_enabled, c.external_id, c.updated_at, "
    "coalesce((SELECT e.monitoring_enabled FROM charging.evse e WHERE e.tenant_id = c.tenant_id AND e.id = :evse), true) "
    "AS evse_monitored FROM charging.charge_point c WHERE c.id = :id"
)


async def station_of(tx: Tx, charge_point_id: int, *, evse_id: int | None = None) -> Any | None:
    """Whose a station is, and whether it is watched; None when it is gone."""
    return await tx.one(_STATION, id=charge_point_id, evse=evse_id)


def message(name: str, kind: str, number: int, realm: int | None, **said: Any) -> Message:
    """A message under a name, about one thing. Fields that are UNSET are left out."""
    found = {field: value for field, value in said.items() if value is not msgspec.UNSET}
    return Message({"notification": name, **found}, kind, str(number), realm)


def or_left_out(value: Any) -> Any:
    """What a contract lets be left out and not be null."""
    return msgspec.UNSET if value is None else value


def last_shown(gone: Gone, least: Mapping[str, Any]) -> Any:
    """Something deleted as it was shown last; only the least when nobody wanted to know more at that time."""
    return dict(least) if gone.shown is None else msgspec.Raw(gone.shown.encode())


def moment(value: Any) -> datetime:
    """An instant that came through JSON."""
    return msgspec.convert(value, datetime)
