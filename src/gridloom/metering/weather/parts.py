"""What the weather adds to a running application."""

from gridloom.kernel.http.call import Services
from gridloom.metering.weather.open_meteo import OpenMeteo
from gridloom.settings import Settings


def provide(services: Services) -> None:
    """The adapter of the weather service, when one is configured; without it the weather comes from files."""
    base = services.part(Settings).open_meteo_url
    if base is not None:
        service = OpenMeteo.at(base)
        services.add(service)
        services.running.append(service)
