"""What weather is measured in: the signals, their moids, their units, and what counts as a believable value.

The moids 600 to 699 are set aside for weather. Every value is stored in the one unit of its quantity; what arrives in
another unit is converted on the way in, and what is not believable in its unit is refused: a temperature of 12 in a
column of kelvins is a mistake and not a cold day.
"""

from collections.abc import Mapping
from types import MappingProxyType

import msgspec

from gridloom.kernel import units

WEATHER_MOIDS = range(600, 700)


class Quantity(msgspec.Struct, frozen=True):
    """One weather signal; its values are states at an instant, or the mean of the interval that begins there.

    unit: the symbol of the stored unit. lowest, highest: the bounds of a believable value. circular: degrees of a
    compass, where 359 and 1 lie side by side.
    """

    moid: int
    name: str
    label: str
    unit: str
    lowest: float
    highest: float
    circular: bool = False

    @property
    def unit_id(self) -> int:
        """The number of the stored unit."""
        return units.unit(self.unit).id

    @property
    def measures(self) -> str:
        """The physical quantity that the unit belongs to, such as `temperature` or `ratio`."""
        return units.unit(self.unit).quantity


TEMPERATURE = Quantity(601, "temperature", "Air temperature at 2 m", "K", 150.0, 350.0)
GLOBAL_IRRADIANCE = Quantity(602, "global_irradiance", "Irradiance on the horizontal", "W/m2", -20.0, 2000.0)
DIRECT_IRRADIANCE = Quantity(603, "direct_irradiance", "Direct irradiance facing the sun", "W/m2", -20.0, 2000.0)
DIFFUSE_IRRADIANCE = Quantity(604, "diffuse_irradiance", "Diffuse irradiance", "W/m2", -20.0, 2000.0)
WIND_SPEED = Quantity(605, "wind_speed", "Wind speed at 10 m", "m/s", 0.0, 120.0)
WIND_DIRECTION = Quantity(606, "wind_direction", "Where the wind comes from", "deg", 0.0, 360.0, circular=True)
HUMIDITY = Quantity(607, "humidity", "Relative humidity at 2 m", "%", 0.0, 105.0)
PRESSURE = Quantity(608, "pressure", "Air pressure at the surface", "hPa", 300.0, 1100.0)
CLOUD_COVER = Quantity(609, "cloud_cover", "Cloud cover", "%", 0.0, 100.0)

QUANTITIES: tuple[Quantity, ...] = (
    TEMPERATURE,
    GLOBAL_IRRADIANCE,
    DIRECT_IRRADIANCE,
    DIFFUSE_IRRADIANCE,
    WIND_SPEED,
    WIND_DIRECTION,
    HUMIDITY,
    PRESSURE,
    CLOUD_COVER,
)
BY_MOID: Mapping[int, Quantity] = MappingProxyType({each.moid: each for each in QUANTITIES})
BY_NAME: Mapping[str, Quantity] = MappingProxyType({each.name: each for each in QUANTITIES})
