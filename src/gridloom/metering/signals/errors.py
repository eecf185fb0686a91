"""What is refused about signals."""

from gridloom.kernel.errors import Invalid, NotFound


class SignalTypeNotFound(NotFound):
    """No signal type has this number."""

    code = "signal_type_not_found"
    text = "There is no such signal type."


class WrongData(Invalid):
    """Values that cannot be taken; the path says where: item, column, place."""

    code = "wrong_data"
    text = "These values cannot be taken."
