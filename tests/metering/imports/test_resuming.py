"""Imports that are repeated, interrupted, mended, and run at once."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.metering.calls import data, sensor, values
from tests.metering.imports.test_files import EAN, HEADER, Folder, caller, folder, iso, rows
from tests.suites.client import Caller

from gridloom.metering.imports import frames
from gridloom.metering.imports.frames import WrongFile
from gridloom.metering.imports.importer import Imported, import_file

__all__ = ["caller", "folder"]


@pytest.fixture(autouse=True)
def _small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Three rows a part."""
    monkeypatch.setattr(frames, "PART_ROWS", 3)


class Killed(BaseException):
    """The process ends here."""


async def load_until(folder: Folder, path: Path, row: int) -> list[int]:
    """Import a file and be killed once so many rows are done; what progress said."""
    said: list[int] = []

    def progress(done: int, total: int) -> None:
        said.append(done)
        if done >= row:
            raise Killed

    with pytest.raises(Killed):
        await import_file(
            folder.caller.application.database, folder.caller.tenant, path, client_cid=7, progress=progress
        )
    return said


def numbered(count: int) -> list[float]:
    return [float(number) for number in range(count)]


async def stood(folder: Folder) -> Sequence[float | None]:
    return await values(folder.caller, "7.1", 132)


async def test_progress_is_said_part_by_part(folder: Folder) -> None:
    said: list[tuple[int, int]] = []
    await import_file(
        folder.caller.application.database,
        folder.caller.tenant,
        folder.csv(HEADER, *rows(numbered(8))),
        client_cid=7,
        progress=lambda done, total: said.append((done, total)),
    )
    assert said == [(0, 8), (3, 8), (6, 8), (8, 8)]
    assert await stood(folder) == numbered(8)


async def test_a_repeated_file_stores_nothing(folder: Folder) -> None:
    path = folder.csv(HEADER, *rows(numbered(8)))
    assert await folder.load(path) == Imported(rows=8, stored=8, sensors_made=1)
    for name in ("readings.csv", "copy.csv"):
        again = folder.csv(HEADER, *rows(numbered(8)), name=name)
        assert await folder.load(again) == Imported(rows=8, stored=0, unchanged=8)
    assert await folder.stored() == 8


@pytest.mark.parametrize("row", [1, 3, 4, 6, 8])
async def test_an_interrupted_import_goes_on_after_its_last_part(folder: Folder, row: int) -> None:
    path = folder.csv(HEADER, *rows(numbered(8)))
    said = await load_until(folder, path, row)
    done = said[-1]
    assert await stood(folder) == numbered(done)
    result = await folder.load(path)
    assert result == Imported(rows=8 - done, stored=8 - done, resumed_at=done)
    assert await stood(folder) == numbered(8)
    assert (await folder.load(path)).unchanged == 8


async def test_an_import_may_be_interrupted_again_and_again(folder: Folder) -> None:
    path = folder.csv(HEADER, *rows(numbered(11)))
    for row in (1, 4, 7, 10):
        await load_until(folder, path, row)
    assert await folder.load(path) == Imported(resumed_at=11)
    assert await stood(folder) == numbered(11)
    assert await folder.stored() == 11


async def test_an_interrupted_part_leaves_nothing_of_itself(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    from gridloom.core.series import public as series

    path = folder.csv(HEADER, *rows(numbered(8)), *rows([1.0], "541448820000000028"))
    write, calls = series.write, []

    async def dies_in_the_third(tx: object, batch: series.Batch) -> series.Written:
        calls.append(len(batch))
        written = await write(tx, batch)  # type: ignore[arg-type]
        if len(calls) == 3:
            raise Killed
        return written

    with monkeypatch.context() as patch:
        patch.setattr(series, "write", dies_in_the_third)
        with pytest.raises(Killed):
            await folder.load(path)
    assert await stood(folder) == numbered(6)
    assert await folder.eids() == [EAN]
    result = await folder.load(path)
    assert result == Imported(rows=3, stored=3, sensors_made=1, resumed_at=6)
    assert await stood(folder) == numbered(8)


class TestMending:
    async def test_parts_before_a_wrong_row_stay_and_the_row_is_named(self, folder: Folder) -> None:
        lines = rows(numbered(9))
        lines[7] = f"{EAN},132,{iso(7)},seven"
        path = folder.csv(HEADER, *lines)
        for _ in range(2):
            assert await folder.refused(path) == "row 9: 'seven' is no value."
            assert await stood(folder) == numbered(6)

    async def test_a_mended_file_stores_what_was_missing(self, folder: Folder) -> None:
        lines = rows(numbered(9))
        lines[7] = f"{EAN},132,{iso(7)},seven"
        await folder.refused(folder.csv(HEADER, *lines))
        result = await folder.load(folder.csv(HEADER, *rows(numbered(9))))
        assert result == Imported(rows=9, stored=3, unchanged=6)
        assert await stood(folder) == numbered(9)

    async def test_a_row_that_the_store_refuses_is_named_by_its_place_in_the_file(self, folder: Folder) -> None:
        lines = rows(numbered(9))
        lines[7] = f"{EAN},132,1970-01-01T00:00:00Z,7.0"
        message = await folder.refused(folder.csv(HEADER, *lines))
        assert message.startswith("row 9: ")
        assert await stood(folder) == numbered(6)

    async def test_an_unknown_signal_is_named_by_its_place_in_the_file(self, folder: Folder) -> None:
        lines = rows(numbered(9))
        lines[4] = f"{EAN},99,{iso(4)},4.0"
        message = await folder.refused(folder.csv(HEADER, *lines))
        assert message == "row 6: there is no signal type 99."
        assert await stood(folder) == numbered(3)


async def test_each_client_has_its_own_sensors_and_its_own_progress(folder: Folder) -> None:
    path = folder.csv(HEADER, *rows(numbered(5)))
    await load_until(folder, path, 3)
    assert await folder.load(path, client=8) == Imported(rows=5, stored=5, sensors_made=1)
    assert await folder.load(path, client=7) == Imported(rows=2, stored=2, resumed_at=3)
    for key in ("7.1", "8.1"):
        assert await values(folder.caller, key, 132) == numbered(5)
    assert await folder.eids() == [EAN, EAN]


async def test_another_tenant_starts_at_its_own_beginning(folder: Folder, other_tenant: int) -> None:
    path = folder.csv(HEADER, *rows(numbered(5)))
    await load_until(folder, path, 3)
    result = await import_file(folder.caller.application.database, other_tenant, path, client_cid=7)
    assert result == Imported(rows=5, stored=5, sensors_made=1)
    assert await stood(folder) == numbered(3)


async def test_one_file_read_in_twice_at_once_is_there_once(folder: Folder) -> None:
    path = folder.csv(HEADER, *rows(numbered(20)))
    first, second = await asyncio.gather(folder.load(path), folder.load(path))
    assert first.stored + second.stored == 20
    assert first.sensors_made + second.sensors_made == 1
    assert await stood(folder) == numbered(20)
    assert await folder.stored() == 20


async def test_files_about_the_same_meters_in_another_order_do_not_wait_for_each_other(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "PART_ROWS", 100)
    eans = [f"54144882000000{number:04d}" for number in range(30)]
    there = folder.csv(HEADER, *(line for ean in eans for line in rows([1.0], ean)))
    back = folder.csv(HEADER, *(line for ean in reversed(eans) for line in rows([2.0], ean, 134)), name="back.csv")
    made: list[str] = []

    async def by_hand() -> None:
        for ean in eans[::-3]:
            answer = await folder.caller.post("/api/sensors", params={"client_cid": 7, "name": ean, "sensor_eid": ean})
            assert answer.status_code in (201, 409), answer.text
            made.append(ean)

    await asyncio.gather(folder.load(there), folder.load(back), by_hand())
    assert len(made) == 10
    assert sorted(await folder.eids()) == eans
    assert await folder.stored() == 60


async def test_a_meter_of_a_sensor_that_was_renamed_is_found_by_its_new_number(folder: Folder) -> None:
    key = await sensor(folder.caller, sensor_eid="541000000000000000")
    await folder.caller.put(f"/api/sensors/{key}", params={"sensor_eid": EAN})
    assert (await folder.load(folder.csv(HEADER, *rows([1.0])))).sensors_made == 0
    assert (await data(folder.caller, key, 132))["value"] == [1.0]


async def test_a_file_that_changes_its_kind_is_refused_where_it_does(caller: Caller, folder: Folder) -> None:
    path = folder.csv(HEADER, *rows(numbered(4)), "not a row at all")
    with pytest.raises(WrongFile):
        await folder.load(path)
    assert await stood(folder) == numbered(3)
