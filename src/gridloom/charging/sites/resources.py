"""Declared resources of sites."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import ARRAY, BigInteger, bindparam, func, select

from gridloom.charging.gone import remains
from gridloom.charging.notes.public import NotesOn
from gridloom.charging.places import Country, State
from gridloom.charging.sites import rules
from gridloom.charging.sites.events import LocationChanged
from gridloom.charging.sites.images import GALLERY_INCLUDE, MAIN_INCLUDE, PIN_INCLUDE, forget_images
from gridloom.charging.sites.partners import location_partners
from gridloom.charging.sites.schemas import (
    AdditionalInfo,
    ChargingZone,
    ChargingZonePatch,
    ChargingZoneWrite,
    Location,
    LocationPatch,
    LocationWrite,
)
from gridloom.charging.sites.tables import charging_zone, location
from gridloom.charging.writing import ignored, once, text_or_none, texts
from gridloom.kernel.database.statement import Statement
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import emit
from gridloom.kernel.http.filters import Include, children, equals, holds, one_or_many, since, until
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Done, Named, Owner, Parent, Resource

TAGS = ("resource / locations",)
TEXTS = ("name", "description", "short_description", "additional_description", "address", "street_address")
LISTS = ("access_methods", "facilities", "payment_options", "accepted_payment_brands", "tags")

_APP_DATA = Statement(
    select(location.c.id, location.c.external_app_data).where(
        location.c.id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))
    )
)


async def _app_data(tx: Tx, ids: Sequence[Any]) -> Mapping[Any, Any]:
    return {row["id"]: row["external_app_data"] for row in await tx.all(_APP_DATA, ids=list(ids))}


async def before_it_goes(tx: Tx, current: Any) -> None:
    """Notes and pictures go with their location, and so do its zones; whatever else points at it keeps it (StillInUse)."""
    await notes.forget(tx, current["id"])
    await forget_images(tx, current["id"])
    name = {each["locale"]: each["translation"] for each in current["name"] or ()}
    shown = {"id": current["id"], "name": name, "external_id": current["external_id"]}
    gone = await remains(tx, "LocationChangedNotification", current["operator_id"], shown)
    emit(tx, LocationChanged(location_id=current["id"], action="deleted", gone=gone))


async def location_written(tx: Tx, done: Done, item: Any, _: Mapping[str, Any]) -> None:
    """Tell that a location came or changed; that one goes is told before it does."""
    if done != "deleted":
        emit(tx, LocationChanged(location_id=item.id, action=done))


def _info(given: AdditionalInfo) -> Mapping[str, Any]:
    said = {name: value for name, value in msgspec.structs.asdict(given).items() if value is not msgspec.UNSET}
    for name in ("title", "description"):
        said |= texts(name)(said[name]) if name in said else {}
    return {"additional_info": said}


notes = NotesOn("location", location, owner=location.c.operator_id)
location_notes = notes.resource("locations/v2.0", tag=TAGS[0])

charging_zones = Resource(
    charging_zone,
    "locations/v2.0/{location}/charging-zones",
    item="chargingZone",
    shows=ChargingZone,
    creates=ChargingZoneWrite,
    updates=ChargingZonePatch,
    scope="charging.locations",
    parents={"location": Parent(charging_zone.c.location_id, location, owner=location.c.operator_id)},
    pages=Pages.CURSOR,
    writes={
        "floor_level": text_or_none("floor_level"),
        "additional_info": _info,
        "id": ignored,
        "location_id": ignored,
    },
    merges=("additional_info",),
    on_write=rules.complete_zone,
    on_delete=rules.zone_goes,
    tags=TAGS,
    names={
        "list": Named("locationChargingZonesListing"),
        "create": Named("locationChargingZoneCreate"),
        "read": Named("locationChargingZoneRead"),
        "update": Named("locationChargingZoneUpdate"),
        "delete": Named("locationChargingZoneDelete"),
    },
    documented={"list": (422,), "create": (422,), "update": (422,)},
)

locations = Resource(
    location,
    "locations/v2.0",
    item="location",
    shows=Location,
    creates=LocationWrite,
    updates=LocationPatch,
    scope="charging.locations",
    pages=Pages.CURSOR,
    owner=Owner(location.c.operator_id, "operator_id", "operatorId", shared=location.c.is_roaming.is_(True)),
    filters={
        "operatorId": one_or_many(location.c.operator_id),
        "country": equals(location.c.country, Country),
        "state": equals(location.c.state, State),
        "region": equals(location.c.region),
        "city": equals(location.c.city),
        "partnerId": location_partners.filter(),
        "externalId": equals(location.c.external_id),
        "tag": holds(location.c.tags),
        "roaming": equals(location.c.is_roaming),
        "lastUpdatedAfter": since(location.c.updated_at),
        "lastUpdatedBefore": until(location.c.updated_at),
        "createdAfter": since(location.c.created_at),
        "createdBefore": until(location.c.created_at),
    },
    includes={
        "chargingZones": children(charging_zone, charging_zone.c.location_id, ChargingZone),
        "externalAppData": Include(_app_data, empty=lambda: None),
        "images": GALLERY_INCLUDE,
        "locationImage": MAIN_INCLUDE,
        "locationPin": PIN_INCLUDE,
        "notes": notes.include(),
        "partnerIds": location_partners.include(),
    },
    columns={
        "geoposition": func.jsonb_build_object(
            "latitude", location.c.latitude, "longitude", location.c.longitude, type_=location.c.roaming.type
        ),
        "last_updated_at": location.c.updated_at,
    },
    writes={
        **{name: texts(name) for name in TEXTS},
        **{name: once(name) for name in LISTS},
        "geoposition": lambda given: {"latitude": given.latitude, "longitude": given.longitude},
        "external_id": text_or_none("external_id"),
        "id": ignored,
    },
    taken={"uq_location_tenant_id_operator_id_external_id": "externalId"},
    on_write=rules.complete_location,
    on_delete=before_it_goes,
    emits=location_written,
    in_use=rules.StillInUse,
    tags=TAGS,
    names={
        "list": Named("locationsListing"),
        "create": Named("locationCreate"),
        "read": Named("locationRead"),
        "update": Named("locationUpdate"),
        "delete": Named("locationDelete"),
    },
    documented={"list": (404, 422), "read": (422,), "create": (404, 422), "update": (422,)},
)
