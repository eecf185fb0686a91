"""What travels about graph runs."""

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from gridloom.metering.sensors.schemas import Ms
from gridloom.metering.signals.schemas import SignalResponse


class RunQuery(msgspec.Struct, kw_only=True):
    """Which graph, and the window [since, till) it is about: the last day when nothing is given."""

    graph_name: Annotated[str, Meta(min_length=1, max_length=64, description="Name of the graph's definition.")]
    since: Ms | UnsetType = UNSET
    till: Ms | UnsetType = UNSET


class GraphResult(SignalResponse, kw_only=True):
    """The values that one node of a graph wrote, all with origin 4.

    hook_from, hook_to: the node they came from, and the one that wrote them. signature_id: the same for the same graph,
    parameters and window. uncertain: some of the values are not to be relied upon; `com` says which.
    """

    hook_from: str
    hook_to: str
    signature_id: str
    uncertain: bool
