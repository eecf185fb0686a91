"""The kinds of sensors and of meters there are. Numbers 1 and 12 are known from clients in the field, the others are ours."""

import msgspec


class SensorType(msgspec.Struct, frozen=True):
    """A kind of sensor. The custom fields are JSON that describes what `info` is expected to hold."""

    id: int
    name: str
    description: str
    sensor_state_custom_fields: str | None = None
    sensor_custom_fields: str | None = None
    is_system_type: bool = True


class MeterType(msgspec.Struct, frozen=True):
    """A kind of meter. is_ami: read remotely by itself; is_dcu: a concentrator that others report to."""

    id: int
    name: str
    is_ami: bool
    is_dcu: bool


RATIOS = '{"multiplier":"number","current_ratio":"number","voltage_ratio":"number"}'

VIRTUAL = 1
METER_STATION = 12
WEATHER_STATION = 20
DEFAULT_TYPE = METER_STATION

SENSOR_TYPES = {
    each.id: each
    for each in (
        SensorType(VIRTUAL, "virtual", "Values that no device measures: sums, forecasts, weather of a place."),
        SensorType(METER_STATION, "meter_station", "A place where a meter hangs.", RATIOS, RATIOS),
        SensorType(13, "pv_plant", "A photovoltaic plant.", RATIOS, '{"power":"number","inclination":"number"}'),
        SensorType(14, "charge_point", "The meter of a charge point.", RATIOS, RATIOS),
        SensorType(15, "battery", "The meter of a battery.", RATIOS, RATIOS),
        SensorType(16, "temperature_sensor", "A thermometer in a building or a machine."),
        SensorType(WEATHER_STATION, "weather_station", "Weather of one place, measured or forecast."),
    )
}

METER_TYPES = {
    each.id: each
    for each in (
        MeterType(1, "manual", is_ami=False, is_dcu=False),
        MeterType(2, "smart", is_ami=True, is_dcu=False),
        MeterType(3, "concentrator", is_ami=False, is_dcu=True),
        MeterType(4, "smart_concentrator", is_ami=True, is_dcu=True),
    )
}
