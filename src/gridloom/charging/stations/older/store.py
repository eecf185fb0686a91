"""EVSEs and connectors as older requests write them: inside their charge point, or as a whole."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from msgspec import UNSET

from gridloom.charging.stations.events import EvseChanged
from gridloom.charging.stations.evses.resources import TAKEN
from gridloom.charging.stations.evses.rules import price_mistakes
from gridloom.charging.stations.faults import StillInUse
from gridloom.charging.stations.older.schemas import OldConnectorWrite, OldEvseChange
from gridloom.charging.stations.operators.store import insert_of
from gridloom.charging.stations.tables import connector, evse
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.events.event import emit
from gridloom.kernel.http.refusals import told

FROM_TEMPLATE = (
    "network_id", "status", "current_type", "max_power_w", "max_voltage", "max_amperage", "phases", "phase_rotation",
    "connected_phase", "tariff_group_id", "allows_reservation",
)  # fmt: skip

_TEMPLATE = sql("SELECT id FROM charging.charge_point_template WHERE id = :id")
_TEMPLATE_EVSES = sql("SELECT * FROM charging.charge_point_template_evse WHERE template_id = :id ORDER BY id")
_STATION = sql("SELECT operator_id FROM charging.charge_point WHERE id = :id")
_NUMBERS = sql("SELECT network_id FROM charging.evse WHERE charge_point_id = :id")
_CHANGE = sql(
    "UPDATE charging.evse SET tariff_group_id = coalesce(CAST(:tariff_group_id AS bigint), tariff_group_id), "
    "physical_reference = coalesce(CAST(:physical_reference AS text), physical_reference), "
    "max_amperage = coalesce(CAST(:max_amperage AS numeric), max_amperage), "
    "status = coalesce(CAST(:status AS text), status), updated_at = now() "
    "WHERE charge_point_id = :charge_point AND network_id = :number RETURNING id"
)
_EVSE = sql("SELECT charge_point_id, current_type FROM charging.evse WHERE id = :id")
_CONNECTORS = sql("SELECT id FROM charging.connector WHERE evse_id = :id")
_DROP = sql("DELETE FROM charging.connector WHERE evse_id = :id AND id <> ALL(CAST(:ids AS bigint[]))")
_ALTER = sql(
    "UPDATE charging.connector SET type = coalesce(CAST(:type AS text), type), "
    "format = CASE WHEN CAST(:says_format AS boolean) THEN :format ELSE format END, "
    "status = coalesce(CAST(:status AS text), status), updated_at = now() WHERE id = :id"
)


async def template_evses(tx: Tx, template_id: int, changes: Mapping[str, OldEvseChange]) -> Sequence[Any]:
    """The EVSEs of a template. Raises Invalid when there is no such template, or a change is for none of its EVSEs."""
    if await tx.scalar(_TEMPLATE, id=template_id) is None:
        raise Invalid("There is no such template.", field="templateId")
    found = await tx.all(_TEMPLATE_EVSES, id=template_id)
    _known({each["network_id"] for each in found}, changes)
    return found


async def add_evses(tx: Tx, charge_point_id: int, rows: Sequence[Any], changes: Mapping[str, OldEvseChange]) -> None:
    """The EVSEs of a new charge point: as in its template, and as the request has it."""
    operator = await tx.scalar(_STATION, id=charge_point_id)
    for row in rows:
        number = row["network_id"]
        columns = {
            **{name: row[name] for name in FROM_TEMPLATE},
            "physical_reference": f"{charge_point_id}-{number}",
            **(_said(changes[number]) if number in changes else {}),
            "tenant_id": tx.tenant,
            "charge_point_id": charge_point_id,
            "operator_id": operator,
        }
        await _priced(tx, operator, number, columns["tariff_group_id"])
        with told(TAKEN, StillInUse):
            await tx.run(insert_of(evse, columns), **columns)


async def change_evses(tx: Tx, charge_point_id: int, changes: Mapping[str, OldEvseChange]) -> None:
    """Change some EVSEs of a charge point, by their number. Raises Invalid when it has no such EVSE."""
    _known({row["network_id"] for row in await tx.all(_NUMBERS, id=charge_point_id)}, changes)
    operator = await tx.scalar(_STATION, id=charge_point_id)
    for number, change in changes.items():
        await _priced(tx, operator, number, _said(change).get("tariff_group_id"))
        nothing = dict.fromkeys(msgspec.structs.asdict(change))
        with told(TAKEN, StillInUse):
            changed = await tx.scalar(
                _CHANGE, charge_point=charge_point_id, number=number, **{**nothing, **_said(change)}
            )
        emit(tx, EvseChanged(charge_point_id=charge_point_id, evse_id=changed, action="updated"))


async def set_connectors(tx: Tx, evse_id: int, given: Sequence[OldConnectorWrite]) -> None:
    """The connectors of an EVSE as a whole: those with an id stay and change, those without come, all others go."""
    place = await tx.one(_EVSE, id=evse_id)
    if place is None:
        raise NotFound
    there = {row["id"] for row in await tx.all(_CONNECTORS, id=evse_id)}
    kept = [each.id for each in given if each.id is not UNSET]
    for index, each in enumerate(given):
        if each.id is not UNSET and each.id not in there:
            raise Invalid("This EVSE has no such connector.", field=f"connectors.{index}.id")
        if each.id is UNSET and not each.type:
            raise Invalid("This field is required.", field=f"connectors.{index}.type")
    await tx.run(_DROP, id=evse_id, ids=kept)
    for each in given:
        kind = f"gb-t-{place['current_type']}" if each.type == "catarc" else each.type or None
        status = ("enabled" if each.status == "active" else each.status) if each.status else None
        shape = each.format or None
        if each.id is UNSET:
            columns = {
                "tenant_id": tx.tenant, "charge_point_id": place["charge_point_id"], "evse_id": evse_id, "type": kind,
                "format": shape, "status": status or "enabled",
            }  # fmt: skip
            await tx.run(insert_of(connector, columns), **columns)
        else:
            says = each.format is not UNSET
            await tx.run(_ALTER, id=each.id, type=kind, format=shape, says_format=says, status=status)


async def _priced(tx: Tx, operator: int | None, number: str, group: int | None) -> None:
    mistakes = await price_mistakes(tx, operator, group, f"evses.{number}.tariffGroupId")
    if mistakes:
        raise Invalid(mistakes[0][1], field=mistakes[0][0])


def _known(numbers: set[str], changes: Mapping[str, OldEvseChange]) -> None:
    for number in changes:
        if number not in numbers:
            raise Invalid("There is no such EVSE.", field=f"evses.{number}")


def _said(change: OldEvseChange) -> dict[str, Any]:
    said = {name: value for name, value in msgspec.structs.asdict(change).items() if value is not UNSET}
    if said.get("status") == "active":
        said["status"] = "enabled"
    return said
