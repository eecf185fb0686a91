"""What a caller of the API is told when a station could not be made to do something."""

from gridloom.charging.ocpp.public import Answered, Offline, Outcome, TimedOut
from gridloom.kernel.errors import Fault


class Refused406(Fault):
    """The station answered no, or could not be asked."""

    status = 406
    code = "not_accepted"
    text = "The charge point did not accept this."


class NoAnswer408(Fault):
    """The station was asked and did not answer in time; it may still have done it."""

    status = 408
    code = "no_answer"
    text = "The charge point did not answer in time."


class NotConnected424(Fault):
    """The station is not connected."""

    status = 424
    code = "not_connected"
    text = "The charge point is not connected."


def refused(outcome: Outcome, *, only: int | None = None) -> Fault:
    """The fault that tells how a call ended.

    only: 406 where the operation knows neither 408 nor 424; the text then still says what happened. For an `Answered` it
    is the fault of a station that answered no: whether it did is for the caller to read.
    """
    if isinstance(outcome, TimedOut):
        return Refused406(NoAnswer408.text) if only == 406 else NoAnswer408()
    if isinstance(outcome, Offline):
        return Refused406(NotConnected424.text) if only == 406 else NotConnected424()
    if isinstance(outcome, Answered):
        status = outcome.payload.get("status")
        return Refused406(f"The charge point answered {status}." if isinstance(status, str) else "")
    return Refused406()
