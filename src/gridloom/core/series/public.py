"""The series store as other modules see it: every metered number goes in and comes out through these names.

A **point** is where something is measured (a meter, a sensor); a **channel** is one series of it; a **reading** is a
value with a capture time (what it is about), an acquisition time (when it got here) and an origin. Readings are never
changed: a later acquisition stands before an earlier one, and a removal is an acquisition too.

    point = await ensure_point(tx, eid="541448820000000011")
    channel = await ensure_channel(tx, point, 32, unit="kW.h", kind="register", step_s=900)
    await write(tx, Batch.of(channel.id, times_ms, values))
    year = await read(tx, channel, since, till)
    days = resample(prefer(year), Calendar("day", "Europe/Brussels"), channel.kind)
"""

from gridloom.core.series.archive import (
    Exported,
    apply_retention,
    export_month,
    keep_months,
    set_keep_months,
)
from gridloom.core.series.archive_files import bind as bind_archive
from gridloom.core.series.channels import (
    change_point,
    channels_for,
    ensure_channel,
    ensure_point,
    find_channels,
    find_points,
    get_channel,
    is_known_besides,
    release_point,
    remove_channels,
    remove_point,
)
from gridloom.core.series.counters import counters_of, hold_counters, set_counters
from gridloom.core.series.errors import (
    ArchiveUnreachable,
    CaptureTimeOutOfRange,
    ChannelDiffers,
    MonthTooRecent,
    NotANumber,
    OverlappingPeriods,
    PointTaken,
    UnequalColumns,
    UnknownChannel,
    UnknownOrigin,
    UnknownPoint,
    WrongRatio,
    WrongStep,
    WrongWindow,
)
from gridloom.core.series.events import RegistersRecounted
from gridloom.core.series.exact import total
from gridloom.core.series.gaps import gaps
from gridloom.core.series.grids import Calendar, FixedStep, Grid
from gridloom.core.series.moments import Moment
from gridloom.core.series.multipliers import factor_of, ratio, scaled
from gridloom.core.series.partitions import drop_empty as drop_empty_partitions
from gridloom.core.series.partitions import make_ahead as make_partitions_ahead
from gridloom.core.series.periods import complete_periods, read_register
from gridloom.core.series.reads import first_reading, last_reading, last_readings, read, read_many
from gridloom.core.series.registers import Period, amounts, continuous, mean_power, one_count, ordered
from gridloom.core.series.resample import HOW_OF_KIND, PREFERENCE, How, is_regular, prefer, resample, within
from gridloom.core.series.store import write
from gridloom.core.series.structs import ABSENT, Batch, Channel, Kind, Origin, Point, Readings, Samples, Written

__all__ = [
    "ABSENT",
    "HOW_OF_KIND",
    "PREFERENCE",
    "ArchiveUnreachable",
    "Batch",
    "Calendar",
    "CaptureTimeOutOfRange",
    "Channel",
    "ChannelDiffers",
    "Exported",
    "FixedStep",
    "Grid",
    "How",
    "Kind",
    "Moment",
    "MonthTooRecent",
    "NotANumber",
    "Origin",
    "OverlappingPeriods",
    "Period",
    "Point",
    "PointTaken",
    "Readings",
    "RegistersRecounted",
    "Samples",
    "UnequalColumns",
    "UnknownChannel",
    "UnknownOrigin",
    "UnknownPoint",
    "Written",
    "WrongRatio",
    "WrongStep",
    "WrongWindow",
    "amounts",
    "apply_retention",
    "bind_archive",
    "change_point",
    "channels_for",
    "complete_periods",
    "continuous",
    "counters_of",
    "drop_empty_partitions",
    "ensure_channel",
    "ensure_point",
    "export_month",
    "factor_of",
    "find_channels",
    "find_points",
    "first_reading",
    "gaps",
    "get_channel",
    "hold_counters",
    "is_known_besides",
    "is_regular",
    "keep_months",
    "last_reading",
    "last_readings",
    "make_partitions_ahead",
    "mean_power",
    "one_count",
    "ordered",
    "prefer",
    "ratio",
    "read",
    "read_many",
    "read_register",
    "release_point",
    "remove_channels",
    "remove_point",
    "resample",
    "scaled",
    "set_counters",
    "set_keep_months",
    "total",
    "within",
    "write",
]
