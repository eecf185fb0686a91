"""What other parts of the charging API may use: asking stations, and answering them."""

from gridloom.charging.csms.commands import Commands
from gridloom.charging.csms.door import Door
from gridloom.charging.csms.faults import NoAnswer408, NotConnected424, Refused406, refused
from gridloom.charging.csms.jobs import call_station
from gridloom.charging.csms.messages import Contact, on_message
from gridloom.charging.ocpp.public import Payload
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.jobs import defer

__all__ = [
    "Commands",
    "Contact",
    "Door",
    "NoAnswer408",
    "NotConnected424",
    "Refused406",
    "calls_after",
    "on_message",
    "refused",
]


async def calls_after(tx: Tx, charge_point_id: int, action: str, payload: Payload) -> None:
    """Ask a station once this transaction has committed, without waiting for it; a failure is logged and not repeated."""
    await defer(tx, call_station, charge_point_id=charge_point_id, action=action, payload=payload)
