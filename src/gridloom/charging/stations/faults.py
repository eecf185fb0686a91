"""What the parts of a station refuse in common."""

from gridloom.kernel.errors import Fault, Invalid


class StillInUse(Invalid):
    """A row that stations, sessions or records still need."""

    text = "This is still in use."


class NotAccepted(Fault):
    """The station rejected a command, or nobody can reach it now."""

    status = 406
    code = "not_accepted"
    text = "The charge point is not connected, or did not accept this."
