"""Writes of the first version of locations, which are answered without an envelope."""

from gridloom.charging.sites.events import LocationChanged
from gridloom.charging.sites.resources import TAGS
from gridloom.charging.stations.older.locations import resources
from gridloom.charging.stations.older.locations.schemas import OldLocation, OldLocationPatch, OldLocationWrite
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.events.event import emit
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.operation import action

LOCATIONS = "/public-api/resources/locations/v1.0"
WRITE = "charging.locations:write"


@action(
    "POST", LOCATIONS, scope=WRITE, answers={201: OldLocation}, faults=(Invalid,), tags=TAGS, deprecated=True,
    wrapped=False, name="locationCreateDeprecated",
)  # fmt: skip
async def create_older(tx: Tx, call: Call, body: OldLocationWrite) -> OldLocation:
    """Make a location."""
    made = await resources.old_locations.create(tx, body, {}, call=call)
    emit(tx, LocationChanged(location_id=made.id, action="created"))
    shown: OldLocation = await resources.old_locations.read(tx, made.id, (), {}, call=call)
    return shown


@action(
    "PATCH", f"{LOCATIONS}/{{location}}", scope=WRITE, answers={200: OldLocation}, faults=(NotFound, Invalid), tags=TAGS,
    deprecated=True, wrapped=False, name="locationUpdateDeprecated",
)  # fmt: skip
async def update_older(tx: Tx, call: Call, location: int, body: OldLocationPatch) -> OldLocation:
    """Change a location. Languages that a text leaves out are gone."""
    await resources.old_locations.update(tx, location, body, (), {}, call=call)
    emit(tx, LocationChanged(location_id=location, action="updated"))
    shown: OldLocation = await resources.old_locations.read(tx, location, (), {}, call=call)
    return shown
