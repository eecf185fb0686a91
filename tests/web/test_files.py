"""Files by signed links."""

from datetime import timedelta
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest

from gridloom.app import Application
from gridloom.kernel import clock
from gridloom.kernel.files.library import File, Files
from gridloom.kernel.security.headers import FILE_POLICY

TEXT = bytes(range(256)) * 40


class Shared(NamedTuple):
    """A file and its link."""

    file: File
    link: str


@pytest.fixture
async def shared(application: Application, tenant: int) -> Shared:
    files = application.services.part(Files)
    async with application.database.tenant(tenant) as tx:
        file = await files.save(tx, TEXT, name="report ä.pdf", media_type="application/pdf")
    return Shared(file, await files.link(file, expires_in=timedelta(minutes=5), base_url="http://gridloom.test"))


async def test_who_has_the_link_gets_the_file(anonymous: httpx.AsyncClient, shared: Shared) -> None:
    answer = await anonymous.get(shared.link)
    assert (answer.status_code, answer.content) == (200, TEXT)
    assert answer.headers["content-type"].startswith("application/pdf")
    assert answer.headers["content-length"] == str(len(TEXT))
    assert answer.headers["content-security-policy"] == FILE_POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["accept-ranges"] == "bytes"
    assert "report%20%C3%A4.pdf" in answer.headers["content-disposition"]


async def test_head_tells_the_length_without_the_bytes(anonymous: httpx.AsyncClient, shared: Shared) -> None:
    answer = await anonymous.head(shared.link)
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (200, b"", str(len(TEXT)))


LAST = len(TEXT) - 1
RANGES = [
    ("bytes=0-0", 0, 1), ("bytes=0-99", 0, 100), ("bytes=100-", 100, len(TEXT)), (f"bytes={LAST}-", LAST, len(TEXT)),
    (f"bytes=5-{LAST + 1000}", 5, len(TEXT)), ("bytes=0-999999999999999999", 0, len(TEXT)),
]  # fmt: skip


@pytest.mark.parametrize(("wanted", "start", "end"), RANGES)
async def test_a_part_of_the_file_is_given_on_demand(
    anonymous: httpx.AsyncClient, shared: Shared, wanted: str, start: int, end: int
) -> None:
    answer = await anonymous.get(shared.link, headers={"range": wanted})
    assert (answer.status_code, answer.content) == (206, TEXT[start:end])
    assert answer.headers["content-range"] == f"bytes {start}-{end - 1}/{len(TEXT)}"
    assert answer.headers["content-length"] == str(end - start)


@pytest.mark.parametrize(
    "wanted",
    [
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=9-5",
        "bytes=a-b",
        "lines=1-2",
        "bytes=0-1,3-4",
        "bytes=" + "9" * 30 + "-",
    ],
)
async def test_a_range_that_is_none_is_passed_over(anonymous: httpx.AsyncClient, shared: Shared, wanted: str) -> None:
    answer = await anonymous.get(shared.link, headers={"range": wanted})
    assert (answer.status_code, answer.content) == (200, TEXT)


@pytest.mark.parametrize("wanted", [f"bytes={LAST + 1}-", "bytes=999999-9999999"])
async def test_a_range_behind_the_end_is_refused_with_the_length(
    anonymous: httpx.AsyncClient, shared: Shared, wanted: str
) -> None:
    answer = await anonymous.get(shared.link, headers={"range": wanted})
    assert answer.status_code == 416
    assert answer.headers["content-range"] == f"bytes */{len(TEXT)}"


async def test_a_link_ends(anonymous: httpx.AsyncClient, shared: Shared) -> None:
    with clock.travel(timedelta(minutes=4, seconds=50)):
        assert (await anonymous.get(shared.link)).status_code == 200
    with clock.travel(timedelta(minutes=5, seconds=10)):
        answer = await anonymous.get(shared.link)
    assert 400 <= answer.status_code < 500
    assert TEXT not in answer.content


async def test_a_link_opens_its_own_file_only(
    anonymous: httpx.AsyncClient, application: Application, shared: Shared, tenant: int, other_tenant: int
) -> None:
    files = application.services.part(Files)
    async with application.database.tenant(tenant) as tx:
        other = await files.save(tx, b"other", name="other.txt", media_type="text/plain")
    parts = urlsplit(shared.link)
    query = parts.query
    wrong = [
        parts.path.replace(str(shared.file.id), str(other.id)) + f"?{query}",
        parts.path.replace(f"/{tenant}/", f"/{other_tenant}/") + f"?{query}",
        parts.path,
        f"{parts.path}?{query[:-1]}{'A' if query[-1] != 'A' else 'B'}",
        f"{parts.path}?{query.replace('expires=', 'expires=9')}",
        f"{parts.path}?expires=x&signature=y",
        f"{parts.path}?expires=99999999999999999999999999&signature=%00",
        parts.path.replace(str(shared.file.id), "x") + f"?{query}",
        parts.path.replace(f"/{tenant}/", "/99999999999999999999/") + f"?{query}",
    ]
    for address in wrong:
        answer = await anonymous.get(address)
        assert 400 <= answer.status_code < 500, f"{address}: {answer.status_code}"
        assert TEXT not in answer.content
    renamed = parts.path.rpartition("/")[0] + f"/another-name?{query}"
    assert (await anonymous.get(renamed)).content == TEXT


async def test_a_file_that_was_removed_is_gone(
    anonymous: httpx.AsyncClient, application: Application, shared: Shared, tenant: int
) -> None:
    async with application.database.tenant(tenant) as tx:
        await application.services.part(Files).remove(tx, shared.file.id)
    answer = await anonymous.get(shared.link)
    assert (answer.status_code, answer.json()["message"]) == (404, "There is no such file.")
