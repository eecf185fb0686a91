"""What travels about locations in their first version: snake case, and one object of texts by language."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.places import Country
from gridloom.charging.schemas import Id, Mistakes
from gridloom.charging.sites.schemas import Geoposition, Image, OpenHours, Short
from gridloom.charging.stations.older.ignored import looks_like

OldSwitch = Literal["active", "disabled"]
Language = Annotated[str, Meta(pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8})*$", max_length=35)]
Text = Annotated[str, Meta(max_length=10_000)]
TextByLanguage = dict[Language, Text | None]

if TYPE_CHECKING:
    ImageSaid: TypeAlias = object
    ImagesSaid: TypeAlias = object
    NumberSaid: TypeAlias = object
    NumbersSaid: TypeAlias = object
    MomentSaid: TypeAlias = object
else:
    ImageSaid = looks_like(Image | None)
    ImagesSaid = looks_like(list[Image])
    NumberSaid = looks_like(int)
    NumbersSaid = looks_like(list[int])
    MomentSaid = looks_like(datetime)


class OldWorkingHours(msgspec.Struct, kw_only=True):
    """When charging is possible, in the zone of the location. `hours` is needed unless it is always open, and ignored then."""

    is_always_open: bool
    stop_session_outside_working_hours: bool | UnsetType | None = UNSET
    hours: OpenHours | UnsetType | None = UNSET
    always_open_for_user_group_ids: list[Id] | UnsetType | None = UNSET


class OldLocation(msgspec.Struct, kw_only=True):
    """A site where charge points stand."""

    id: int
    public_charge_points: int
    public_charge_points_ids: list[int]
    name: dict[str, str]
    status: OldSwitch
    description: dict[str, str]
    detailed_description: dict[str, str]
    additional_description: dict[str, str]
    geoposition: Geoposition
    address: dict[str, str]
    post_code: str
    region: str
    city: str
    country: Country
    external_id: str | None
    timezone: str | None
    location_image: Image | UnsetType | None = UNSET
    images: list[Image] | UnsetType = UNSET
    working_hours: OldWorkingHours
    lastUpdatedAt: datetime  # noqa: N815  the contract's only name in camel case here


class OldLocationPatch(msgspec.Struct, kw_only=True):
    """What changes about a location. Languages that a text leaves out are gone."""

    name: TextByLanguage | UnsetType = UNSET
    status: OldSwitch | UnsetType = UNSET
    description: TextByLanguage | UnsetType = UNSET
    detailed_description: TextByLanguage | UnsetType = UNSET
    additional_description: TextByLanguage | UnsetType = UNSET
    geoposition: Geoposition | UnsetType = UNSET
    address: TextByLanguage | UnsetType = UNSET
    post_code: Short | UnsetType = UNSET
    region: Short | UnsetType = UNSET
    city: Short | UnsetType = UNSET
    country: Country | UnsetType = UNSET
    external_id: Short | UnsetType | None = UNSET
    timezone: str | UnsetType | None = UNSET
    working_hours: OldWorkingHours | UnsetType = UNSET
    id: NumberSaid = UNSET
    public_charge_points: NumberSaid = UNSET
    public_charge_points_ids: NumbersSaid = UNSET
    location_image: ImageSaid = UNSET
    images: ImagesSaid = UNSET
    lastUpdatedAt: MomentSaid = UNSET  # noqa: N815  as above

    def mistakes(self) -> Mistakes:
        """A place has a name."""
        if self.name is not UNSET and not any(self.name.values()):
            yield "name", "This field needs a text in one language at least."


class OldLocationWrite(OldLocationPatch, kw_only=True):
    """A new location."""

    def mistakes(self) -> Mistakes:
        """The contract requires nothing by its schema, and a location is nothing without these."""
        yield from super().mistakes()
        for field in ("name", "geoposition", "address", "post_code", "region", "city", "country"):
            if getattr(self, field) is UNSET:
                yield field, "This field is required."
