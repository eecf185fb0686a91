"""What travels about messages."""

from datetime import datetime
from uuid import UUID

from msgspec import UNSET, Struct, UnsetType


class MesTask(Struct, kw_only=True):
    """Work that was started by a request. progress: 0 to 100. result: base64 of JSON, once there is one."""

    id: UUID
    name: str
    description: str
    progress: int
    is_success: bool
    is_failed: bool
    result: str | UnsetType = UNSET
    started_at: datetime | UnsetType = UNSET
    completed_at: datetime | UnsetType = UNSET
    expires_at: datetime
