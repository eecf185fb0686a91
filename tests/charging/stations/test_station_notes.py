"""Notes on charge points and on their EVSEs."""

from typing import Any, ClassVar

from tests.charging.notes import test_notes as on_locations
from tests.charging.stations.kit import evse_of, station
from tests.suites.client import Caller
from tests.suites.resource import ResourceSuite

from gridloom.charging.stations.evses.resources import evse_notes
from gridloom.charging.stations.points.resources import charge_point_notes


class TestChargePointNotes(ResourceSuite):
    resource = charge_point_notes
    good: ClassVar = on_locations.TestLocationNotes.good
    changed: ClassVar = on_locations.TestLocationNotes.changed
    bad: ClassVar = on_locations.TestLocationNotes.bad
    filtered: ClassVar = on_locations.TestLocationNotes.filtered

    async def path(self, caller: Caller) -> dict[str, Any]:
        return {"chargePoint": (await station(caller))["id"]}


class TestEvseNotes(ResourceSuite):
    resource = evse_notes
    good: ClassVar = on_locations.TestLocationNotes.good
    changed: ClassVar = on_locations.TestLocationNotes.changed
    bad: ClassVar = on_locations.TestLocationNotes.bad
    filtered: ClassVar = on_locations.TestLocationNotes.filtered

    async def path(self, caller: Caller) -> dict[str, Any]:
        return {"evse": (await evse_of(caller, await station(caller)))["id"]}
