"""Files of readings: what is read, how, and what is refused at which row."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.metering.calls import T0, data, sensor, values
from tests.suites.client import Caller, Callers

from gridloom.kernel.errors import Invalid
from gridloom.metering.imports.frames import WrongFile
from gridloom.metering.imports.importer import Imported, import_file

HEADER = "ean,signal,time,value"
EAN = "541448820000000011"


@pytest.fixture
async def caller(callers: Callers) -> Caller:
    """Who may do everything in the tenant of the test."""
    return await callers.with_scopes("metering", ["*"])


class Folder:
    """Files, and their import into the tenant of a caller."""

    def __init__(self, caller: Caller, folder: Path) -> None:
        self.caller = caller
        self.folder = folder

    def csv(self, *lines: str, name: str = "readings.csv", end: str = "\n", start: bytes = b"") -> Path:
        """A text file of these lines."""
        path = self.folder / name
        path.write_bytes(start + "".join(line + end for line in lines).encode())
        return path

    async def load(self, path: Path, client: int = 7) -> Imported:
        """Import it for a client."""
        return await import_file(self.caller.application.database, self.caller.tenant, path, client_cid=client)

    async def refused(self, path: Path) -> str:
        """Import what cannot be imported; the text says why."""
        with pytest.raises(WrongFile) as fault:
            await self.load(path)
        return fault.value.message

    async def stored(self) -> int:
        """How many readings the tenant has."""
        async with self.caller.application.database.tenant(self.caller.tenant) as tx:
            return int(await tx.scalar("SELECT count(*) FROM series.reading"))

    async def eids(self) -> list[str]:
        """The numbers of the tenant's measuring points."""
        async with self.caller.application.database.tenant(self.caller.tenant) as tx:
            return [row["eid"] for row in await tx.all("SELECT eid FROM series.point ORDER BY id")]


@pytest.fixture
def folder(caller: Caller, tmp_path: Path) -> Folder:
    """Where the test writes its files."""
    return Folder(caller, tmp_path)


def iso(place: int) -> str:
    """The start of a quarter hour after T0."""
    return datetime.fromtimestamp(T0 / 1000 + place * 900, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rows(numbers: Sequence[float], ean: str = EAN, signal: int = 132, more: str = "") -> list[str]:
    return [f"{ean},{signal},{iso(place)},{number}{more}" for place, number in enumerate(numbers)]


class TestForms:
    async def test_rows_become_readings_of_sensors_that_are_made(self, folder: Folder) -> None:
        other = "541448820000000028"
        path = folder.csv(HEADER, *rows([0.1, 0.2]), *rows([5.0], other, 32), *rows([0.3], EAN, 134))
        result = await folder.load(path)
        assert result == Imported(rows=4, stored=4, unchanged=0, sensors_made=2, resumed_at=0)
        assert await values(folder.caller, "7.1", 132) == [0.1, 0.2]
        assert await values(folder.caller, "7.1", 134) == [0.3]
        assert await values(folder.caller, "7.2", 32) == [5.0]
        shown = (await folder.caller.get("/api/sensors/7.2")).json()
        assert (shown["sensor_eid"], shown["name"], shown["sensor_type_id"]) == (other, other, 12)

    async def test_a_sensor_that_is_there_gets_the_readings(self, folder: Folder) -> None:
        key = await sensor(folder.caller, sensor_eid=EAN, name="Ours", info='{"multiplier": 2}')
        result = await folder.load(folder.csv(HEADER, *rows([1.0])))
        assert (result.sensors_made, result.stored) == (0, 1)
        assert await values(folder.caller, key, 132) == [1.0]
        assert (await folder.caller.get(f"/api/sensors/{key}")).json()["name"] == "Ours"

    @pytest.mark.parametrize("end", ["\n", "\r\n"])
    @pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
    @pytest.mark.parametrize("separator", [",", ";"])
    async def test_commas_semicolons_line_ends_and_marks(
        self, folder: Folder, separator: str, start: bytes, end: str
    ) -> None:
        lines = [line.replace(",", separator) for line in (HEADER, *rows([0.1, 0.2]))]
        assert (await folder.load(folder.csv(*lines, start=start, end=end))).stored == 2
        assert await values(folder.caller, "7.1", 132) == [0.1, 0.2]

    async def test_quotes_blanks_and_other_columns_do_no_harm(self, folder: Folder) -> None:
        path = folder.csv(
            'note,time,"value",ean,signal', f'"a, b",{iso(0)} , 1.5 ," {EAN} ", 132', f"x,{iso(1)},2.5,{EAN},132"
        )
        assert (await folder.load(path)).stored == 2
        assert await values(folder.caller, "7.1", 132) == [1.5, 2.5]
        assert await folder.eids() == [EAN]

    async def test_an_empty_line_at_the_end_is_no_row(self, folder: Folder) -> None:
        assert (await folder.load(folder.csv(HEADER, *rows([1.0]), ""))).rows == 1

    async def test_zeros_before_an_ean_stay(self, folder: Folder) -> None:
        for number, ean in enumerate(("000541448820000001", "541448820000001", "00000000000000000000000001")):
            await folder.load(folder.csv(HEADER, *rows([float(number)], ean), name=f"{number}.csv"))
        assert await folder.eids() == ["000541448820000001", "541448820000001", "00000000000000000000000001"]
        assert [await values(folder.caller, f"7.{n}", 132) for n in (1, 2, 3)] == [[0.0], [1.0], [2.0]]

    @pytest.mark.parametrize(
        ("text", "ms"),
        [
            ("2026-02-02T03:00:00Z", T0),
            ("2026-02-02T04:00:00+01:00", T0),
            ("2026-02-02T04:00:00+0100", T0),
            ("2026-02-01T22:30:00-04:30", T0),
            ("2026-02-02T03:00:00.250Z", T0 + 250),
            ("2026-02-02T03:00:00.123456+00:00", T0 + 123),
        ],
    )
    async def test_times_have_an_offset_or_z(self, folder: Folder, text: str, ms: int) -> None:
        await folder.load(folder.csv(HEADER, f"{EAN},132,{text},1.0"))
        assert (await data(folder.caller, "7.1", 132, get_last=True))["time"] == [ms]

    async def test_offsets_may_change_from_row_to_row(self, folder: Folder) -> None:
        times = ("2026-10-25T02:45:00+02:00", "2026-10-25T02:00:00+01:00", "2026-10-25T01:15:00Z")
        await folder.load(folder.csv(HEADER, *(f"{EAN},132,{time},1.0" for time in times)))
        first = 1_792_889_100_000
        found = await data(folder.caller, "7.1", 132, since=first, till=first + 3_600_000, get_last=True)
        assert found["time"] == [first, first + 900_000, first + 1_800_000]

    async def test_a_column_of_units_converts(self, folder: Folder) -> None:
        lines = [
            f"{EAN},132,{iso(0)},1500,W.h", f"{EAN},132,{iso(1)},1.5,kWh", f"{EAN},132,{iso(2)},2.5,",
            f"{EAN},210,{iso(0)},20,°C", f"{EAN},210,{iso(1)},293.15,K", f"{EAN},132,{iso(3)},1500, Wh ",
        ]  # fmt: skip
        await folder.load(folder.csv(f"{HEADER},unit", *lines))
        assert await values(folder.caller, "7.1", 132) == [1.5, 1.5, 2.5, 1.5]
        assert await values(folder.caller, "7.1", 210) == [293.15, 293.15]

    async def test_a_column_of_origins_is_kept_and_an_empty_one_is_measured(self, folder: Folder) -> None:
        lines = [f"{row},{origin}" for row, origin in zip(rows([1.0, 2.0, 3.0]), ("4", "", "5"), strict=True)]
        await folder.load(folder.csv(f"{HEADER},origin", *lines))
        assert (await data(folder.caller, "7.1", 132, get_last=True))["origin"] == [4, 1, 5]

    async def test_a_header_alone_is_no_reading(self, folder: Folder) -> None:
        assert await folder.load(folder.csv(HEADER)) == Imported()
        assert await folder.eids() == []

    async def test_of_rows_about_one_time_the_last_counts(self, folder: Folder) -> None:
        result = await folder.load(folder.csv(HEADER, *rows([1.0]), *rows([2.0])))
        assert (result.rows, result.stored) == (2, 1)
        assert await values(folder.caller, "7.1", 132) == [2.0]


class TestParquet:
    def frame(self, **changes: Any) -> pl.DataFrame:
        instants = [datetime.fromtimestamp(T0 / 1000, UTC), datetime.fromtimestamp(T0 / 1000 + 900, UTC)]
        columns: dict[str, Any] = {"ean": [EAN, EAN], "signal": [132, 132], "time": instants, "value": [0.1, 0.2]}
        return pl.DataFrame({**columns, **changes})

    def parquet(self, folder: Folder, frame: pl.DataFrame, name: str = "readings.parquet") -> Path:
        path = folder.folder / name
        frame.write_parquet(path)
        return path

    async def test_instants_numbers_and_texts(self, folder: Folder) -> None:
        result = await folder.load(self.parquet(folder, self.frame()))
        assert (result.rows, result.stored) == (2, 2)
        assert await values(folder.caller, "7.1", 132) == [0.1, 0.2]

    @pytest.mark.parametrize("unit", ["ms", "us", "ns"])
    @pytest.mark.parametrize("zone", ["UTC", "Europe/Brussels"])
    async def test_instants_of_any_zone_and_precision(self, folder: Folder, unit: Any, zone: str) -> None:
        frame = self.frame().with_columns(pl.col("time").dt.convert_time_zone(zone).dt.cast_time_unit(unit))
        await folder.load(self.parquet(folder, frame, "readings.PQ"))
        assert (await data(folder.caller, "7.1", 132, get_last=True))["time"] == [T0, T0 + 900_000]

    async def test_other_types_are_understood(self, folder: Folder) -> None:
        frame = self.frame(time=[iso(0), iso(1)], signal=["132", "132"], unit=["W.h", None], origin=[4, None])
        frame = frame.with_columns(
            pl.col("value").cast(pl.Decimal(10, 3)), pl.col("ean").cast(pl.Int64), pl.col("unit").cast(pl.Categorical)
        )
        await folder.load(self.parquet(folder, frame))
        found = await data(folder.caller, "7.1", 132, get_last=True)
        assert (found["value"], found["origin"]) == ([0.0001, 0.2], [4, 1])
        assert await folder.eids() == [EAN]

    async def test_times_without_a_zone_are_refused(self, folder: Folder) -> None:
        naive = self.frame().with_columns(pl.col("time").dt.replace_time_zone(None))
        for frame in (naive, naive.with_columns(pl.col("time").cast(pl.Date)), self.frame(time=[1, 2])):
            assert "time" in await folder.refused(self.parquet(folder, frame))
        assert await folder.stored() == 0

    async def test_a_file_of_another_kind_is_refused(self, folder: Folder) -> None:
        path = folder.csv(HEADER, *rows([1.0]), name="readings.parquet")
        assert "readings.parquet cannot be read" in await folder.refused(path)

    async def test_a_missing_column_is_named(self, folder: Folder) -> None:
        message = await folder.refused(self.parquet(folder, self.frame().drop("value", "ean")))
        assert "no column ean, value" in message

    async def test_a_wrong_row_is_named(self, folder: Folder) -> None:
        for wrong, name in [({"value": [0.1, None]}, "value"), ({"value": [0.1, float("nan")]}, "value")]:
            message = await folder.refused(self.parquet(folder, self.frame(**wrong)))
            assert message.startswith("row 3:")
            assert name in message


class TestWrongFiles:
    @pytest.mark.parametrize(
        ("content", "words"),
        [
            (b"", "cannot be read"),
            (b"\n", "cannot be read"),
            (b"ean,signal,time\n", "no column value"),
            (b"EAN,Signal,Time,Value\n", "no column ean, signal, time, value"),
            (b"541,132,2026-02-02T03:00:00Z,1.0\n", "no column ean, signal, time, value"),
            (b"\x00\x01\x02", "no column"),
            (b"PK\x03\x04spreadsheet", "no column"),
        ],
    )
    async def test_what_holds_no_readings_is_refused(self, folder: Folder, content: bytes, words: str) -> None:
        path = folder.folder / "file.csv"
        path.write_bytes(content)
        assert words in await folder.refused(path)

    @pytest.mark.parametrize(
        ("row", "name"),
        [
            (f",132,{iso(0)},1.0", "ean"),
            (f'"  ",132,{iso(0)},1.0', "ean"),
            (f"{EAN},x,{iso(0)},1.0", "signal"),
            (f"{EAN},132.5,{iso(0)},1.0", "signal"),
            (f"{EAN},,{iso(0)},1.0", "signal"),
            (f"{EAN},132,2026-02-02T03:00:00,1.0", "time"),
            (f"{EAN},132,2026-02-02 03:00:00Z,1.0", "time"),
            (f"{EAN},132,02.02.2026,1.0", "time"),
            (f"{EAN},132,2026-02-30T03:00:00Z,1.0", "time"),
            (f"{EAN},132,,1.0", "time"),
            (f"{EAN},132,{iso(0)},", "value"),
            (f"{EAN},132,{iso(0)},abc", "value"),
            (f"{EAN},132,{iso(0)},nan", "value"),
            (f"{EAN},132,{iso(0)},inf", "value"),
            (f"{EAN},132,{iso(0)},1e400", "value"),
            (f'{EAN},132,{iso(0)},"1,5"', "value"),
        ],
    )
    async def test_a_wrong_row_is_named_and_nothing_of_its_part_is_stored(
        self, folder: Folder, row: str, name: str
    ) -> None:
        message = await folder.refused(folder.csv(HEADER, *rows([1.0, 2.0]), row, *rows([3.0])))
        assert message.startswith("row 4: ")
        assert f"no {name}" in message
        assert await folder.stored() == 0
        assert await folder.eids() == []

    @pytest.mark.parametrize(
        ("row", "words"),
        [
            (f"{EAN},33,{iso(0)},1.0,,", "signal type 33"),
            (f"{EAN},-1,{iso(0)},1.0,,", "signal type -1"),
            (f"{EAN},132,{iso(0)},1.0,kW,", "unit"),
            (f"{EAN},132,{iso(0)},1.0,bushel,", "unit"),
            (f"{EAN},132,{iso(0)},1e306,MW.h,", "number"),
            (f"{EAN},132,1999-12-31T23:59:59Z,1.0,,", "2000"),
            (f"{EAN},132,2099-01-01T00:00:00Z,1.0,,", "ten years"),
            (f"{EAN},132,{iso(0)},1.0,,0", "origin"),
            (f"{EAN},132,{iso(0)},1.0,,6", "origin"),
            (f"{EAN},132,{iso(0)},1.0,,x", "origin"),
            (f"{EAN},132,{iso(0)},1.0,,99999", "origin"),
        ],
    )
    async def test_a_row_that_cannot_be_taken_is_named_too(self, folder: Folder, row: str, words: str) -> None:
        lines = [f"{each},," for each in rows([1.0, 2.0])]
        message = await folder.refused(folder.csv(f"{HEADER},unit,origin", *lines, row, *lines))
        assert message.startswith("row 4: "), message
        assert words in message
        assert await folder.stored() == 0

    @pytest.mark.parametrize("row", [f"{EAN},132,{iso(0)},1.0,more", f"{EAN},132"])
    async def test_a_row_with_other_columns_is_refused(self, folder: Folder, row: str) -> None:
        with pytest.raises(Invalid):
            await folder.load(folder.csv(HEADER, *rows([1.0]), row))
        assert await folder.stored() == 0

    async def test_text_in_another_encoding_is_refused(self, folder: Folder) -> None:
        path = folder.folder / "latin.csv"
        path.write_bytes(f"{HEADER},unit\n{EAN},210,{iso(0)},20,°C\n".encode("latin-1"))
        with pytest.raises(WrongFile):
            await folder.load(path)
        assert await folder.stored() == 0


async def test_a_quote_that_is_never_closed_is_refused_and_swallows_nothing(folder: Folder) -> None:
    path = folder.csv(HEADER, *rows([1.0]), '"5414', *rows([2.0]))
    with pytest.raises(WrongFile, match="never closed"):
        await folder.load(path)
    assert await folder.stored() == 0
