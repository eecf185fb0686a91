"""What this module refuses. Settlements are our own addition, and so are their numbers, 90000 and above."""

from gridloom.communities.faults import Refused
from gridloom.kernel.errors import Unavailable


class NoSuchSettlement(Refused):
    """There is no such settlement in this community."""

    code = "no_such_settlement"
    number = 90000


class NothingToSettle(Refused):
    """The operation is not there, or no meter shared in it in this period."""

    code = "nothing_to_settle"
    number = 90001


class PeriodWrong(Refused):
    """A period ends before it begins, has not ended yet, or is too long."""

    code = "period_wrong"
    number = 90002
    text = "The period must end on or after its first day, before today, and last 400 days at most."


class NoEarlierRun(Refused):
    """There is nothing to compare a settlement with, or it is about something else."""

    code = "no_earlier_run"
    number = 90003


class TooMuchAtOnce(Refused):
    """More values than one request settles; the command settles any number."""

    code = "too_much_at_once"
    number = 90004


class ClusterLost(Unavailable):
    """The cluster that should settle cannot be reached."""

    code = "cluster_lost"
    text = "The calculation cluster cannot be reached."
