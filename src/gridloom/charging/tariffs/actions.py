"""What charge points show about a tariff, set as a whole."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from gridloom.charging.schemas import Wire
from gridloom.charging.tariffs.events import TariffChanged
from gridloom.charging.tariffs.schemas import Long, Short
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Fault, Invalid, NotFound
from gridloom.kernel.events import emit
from gridloom.kernel.http.call import Answer
from gridloom.kernel.http.operation import action

_TARIFF = sql(
    "SELECT t.id, t.display, EXISTS (SELECT 1 FROM charging.tariff_group g WHERE g.tenant_id = t.tenant_id "
    "AND g.base_tariff_id = t.id) AS is_base FROM charging.tariff t WHERE t.id = :id "
    "AND t.operator_id = coalesce(CAST(:owner AS bigint), t.operator_id) FOR UPDATE"
)
_SHOW = sql("UPDATE charging.tariff SET display = :display, updated_at = now() WHERE id = :id")


class OnlyOnBase(Fault):
    """What is shown while nobody is authorized belongs to the base tariff of a group."""

    status = 406
    code = "not_a_base_tariff"
    text = "Only the base tariff of a group has texts for when nobody is authorized."


class DisplayWrite(Wire):
    """What charge points show about a tariff; what is left out or null is shown no more."""

    default_price_information: Short | UnsetType | None = UNSET
    default_price_information_offline: Short | UnsetType | None = UNSET
    price_information: Long | UnsetType | None = UNSET
    total_cost_information: Long | UnsetType | None = UNSET


@action(
    "POST", "tariffs/v2.0/{tariff}/set-tariff-display-information", scope="charging.tariffs:write",
    answers={200: None, 201: None}, faults=(NotFound, OnlyOnBase, Invalid), name="tariffSetDisplayInformation",
    tags=("action / tariff",),
)  # fmt: skip
async def set_display_information(tx: Tx, tariff: int, body: DisplayWrite) -> Answer:
    """Set all four texts at once. 201: there were none before."""
    owner = tx.subject.attributes.get("operator_id") if tx.subject is not None else None
    row = await tx.one(_TARIFF, id=tariff, owner=owner)
    if row is None:
        raise NotFound
    if not row["is_base"] and (body.default_price_information or body.default_price_information_offline):
        raise OnlyOnBase
    said: dict[str, Any] = msgspec.to_builtins(body)
    await tx.run(_SHOW, id=tariff, display={name: text for name, text in said.items() if text})
    emit(tx, TariffChanged(tariff_id=tariff, action="updated"))
    return Answer(status=200 if row["display"] else 201)
