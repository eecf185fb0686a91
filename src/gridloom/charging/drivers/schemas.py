"""What travels about groups of drivers, tags and authorizations."""

from datetime import date, datetime
from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.drivers.uids import MAX_LENGTH
from gridloom.charging.schemas import Id, Moment, Name, Wire

ReadOnly = Annotated[Any, Meta(description="Read-only: ignored in a request.")]
Short = Annotated[str, Meta(max_length=255)]
Description = Annotated[str, Meta(max_length=2000)]
Uid = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=MAX_LENGTH,
        pattern=r"^\s*[^\s].*$",
        description="What the tag says when it is held to a reader; the case and colons or hyphens between bytes mean nothing.",
    ),
]
TagStatus = Literal["enabled", "disabled", "suspended"]
TagType = Literal["rfid", "mac_address", "emaid"]
WritableTagType = Literal["rfid", "mac_address"]
VehicleType = Literal["company_car", "private_car"]
PaymentMethod = Annotated[
    str,
    Meta(
        pattern=r"^(auto|subscription|corporate:[0-9]+|[A-Za-z0-9_-]{1,255})$",
        description="A card's id, `corporate:` and an id, `subscription`, or `auto`; null means `auto`.",
    ),
]


class UserGroup(Wire, kw_only=True):
    """Drivers that tariffs, plans and opening hours can name together."""

    id: int
    operator_id: int
    name: str
    partner_id: int | None
    description: str | None
    external_id: str | UnsetType = UNSET
    last_updated_at: datetime


class UserGroupWrite(Wire):
    """A new group."""

    name: Name
    operator_id: Id | None = None
    partner_id: Id | None = None
    description: Description | None = None
    external_id: Short | None = None
    last_updated_at: ReadOnly = UNSET


class UserGroupPatch(Wire):
    """What changes about a group; its name has to be said. The partner changes only while nobody is in it."""

    name: Name
    partner_id: Id | UnsetType | None = UNSET
    description: Description | UnsetType | None = UNSET
    external_id: Short | UnsetType | None = UNSET
    last_updated_at: ReadOnly = UNSET


class IdTag(Wire):
    """Something a driver identifies with at a charge point. Without a user, or unless it is enabled, it opens nothing."""

    id: int
    operator_id: int
    id_tag_uid: str
    id_label: str | None
    expire_at: datetime | None
    created_at: datetime
    status: TagStatus
    type: TagType
    vehicle_type: VehicleType | None
    payment_method_id: str | None
    user_id: int | None
    external_id: str | None
    partner_id: int | None
    last_updated_at: datetime


class IdTagWrite(Wire):
    """A new tag. Its identifier is there once with each operator."""

    id_tag_uid: Uid
    status: TagStatus
    type: WritableTagType
    operator_id: Id | None = None
    id_label: Short | None = None
    expire_at: Moment | None = None
    vehicle_type: VehicleType | None = None
    payment_method_id: PaymentMethod | None = None
    user_id: Id | None = None
    external_id: Short | None = None
    partner_id: Id | None = None
    id: ReadOnly = UNSET
    created_at: ReadOnly = UNSET
    last_updated_at: ReadOnly = UNSET


class IdTagPatch(Wire):
    """What changes about a tag; null takes a value away."""

    id_tag_uid: Uid | UnsetType = UNSET
    status: TagStatus | UnsetType = UNSET
    type: WritableTagType | UnsetType = UNSET
    id_label: Short | UnsetType | None = UNSET
    expire_at: Moment | UnsetType | None = UNSET
    vehicle_type: VehicleType | UnsetType | None = UNSET
    payment_method_id: PaymentMethod | UnsetType | None = UNSET
    user_id: Id | UnsetType | None = UNSET
    external_id: Short | UnsetType | None = UNSET
    partner_id: Id | UnsetType | None = UNSET
    id: ReadOnly = UNSET
    created_at: ReadOnly = UNSET
    last_updated_at: ReadOnly = UNSET


LastDay = Annotated[date, Meta(description="The last day on which the tag opens anything, in UTC.")]


class RfidTag(Wire):
    """A tag as the first version of this API shows it."""

    id: int
    rfid_tag_uid: str
    rfid_label: str | None
    expire_at: LastDay | None
    created_at: datetime
    status: TagStatus
    user_id: int | None
    last_updated_at: datetime


class RfidTagWrite(Wire):
    """A new card."""

    rfid_tag_uid: Uid
    status: TagStatus
    operator_id: Id | None = None
    rfid_label: Short | None = None
    expire_at: LastDay | None = None
    user_id: Id | None = None
    id: ReadOnly = UNSET
    created_at: ReadOnly = UNSET
    last_updated_at: ReadOnly = UNSET


class RfidTagPatch(Wire):
    """What changes about a tag; its identifier and status have to be said."""

    rfid_tag_uid: Uid
    status: TagStatus
    rfid_label: Short | UnsetType | None = UNSET
    expire_at: LastDay | UnsetType | None = UNSET
    user_id: Id | UnsetType | None = UNSET
    id: ReadOnly = UNSET
    created_at: ReadOnly = UNSET
    last_updated_at: ReadOnly = UNSET
