"""What this module refuses."""

from gridloom.communities.faults import Refused


class NothingInOperation(Refused):
    """Nothing was consumed or injected in the operation in this time."""

    code = "nothing_in_operation"
    number = 70023


class NothingOfMeter(Refused):
    """There is nothing of the meter in this time that a file could hold."""

    code = "nothing_of_meter"
    number = 60003


class NoOperation(Refused):
    """The community has no sharing operation with this id."""

    code = "balance_no_operation"
    number = 70009


class NoMeter(Refused):
    """The community has no meter with this EAN."""

    code = "balance_no_meter"
    number = 60007


class TooManyDays(Refused):
    """The readings between the two days are more than one answer holds."""

    code = "too_many_days"
    number = 5005
    says = "too_many_days"
    status = 422


class EndBeforeStart(Refused):
    """The last day lies before the first."""

    code = "end_before_start"
    number = 5005
    says = "end_before_start"
    status = 422
