"""The logs as lists, newest first."""

from typing import Any

from sqlalchemy import ColumnElement, Text, cast, null

from gridloom.charging.stations.logs.schemas import HardwareLog, NetworkLog
from gridloom.charging.stations.logs.tables import hardware_status_log, network_status_log
from gridloom.charging.stations.tables import charge_point, evse
from gridloom.kernel.http.filters import since, until
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Named, Parent, Resource

SCOPE = "charging.charge-points"
POINTS, EVSES = ("resource / charge points",), ("resource / evses",)
H, N = hardware_status_log.c, network_status_log.c


def _unknown() -> ColumnElement[Any]:
    return cast(null(), Text)


def _hardware(
    path: str, title: str, name: str, parents: dict[str, Parent], scope: str, tags: Any, where: Any
) -> Resource:
    return Resource(
        hardware_status_log,
        path,
        title=title,
        shows=HardwareLog,
        scope=scope,
        verbs=("list",),
        parents=parents,
        where=where,
        pages=Pages.CURSOR,
        order=(H.at, H.id),
        descending=True,
        filters={"createdAfter": since(H.at), "createdBefore": until(H.at)},
        # What the codes of vendors mean stands in a catalogue of its own.
        columns={"timestamp": H.at, "error_code_description": _unknown(), "error_code_customer_action": _unknown()},
        tags=tags,
        names={"list": Named(name)},
        documented={"list": (422,)},
    )


STATION = Parent(H.charge_point_id, charge_point, owner=charge_point.c.operator_id)
charge_point_hardware_logs = _hardware(
    "charge-points/v2.0/{charge_point}/hardware-status-logs", "ChargePointHardwareLog", "listChargePointHardwareStatusLogs",
    {"charge_point": STATION}, SCOPE, POINTS, H.evse_id.is_(None),
)  # fmt: skip
evse_hardware_logs = _hardware(
    "evses/v2.0/{evse}/hardware-status-logs", "EvseHardwareLog", "listEvseHardwareStatusLogs",
    {"evse": Parent(H.evse_id, evse, owner=evse.c.operator_id)}, "charging.evses", EVSES, None,
)  # fmt: skip
network_logs = Resource(
    network_status_log,
    "charge-points/v2.0/{charge_point}/network-status-logs",
    title="ChargePointNetworkLog",
    shows=NetworkLog,
    scope=SCOPE,
    verbs=("list",),
    parents={"charge_point": Parent(N.charge_point_id, charge_point, owner=charge_point.c.operator_id)},
    pages=Pages.CURSOR,
    order=(N.at, N.id),
    descending=True,
    filters={"createdAfter": since(N.at), "createdBefore": until(N.at)},
    columns={"timestamp": N.at},
    tags=POINTS,
    names={"list": Named("listChargePointNetworkStatusLogs")},
    documented={"list": (422,)},
)
