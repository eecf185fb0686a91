"""What a car or a station says about charging schedules. Schedules are not made here yet: nothing is promised."""

from decimal import Decimal
from typing import Any

from gridloom.charging.csms.public import Contact, on_message
from gridloom.charging.ocpp.public import Payload, Version
from gridloom.charging.sessions import store


@on_message("NotifyEVChargingNeeds", Version.V201)
async def notify_charging_needs(contact: Contact, payload: Payload) -> Payload:
    """What the car wants; the state of its battery is kept, a schedule is not going to come of it."""
    direct: Any = payload["chargingNeeds"].get("dcChargingParameters") or {}
    if direct.get("stateOfCharge") is not None:
        async with contact.transaction() as tx:
            evse = await store.evse_of(tx, contact.charge_point_id, payload["evseId"])
            for row in [] if evse is None else await store.open_at(tx, evse["id"]):
                if row["status"] == "active" and row["soc_percent"] is None:
                    await store.change(tx, row["id"], soc_percent=Decimal(direct["stateOfCharge"]))
    return {"status": "Rejected"}


@on_message("NotifyEVChargingSchedule", Version.V201)
async def notify_charging_schedule(contact: Contact, payload: Payload) -> Payload:  # noqa: ARG001 - the log keeps it
    """What the car is going to draw: taken note of."""
    return {"status": "Accepted"}


@on_message("ReportChargingProfiles", Version.V201)
async def report_charging_profiles(contact: Contact, payload: Payload) -> Payload:  # noqa: ARG001 - the log keeps it
    """Profiles that a station has: taken note of."""
    return {}
