"""What other parts of the charging API may use of stations.

Tables to point at are in `stations.tables` (`reference("charge_point_id", charge_point)`): that is all it takes to keep a row.
"""

from gridloom.charging.stations.configurations.schemas import STANDARD as STANDARD_VARIABLES
from gridloom.charging.stations.configurations.store import keep_variables
from gridloom.charging.stations.control import StationControl
from gridloom.charging.stations.limits import limits
from gridloom.charging.stations.logs.hardware import HardwareStatus, Place, append_hardware_statuses, evses_numbered
from gridloom.charging.stations.logs.store import append_hardware_status, append_network_status
from gridloom.charging.stations.older.presented import older_charge_point
from gridloom.charging.stations.operators.store import (
    add_operator,
    add_template,
    change_settings,
    currency_of_business,
    default_operator,
    settings,
)
from gridloom.charging.stations.registry import (
    Station,
    keep_password,
    record_boot,
    record_profile,
    station,
    stations_named,
)
from gridloom.charging.stations.store import station_of_caller

__all__ = [
    "STANDARD_VARIABLES",
    "HardwareStatus",
    "Place",
    "Station",
    "StationControl",
    "add_operator",
    "add_template",
    "append_hardware_status",
    "append_hardware_statuses",
    "append_network_status",
    "change_settings",
    "currency_of_business",
    "default_operator",
    "evses_numbered",
    "keep_password",
    "keep_variables",
    "limits",
    "older_charge_point",
    "record_boot",
    "record_profile",
    "settings",
    "station",
    "station_of_caller",
    "stations_named",
]
