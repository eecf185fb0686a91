"""Boots that come at the same time, in one commit: after a power cut everybody introduces himself at once."""

from dataclasses import dataclass
from datetime import datetime

from gridloom.charging.csms import seats
from gridloom.charging.csms.gathering import Gathering
from gridloom.charging.csms.turns import Arrivals
from gridloom.charging.ocpp.public import Payload
from gridloom.charging.stations.public import record_boot
from gridloom.kernel.database.pool import Database

AT_ONCE = 20


@dataclass(frozen=True, slots=True)
class Boot:
    """What a station said of itself, in the words of `stations`."""

    charge_point_id: int
    said: Payload
    at: datetime


class Boots:
    """An application part. They take the share of those that come and go: running stations do not wait for them."""

    def __init__(self, database: Database, arrivals: Arrivals) -> None:
        self._database, self._arrivals = database, arrivals
        self._told: Gathering[int, Boot] = Gathering(self._write, most=AT_ONCE)

    async def keep(self, tenant: int, boot: Boot) -> None:
        """Write it; returns after the commit."""
        await self._told.add(tenant, boot)

    async def _write(self, tenant: int, boots: list[Boot]) -> None:
        async with self._arrivals, self._database.tenant(tenant) as tx:
            # In one order, so that two processes do not wait for each other.
            for each in sorted(boots, key=lambda each: each.charge_point_id):
                await record_boot(tx, each.charge_point_id, each.said, each.at)
                await seats.booted(tx, each.charge_point_id, each.at)
