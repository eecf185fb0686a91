"""What travels about authorizations, in three versions."""

from datetime import datetime
from typing import Literal

from msgspec import UNSET, UnsetType

from gridloom.charging.schemas import Wire

Decision = Literal["accepted", "rejected", "pending"]
Source = Literal["local", "roaming"]
Method = Literal[
    "user_device", "id_tag", "mac_address", "admin", "plug_and_charge", "roaming", "payment_terminal",
    "plug_and_charge_iso15118",
]  # fmt: skip
Method20 = Literal[
    "user_device", "id_tag", "admin", "plug_and_charge", "roaming", "payment_terminal", "plug_and_charge_iso15118"
]
OLD_METHODS = {
    "id_tag": "rfid_tag",
    "mac_address": "rfid_tag",
    "roaming": "user_device",
    "payment_terminal": "user_device",
    "plug_and_charge_iso15118": "plug_and_charge",
}


class RoamingPartner(Wire, kw_only=True):
    """Who vouched for a driver of somebody else. reference and client are that platform's own words."""

    platform_id: int
    platform_role_id: int | UnsetType = UNSET
    platform_role: str
    reference: str
    client: str


class Authorization(Wire, kw_only=True):
    """A decision whether somebody may charge. userId is 0 for somebody without a name here."""

    id: int
    operator_id: int | None
    method: Method
    source: Source
    created_at: datetime
    status: Decision
    rejection_reason: str | UnsetType = UNSET
    user_id: int
    id_tag_uid: str
    roaming: RoamingPartner | UnsetType = UNSET
    charge_point_id: int | UnsetType = UNSET
    evse_id: int | UnsetType = UNSET
    session_ids: list[int]
    last_updated_at: datetime


class Authorization20(Wire, kw_only=True):
    """The same as the second version shows it: cards and addresses of cars are one method."""

    id: int
    method: Method20
    source: Source
    created_at: datetime
    status: Decision
    rejection_reason: str | None
    user_id: int | None
    id_tag_uid: str | None
    roaming: RoamingPartner | None
    charge_point_id: int | None
    evse_id: int | None
    session_ids: list[int]
    last_updated_at: datetime


class Authorization10(Wire, kw_only=True):
    """The same as the first version shows it, which knows fewer methods and no open decision."""

    id: int
    operator_id: int | None
    method: Literal["user_device", "rfid_tag", "admin", "plug_and_charge"]
    source: Literal["local", "roaming", "third_party"]
    created_at: datetime
    status: Literal["accepted", "rejected"]
    rejection_reason: str | None
    user_id: int | None
    rfid_tag_uid: str | None
    roaming: RoamingPartner | UnsetType = UNSET
    last_updated_at: datetime
