"""Make the sample anew: `python -m gridloom.samples.make [FOLDER]` writes the three files, the same bytes every time.

Needs demandlib (the standard load profiles of the German energy association, edition 2025) and pvlib; both are tools
of development. Household energy is the profile H25 scaled to the household's year, shifted and roughened by its own
habits; a roof's is what the sample's weather gives its plane.
"""

import sys
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np

from gridloom.metering.graphs import profiles
from gridloom.metering.graphs.data import HOUR_MS, Times, Values
from gridloom.metering.weather.rules import Point, Position, Samples, blend, shares
from gridloom.samples import sky
from gridloom.samples.noise import chance, drift
from gridloom.samples.readings import EXPORT, FOLDER, IMPORT, STEP, ZONE, Meter, stamp

FIRST = datetime(2026, 3, 1, tzinfo=ZoneInfo(ZONE))
LAST = datetime(2026, 4, 5, tzinfo=ZoneInfo(ZONE))

_QUARTER_MS = HOUR_MS // 4
_YEARLY_KWH = (1850, 2200, 2450, 2700, 2900, 3100, 3300, 3500, 3700, 3950, 4300, 4700, 5200, 5900, 6800)
_ROOFS = ((4, 35, 180), (6, 40, 135), (10, 20, 245))
_GS1_FICTITIOUS = "5499999000000"
_SMALLEST = Decimal("0.001")


def meters() -> list[Meter]:
    """The metering points; numbers, places and registers follow from their order."""
    households = [
        Meter(
            ean(number),
            f"Household {number}",
            IMPORT,
            Decimal(yearly),
            *_place(number),
            None,
            None,
            Decimal(yearly) * (2 + number % 4) + _thousandth(chance("register", number)),
        )
        for number, yearly in enumerate(_YEARLY_KWH, start=1)
    ]
    roofs = [
        Meter(
            ean(100 + number),
            f"Roof {number}",
            EXPORT,
            Decimal(peak),
            *_place(100 + number),
            float(inclination),
            float(orientation),
            Decimal(peak) * 900 + _thousandth(chance("register", 100 + number)),
        )
        for number, (peak, inclination, orientation) in enumerate(_ROOFS, start=1)
    ]
    return households + roofs


def ean(number: int) -> str:
    """An 18-digit number of a metering point in Belgium, with its check digit (GS1: weights 3 and 1 from the right)."""
    digits = f"{_GS1_FICTITIOUS}{number:04}"
    weighted = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return f"{digits}{-weighted % 10}"


def household(meter: Meter, quarters: list[datetime]) -> list[Decimal]:
    """kWh of each quarter hour: the standard profile, this household's hours, day's mood, and appliances."""
    profile = _standard_profile()
    shift = round(6 * (chance(meter.ean, "shift") - 0.5)) * STEP
    found: list[Decimal] = []
    for quarter in quarters:
        local = quarter.astimezone(ZoneInfo(ZONE)).replace(tzinfo=None)
        usual_kw = profile[local + shift] * float(meter.size) / 1_000_000
        mood = 0.75 + 0.5 * chance(meter.ean, "day", local.date())
        rough = 0.55 + 0.9 * drift(meter.ean, quarter.timestamp(), 2700)
        boost = 2.2 if chance(meter.ean, "appliance", quarter.isoformat()) > 0.97 else 1.0
        found.append(_thousandth(usual_kw * mood * rough * boost / 4))
    return found


def roof(meter: Meter, edges: Times, hours: Iterable[sky.Hour]) -> list[Decimal]:
    """kWh of each quarter hour under the sample's weather."""
    if meter.inclination is None or meter.orientation is None:
        raise ValueError(f"{meter.name} has no plane")
    plant = profiles.Plant(
        type="PV", power=float(meter.size), inclination=meter.inclination, orientation=meter.orientation
    )
    irradiance = _irradiance(Position(meter.lat, meter.lon), list(hours), edges)
    made = profiles.photovoltaic(plant, meter.lat, meter.lon, irradiance, edges)
    return [_thousandth(value) for value in made.values.tolist()]


def files() -> dict[str, str]:
    """The text of each file by its name."""
    first_ms, last_ms = (round(end.timestamp() * 1000) for end in (FIRST, LAST))
    edges: Times = np.arange(first_ms, last_ms + 1, _QUARTER_MS, dtype=np.int64)
    quarters = [datetime.fromtimestamp(ms / 1000, UTC) for ms in edges[:-1].tolist()]
    hours = sky.weather(first_ms, last_ms)
    points = meters()
    columns = [roof(meter, edges, hours) if meter.signal == EXPORT else household(meter, quarters) for meter in points]
    return {
        "points.csv": _csv(
            ["ean", "name", "signal", "size", "lat", "lon", "inclination", "orientation", "start_kwh"],
            [["" if value is None else str(value) for value in meter] for meter in points],
        ),
        "energy.csv": _csv(
            ["time", *(meter.ean for meter in points)],
            [[stamp(quarter), *(f"{column[place]:f}" for column in columns)] for place, quarter in enumerate(quarters)],
        ),
        "weather.csv": _csv(
            ["time", "lat", "lon", *sky.COLUMNS],
            [
                [stamp(datetime.fromtimestamp(hour.time_ms / 1000, UTC)), f"{hour.lat}", f"{hour.lon}"]
                + [f"{value:g}" if value == int(value) else str(value) for value in hour.values]
                for hour in hours
            ],
        ),
    }


@cache
def _standard_profile() -> dict[datetime, float]:
    """Power in kW of a consumption of 1 GWh a year, by the quarter hour of the clock on the wall."""
    import pandas as pd
    from demandlib.bdew import H25

    first, last = (end.replace(tzinfo=None) for end in (FIRST - timedelta(days=1), LAST + timedelta(days=1)))
    profile = H25(pd.date_range(first, last, freq="15min", inclusive="left"))
    return dict(zip(profile.index.to_pydatetime().tolist(), profile.tolist(), strict=True))


def _irradiance(at: Position, hours: list[sky.Hour], edges: Times) -> dict[str, Values]:
    found: dict[str, Values] = {}
    points = [Point(place, *place) for place in sky.POINTS]
    for name in ("global", "direct", "diffuse"):
        column = sky.COLUMNS.index(f"{name}_irradiance")
        parts: list[tuple[float, Samples]] = []
        for place, weight in shares(at, points):
            own = [hour for hour in hours if (hour.lat, hour.lon) == place]
            times = np.array([hour.time_ms for hour in own], np.int64)
            parts.append((weight, Samples(times, np.array([hour.values[column] for hour in own]))))
        blended = blend(parts)
        found[name] = profiles.held(blended.times, blended.values, HOUR_MS, edges)
    return found


def _place(number: int) -> tuple[float, float]:
    return round(50.41 + 0.08 * chance("lat", number), 5), round(4.81 + 0.08 * chance("lon", number), 5)


def _thousandth(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(_SMALLEST)


def _csv(header: list[str], rows: list[list[str]]) -> str:
    return "".join(",".join(row) + "\n" for row in [header, *rows])


def main(arguments: list[str]) -> None:
    """Write the files into the folder that is named, or where they are shipped."""
    folder = Path(arguments[0]) if arguments else FOLDER
    for name, text in files().items():
        (folder / name).write_text(text, encoding="ascii", newline="\n")
        sys.stdout.write(f"{name}: {len(text):,} bytes\n")


if __name__ == "__main__":
    main(sys.argv[1:])
