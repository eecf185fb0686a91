"""What graphs refuse, and how they say so."""

from gridloom.kernel.errors import Invalid, NotFound, Unavailable


class WrongDefinition(ValueError):
    """A file that describes no graph; found when the definitions are loaded, so the server does not start with it."""

    def __init__(self, file: str, reason: str) -> None:
        super().__init__(f"{file}: {reason}")
        self.file = file
        self.reason = reason


class UnknownGraph(NotFound):
    """There is no graph of that name."""

    code = "graph_unknown"
    text = "There is no graph of this name."


class MissingValue(Invalid):
    """A placeholder of the graph has no value in the body."""

    code = "graph_value_missing"
    text = "A value that the graph needs is missing."


class WrongValue(Invalid):
    """The body or the window is not what the graph takes."""

    code = "graph_value_invalid"
    text = "A value is not what the graph takes."


class TookTooLong(Unavailable):
    """The run was given up at its time limit; nothing was written."""

    code = "graph_time_limit"
    text = "The graph took too long; nothing was written."


class ClusterUnreachable(Unavailable):
    """The scheduler of the cluster does not answer; nothing was calculated."""

    code = "graph_cluster_unreachable"
    text = "The calculation cluster is not available at the moment."
