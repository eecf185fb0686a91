"""Locations as their first version lists, reads and writes them: the same rows in other words.

They stand with the stations, because they count charge points and because what names no operator belongs to the default one.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from msgspec import UNSET
from sqlalchemy import ARRAY, BigInteger, BindParameter, ColumnElement, Text, case, exists, func, literal_column, or_
from sqlalchemy.dialects.postgresql import JSONB

from gridloom.charging.places import Country
from gridloom.charging.sites.images import gallery_pictures, main_pictures
from gridloom.charging.sites.resources import TAGS, before_it_goes
from gridloom.charging.sites.rules import StillInUse, complete_location
from gridloom.charging.sites.tables import location
from gridloom.charging.stations.older.locations.schemas import (
    OldLocation,
    OldLocationPatch,
    OldLocationWrite,
    OldSwitch,
    OldWorkingHours,
)
from gridloom.charging.stations.operators.store import default_operator
from gridloom.charging.stations.tables import charge_point
from gridloom.charging.writing import ignored, text_or_none
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.filters import equals, when
from gridloom.kernel.http.pages import PageOf, PageRequest, Pages
from gridloom.kernel.http.resource import Named, Owner, Resource

C = location.c
NOBODY = -1
RENAMED = {"description": "short_description", "detailed_description": "description"}
TEXTS = ("name", "additional_description", "address")
_SAID_AS = {
    "postCode": "post_code", "externalId": "external_id", "workingHours": "working_hours", "shortDescription": "description",
    "description": "detailed_description", "additionalDescription": "additional_description", "state": "region",
}  # fmt: skip


def _by_language(column: str) -> ColumnElement[Any]:
    return literal_column(
        f"(SELECT coalesce(jsonb_object_agg(t ->> 'locale', t -> 'translation'), '{{}}') "
        f"FROM jsonb_array_elements(charging.location.{column}) AS t)",
        type_=JSONB(),
    )


def _listed(column: str) -> Any:
    def unpack(given: Mapping[str, str | None]) -> Mapping[str, Any]:
        return {column: [{"locale": name, "translation": text} for name, text in given.items() if text is not None]}

    return unpack


def _hours(given: OldWorkingHours) -> Mapping[str, Any]:
    said = {
        "isAlwaysOpen": given.is_always_open,
        "stopSessionOutsideWorkingHours": given.stop_session_outside_working_hours,
        "hours": given.hours,
        "alwaysOpenForUserGroupIds": given.always_open_for_user_group_ids,
    }
    return {"working_hours": {name: value for name, value in said.items() if value is not UNSET}}


_HOURS = func.jsonb_build_object(
    "is_always_open", func.coalesce(C.working_hours["isAlwaysOpen"], literal_column("'true'::jsonb")),
    "stop_session_outside_working_hours", C.working_hours["stopSessionOutsideWorkingHours"],
    "hours", C.working_hours["hours"],
    "always_open_for_user_group_ids", C.working_hours["alwaysOpenForUserGroupIds"],
    type_=JSONB(),
)  # fmt: skip
_STANDING = literal_column(
    "ARRAY(SELECT p.id FROM charging.charge_point p WHERE p.tenant_id = charging.location.tenant_id "
    "AND p.location_id = charging.location.id AND p.type = 'public' AND p.status = 'enabled' ORDER BY p.id)",
    type_=ARRAY(BigInteger),
)


def _stored_status(given: str) -> str:
    return "enabled" if given == "active" else given


def _by_partner(value: BindParameter[Any]) -> ColumnElement[bool]:
    standing = exists().where(charge_point.c.tenant_id == C.tenant_id, charge_point.c.location_id == C.id)
    nobodys = standing & ~standing.where(charge_point.c.partner_id.is_not(None))
    return or_((value == NOBODY) & nobodys, standing.where(charge_point.c.partner_id == value))


async def _complete(tx: Tx, columns: dict[str, Any], before: Any | None) -> None:
    """The rules of a location, told in the older names. A new one belongs to the caller's operator or to the default one."""
    if before is None and columns.get("operator_id") is None:
        owner = tx.subject.attributes.get("operator_id") if tx.subject is not None else None
        columns["operator_id"] = owner if owner is not None else await default_operator(tx)
        if columns["operator_id"] is None:
            raise Invalid("There is no default operator to whom this location would belong.")
    country = columns.get("country", before["country"] if before is not None else None)
    if "region" in columns and country in ("US", "AU"):
        columns["state"], columns["region"] = columns["region"], None
    try:
        await complete_location(tx, columns, before)
    except Invalid as fault:
        errors = [
            FieldError(each.where, (_SAID_AS.get(str(each.path[0]), each.path[0]), *each.path[1:]), each.message)
            for each in fault.errors
        ]
        raise Invalid(errors=errors) from None


class OldLocations(Resource):
    """Pictures are always shown here."""

    async def page(
        self,
        tx: Tx,
        page: PageRequest,
        filters: Mapping[str, Any],
        includes: Sequence[str],
        path: Mapping[str, Any],
        *,
        call: Call | None = None,
    ) -> PageOf:
        """One page."""
        found = await super().page(tx, page, filters, includes, path, call=call)
        await _with_pictures(tx, found.items, call)
        return found

    async def read(
        self, tx: Tx, key: Any, includes: Sequence[str], path: Mapping[str, Any], *, call: Call | None = None
    ) -> Any:
        """One location. Raises NotFound."""
        found = await super().read(tx, key, includes, path, call=call)
        await _with_pictures(tx, [found], call)
        return found


async def _with_pictures(tx: Tx, locations: Sequence[OldLocation], call: Call | None) -> None:
    if call is None:  # links need an address to begin with
        return
    ids = [each.id for each in locations]
    gallery, main = await gallery_pictures(tx, ids, call), await main_pictures(tx, ids, call)
    for each in locations:
        each.images, each.location_image = gallery.get(each.id, []), main.get(each.id)


old_locations = OldLocations(
    location,
    "locations/v1.0",
    item="location",
    shows=OldLocation,
    creates=OldLocationWrite,
    updates=OldLocationPatch,
    verbs=("list", "read", "delete"),
    scope="charging.locations",
    pages=Pages.CURSOR | Pages.NUMBER,
    owner=Owner(C.operator_id, "operator_id", shared=C.is_roaming.is_(True)),
    filters={
        "postCode": equals(C.post_code),
        "partnerId": when(int | None, _by_partner, BigInteger(), lambda given: NOBODY if given is None else given),
        "country": equals(C.country, Country),
        "status": when(OldSwitch, lambda value: C.status == value, Text(), _stored_status),
        "externalId": equals(C.external_id),
    },
    columns={
        "public_charge_points": func.cardinality(_STANDING),
        "public_charge_points_ids": _STANDING,
        **{name: _by_language(name) for name in TEXTS},
        **{old: _by_language(new) for old, new in RENAMED.items()},
        "geoposition": func.jsonb_build_object("latitude", C.latitude, "longitude", C.longitude, type_=JSONB()),
        "post_code": func.coalesce(C.post_code, ""),
        "region": func.coalesce(
            case(((C.country == "US") | (C.country == "AU"), C.state), else_=C.region), C.region, ""
        ),
        "city": func.coalesce(C.city, ""),
        "working_hours": _HOURS,
        "lastUpdatedAt": C.updated_at,
        # Links are made of the request's address, see OldLocations.
        "location_image": literal_column("NULL", type_=JSONB()),
        "images": literal_column("'[]'::jsonb", type_=JSONB()),
    },
    values={"status": {"enabled": "active"}},
    writes={
        **{name: _listed(name) for name in TEXTS},
        **{old: _listed(new) for old, new in RENAMED.items()},
        **dict.fromkeys(
            ("id", "public_charge_points", "public_charge_points_ids", "location_image", "images", "lastUpdatedAt"),
            ignored,
        ),
        "geoposition": lambda given: {"latitude": given.latitude, "longitude": given.longitude},
        "external_id": text_or_none("external_id"),
        "working_hours": _hours,
    },
    taken={"uq_location_tenant_id_operator_id_external_id": "external_id"},
    on_write=_complete,
    on_delete=before_it_goes,
    in_use=StillInUse,
    tags=TAGS,
    names={
        "list": Named("locationsListingDeprecated", deprecated=True),
        "read": Named("locationReadDeprecated", deprecated=True),
        "delete": Named("locationDeleteDeprecated", deprecated=True),
    },
    documented={"list": (422,)},
)
