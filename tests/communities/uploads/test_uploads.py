"""Uploading readings, and everything that shows them."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from tests.communities.kit import Community, Person
from tests.communities.sharing.samples import approved, meter, operation
from tests.communities.uploads.samples import (
    EAN,
    OTHER,
    ROOT,
    XLSX,
    book,
    lines,
    quarters,
    send,
    state,
    uploads,
    values,
)

from gridloom.communities import dates
from gridloom.communities.meters import public as meters
from gridloom.communities.uploads import jobs, store
from gridloom.core.series import codes
from gridloom.core.series import public as series
from gridloom.kernel.files.library import Files
from gridloom.kernel.jobs.context import Context

DONE = {"data": "success", "error_code": 0}
BEGIN = date(2026, 1, 1)
A, B, C, D = quarters(4)


def csv(*rows: tuple[str, str, str, str]) -> bytes:
    return lines(*(",".join(row) for row in rows))


def taken(*amounts: float, ean: str = EAN) -> bytes:
    """Gross consumption of the first quarters of March."""
    return csv(
        *((time, ean, "consumption", f"{amount},,") for time, amount in zip(quarters(99), amounts, strict=False))
    )


@pytest.fixture
async def sun(street: Community) -> int:
    """An operation with one meter that takes and one that injects."""
    number = await operation(street)
    await meter(street, BEGIN, ean=EAN, sharing_operation_id=number)
    await meter(street, BEGIN, ean=OTHER, sharing_operation_id=number, injection_status=3)
    return number


async def test_a_csv_becomes_readings_of_the_meters(ada: Person, street: Community, sun: int) -> None:
    raw = csv((A, EAN, "consumption", "1.5,,"), (B, EAN, "consumption", "2,0.5,"), (A, OTHER, "injection", "0.25,,"))
    answer = await send(ada, street, sun, raw)
    assert (answer.status_code, answer.json()) == (200, DONE)
    assert await values(street, EAN, codes.GROSS_CONSUMPTION) == {"03-01T00:00": 1.5, "03-01T00:15": 2.0}
    assert await values(street, EAN, codes.SHARED_CONSUMPTION) == {"03-01T00:15": 0.5}
    assert await values(street, EAN, codes.NET_CONSUMPTION) == {"03-01T00:15": 1.5}
    assert await values(street, OTHER, codes.GROSS_INJECTION) == {"03-01T00:00": 0.25}
    assert await values(street, OTHER, codes.SHARED_INJECTION) == {}
    assert await uploads(street) == [(1, "readings.csv", 5, 5, True)]


async def test_a_workbook_becomes_readings_of_both_ways(ada: Person, street: Community, sun: int) -> None:
    answer = await send(ada, street, sun, book(), "März.xlsx", XLSX)
    assert (answer.status_code, answer.json()) == (200, DONE)
    found = [
        await values(street, EAN, code)
        for code in (
            codes.GROSS_CONSUMPTION, codes.SHARED_CONSUMPTION, codes.NET_CONSUMPTION,
            codes.GROSS_INJECTION, codes.SHARED_INJECTION, codes.NET_INJECTION,
        )
    ]  # fmt: skip
    expected = [(1.0, 2.0), (0.4, 0.6), (0.6, 1.4), (0.0, 0.5), (0.0, 0.2), (0.0, 0.3)]
    assert found == [{"03-01T00:00": first, "03-01T01:00": second} for first, second in expected]
    assert await uploads(street) == [(1, "März.xlsx", 12, 12, True)]
    async with street.world.database.tenant(street.tenant) as tx:
        channels = await series.find_channels(tx, points=[each.id for each in await series.find_points(tx, eids=[EAN])])
    assert {(each.unit, each.kind, each.step_s) for each in channels} == {("kW.h", "interval", 3600)}


async def test_what_was_uploaded_is_shown_and_shared(ada: Person, street: Community, sun: int) -> None:
    await approved(street, sun, BEGIN)
    async with street.world.database.tenant(street.tenant) as tx:
        await tx.run("UPDATE communities.consumer SET name = :ean WHERE position = 0", ean=EAN)
    raw = csv((A, EAN, "consumption", "1.5,,"), (A, OTHER, "injection", "0.25,,"))
    assert (await send(ada, street, sun, raw)).status_code == 200
    path = f"/sharing_operations/{sun}/consumptions"
    query = "?date_start=2026-03-01&date_end=2026-03-01"
    shown = await ada.call("GET", path + query, street, template="/sharing_operations/{id}/consumptions")
    assert shown.status_code == 200, shown.text
    found = shown.json()["data"]
    at = found["timestamps"].index("2026-03-01T00:00:00Z")
    assert (found["gross"][at], found["inj_gross"][at]) == (1.5, 0.25)


async def test_the_same_file_again_changes_nothing(ada: Person, street: Community, sun: int) -> None:
    raw = taken(1.5, 2, 0.25)
    assert (await send(ada, street, sun, raw)).status_code == 200
    before = await state(street)
    answer = await send(ada, street, sun, raw)
    assert (answer.status_code, answer.json()) == (200, DONE)
    assert await state(street) == before


async def test_a_corrected_file_is_a_new_version_and_the_old_values_are_kept(
    ada: Person, street: Community, sun: int
) -> None:
    await send(ada, street, sun, taken(1.5, 2, 0.25), "first.csv")
    await send(ada, street, sun, taken(1.5, 2.5, 0.25, 4), "second.csv")
    assert await uploads(street) == [(1, "first.csv", 3, 3, False), (2, "second.csv", 4, 2, False)]
    assert list((await values(street, EAN, codes.GROSS_CONSUMPTION)).values()) == [1.5, 2.5, 0.25, 4.0]
    async with street.world.database.tenant(street.tenant) as tx:
        rows = await tx.all(
            "SELECT r.value FROM series.reading r JOIN series.channel c ON c.id = r.channel_id "
            "WHERE c.code = :code AND r.cap_time = '2026-03-01T00:15Z' ORDER BY r.acq_time",
            code=codes.GROSS_CONSUMPTION,
        )
        noted = await tx.scalar("SELECT max(acq_time) FROM communities.upload")
        latest = await tx.scalar("SELECT max(acq_time) FROM series.reading")
    assert [row["value"] for row in rows] == [2.0, 2.5]
    assert noted == latest


async def test_the_file_itself_is_kept(ada: Person, street: Community, sun: int) -> None:
    raw = taken(1, 2)
    await send(ada, street, sun, raw, "a b.csv")
    async with street.world.database.tenant(street.tenant) as tx:
        files = street.world.application.services.part(Files)
        file = await files.find(tx, await tx.scalar("SELECT file_id FROM communities.upload"))
        row = await tx.one("SELECT since, till, created_by FROM communities.upload")
    assert (file.name, file.media_type, await files.read(file)) == ("a b.csv", "text/csv", raw)
    assert (row["since"], row["till"] - row["since"]) == (
        dates.begin(date(2026, 3, 1)) + timedelta(hours=1),
        timedelta(minutes=30),
    )
    assert row["created_by"] == file.created_by == f"user:{ada.user_id}"


async def test_only_meters_that_were_in_the_operation_then_count(ada: Person, street: Community, sun: int) -> None:
    await meter(street, BEGIN, ean="541448800000000023", sharing_operation_id=await operation(street, "Other"))
    gone = await meter(street, BEGIN, sharing_operation_id=sun)
    async with street.world.database.tenant(street.tenant) as tx:
        ref = (await meters.by_eans(tx, street.id, [gone]))[gone]
        await meters.open_period(tx, ref.id, date(2026, 3, 2), sharing_operation_id=None)
    rows = [(A, ean, "consumption", "1,,") for ean in (EAN, gone, "541448800000000023", "541448800000000999")]
    assert (await send(ada, street, sun, csv(*rows))).status_code == 200
    for ean, expected in ((EAN, 1), (gone, 1), ("541448800000000023", 0)):
        assert len(await values(street, ean, codes.GROSS_CONSUMPTION)) == expected
    assert await uploads(street) == [(1, "readings.csv", 2, 2, False)]
    async with street.world.database.tenant(street.tenant) as tx:
        detail = await tx.scalar("SELECT detail FROM audit.entry WHERE action = 'post_sharing_operations_consumptions'")
    assert detail == {
        "id_sharing_operation": sun, "version": 1, "values": 2, "new": 2, "skipped": 2,
        "skipped_eans": ["541448800000000023", "541448800000000999"],
    }  # fmt: skip


async def test_readings_of_the_metering_api_are_the_same_readings(ada: Person, street: Community, sun: int) -> None:
    async with street.world.database.tenant(street.tenant) as tx:
        (point,) = await series.find_points(tx, eids=[EAN])
        channel = await series.ensure_channel(tx, point, codes.GROSS_CONSUMPTION, unit="kW.h", kind="interval")
        await series.write(tx, series.Batch.of(channel.id, [1772323200000], [1.5]))
    assert (await send(ada, street, sun, taken(1.5, 2))).status_code == 200
    assert await uploads(street) == [(1, "readings.csv", 2, 1, False)]


async def test_versions_count_in_each_operation(ada: Person, street: Community, sun: int) -> None:
    moon = await operation(street, "Moon")
    await meter(street, BEGIN, ean="541448800000000023", sharing_operation_id=moon)
    await send(ada, street, sun, taken(1))
    await send(ada, street, moon, taken(1, ean="541448800000000023"))
    await send(ada, street, sun, taken(2))
    assert [each[0] for each in await uploads(street)] == [1, 2, 1]


async def test_two_corrections_at_once_are_two_versions(ada: Person, street: Community, sun: int) -> None:
    files = [taken(*(float(number) for _ in range(4))) for number in range(1, 5)]
    answers = await asyncio.gather(*(send(ada, street, sun, raw) for raw in files))
    assert [answer.status_code for answer in answers] == [200] * 4
    assert [each[:1] + each[2:] for each in await uploads(street)] == [(n, 4, 4, False) for n in (1, 2, 3, 4)]
    # All values of the last one, none of another.
    assert len(set((await values(street, EAN, codes.GROSS_CONSUMPTION)).values())) == 1


async def test_the_same_file_twice_at_once_is_one_version(ada: Person, street: Community, sun: int) -> None:
    answers = await asyncio.gather(*(send(ada, street, sun, taken(1, 2, 3)) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200] * 3
    assert await uploads(street) == [(1, "readings.csv", 3, 3, False)]


async def test_blocks_come_through_whole(
    ada: Person, street: Community, sun: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BLOCK_ROWS", 5)
    times = quarters(40)
    rows = [
        (time, ean, way, f"{n},{n / 2},")
        for n, time in enumerate(times)
        for ean, way in ((OTHER, "injection"), (EAN, "consumption"))
    ]
    assert (await send(ada, street, sun, csv(*rows))).status_code == 200
    for ean, code in ((OTHER, codes.GROSS_INJECTION), (EAN, codes.GROSS_CONSUMPTION)):
        assert list((await values(street, ean, code)).values()) == [float(n) for n in range(40)]
    assert await uploads(street) == [(1, "readings.csv", 240, 240, True)]
    before = await state(street)
    assert (await send(ada, street, sun, csv(*rows[::-1]))).status_code == 200
    assert await state(street) == before


async def test_no_connection_waits_while_the_file_is_still_coming_in(ada: Person, street: Community, sun: int) -> None:
    database, form = (
        street.world.database,
        httpx.Request(
            "POST",
            "http://x",
            data={"id_sharing_operation": str(sun)},
            files={"file": ("a.csv", taken(1.5), "text/csv")},
        ),
    )
    raw, held = form.read(), []
    await asyncio.sleep(0.05)
    before = database.load()  # what listens for notifications keeps its connection

    async def slowly() -> AsyncIterator[bytes]:
        for start in range(0, len(raw), 100):
            # Connections that only read rest a hundredth of a second before they go back.
            await asyncio.sleep(0.05)
            load = database.load()
            held.append(load.open - load.idle)
            yield raw[start : start + 100]

    answer = await ada.call(
        "POST", ROOT, street, content=slowly(), headers={"content-type": form.headers["content-type"]}
    )
    assert (answer.status_code, answer.json()) == (200, DONE)
    assert len(held) >= 4
    assert set(held) == {before.open - before.idle}
    assert await uploads(street) == [(1, "a.csv", 1, 1, False)]


async def test_a_manager_may_upload(street: Community, sun: int) -> None:
    assert (await send(await street.add("MANAGER"), street, sun, taken(1))).status_code == 200


async def test_the_sharing_of_the_uploaded_months_is_put_into_the_queue(
    ada: Person, street: Community, sun: int
) -> None:
    await approved(street, sun, BEGIN)
    hours = quarters(40 * 24, step_min=60)
    await send(ada, street, sun, csv(*((time, EAN, "consumption", "1,,") for time in hours)))
    async with street.world.database.tenant(street.tenant) as tx:
        followed = await tx.one("SELECT name, description, status FROM jobs.progress")
        assert tuple(followed) == (
            "communities.uploads.catch-up", f"Share what upload 1 of sharing operation {sun} says", "waiting",
        )  # fmt: skip
    async with street.world.database.system() as tx:
        args = await tx.scalar(
            "SELECT args FROM jobs.procrastinate_jobs WHERE args->>'tenant' = :tenant", tenant=str(street.tenant)
        )
    assert args["args"] == {"community_id": street.id, "operation_id": sun, "since": "2026-03-01", "till": "2026-04-10"}


async def run(street: Community, **arguments: Any) -> tuple[int, list[tuple[float, float | None]]]:
    """What the job answers, and the progress that it makes."""
    said: list[tuple[float, float | None]] = []

    class Watched(Context):
        async def progress(self, done: float, total: float | None = None, message: str | None = None) -> None:
            said.append((done, total))

    context = Watched(street.world.database, "catch-up", 1, 1, street.tenant)
    return await jobs.catch_up.function(context, community_id=street.id, **arguments), said


async def test_the_job_shares_month_by_month_and_may_run_again(ada: Person, street: Community, sun: int) -> None:
    await approved(street, sun, BEGIN)
    await send(ada, street, sun, csv(*((time, EAN, "consumption", "1,,") for time in quarters(40 * 24, step_min=60))))
    given = {"operation_id": sun, "since": date(2026, 3, 1), "till": date(2026, 4, 10)}
    assert await run(street, **given) == (2, [(0, 2), (1, 2), (2, 2)])
    async with street.world.database.tenant(street.tenant) as tx:
        assert await tx.scalar("SELECT count(DISTINCT sharing_operation_id) FROM communities.shared") == 1
        before = await tx.scalar("SELECT count(*) FROM series.reading")
    assert (await run(street, **given))[0] == 2
    async with street.world.database.tenant(street.tenant) as tx:
        assert await tx.scalar("SELECT count(*) FROM series.reading") == before


async def test_the_job_of_an_operation_that_is_gone_does_nothing(street: Community) -> None:
    assert await run(street, operation_id=10**9, since=date(2026, 3, 1), till=date(2026, 4, 10)) == (0, [(0, 2)])


def test_months_are_cut_where_they_end() -> None:
    assert list(jobs.months(date(2025, 12, 30), date(2026, 2, 3))) == [
        (date(2025, 12, 30), date(2025, 12, 31)), (date(2026, 1, 1), date(2026, 1, 31)), (date(2026, 2, 1), date(2026, 2, 3)),
    ]  # fmt: skip
    assert list(jobs.months(date(2026, 1, 5), date(2026, 1, 5))) == [(date(2026, 1, 5), date(2026, 1, 5))]


async def test_quarters_may_follow_where_hours_stood(ada: Person, street: Community, sun: int) -> None:
    hours = csv(*((time, EAN, "consumption", "4,,") for time in quarters(2, step_min=60)))
    assert (await send(ada, street, sun, hours)).status_code == 200
    assert (await send(ada, street, sun, taken(*[1.0] * 8))).status_code == 200
    assert list((await values(street, EAN, codes.GROSS_CONSUMPTION)).values()) == [1.0] * 8


HEADERS = ("x-upload-version", "x-values", "x-new-values", "x-skipped-values", "x-skipped-eans")


async def test_the_answer_says_in_its_headers_what_became_of_the_file(ada: Person, street: Community, sun: int) -> None:
    def told(answer: httpx.Response) -> list[str | None]:
        assert (answer.status_code, answer.json()) == (200, DONE)
        return [answer.headers.get(name) for name in HEADERS]

    known = (A, EAN, "consumption", "1.5,,")
    assert told(await send(ada, street, sun, csv(known))) == ["1", "1", "1", "0", None]
    assert told(await send(ada, street, sun, csv(known))) == [None, "1", "0", "0", None]
    more = csv(known, (B, EAN, "consumption", "2,,"), (A, "X é", "consumption", "1,,"), (B, "999", "injection", "1,,"))
    assert told(await send(ada, street, sun, more)) == ["2", "2", "1", "2", "X%20%C3%A9, 999"]
