"""What stations add to a running application."""

from gridloom.charging.stations.control import StationControl
from gridloom.kernel.http.call import Services


def provide(services: Services) -> None:
    """The ways to a station."""
    services.add(StationControl())
