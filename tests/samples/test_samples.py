"""The shipped sample: made again byte for byte, and what it promises."""

import csv
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from gridloom.metering.weather import importer
from gridloom.metering.weather.rules import Position
from gridloom.samples import make, readings

BRUSSELS = ZoneInfo("Europe/Brussels")
NAMES = ("energy.csv", "points.csv", "weather.csv")


@pytest.fixture(scope="module")
def energy() -> dict[str, list[tuple[datetime, Decimal]]]:
    return readings.energy()


def test_making_the_sample_again_gives_the_shipped_bytes(tmp_path: Path) -> None:
    make.main([str(tmp_path)])
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(NAMES)
    for name in NAMES:
        assert (tmp_path / name).read_bytes() == (readings.FOLDER / name).read_bytes(), name


def test_the_sample_stays_small() -> None:
    assert sum((readings.FOLDER / name).stat().st_size for name in NAMES) < 800_000


def test_there_are_fifteen_households_and_three_roofs() -> None:
    assert Counter(meter.signal for meter in readings.meters()) == {32: 15, 34: 3}
    assert all((meter.inclination is None) == (meter.signal == 32) for meter in readings.meters())


def test_every_number_of_a_meter_has_eighteen_digits_and_a_right_check_digit() -> None:
    numbers = [meter.ean for meter in readings.meters()]
    assert len(set(numbers)) == 18
    for number in numbers:
        assert len(number) == 18
        assert number.startswith("54")
        # Eighteen digits: the first stands at an even distance from the check digit's left neighbour and weighs 3.
        assert sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(number)) % 10 == 0


def test_every_meter_has_every_quarter_hour_of_the_window(
    energy: dict[str, list[tuple[datetime, Decimal]]],
) -> None:
    first = datetime(2026, 2, 28, 23, tzinfo=UTC)
    expected = [first + place * timedelta(minutes=15) for place in range(839 * 4)]
    assert sorted(energy) == sorted(meter.ean for meter in readings.meters())
    for amounts in energy.values():
        assert [time for time, _ in amounts] == expected


def test_the_day_on_which_the_clocks_change_has_twenty_three_hours(
    energy: dict[str, list[tuple[datetime, Decimal]]],
) -> None:
    days = Counter(time.astimezone(BRUSSELS).date() for time, _ in next(iter(energy.values())))
    assert len(days) == 35
    assert days.pop(date(2026, 3, 29)) == 92
    assert set(days.values()) == {96}


def test_energy_has_three_decimals_and_is_never_negative(energy: dict[str, list[tuple[datetime, Decimal]]]) -> None:
    values = [value for amounts in energy.values() for _, value in amounts]
    assert all(value.as_tuple().exponent == -3 for value in values)
    assert min(values) == 0


def test_households_use_about_their_share_of_a_year(energy: dict[str, list[tuple[datetime, Decimal]]]) -> None:
    for meter in readings.meters():
        if meter.signal == readings.IMPORT:
            used = sum((value for _, value in energy[meter.ean]), Decimal(0))
            usual = meter.size * 839 / 8760
            assert Decimal("0.8") * usual < used < Decimal("1.3") * usual


def test_roofs_give_nothing_by_night_and_never_more_than_their_peak(
    energy: dict[str, list[tuple[datetime, Decimal]]],
) -> None:
    for meter in readings.meters():
        if meter.signal == readings.EXPORT:
            night = [value for time, value in energy[meter.ean] if time.hour in (20, 21, 22, 23, 0, 1, 2, 3)]
            assert set(night) == {Decimal("0.000")}
            assert meter.size / 8 < max(value for _, value in energy[meter.ean]) < meter.size / 4


def test_registers_start_where_the_meter_stood_and_end_with_everything_counted(
    energy: dict[str, list[tuple[datetime, Decimal]]],
) -> None:
    by_meter: dict[str, list[readings.Reading]] = {}
    for reading in readings.readings():
        by_meter.setdefault(reading.ean, []).append(reading)
    for meter in readings.meters():
        register = by_meter[meter.ean]
        assert len(register) == len(energy[meter.ean]) + 1
        assert register[0].value == meter.start_kwh
        assert register[-1].value - register[0].value == sum(value for _, value in energy[meter.ean])
        assert {reading.signal for reading in register} == {meter.signal}


def test_the_long_form_is_a_file_of_readings(tmp_path: Path, energy: dict[str, list[tuple[datetime, Decimal]]]) -> None:
    path = tmp_path / "readings.csv"
    done = subprocess.run(
        [sys.executable, "-m", "gridloom.samples.readings", str(path), "amount"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "60,408 readings\n"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["ean", "signal", "time", "value", "unit", "origin"]
    assert rows[0]["time"] == "2026-02-28T23:00:00Z"
    assert {(row["unit"], row["origin"]) for row in rows} == {("kW.h", "1")}
    assert Counter(row["signal"] for row in rows) == {"132": 15 * 3356, "134": 3 * 3356}
    for ean, amounts in energy.items():
        assert sum(Decimal(row["value"]) for row in rows if row["ean"] == ean) == sum(value for _, value in amounts)
    assert readings.write_readings(path) == 60_426


def test_the_sample_weather_is_a_weather_file_around_its_meters() -> None:
    series = importer.read_file(readings.WEATHER)
    assert len(series) == 4 * 9
    assert {each.at for each in series} == {Position(lat, lon) for lat in (50.4, 50.5) for lon in (4.8, 4.9)}
    assert {each.samples.times.size for each in series} == {839}
    assert all(50.4 < meter.lat < 50.5 and 4.8 < meter.lon < 4.9 for meter in readings.meters())
