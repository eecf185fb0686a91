"""The sample as it is shipped: the meters, their energy, and the long form of readings; needs nothing but Python.

`python -m gridloom.samples.readings readings.csv` writes that long form: `ean,signal,time,value,unit,origin`.
"""

import csv
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal, NamedTuple

FOLDER = Path(__file__).parent
POINTS = FOLDER / "points.csv"
ENERGY = FOLDER / "energy.csv"
WEATHER = FOLDER / "weather.csv"

ZONE = "Europe/Brussels"
STEP = timedelta(minutes=15)
IMPORT, EXPORT = 32, 34
AMOUNT_OF = {IMPORT: 132, EXPORT: 134}
UNIT = "kW.h"
MEASURED = 1
HEADER = ("ean", "signal", "time", "value", "unit", "origin")

Form = Literal["register", "amount"]


class Meter(NamedTuple):
    """A metering point of the sample.

    signal: the register's, 32 for what is taken from the grid, 34 for what is given to it. size: a household's kWh a
    year, a roof's kW
    at peak. inclination, orientation: of a roof, in degrees (orientation clockwise from north); None for a household.
    start_kwh: the register when the sample begins.
    """

    ean: str
    name: str
    signal: int
    size: Decimal
    lat: float
    lon: float
    inclination: float | None
    orientation: float | None
    start_kwh: Decimal


class Reading(NamedTuple):
    """A value of one meter. time: of a register, when it was read; of an amount, when its quarter hour begins."""

    ean: str
    signal: int
    time: datetime
    value: Decimal


def meters() -> list[Meter]:
    """Every metering point, households first."""
    with POINTS.open(encoding="ascii", newline="") as file:
        return [_meter(row) for row in csv.DictReader(file)]


def energy() -> dict[str, list[tuple[datetime, Decimal]]]:
    """kWh of each quarter hour, by EAN: (beginning in UTC, energy), in the order of time."""
    with ENERGY.open(encoding="ascii", newline="") as file:
        header, *rows = csv.reader(file)
    times = [datetime.fromisoformat(row[0]) for row in rows]
    columns = list(zip(*rows, strict=True))[1:]
    return {
        ean: [(time, Decimal(value)) for time, value in zip(times, column, strict=True)]
        for ean, column in zip(header[1:], columns, strict=True)
    }


def readings(form: Form = "register") -> Iterator[Reading]:
    """Every reading, meter by meter.

    As registers (signals 32 and 34) there is one more of a meter than it has quarter hours; as amounts (signals 132 and
    134) one for each.
    """
    known = energy()
    for meter in meters():
        amounts = known[meter.ean]
        if form == "amount":
            yield from (Reading(meter.ean, AMOUNT_OF[meter.signal], time, value) for time, value in amounts)
            continue
        standing = meter.start_kwh
        yield Reading(meter.ean, meter.signal, amounts[0][0], standing)
        for time, value in amounts:
            standing += value
            yield Reading(meter.ean, meter.signal, time + STEP, standing)


def write_readings(path: Path, form: Form = "register") -> int:
    """The long form as CSV, for `gridloom import readings`. Returns the number of readings."""
    count = 0
    with path.open("w", encoding="ascii", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for each in readings(form):
            writer.writerow((each.ean, each.signal, stamp(each.time), each.value, UNIT, MEASURED))
            count += 1
    return count


def stamp(time: datetime) -> str:
    """An instant as the files have it: `2026-02-28T23:00:00Z`."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _meter(row: dict[str, str]) -> Meter:
    return Meter(
        row["ean"],
        row["name"],
        int(row["signal"]),
        Decimal(row["size"]),
        float(row["lat"]),
        float(row["lon"]),
        float(row["inclination"]) if row["inclination"] else None,
        float(row["orientation"]) if row["orientation"] else None,
        Decimal(row["start_kwh"]),
    )


def main(arguments: list[str]) -> None:
    """Write the long form to the file that is named, register readings unless `amount` follows."""
    if not 1 <= len(arguments) <= 2 or arguments[1:] not in ([], ["register"], ["amount"]):
        raise SystemExit("usage: python -m gridloom.samples.readings FILE [register|amount]")
    count = write_readings(Path(arguments[0]), "amount" if arguments[1:] == ["amount"] else "register")
    sys.stdout.write(f"{count:,} readings\n")


if __name__ == "__main__":
    main(sys.argv[1:])
