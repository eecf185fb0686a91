"""What holds of a location as a whole, whichever of its fields a request names."""

from collections.abc import Iterator, Mapping
from typing import Any

from gridloom.charging.places import STATES, state_mistake
from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid

TERMINALS = frozenset({"EMV_CHIP_TERMINAL", "NFC_CONTACTLESS_TERMINAL"})
PAYMENT = frozenset({"payment_options", "accepted_payment_brands"})
NO_INFO: dict[str, Any] = {"enabled": False, "title": [], "description": []}

_TOUCH = sql("UPDATE charging.location SET updated_at = now() WHERE id = :id")


class StillInUse(Invalid):
    """A location that charge points or records still need."""

    text = "This is still in use."


async def complete_location(_: Tx, columns: dict[str, Any], current: Any | None) -> None:
    """Check and complete what is written against what stands. Raises Invalid naming every field that does not fit."""
    stored: dict[str, Any] = dict(current) if current is not None else {}
    mistakes = [*_place(columns, stored), *_hours(columns, stored)]
    if mistakes:
        raise Invalid(errors=[FieldError("body", tuple(name.split(".")), what) for name, what in mistakes])
    if PAYMENT & columns.keys():
        options = columns.get("payment_options", stored.get("payment_options"))
        if not TERMINALS & set(options or ()):
            columns["accepted_payment_brands"] = None


def _place(columns: dict[str, Any], stored: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    country: str = columns["country"] if "country" in columns else stored["country"]
    state = columns.get("state")
    if state is not None:
        if mistake := state_mistake(country, state):
            yield "state", mistake
    elif "country" in columns and stored.get("state") not in STATES.get(country, ()):
        columns["state"] = (
            None  # the contract has no way to say that a state is gone, and this one was of another country
        )
    zone = columns.get("timezone")
    if zone is not None:
        try:
            clock.zone(zone)
        except ValueError as error:
            yield "timezone", str(error)


def _hours(columns: dict[str, Any], stored: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Working hours merged by key. Who gives hours and does not say whether it is always open means that it is not."""
    given = columns.get("working_hours")
    if given is None:
        return
    whole = {**stored.get("working_hours", {}), **given}
    is_always_open = whole.setdefault("isAlwaysOpen", whole.get("hours") is None)
    if is_always_open:
        whole.pop("hours", None)
    elif whole.get("hours") is None:
        yield "workingHours.hours", "A location that is not always open has hours."
    groups = whole.get("alwaysOpenForUserGroupIds")
    if groups is not None:
        whole["alwaysOpenForUserGroupIds"] = list(dict.fromkeys(groups))
    columns["working_hours"] = whole


async def complete_zone(tx: Tx, columns: dict[str, Any], current: Any | None) -> None:
    """A zone has no stamp of its own: its location counts as changed. What is not said about a new one is empty."""
    if current is None:
        columns["additional_info"] = {**NO_INFO, **columns.get("additional_info", {})}
    await touch(tx, columns["location_id"] if current is None else current["location_id"])


async def zone_goes(tx: Tx, current: Any) -> None:
    """As `complete_zone`."""
    await touch(tx, current["location_id"])


async def touch(tx: Tx, location_id: int) -> None:
    """Count a location as changed now."""
    await tx.run(_TOUCH, id=location_id)
