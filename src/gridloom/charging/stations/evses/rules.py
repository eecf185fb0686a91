"""What holds of an EVSE as a whole."""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from msgspec import UNSET

from gridloom.charging.stations.evses.schemas import PowerOptions, phase_mistake
from gridloom.charging.stations.operators.store import settings
from gridloom.charging.stations.tables import evse
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid, NotFound

POWER = {"max_power": "max_power_w"}

_STATION = sql("SELECT operator_id, roaming_operator_id FROM charging.charge_point WHERE id = :id")
_OF_STATION = sql("SELECT 1 FROM charging.evse WHERE id = :id AND charge_point_id = :charge_point_id")
_GROUP = sql("SELECT 1 FROM charging.tariff_group WHERE id = :id AND operator_id = :operator")
_TOUCH = sql("UPDATE charging.evse SET updated_at = now() WHERE id = :id")


def power(given: PowerOptions) -> Mapping[str, Any]:
    """The power options into columns; what was not said is not written."""
    said = msgspec.structs.asdict(given)
    return {POWER.get(name, name): value for name, value in said.items() if value is not UNSET}


async def complete(tx: Tx, columns: dict[str, Any], current: Any | None) -> None:
    """Check and complete what is written against what stands. Raises Invalid naming every field that does not fit."""
    if current is None:
        await _belong(tx, columns)
    else:
        columns.pop("charge_point_id", None)
    if columns.get("booking_enabled"):
        columns["allows_reservation"] = True
    stored: Mapping[str, Any] = dict.fromkeys(evse.c.keys()) if current is None else current
    mistakes = [*_phases(columns, stored), *await _offers(tx, columns, stored)]
    if "tariff_group_id" in columns:
        operator = columns.get("operator_id") if current is None else current["operator_id"]
        mistakes += await price_mistakes(tx, operator, columns["tariff_group_id"])
    if mistakes:
        raise Invalid(errors=[FieldError("body", tuple(name.split(".")), what) for name, what in mistakes])


async def price_mistakes(
    tx: Tx, operator_id: int | None, group_id: int | None, field: str = "tariffGroupId"
) -> list[tuple[str, str]]:
    """What is wrong with pricing an EVSE of an operator by a group; an EVSE whose group nobody has would charge for nothing."""
    if group_id is None or await tx.scalar(_GROUP, id=group_id, operator=operator_id) is not None:
        return []
    return [(field, "This operator has no such tariff group.")]


async def _belong(tx: Tx, columns: dict[str, Any]) -> None:
    """An EVSE belongs to whom its station belongs. A token of one operator sets `operator_id` before."""
    station = await tx.one(_STATION, id=columns["charge_point_id"])
    mine = tx.subject.attributes.get("operator_id") if tx.subject is not None else None
    if station is None or mine not in (None, station["operator_id"]):
        raise Invalid("There is no such charge point.", field="chargePointId")
    columns |= dict(station)


def _phases(columns: Mapping[str, Any], stored: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if {"phases", "connected_phase"} & columns.keys():
        said = {name: columns[name] if name in columns else stored[name] for name in ("phases", "connected_phase")}
        yield from phase_mistake(said["phases"], said["connected_phase"])


async def _offers(tx: Tx, columns: Mapping[str, Any], stored: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the whole system does not offer, no EVSE can."""
    wanted = [name for name in ("allows_reservation", "booking_enabled") if columns.get(name) and not stored[name]]
    if not wanted:
        return []
    found = await settings(tx)
    mistakes = []
    if "booking_enabled" in wanted and not found["enable_bookings"]:
        mistakes.append(("bookingEnabled", "Bookings are switched off."))
    if "allows_reservation" in wanted and not found["enable_reservations"]:
        mistakes.append(("allowsReservation", "Reservations are switched off."))
    return mistakes


async def complete_connector(tx: Tx, columns: dict[str, Any], current: Any | None) -> None:
    """A connector goes with an EVSE of the very station; a changed connector is a changed EVSE."""
    place = columns if current is None else current
    if await tx.one(_OF_STATION, id=place["evse_id"], charge_point_id=place["charge_point_id"]) is None:
        raise NotFound
    await tx.run(_TOUCH, id=place["evse_id"])


async def connector_goes(tx: Tx, current: Any) -> None:
    """As `complete_connector`."""
    await tx.run(_TOUCH, id=current["evse_id"])
