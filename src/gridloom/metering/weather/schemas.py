"""What travels about the weather."""

from typing import Annotated

import msgspec
from msgspec import Meta

from gridloom.metering.signals.schemas import Minutes, OriginId

Time = Annotated[float, Meta(ge=0, le=253_402_300_799_999, description="Milliseconds since 1970 in UTC.")]


class WeatherQuery(msgspec.Struct, kw_only=True):
    """A window [since, till), and how the values are wanted.

    delta_t: in buckets of so many minutes. raw: as they follow from the stored values, without buckets or another unit.
    is_chart: amounts of energy as power.
    """

    since: Time
    till: Time
    delta_t: Minutes | None = None
    raw: bool = False
    output_unit_id: int | None = None
    signal_origin_id: OriginId | None = None
    is_chart: bool = False
