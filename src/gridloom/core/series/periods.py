"""Registers as they stand in the store: with the reading before a window, and with the ends of every meter's period."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np

from gridloom.core.series import reads
from gridloom.core.series.moments import Moment, milliseconds
from gridloom.core.series.registers import Period, ordered
from gridloom.core.series.resample import PREFERENCE, prefer
from gridloom.core.series.structs import Channel, Samples
from gridloom.kernel.database.transaction import Tx


async def read_register(
    tx: Tx, channel: int | Channel, since: Moment, till: Moment, *, origins: Sequence[int] = PREFERENCE
) -> Samples:
    """A register's readings in [since, till], before them the last one before `since`, as `amounts` wants them.

    origins: which count, the most trusted first. Raises WrongWindow and ArchiveUnreachable.
    """
    readings = await reads.read(tx, channel, since, milliseconds(till) + 1, origins=origins)
    samples = prefer(readings, origins)
    if len(samples.time_ms) and int(samples.time_ms[0]) == milliseconds(since):
        return samples
    before = await reads.last_reading(tx, channel, till=since, origins=origins)
    if before is None:
        return samples
    return Samples(np.append(before[0], samples.time_ms), np.append(before[1], samples.value))


async def complete_periods(
    tx: Tx,
    channel: int | Channel,
    periods: Sequence[Period],
    *,
    unknown_factor: Fraction = Fraction(1),
    origins: Sequence[int] = PREFERENCE,
) -> list[Period]:
    """The meters of a register in order, unknown ones between them included, each with its register at both ends.

    A value that nobody noted becomes the first or the last reading within the period; a period without readings keeps
    None. The end of the meter that is still there is not looked for. Raises WrongWindow, OverlappingPeriods and
    ArchiveUnreachable.
    """
    line = ordered(periods, unknown_factor)
    for place, period in enumerate(line):
        start, end = period.value_for_since, period.value_for_till
        if start is None:
            found = await reads.first_reading(tx, channel, period.since_ms, period.till_ms, origins=origins)
            start = None if found is None else found[1]
        if end is None and period.till_ms is not None and start is not None:
            found = await reads.last_reading(tx, channel, period.since_ms, period.till_ms, origins=origins)
            end = None if found is None else found[1]
        line[place] = period._replace(value_for_since=start, value_for_till=end)
    return line
