"""What travels about sites."""

from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.notes.schemas import Note
from gridloom.charging.places import Country, State
from gridloom.charging.schemas import Id, Mistakes, Name, SomeTexts, Switch, Texts, Wire

Short = Annotated[str, Meta(max_length=255)]
Tag = Annotated[str, Meta(min_length=1, max_length=255)]
Tags = Annotated[list[Tag], Meta(max_length=500)]
Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="HH:MM, local.")]
FloorLevel = Annotated[str, Meta(max_length=4, description="Such as 2, B1 or G.")]

ParkingType = Literal[
    "ALONG_MOTORWAY", "PARKING_GARAGE", "PARKING_LOT", "ON_DRIVEWAY", "ON_STREET", "UNDERGROUND_GARAGE"
]
AccessMethod = Literal["OPEN", "TOKEN", "LICENSE_PLATE", "ACCESS_CODE", "INTERCOM", "PARKING_TICKET"]
Facility = Literal[
    "AIRPORT", "BATHROOM", "BIKE_SHARING", "BUS_STOP", "CAFE", "CARPOOL_PARKING", "FUEL_STATION", "HOTEL", "MALL",
    "METRO_STATION", "MUSEUM", "NATURE", "PARKING_LOT", "RECREATION_AREA", "RESTAURANT", "SPORT", "STAFFED", "SUPERMARKET",
    "TAXI_STAND", "TRAIN_STATION", "TRAM_STOP", "WIFI",
]  # fmt: skip
PaymentOption = Literal[
    "EMV_CHIP_TERMINAL", "NFC_CONTACTLESS_TERMINAL", "QR_CODE_PAYMENT", "WEB_PAYMENT", "CASH_PAYMENT"
]
PaymentBrand = Literal["VISA", "MASTERCARD", "MAESTRO", "AMEX", "GIROCARD", "OTHER"]
ExternalAppData: TypeAlias = dict[str, Any]
ReadOnly = Annotated[Any, Meta(description="Read-only: ignored in a request.")]


class Geoposition(Wire):
    """Where it is (WGS 84, degrees)."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    longitude: Annotated[float, Meta(ge=-180, le=180)]


class OpenInterval(Wire):
    """From when until when it is open on a day."""

    start: Clock
    end: Clock

    def mistakes(self) -> Mistakes:
        """An interval lies within one day; two texts HH:MM compare as the times do."""
        if self.start >= self.end:
            yield "end", "The end must be after the start."


class OpenHours(Wire):
    """The intervals of each weekday; a day without one is closed."""

    monday: list[OpenInterval] | UnsetType = UNSET
    tuesday: list[OpenInterval] | UnsetType = UNSET
    wednesday: list[OpenInterval] | UnsetType = UNSET
    thursday: list[OpenInterval] | UnsetType = UNSET
    friday: list[OpenInterval] | UnsetType = UNSET
    saturday: list[OpenInterval] | UnsetType = UNSET
    sunday: list[OpenInterval] | UnsetType = UNSET


class WorkingHours(Wire):
    """When charging is possible, in the zone of the location. `hours` is needed unless it is always open, and ignored then."""

    is_always_open: bool | UnsetType = UNSET
    allow_charging_outside_working_hours: bool | UnsetType = UNSET
    stop_session_outside_working_hours: bool | UnsetType | None = UNSET
    always_open_for_user_group_ids: list[Id] | UnsetType | None = UNSET
    hours: OpenHours | UnsetType | None = UNSET


class Image(Wire, kw_only=True):
    """A picture as links that open it for 24 hours."""

    original: str
    thumbnail: str | UnsetType = UNSET
    mime_type: str


class RoamingParty(Wire):
    """Somebody by name."""

    name: str | UnsetType = UNSET


class Roaming(Wire):
    """Who stands behind the site of a roaming partner."""

    owner: RoamingParty | UnsetType = UNSET
    operator: RoamingParty | UnsetType = UNSET
    suboperator: RoamingParty | UnsetType = UNSET


class AdditionalInfo(Wire):
    """What drivers read about a zone when they look at its location."""

    enabled: bool | UnsetType = UNSET
    title: Texts | UnsetType = UNSET
    description: Texts | UnsetType = UNSET


class ChargingZone(Wire, kw_only=True):
    """A part of a location, such as a floor of a garage. Its name is for the staff."""

    id: int
    name: str
    floor_level: FloorLevel | UnsetType = UNSET
    location_id: int
    status: Switch
    additional_info: AdditionalInfo


class ChargingZoneWrite(Wire):
    """A new charging zone."""

    name: Name
    status: Switch
    floor_level: FloorLevel | None = None
    additional_info: AdditionalInfo | UnsetType = UNSET
    id: ReadOnly = UNSET
    location_id: ReadOnly = UNSET


class ChargingZonePatch(Wire):
    """What changes about a charging zone; the additional information is merged by key."""

    name: Name | UnsetType = UNSET
    status: Switch | UnsetType = UNSET
    floor_level: FloorLevel | UnsetType | None = UNSET
    additional_info: AdditionalInfo | UnsetType = UNSET
    id: ReadOnly = UNSET
    location_id: ReadOnly = UNSET


class Location(Wire, kw_only=True):
    """A site where charge points stand. What is unknown about parking, access, facilities and payment is left out."""

    id: int
    operator_id: int | None
    external_id: str | None
    name: Texts
    status: Switch
    description: Texts
    short_description: Texts
    additional_description: Texts
    geoposition: Geoposition
    address: Texts
    street_address: Texts
    city: str | None
    region: str | None
    state: State | UnsetType = UNSET
    country: Country
    post_code: str | None
    timezone: str | None
    parking_type: ParkingType | UnsetType = UNSET
    access_methods: list[AccessMethod] | UnsetType = UNSET
    facilities: list[Facility] | UnsetType = UNSET
    payment_options: list[PaymentOption] | UnsetType = UNSET
    accepted_payment_brands: list[PaymentBrand] | UnsetType = UNSET
    working_hours: WorkingHours
    is_roaming: bool
    roaming_operator_id: int | None
    roaming: Roaming | UnsetType = UNSET
    tags: list[str]
    created_at: datetime
    last_updated_at: datetime
    location_image: Image | UnsetType | None = UNSET
    location_pin: Image | UnsetType = UNSET
    images: list[Image] | UnsetType = UNSET
    charging_zones: list[ChargingZone] | UnsetType = UNSET
    notes: list[Note] | UnsetType = UNSET
    partner_ids: list[int] | UnsetType = UNSET
    external_app_data: ExternalAppData | UnsetType | None = UNSET


class LocationWrite(Wire):
    """A new location. A token that may act for every operator names the operator."""

    name: SomeTexts
    geoposition: Geoposition
    address: SomeTexts
    country: Country
    operator_id: Id | None = None
    external_id: Short | None = None
    status: Switch = "enabled"
    description: Texts = msgspec.field(default_factory=list)
    short_description: Texts = msgspec.field(default_factory=list)
    additional_description: Texts = msgspec.field(default_factory=list)
    street_address: Texts = msgspec.field(default_factory=list)
    city: Short | None = None
    region: Short | None = None
    state: State | None = None
    post_code: Short | None = None
    timezone: str | None = None
    parking_type: ParkingType | None = None
    access_methods: list[AccessMethod] | None = None
    facilities: list[Facility] | None = None
    payment_options: list[PaymentOption] | None = None
    accepted_payment_brands: list[PaymentBrand] | None = None
    working_hours: WorkingHours | UnsetType = UNSET
    tags: Tags = msgspec.field(default_factory=list)
    external_app_data: ExternalAppData | None = None
    id: ReadOnly = UNSET


class LocationPatch(Wire):
    """What changes about a location. Lists are replaced, the working hours are merged by key, null takes a value away."""

    name: SomeTexts | UnsetType = UNSET
    geoposition: Geoposition | UnsetType = UNSET
    address: SomeTexts | UnsetType = UNSET
    country: Country | UnsetType = UNSET
    external_id: Short | UnsetType | None = UNSET
    status: Switch | UnsetType = UNSET
    description: Texts | UnsetType = UNSET
    short_description: Texts | UnsetType = UNSET
    additional_description: Texts | UnsetType = UNSET
    street_address: Texts | UnsetType = UNSET
    city: Short | UnsetType | None = UNSET
    region: Short | UnsetType | None = UNSET
    state: State | UnsetType | None = UNSET
    post_code: Short | UnsetType | None = UNSET
    timezone: str | UnsetType | None = UNSET
    parking_type: ParkingType | UnsetType | None = UNSET
    access_methods: list[AccessMethod] | UnsetType | None = UNSET
    facilities: list[Facility] | UnsetType | None = UNSET
    payment_options: list[PaymentOption] | UnsetType | None = UNSET
    accepted_payment_brands: list[PaymentBrand] | UnsetType | None = UNSET
    working_hours: WorkingHours | UnsetType = UNSET
    tags: Tags | UnsetType = UNSET
    external_app_data: ExternalAppData | UnsetType | None = UNSET
    id: ReadOnly = UNSET
