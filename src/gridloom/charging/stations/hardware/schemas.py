"""What travels about vendors and models of stations."""

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.schemas import Id, Name, Wire
from gridloom.charging.sites.schemas import ReadOnly

Url = Annotated[str, Meta(pattern=r"^https?://[^\s/]+(/\S*)?$", max_length=2000, description="An http(s) address.")]


class Vendor(Wire):
    """A maker of charge points."""

    id: int
    name: str


class VendorWrite(Wire):
    """A new vendor."""

    name: Name
    id: ReadOnly = UNSET


class VendorPatch(Wire):
    """What changes about a vendor."""

    name: Name | UnsetType = UNSET
    id: ReadOnly = UNSET


class Model(Wire, kw_only=True):
    """A model of a vendor, with the manuals that drivers and installers are shown."""

    id: int
    name: str
    vendor_id: int
    default_photo: str | None
    user_manual: str | None
    installer_manual: str | UnsetType = UNSET


class ModelWrite(Wire):
    """A new model."""

    name: Name
    vendor_id: Id
    user_manual: Url | None = None
    installer_manual: Url | None = None


class ModelPatch(Wire):
    """What changes about a model; null takes a manual away."""

    name: Name | UnsetType = UNSET
    vendor_id: Id | UnsetType = UNSET
    user_manual: Url | UnsetType | None = UNSET
    installer_manual: Url | UnsetType | None = UNSET
