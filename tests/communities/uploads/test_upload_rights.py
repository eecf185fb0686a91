"""What an upload may write: the days of its operation, nothing twice, and only while the caller may."""

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import httpx
import pytest
from tests.communities.kit import Community, Person, World, refused
from tests.communities.sharing.samples import meter, operation
from tests.communities.uploads.samples import EAN, OTHER, ROOT, lines, quarters, send, state, uploads, values

from gridloom.communities.membership import public as memberships
from gridloom.communities.meters import public as meters
from gridloom.communities.roles import Role
from gridloom.communities.uploads import intake, long_csv, turns
from gridloom.communities.uploads.content import Content
from gridloom.core.series import codes

BEGIN = date(2026, 1, 1)
A, B, C, D = quarters(4)


def taken(times: list[str], amount: float = 1, ean: str = EAN) -> bytes:
    return lines(*(f"{time},{ean},consumption,{amount},," for time in times))


async def change(community: Community, ean: str, since: date, operation_id: int | None) -> None:
    async with community.world.database.tenant(community.tenant) as tx:
        ref = (await meters.by_eans(tx, community.id, [ean]))[ean]
        await meters.open_period(tx, ref.id, since, sharing_operation_id=operation_id)


@pytest.fixture
async def sun(street: Community) -> int:
    number = await operation(street)
    await meter(street, BEGIN, ean=EAN, sharing_operation_id=number)
    return number


async def test_a_neighbours_meter_that_was_ours_for_two_days_is_not_written_today(
    ada: Person, world: World, street: Community, sun: int
) -> None:
    assert (await send(ada, street, sun, taken([A, B]))).status_code == 200
    eve = await world.person()
    lane = await world.community(eve, "Lane")
    theirs = await operation(lane)
    async with world.database.tenant(world.tenant) as tx:
        await tx.run("UPDATE communities.meter SET removed_at = now() WHERE ean = :ean", ean=EAN)
    await meter(lane, date(2001, 5, 1), ean=EAN, sharing_operation_id=theirs, end_date=date(2001, 5, 2))
    before = await state(street)
    said = refused(await send(eve, lane, theirs, taken([A, B], 999)), 400, 70001)["data"]
    assert said == (
        f"No meter in this file was in this sharing operation on the days of its values; the first one is {EAN}."
    )
    assert await state(street) == before
    assert await values(street, EAN, codes.GROSS_CONSUMPTION) == {"03-01T00:00": 1.0, "03-01T00:15": 1.0}


async def test_only_the_days_of_the_grid_on_which_a_meter_is_in_the_operation_are_written(
    ada: Person, street: Community, sun: int
) -> None:
    await meter(street, BEGIN, ean=OTHER, sharing_operation_id=sun, status=2)
    await change(street, EAN, date(2026, 3, 2), None)
    await change(street, EAN, date(2026, 3, 3), sun)
    hours = quarters(72, step_min=60)
    raw = lines(*(f"{time},{ean},consumption,1,," for time in hours for ean in (EAN, OTHER)))
    answer = await send(ada, street, sun, raw)
    assert (answer.status_code, answer.headers["x-skipped-values"], answer.headers["x-values"]) == (200, "24", "120")
    assert answer.headers["x-skipped-eans"] == EAN
    written = list(await values(street, EAN, codes.GROSS_CONSUMPTION))
    assert (len(written), written[22], written[23]) == (48, "03-01T22:00", "03-02T23:00")
    assert len(await values(street, OTHER, codes.GROSS_CONSUMPTION)) == 72


async def test_the_version_and_the_sharing_are_about_the_days_that_were_written(
    ada: Person, street: Community, sun: int
) -> None:
    await change(street, EAN, date(2026, 3, 2), None)
    assert (await send(ada, street, sun, taken(quarters(40 * 24, step_min=60)))).status_code == 200
    async with street.world.database.tenant(street.tenant) as tx:
        row = await tx.one("SELECT since, till, value_count FROM communities.upload")
    assert (f"{row['since']:%d %H}", f"{row['till']:%d %H}", row["value_count"]) == ("01 00", "01 23", 23)


async def test_a_meter_that_leaves_while_the_file_is_read_is_not_written(
    ada: Person, street: Community, sun: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    await meter(street, BEGIN, ean=OTHER, sharing_operation_id=sun)
    real = intake.Intake._keep

    async def slowly(*arguments: object, **named: object) -> intake.Taken:
        await change(street, EAN, date(2026, 2, 1), None)
        return await real(*arguments, **named)  # type: ignore[arg-type]  # handed on as they came

    monkeypatch.setattr(intake.Intake, "_keep", slowly)
    raw = lines(f"{A},{EAN},consumption,1,,", f"{A},{OTHER},consumption,1,,")
    assert (await send(ada, street, sun, raw)).headers["x-skipped-values"] == "1"
    assert await values(street, EAN, codes.GROSS_CONSUMPTION) == {}
    assert await values(street, OTHER, codes.GROSS_CONSUMPTION) == {"03-01T00:00": 1.0}


async def test_quarters_after_hours_never_count_twice(ada: Person, street: Community, sun: int) -> None:
    assert (await send(ada, street, sun, taken(quarters(24, step_min=60), 4))).status_code == 200
    before = await state(street)
    rest = [time for place, time in enumerate(quarters(96)) if place % 4]
    said = refused(await send(ada, street, sun, taken(rest)), 400, 70000)["data"]
    assert said == (
        f"file: The file has quarters of an hour, but the meter {EAN} has hours on 01/03/2026, "
        "and the file does not replace all of them."
    )
    assert await state(street) == before
    assert (await send(ada, street, sun, taken(quarters(96)))).status_code == 200
    assert sum((await values(street, EAN, codes.GROSS_CONSUMPTION)).values()) == 96
    refused(await send(ada, street, sun, taken(quarters(24, step_min=60), 4)), 400, 70000)
    assert sum((await values(street, EAN, codes.GROSS_CONSUMPTION)).values()) == 96


async def test_values_that_come_one_by_one_are_taken(ada: Person, street: Community, sun: int) -> None:
    for time in quarters(6):
        assert (await send(ada, street, sun, taken([time]))).status_code == 200
    assert len(await values(street, EAN, codes.GROSS_CONSUMPTION)) == 6


@pytest.mark.parametrize(("role", "status", "number"), [(None, 401, 5), ("MEMBER", 403, 4)])
async def test_who_is_sent_away_while_the_file_comes_in_uploads_nothing(
    street: Community, sun: int, role: Role | None, status: int, number: int
) -> None:
    person = await street.add("MANAGER")
    profile = await person.profile()
    form = httpx.Request(
        "POST", "http://x", data={"id_sharing_operation": str(sun)}, files={"file": ("a.csv", taken([A]), "text/csv")}
    )
    raw = form.read()
    before = {}

    async def in_two() -> AsyncIterator[bytes]:
        yield raw[:150]
        async with street.world.database.tenant(street.tenant) as tx:
            if role is None:
                await tx.run(
                    "UPDATE communities.membership SET ended_at = now() WHERE profile_id = :profile", profile=profile
                )
            else:
                await memberships.appoint(tx, street.id, profile, role)
        before.update(await state(street))
        yield raw[150:]

    answer = await person.call(
        "POST", ROOT, street, content=in_two(), headers={"content-type": form.headers["content-type"]}
    )
    refused(answer, status, number)
    assert before
    assert await state(street) == before


async def test_two_files_in_one_form_are_refused(ada: Person, street: Community, sun: int) -> None:
    before = await state(street)
    parts = [("file", ("a.csv", taken([A]), "text/csv")), ("file", ("b.csv", taken([B]), "text/csv"))]
    answer = await ada.call("POST", ROOT, street, data={"id_sharing_operation": sun}, files=parts)
    assert refused(answer, 422, 75003)["data"] == "file: has to be one file only"
    assert await state(street) == before
    parts[1] = ("other", parts[1][1])
    answer = await ada.call("POST", ROOT, street, data={"id_sharing_operation": sun}, files=parts)
    assert answer.status_code == 200
    assert await uploads(street) == [(1, "a.csv", 1, 1, False)]


async def test_a_small_file_of_another_tenant_waits_for_no_large_ones(
    ada: Person, world: World, street: Community, sun: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    stranger = await world.person(tenant=world.other_tenant)
    abroad = await world.community(stranger)
    theirs = await operation(abroad)
    await meter(abroad, BEGIN, ean=EAN, sharing_operation_id=theirs)
    small, large = taken([A]), taken(quarters(90))
    monkeypatch.setattr(turns, "SMALL_BYTES", len(small) + 1)
    go_on, begun, real = threading.Event(), threading.Semaphore(0), long_csv.read

    def slowly(path: Path, content: Content) -> None:
        if path.stat().st_size == len(large):
            begun.release()
            assert go_on.wait(20)
        real(path, content)

    monkeypatch.setattr(long_csv, "read", slowly)
    waiting = [asyncio.create_task(send(ada, street, sun, large, f"{number}.csv")) for number in range(3)]
    waiting.append(asyncio.create_task(send(stranger, abroad, theirs, large)))
    try:
        for _ in range(2):
            assert await asyncio.to_thread(begun.acquire, timeout=10)
        for person, community, number in ((stranger, abroad, theirs), (ada, street, sun)):
            answer = await asyncio.wait_for(send(person, community, number, small), 10)
            assert answer.status_code == 200
        assert not begun.acquire(blocking=False)
    finally:
        go_on.set()
        answers = await asyncio.gather(*waiting)
    assert [answer.status_code for answer in answers] == [200] * 4
