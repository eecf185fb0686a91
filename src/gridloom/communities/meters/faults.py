"""What this module refuses."""

from typing import ClassVar

from gridloom.communities.faults import Refused
from gridloom.kernel.errors import Conflict


class MeterThere(Conflict):
    """The community has a meter with this EAN already."""

    code = "meter_there"
    number: ClassVar[int] = 60000


class MeterInUse(Refused):
    """The meter takes part in a sharing operation, now or later."""

    code = "meter_in_use"
    number = 60002


class NoMeterToChange(Refused):
    """Whose data should change is no meter of the community."""

    code = "no_meter_to_change"
    number = 60004


class LaterPeriod(Refused):
    """The data of the meter change again later; only its latest period can be followed by another."""

    code = "later_period"
    number = 60006


class NoMeter(Refused):
    """The community has no meter with this EAN."""

    code = "no_meter"
    number = 60007


class MemberUnknown(Refused):
    """The community has no member with this id."""

    code = "meter_member_unknown"
    number = 50003
    says = "meter_member_unknown"


class OperationUnknown(Refused):
    """The community has no sharing operation with this id."""

    code = "meter_operation_unknown"
    number = 70009
    says = "meter_operation_unknown"


class MeterShared(Refused):
    """The meter takes part in another sharing operation on one of these days, in this community or in another one."""

    code = "meter_shared"
    number = 70006
    says = "meter_shared"
