"""What the series store refuses, each with a code that never changes."""

from gridloom.kernel.errors import Conflict, Invalid, NotFound, Unavailable


class UnknownPoint(NotFound):
    """No measuring point with this number that the caller can see."""

    code = "unknown_point"
    text = "There is no such measuring point."


class PointTaken(Conflict):
    """Another point carries this number for the same owner."""

    code = "point_taken"
    text = "Another measuring point has this number."


class UnknownChannel(NotFound):
    """No channel with this number that the caller can see; `index` is its place among the values of a write."""

    code = "unknown_channel"
    text = "There is no such channel."


class ChannelDiffers(Conflict):
    """The channel exists with another quantity, unit or kind, so that values would change their meaning."""

    code = "channel_differs"
    text = "The channel exists with another quantity, unit or kind."


class CaptureTimeOutOfRange(Invalid):
    """A capture time before the year 2000 or more than ten years ahead; `index` says which."""

    code = "capture_time_out_of_range"
    text = "A capture time lies before the year 2000 or more than ten years ahead."


class NotANumber(Invalid):
    """A value or bound that is infinite, or a bound of nothing; `index` says which."""

    code = "not_a_number"
    text = "A value is not a finite number."


class UnknownOrigin(Invalid):
    """An origin outside 1 to 5; `index` says which."""

    code = "unknown_origin"
    text = "An origin is one of 1 (measured), 2 (predicted), 3 (calculated), 4 (estimated) and 5 (corrected)."


class UnequalColumns(Invalid):
    """Columns of one write with different lengths; `field` names the one that does not fit."""

    code = "unequal_columns"
    text = "The columns have different lengths."


class WrongWindow(Invalid):
    """A window that ends before it begins."""

    code = "wrong_window"
    text = "The window ends before it begins."


class WrongStep(Invalid):
    """A step of no length, or a calendar unit that does not exist."""

    code = "wrong_step"
    text = "A step is a positive number of minutes, or one of hour, day, month and year."


class OverlappingPeriods(Invalid):
    """Two meters at one point at the same time."""

    code = "overlapping_periods"
    text = "The periods of two meters overlap."


class MonthTooRecent(Conflict):
    """The present month, or one to come, cannot be archived."""

    code = "month_too_recent"
    text = "Only a month that is over can be archived."


class WrongRatio(Invalid):
    """A multiplier or ratio of transformers that is no positive number and no quotient of two."""

    code = "wrong_ratio"
    text = "A ratio is a positive number, or two with a slash between them."


class ArchiveUnreachable(Unavailable):
    """Readings of that time were moved to the object store, and it is not there or does not hold what it should."""

    code = "archive_unreachable"
    text = "Readings of that time are archived, and the archive cannot be read."
