"""The newest entry of each log. A log without an entry is not found."""

from collections.abc import Mapping
from typing import Any

from gridloom.charging.stations.logs import resources
from gridloom.charging.stations.logs.resources import EVSES, POINTS, SCOPE
from gridloom.charging.stations.logs.schemas import HardwareLog, NetworkLog
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import NotFound
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.pages import PageRequest
from gridloom.kernel.http.resource import Resource

ROOT = "/public-api/resources"
POINT = f"{ROOT}/charge-points/v2.0/{{charge_point}}"


async def _newest(tx: Tx, logs: Resource, path: Mapping[str, int]) -> Any:
    found = await logs.page(tx, PageRequest(size=1, number=1), {}, (), path)
    if not found.items:
        raise NotFound
    return found.items[0]


@action(
    "GET", f"{POINT}/latest-hardware-status-log", scope=f"{SCOPE}:read", faults=(NotFound,),
    answers={200: HardwareLog}, name="getChargePointLatestHardwareStatusLog", tags=POINTS,
)  # fmt: skip
async def latest_hardware_log(tx: Tx, charge_point: int) -> HardwareLog:
    """The state that a charge point reported last."""
    found: HardwareLog = await _newest(tx, resources.charge_point_hardware_logs, {"charge_point": charge_point})
    return found


@action(
    "GET", f"{POINT}/latest-network-status-log", scope=f"{SCOPE}:read", faults=(NotFound,),
    answers={200: NetworkLog}, name="getChargePointLatestNetworkStatusLog", tags=POINTS,
)  # fmt: skip
async def latest_network_log(tx: Tx, charge_point: int) -> NetworkLog:
    """Whether a charge point could be reached last."""
    found: NetworkLog = await _newest(tx, resources.network_logs, {"charge_point": charge_point})
    return found


@action(
    "GET", f"{ROOT}/evses/v2.0/{{evse}}/latest-hardware-status-log", scope="charging.evses:read",
    faults=(NotFound,), answers={200: HardwareLog}, name="getEvseLatestHardwareStatusLog", tags=EVSES,
)  # fmt: skip
async def latest_evse_log(tx: Tx, evse: int) -> HardwareLog:
    """The state that an EVSE reported last."""
    found: HardwareLog = await _newest(tx, resources.evse_hardware_logs, {"evse": evse})
    return found
