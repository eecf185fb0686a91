"""Shapes of power over time: a signal's own, a photovoltaic plant's, a wind turbine's. Pure; pvlib is imported on use.

edges: (n+1,) ms, the ends of n intervals. Every profile is (n,) and nowhere negative.
"""

from typing import Annotated, Any, Literal, NamedTuple

import numpy as np
from msgspec import Meta, Struct

from gridloom.metering.graphs.data import HOUR_MS, Times, Values

STANDARD_IRRADIANCE_W_M2 = 1000.0
WIND_MAST_M = 10.0
WIND_SHEAR = 0.143
_ALBEDO = 0.2


class Plant(Struct, forbid_unknown_fields=True, kw_only=True, frozen=True):
    """A generator whose output follows from the weather.

    power: peak (PV) or rated (wind), kW. inclination: degrees from the horizontal. orientation: azimuth in degrees
    clockwise from north, 180 is south. efficiency: of everything behind the module or rotor, 0 to 1. Speeds in m/s at
    hub height, hub_height in m above ground.
    """

    type: Literal["PV", "pv", "wind", "WIND"]
    power: Annotated[float, Meta(gt=0, le=1e7)]
    inclination: Annotated[float, Meta(ge=0, le=90)] = 35.0
    orientation: Annotated[float, Meta(ge=-360, le=360)] = 180.0
    efficiency: Annotated[float, Meta(gt=0, le=1)] | None = None
    cut_in_speed: Annotated[float, Meta(ge=0, le=100)] = 3.0
    cut_out_speed: Annotated[float, Meta(gt=0, le=100)] = 25.0
    rated_speed: Annotated[float, Meta(gt=0, le=100)] = 12.0
    hub_height: Annotated[float, Meta(ge=1, le=500)] = WIND_MAST_M

    def __post_init__(self) -> None:
        """Refuse a power curve that runs backwards."""
        if not self.cut_in_speed < self.rated_speed <= self.cut_out_speed:
            raise ValueError("cut_in_speed < rated_speed <= cut_out_speed does not hold")

    @property
    def is_pv(self) -> bool:
        """Whether the sun drives it."""
        return self.type.lower() == "pv"


class Profile(NamedTuple):
    """A shape (n,). absolute: its values are amounts in kWh. certain: made of known values for every interval."""

    values: Values
    absolute: bool
    certain: bool


def flat(edges: Times) -> Profile:
    """Constant power: what is assumed when nothing is known."""
    return Profile(hours(edges), absolute=False, certain=False)


def hours(edges: Times) -> Values:
    """The length of each interval."""
    lengths: Values = np.diff(edges) / HOUR_MS
    return lengths


def held(times: Times, values: Values, hold_ms: int, edges: Times) -> Values:
    """The mean of a series in each interval; NaN where the interval is not covered throughout.

    Each value holds until the next one comes, but not longer than hold_ms.
    """
    count = edges.size - 1
    if not times.size:
        return np.full(count, np.nan)
    ends = np.minimum(np.append(times[1:], times[-1] + hold_ms), times + hold_ms)
    # A value and its silence afterwards are two straight pieces of the running integral.
    corners = np.stack([times, ends], axis=1).ravel()
    lengths = np.stack([ends - times, np.zeros_like(times)], axis=1).ravel()
    amounts = lengths * np.repeat(values, 2)
    integral = np.concatenate([[0.0], np.cumsum(amounts)[:-1]])
    covered = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    inside = np.diff(np.interp(edges, corners, covered))
    mean = np.diff(np.interp(edges, corners, integral)) / np.maximum(inside, 1)
    return np.where(np.isclose(inside, np.diff(edges), rtol=0, atol=0.5), mean, np.nan)


def of_signal(means: Values, edges: Times) -> Profile:
    """The shape of a signal's means per interval; where it is unknown, the mean of what is known."""
    known = ~np.isnan(means)
    if not known.any():
        return flat(edges)
    positive = np.maximum(means, 0.0)
    lengths = hours(edges)
    middle = np.average(positive[known], weights=lengths[known])
    return Profile(np.where(known, positive, middle) * lengths, absolute=False, certain=bool(known.all()))


def of_register(times: Times, values: Values, hold_ms: int, edges: Times) -> Values:
    """Mean power (unit per hour) of a register in each interval; NaN where readings are further apart than hold_ms."""
    if times.size < 2:
        return np.full(edges.size - 1, np.nan)
    lengths = np.diff(times)
    power = np.where(lengths <= hold_ms, np.diff(values) / lengths * HOUR_MS, np.nan)
    known = ~np.isnan(power)
    return held(times[:-1][known], power[known], hold_ms, edges)


def photovoltaic(plant: Plant, lat: float, lon: float, irradiance: dict[str, Values], edges: Times) -> Profile:
    """What a plant yields: power · efficiency · irradiance on its plane / 1000 W/m².

    irradiance: means per interval of `global` (horizontal), `direct` (normal) and `diffuse` (horizontal), in W/m², NaN
    where unknown; each may be missing. With the global one alone the others follow from it (Erbs); without any the sky
    is taken for as clear as it is on average where it is known. The sun stands where it stands in the middle of an
    interval.
    """
    import pandas as pd
    import pvlib

    middles = pd.to_datetime((edges[:-1] + edges[1:]) // 2, unit="ms", utc=True)
    sun = pvlib.solarposition.get_solarposition(middles, lat, lon)
    zenith, azimuth = sun["zenith"].to_numpy(), sun["azimuth"].to_numpy()
    clear = pvlib.clearsky.haurwitz(sun["apparent_zenith"])["ghi"].to_numpy()
    unknown = np.full(zenith.size, np.nan)
    ghi, certain = _sky(irradiance.get("global", unknown), clear)
    estimated = pvlib.irradiance.erbs(ghi, zenith, middles)
    direct = _or(irradiance.get("direct", unknown), np.asarray(estimated["dni"]))
    diffuse = _or(irradiance.get("diffuse", unknown), np.asarray(estimated["dhi"]))
    plane: Any = pvlib.irradiance.get_total_irradiance(
        plant.inclination, plant.orientation, zenith, azimuth, direct, ghi, diffuse, albedo=_ALBEDO, model="isotropic"
    )
    received = np.where(zenith < 90.0, np.nan_to_num(np.asarray(plane["poa_global"])), 0.0)
    efficiency = 0.85 if plant.efficiency is None else plant.efficiency
    power_kw = plant.power * efficiency * np.maximum(received, 0.0) / STANDARD_IRRADIANCE_W_M2
    return Profile(power_kw * hours(edges), absolute=True, certain=certain)


def wind(plant: Plant, speeds: Values, edges: Times) -> Profile:
    """What a turbine yields from speeds (n,) in m/s at 10 m; where they are NaN the mean of the known ones counts."""
    known = ~np.isnan(speeds)
    if not known.any():
        return flat(edges)
    at_mast = np.where(known, speeds, speeds[known].mean())
    efficiency = 1.0 if plant.efficiency is None else plant.efficiency
    power_kw = efficiency * wind_power_kw(plant, lifted(at_mast, plant.hub_height))
    return Profile(power_kw * hours(edges), absolute=True, certain=bool(known.all()))


def lifted(speeds: Values, hub_height_m: float) -> Values:
    """Speeds at 10 m carried to hub height by the power law: v · (h / 10)^0.143."""
    at_hub: Values = np.maximum(speeds, 0.0) * (hub_height_m / WIND_MAST_M) ** WIND_SHEAR
    return at_hub


def wind_power_kw(plant: Plant, speeds: Values) -> Values:
    """Power curve: with the cube of the speed from cut-in to rated, rated to cut-out, nothing outside."""
    rated, start = plant.rated_speed**3, plant.cut_in_speed**3
    share = np.clip((speeds**3 - start) / (rated - start), 0.0, 1.0)
    running = (speeds >= plant.cut_in_speed) & (speeds <= plant.cut_out_speed)
    power: Values = np.where(running, plant.power * share, 0.0)
    return power


def _sky(ghi: Values, clear: Values) -> tuple[Values, bool]:
    """Global irradiance without holes, and whether there were none by day."""
    known = ~np.isnan(ghi)
    daylight = clear > 0.0
    if not (known & daylight).any():
        return np.where(known, np.maximum(ghi, 0.0), clear), bool(known.all())
    index = np.maximum(ghi[known & daylight], 0.0).sum() / clear[known & daylight].sum()
    return np.where(known, np.maximum(np.nan_to_num(ghi), 0.0), clear * index), bool((known | ~daylight).all())


def _or(known: Values, otherwise: Values) -> Values:
    return np.where(np.isnan(known), otherwise, np.maximum(np.nan_to_num(known), 0.0))
