"""What travels about the logs of stations."""

from datetime import datetime

from msgspec import UNSET, UnsetType

from gridloom.charging.schemas import Wire


class HardwareLog(Wire):
    """A state that a station or an EVSE reported. `errorCode` is `NoError` when all is well."""

    status: str
    timestamp: datetime
    error_code: str
    vendor_id: str | UnsetType = UNSET
    info: str | UnsetType = UNSET
    vendor_error_code: str | UnsetType = UNSET
    error_code_description: str | UnsetType = UNSET
    error_code_customer_action: str | UnsetType = UNSET


class NetworkLog(Wire):
    """Whether a station could be reached, from a moment on."""

    status: str
    timestamp: datetime
