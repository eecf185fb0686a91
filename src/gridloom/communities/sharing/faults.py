"""What this module refuses."""

from gridloom.communities.faults import Refused


class NoOperation(Refused):
    """The community has no sharing operation with this id."""

    code = "no_operation"
    number = 70009


class MetersInside(Refused):
    """Meters are in the operation, now or later."""

    code = "meters_inside"
    number = 70017


class NoOperationForKey(Refused):
    """The sharing operation that a key is handed in to is none of the community."""

    code = "no_operation_for_key"
    number = 70002


class NoSuchKey(Refused):
    """The key that is handed in is none of the community."""

    code = "no_key_to_hand_in"
    number = 70003


class NoOperationToDecide(Refused):
    """The sharing operation in which a key waits is none of the community."""

    code = "no_operation_to_decide"
    number = 70010


class KeyDoesNotWait(Refused):
    """The key does not wait for approval in this operation: never handed in, or decided already."""

    code = "key_does_not_wait"
    number = 70011


class NoOperationToEnter(Refused):
    """The sharing operation that meters should enter is none of the community."""

    code = "no_operation_to_enter"
    number = 70005


class MetersUnknown(Refused):
    """One of the meters is none of the community."""

    code = "meters_unknown"
    number = 70006


class MetersInAlready(Refused):
    """One of the meters is in this operation already."""

    code = "meters_in_already"
    number = 70006
    says = "meters_in_already"


class NoOperationOfMeter(Refused):
    """The sharing operation in which a meter should change is none of the community."""

    code = "no_operation_of_meter"
    number = 70012


class MeterUnknown(Refused):
    """The meter that should change is none of the community."""

    code = "meter_unknown"
    number = 70013


class MeterWithoutData(Refused):
    """The meter that should change has no data yet."""

    code = "meter_without_data"
    number = 70014


class MeterElsewhere(Refused):
    """The meter that should change is not in this operation."""

    code = "meter_elsewhere"
    number = 70015


class NoOperationToLeave(Refused):
    """The sharing operation that a meter should leave is none of the community."""

    code = "no_operation_to_leave"
    number = 70018


class LeavingMeterUnknown(Refused):
    """The meter that should leave is none of the community."""

    code = "leaving_meter_unknown"
    number = 70019


class LeavingMeterWithoutData(Refused):
    """The meter that should leave has no data yet."""

    code = "leaving_meter_without_data"
    number = 70020


class LeavingMeterElsewhere(Refused):
    """The meter that should leave is not in this operation."""

    code = "leaving_meter_elsewhere"
    number = 70021
