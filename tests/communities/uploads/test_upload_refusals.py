"""What is refused, in whose language, and that it leaves nothing."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import asyncpg
import pytest
from tests.communities.kit import Community, Person, World, refused
from tests.communities.sharing.samples import meter, operation
from tests.communities.uploads.samples import (
    CSV,
    EAN,
    GROSS,
    NET,
    ROOT,
    SHARED,
    XLSX,
    book,
    lines,
    quarters,
    send,
    state,
    uploads,
)

from gridloom.communities.uploads import intake
from gridloom.communities.uploads.faults import WrongFile
from gridloom.communities.uploads.intake import Intake
from gridloom.core.series import public as series
from gridloom.kernel.files.library import Files

BEGIN = date(2026, 1, 1)
A, B = quarters(2)
GOOD = lines(f"{A},{EAN},consumption,1,,")


@pytest.fixture
async def sun(street: Community) -> int:
    number = await operation(street)
    await meter(street, BEGIN, ean=EAN, sharing_operation_id=number)
    return number


async def blobs(world: World) -> int:
    files = world.application.services.part(Files)
    return sum([1 async for _ in files.store.blobs(world.tenant, "files")])


@pytest.mark.parametrize(
    ("raw", "name", "media", "status", "number", "text"),
    [
        (lines(f"{A},1,consumption,1,,"), "a.csv", CSV, 400, 70001,
         "No meter in this file was ever in this sharing operation; the first one is 1."),
        (lines(), "a.csv", CSV, 400, 70000, "file: The file has no readings."),
        (b"", "a.csv", CSV, 422, 75003, "file: The file is empty."),
        (b"\n\n", "a.csv", CSV, 400, 70000, "file: The file is empty."),
        (GOOD, "a.pdf", "application/pdf", 422, 75004, "file: has to be a workbook (xlsx, xls) or a CSV"),
        (GOOD, "a.xlsx", XLSX, 422, 75004, "file: has to be a workbook (xlsx, xls) or a CSV"),
        (b"\x1f\x8b\x08\0" + GOOD, "a.csv", CSV, 422, 75004, "file: has to be a workbook (xlsx, xls) or a CSV"),
        (GOOD + b"x\n", "a.csv", CSV, 400, 70000, "file: row 3: “” is neither consumption nor injection."),
        (GOOD + lines(f"{A},{EAN},consumption,-1,,"), "a.csv", CSV, 400, 70000,
         "file: row 3: “direction” is neither consumption nor injection."),
        (lines(f"{A},{EAN},consumption,1,2,"), "a.csv", CSV, 400, 70000, "file: row 2: More is shared (2) than there is (1)."),
        (lines(f"soon,{EAN},consumption,1,,"), "a.csv", CSV, 400, 70001, "file: row 2: “soon” is not a time."),
        (book(GROSS, SHARED), "a.xlsx", XLSX, 400, 70000,
         "file: There is no sheet “Net Rep”; there are: “Brut Rep”, “Partagé Rep”."),
        (book(GROSS, SHARED, NET[:5]), "a.xlsx", XLSX, 400, 70000,
         "file: sheet “Brut Rep”, row 6, column A: The sheet “Net Rep” has other meters or other times here."),
        (book()[:2000], "a.xlsx", XLSX, 400, 70000, "file: This cannot be read; the file may be damaged."),
    ],
)  # fmt: skip
async def test_a_file_that_is_refused_leaves_nothing(
    ada: Person, street: Community, sun: int, raw: bytes, name: str, media: str, status: int, number: int, text: str
) -> None:
    before, kept = await state(street), await blobs(street.world)
    answer = await send(ada, street, sun, raw, name, media)
    assert refused(answer, status, number)["data"] == text
    assert (await state(street), await blobs(street.world)) == (before, kept)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("fr", "file: ligne 2: « un » n'est pas un nombre."),
        ("nl-BE,nl;q=0.9", "file: rij 2: “un” is geen getal."),
        ("de", "file: Zeile 2: „un“ ist keine Zahl."),
        ("it", "file: row 2: “un” is not a number."),
    ],
)
async def test_a_refusal_speaks_the_callers_language(
    ada: Person, street: Community, sun: int, language: str, text: str
) -> None:
    raw = lines(f"{A},{EAN},consumption,un,,")
    answer = await send(ada, street, sun, raw, **{"accept-language": language})
    assert refused(answer, 400, 70000)["data"] == text


@pytest.mark.parametrize("given", ["", "x", "-1", "1.5", "9" * 30, str(2**63)])
async def test_the_operation_is_a_number(ada: Person, street: Community, sun: int, given: str) -> None:
    before = await state(street)
    assert "id_sharing_operation" in refused(await send(ada, street, given, GOOD), 422, 5001)["data"]
    assert await state(street) == before


async def test_without_a_file_and_without_a_number_both_are_said(ada: Person, street: Community) -> None:
    answer = await ada.call("POST", ROOT, street, files={"other": ("a.csv", GOOD, CSV)})
    assert refused(answer, 422, 5001)["data"] == "id_sharing_operation: is missing; file: is missing"
    answer = await ada.call(
        "POST", ROOT, street, data={"id_sharing_operation": "x", "file": "x"}, files={"x": ("", b"")}
    )
    assert refused(answer, 422, 5001)["data"] == "id_sharing_operation: must be a whole number; file: must be a file"


async def test_no_form_is_refused(ada: Person, street: Community) -> None:
    answer = await ada.call("POST", ROOT, street, json={"id_sharing_operation": 1})
    refused(answer, 415, 1)


async def test_an_operation_elsewhere_is_as_if_it_never_were(
    ada: Person, world: World, street: Community, sun: int
) -> None:
    other = await world.community(ada, "Elsewhere")
    foreign = await operation(other)
    await meter(other, BEGIN, ean="541448800000000047", sharing_operation_id=foreign)
    async with world.database.tenant(world.tenant) as tx:
        deleted = await tx.scalar(
            "INSERT INTO communities.sharing_operation (tenant_id, community_id, name, type, deleted_at) "
            "VALUES (:t, :c, 'gone', 1, now()) RETURNING id", t=world.tenant, c=street.id,
        )  # fmt: skip
    stranger = await world.person(tenant=world.other_tenant)
    abroad = await operation(await world.community(stranger))
    before = await state(street)
    said = {
        refused(await send(ada, street, number, GOOD), 400, 70009)["data"]
        for number in (foreign, deleted, abroad, 10**12)
    }
    assert said == {"This community has no such sharing operation."}
    assert await state(street) == before


async def test_an_operation_without_meters_takes_no_file(ada: Person, street: Community) -> None:
    said = refused(await send(ada, street, await operation(street), GOOD), 400, 70001)["data"]
    assert said == "No meter was ever in this sharing operation."


async def test_a_member_may_not_upload(street: Community, sun: int) -> None:
    member = await street.add("MEMBER")
    before = await state(street)
    refused(await send(member, street, sun, GOOD), 403, 4)
    assert await state(street) == before


@pytest.mark.parametrize(
    ("raw", "name", "media"),
    [(GOOD, "a.csv", CSV), (book(), "a.xlsx", XLSX)],
    ids=["csv", "workbook"],
)
async def test_a_file_that_is_too_large_is_refused(
    ada: Person, street: Community, sun: int, raw: bytes, name: str, media: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    taking = street.world.application.services.part(Intake)
    monkeypatch.setattr(taking, "max_bytes", len(raw) if media == CSV else 10**9)
    monkeypatch.setattr(intake, "MAX_WORKBOOK_BYTES", len(raw))
    before = await state(street)
    for more in (1, 200_000):
        answer = await send(ada, street, sun, raw + b"\n" * more, name, media)
        assert refused(answer, 422, 75003)["data"] == "file: is too large"
    assert await state(street) == before
    assert (await send(ada, street, sun, raw, name, media)).status_code == 200


def test_a_workbook_may_have_five_million_bytes() -> None:
    assert intake.MAX_WORKBOOK_BYTES == 5_000_000


async def test_hours_between_quarters_are_refused(ada: Person, street: Community, sun: int) -> None:
    rows = [f"{time},{EAN},consumption,1,," for time in quarters(8)]
    assert (await send(ada, street, sun, lines(*rows))).status_code == 200
    before = await state(street)
    hours = lines(*(f"{time},{EAN},consumption,4,," for time in quarters(2, step_min=60)))
    said = refused(await send(ada, street, sun, hours), 400, 70000)["data"]
    assert said == f"file: The file has hours, but for the meter {EAN} there are quarters of an hour in this time."
    assert await state(street) == before


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], list[int]]:
    """Lets the second of the writes of an upload fail, once; gives where the writes are counted."""

    def prepare(error: Exception) -> list[int]:
        real: Callable[..., Awaitable[Any]] = series.write
        sizes: list[int] = []

        async def breaks(tx: Any, batch: Any) -> Any:
            sizes.append(len(batch))
            if len(sizes) == 2:
                raise error
            return await real(tx, batch)

        monkeypatch.setattr("gridloom.communities.uploads.store.BLOCK_ROWS", 1)
        monkeypatch.setattr(series, "write", breaks)
        return sizes

    return prepare


TWO = lines(f"{A},{EAN},consumption,1,0.5,", f"{B},{EAN},consumption,1,0.5,")


async def test_a_failure_in_the_middle_of_storing_leaves_nothing(
    ada: Person, street: Community, sun: int, interrupted: Callable[[Exception], list[int]]
) -> None:
    sizes = interrupted(WrongFile("upload_irregular"))
    before = await state(street)
    refused(await send(ada, street, sun, TWO), 400, 70000)
    assert sizes == [2, 2]
    assert await state(street) == before


async def test_who_loses_a_deadlock_tries_again(
    ada: Person, street: Community, sun: int, interrupted: Callable[[Exception], list[int]]
) -> None:
    sizes = interrupted(asyncpg.DeadlockDetectedError("two waited for each other"))
    assert (await send(ada, street, sun, TWO)).status_code == 200
    assert sizes == [2, 2, 2, 2, 2]
    assert await uploads(street) == [(1, "readings.csv", 6, 6, True)]
