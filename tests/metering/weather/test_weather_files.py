"""Weather files: what is taken, what is refused, and that a second import changes nothing."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from tests.metering.weather.weather_memory import MemoryStore

from gridloom.metering.weather import importer
from gridloom.metering.weather.faults import WrongFile
from gridloom.metering.weather.quantities import BY_NAME, QUANTITIES, WEATHER_MOIDS
from gridloom.metering.weather.reading import BeyondReach, weather_at
from gridloom.metering.weather.rules import Position

GOOD = """time,lat,lon,temperature,wind_speed[km/h]
2026-03-20T00:00:00Z,50.8,4.3,280.5,36
2026-03-20T02:00:00+01:00,50.8,4.3,281.0,
2026-03-20T00:00:00Z,50.9,4.3,279.25,18
"""
MIDNIGHT = 1_773_964_800_000


def written(folder: Path, text: str) -> Path:
    path = folder / "weather.csv"
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(folder: Path, text: str) -> list[str]:
    with pytest.raises(WrongFile) as refused:
        importer.read_file(written(folder, text))
    return refused.value.problems


def test_each_weather_signal_has_its_own_moid_in_the_range_set_aside() -> None:
    assert len({quantity.moid for quantity in QUANTITIES}) == len(QUANTITIES) == 9
    assert all(quantity.moid in WEATHER_MOIDS for quantity in QUANTITIES)
    assert [(quantity.unit_id, quantity.measures) for quantity in QUANTITIES[:2]] == [
        (40, "temperature"),
        (80, "irradiance"),
    ]


def test_a_csv_file_becomes_one_series_per_place_and_signal_in_stored_units(tmp_path: Path) -> None:
    found = importer.read_file(written(tmp_path, GOOD))
    assert [(series.at, series.quantity.name) for series in found] == [
        (Position(50.8, 4.3), "temperature"),
        (Position(50.8, 4.3), "wind_speed"),
        (Position(50.9, 4.3), "temperature"),
        (Position(50.9, 4.3), "wind_speed"),
    ]
    assert found[0].samples.times.tolist() == [MIDNIGHT, MIDNIGHT + 3_600_000]
    assert found[0].samples.values.tolist() == [280.5, 281.0]
    assert found[1].samples.times.tolist() == [MIDNIGHT]
    assert found[1].samples.values.tolist() == [10.0]


def test_a_parquet_file_says_the_same_as_the_csv_file(tmp_path: Path) -> None:
    path = tmp_path / "weather.parquet"
    pl.DataFrame(
        {
            "time": [datetime(2026, 3, 20, 0, tzinfo=UTC), datetime(2026, 3, 20, 1, tzinfo=UTC)],
            "lat": [50.8, 50.8],
            "lon": [4.3, 4.3],
            "601": [280.5, None],
            "wind_speed[km/h]": [36, 18],
        }
    ).write_parquet(path)
    temperature, wind = importer.read_file(path)
    assert temperature.samples.times.tolist() == [MIDNIGHT]
    assert wind.samples.values.tolist() == [10.0, 5.0]


def test_rows_in_any_order_come_out_in_the_order_of_time(tmp_path: Path) -> None:
    head, *rows = GOOD.splitlines()
    found = importer.read_file(written(tmp_path, "\n".join([head, *reversed(rows)])))
    assert found[0].samples.values.tolist() == [280.5, 281.0]


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("2026-03-20T00:00:00,50.8,4.3,280", "row 1, time: '2026-03-20T00:00:00' is no instant with an offset"),
        ("yesterday,50.8,4.3,280", "row 1, time: 'yesterday' is no instant with an offset"),
        (",50.8,4.3,280", "row 1, time: None is no instant with an offset"),
        ("2026-03-20T00:00:00Z,95,4.3,280", "row 1, lat: '95' does not lie between -90 and 90"),
        ("2026-03-20T00:00:00Z,NaN,4.3,280", "row 1, lat: 'NaN' does not lie between -90 and 90"),
        ("2026-03-20T00:00:00Z,50.8,,280", "row 1, lon: None does not lie between -180 and 180"),
        ("2026-03-20T00:00:00Z,50.8,4.3,12.5", "row 1, temperature: '12.5' does not lie between 150 and 350 K"),
        ("2026-03-20T00:00:00Z,50.8,4.3,warm", "row 1, temperature: 'warm' does not lie between 150 and 350 K"),
        ("2026-03-20T00:00:00Z,50.8,4.3,nan", "row 1, temperature: 'nan' does not lie between 150 and 350 K"),
        ("2026-03-20T00:00:00Z,50.8,4.3,inf", "row 1, temperature: 'inf' does not lie between 150 and 350 K"),
    ],
)
def test_a_wrong_cell_is_refused_with_its_row_and_column(tmp_path: Path, cell: str, said: str) -> None:
    assert problems_of(tmp_path, f"time,lat,lon,temperature\n{cell}\n") == [said]


def test_all_wrong_cells_are_named_at_once_and_not_more_than_twenty(tmp_path: Path) -> None:
    rows = "\n".join(f"2026-03-20T{hour:02}:00:00Z,99,4.3,0" for hour in range(24))
    found = problems_of(tmp_path, f"time,lat,lon,temperature\n{rows}\n")
    assert len(found) == 20
    assert found[0] == "row 1, lat: '99' does not lie between -90 and 90"


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("time,lat,temperature", "the column lon is missing"),
        ("time,lat,lon", "there is no column with a signal"),
        ("time,lat,lon,happiness", "the column 'happiness' is no weather signal"),
        ("time,lat,lon,999", "the column '999' is no weather signal"),
        ("time,lat,lon,temperature[kW]", "temperature is given in one of K, degC, degF"),
        ("time,lat,lon,temperature,temperature[°C]", "gives temperature a second time"),
    ],
)
def test_a_wrong_header_is_refused(tmp_path: Path, header: str, said: str) -> None:
    assert said in problems_of(tmp_path, f"{header}\n")[0]


def test_a_time_and_place_given_twice_is_refused(tmp_path: Path) -> None:
    double = "time,lat,lon,humidity\n" + "2026-03-20T00:00:00Z,50.8,4.3,50\n" * 2
    assert problems_of(tmp_path, double) == ["row 2: this time and place were there before"]


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xfe\x00\x01", b"time,lat,lon,humidity\n1,2,3,4,5,6\n", b"PAR1 not parquet"]
)
@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, ending: str) -> None:
    path = tmp_path / f"weather.{ending}"
    path.write_bytes(content)
    with pytest.raises(WrongFile):
        importer.read_file(path)


def test_a_file_that_is_not_there_is_refused_without_its_folder(tmp_path: Path) -> None:
    with pytest.raises(WrongFile) as refused:
        importer.read_file(tmp_path / "none.csv")
    assert refused.value.problems == ["none.csv: No such file or directory"]


async def test_a_second_import_of_the_same_file_writes_nothing(tmp_path: Path) -> None:
    store, series = MemoryStore(), importer.read_file(written(tmp_path, GOOD))
    first = await importer.store_series(store, series)
    again = await importer.store_series(store, series)
    assert first == importer.Stored(points=2, written=5, unchanged=0)
    assert again == importer.Stored(points=2, written=0, unchanged=5)
    assert store.writes == 5
    assert len(store.places) == 2


async def test_only_the_changed_value_of_a_new_edition_is_written(tmp_path: Path) -> None:
    store = MemoryStore()
    await importer.store_series(store, importer.read_file(written(tmp_path, GOOD)))
    changed = importer.read_file(written(tmp_path, GOOD.replace("281.0", "281.5")))
    assert await importer.store_series(store, changed) == importer.Stored(points=2, written=1, unchanged=4)


async def test_weather_between_two_points_is_read_between_their_values(tmp_path: Path) -> None:
    store = MemoryStore()
    await importer.store_series(store, importer.read_file(written(tmp_path, GOOD)))
    found = await weather_at(store, Position(50.86, 4.3), 601, MIDNIGHT, MIDNIGHT + 3_600_000)
    assert found.samples.times.tolist() == [MIDNIGHT]
    assert np.allclose(found.samples.values, [280.5 * 0.4 + 279.25 * 0.6])
    assert store.places[found.nearest] == (50.9, 4.3)


async def test_weather_beyond_reach_or_of_a_signal_without_points_is_not_found(tmp_path: Path) -> None:
    store = MemoryStore()
    await importer.store_series(store, importer.read_file(written(tmp_path, GOOD)))
    with pytest.raises(BeyondReach):
        await weather_at(store, Position(51.5, 4.3), 601, MIDNIGHT, MIDNIGHT + 1)
    with pytest.raises(BeyondReach):
        await weather_at(store, Position(50.8, 4.3), BY_NAME["pressure"].moid, MIDNIGHT, MIDNIGHT + 1)
