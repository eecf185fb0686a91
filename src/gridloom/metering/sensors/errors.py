"""What is refused about sensors and their states."""

from gridloom.kernel.errors import Conflict, Invalid, NotFound


class SensorNotFound(NotFound):
    """No such sensor, or none that the caller may read."""

    code = "sensor_not_found"
    text = "There is no such sensor."


class StateNotFound(NotFound):
    """No such sensor state or signal state, or none that the caller may read."""

    code = "state_not_found"
    text = "There is no such state."


class SensorTaken(Conflict):
    """The client has a sensor with this number already."""

    code = "sensor_taken"
    text = "This client has a sensor with this sensor_eid already."


class StatesOverlap(Conflict):
    """Two meters cannot hang at one sensor at once."""

    code = "states_overlap"
    text = "Another state of this sensor overlaps with this period."


class SignalStateTaken(Invalid):
    """A state holds the readings of a signal once."""

    code = "signal_state_taken"
    text = "This state holds readings of this signal already."
