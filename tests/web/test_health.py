"""Is it alive, can it work, what has it done."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from tests.kernel.http.gate import Gate
from tests.suites.client import Callers

from gridloom import __version__
from gridloom.app import Application
from gridloom.kernel import observability
from gridloom.kernel.database.pool import Database
from gridloom.kernel.files.library import Files
from gridloom.kernel.http.call import Services
from gridloom.settings import Settings
from gridloom.web import state
from gridloom.web.site import Site

PARTS = ["database", "events", "webhooks", "jobs", "files", "calculations", "weather"]


async def test_alive_is_alive(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/health/live")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "version": __version__})


async def test_ready_tells_the_state_of_every_part(anonymous: httpx.AsyncClient) -> None:
    answer = await anonymous.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["status"] == "ok"
    found = {each["name"]: each for each in answer.json()["parts"]}
    assert list(found) == PARTS
    assert found["database"]["good"] is True
    assert found["database"]["needed"] is True
    assert found["database"]["text"].startswith("PostgreSQL ")
    assert [name for name in PARTS if found[name]["needed"]] == ["database"]
    assert found["files"] == {"name": "files", "good": True, "text": "local folder", "needed": False}
    assert found["weather"]["text"] == "files"
    assert found["calculations"]["text"] == "Dask in this process"


# --- a database that is away ------------------------------------------------------------------------------------------


@pytest.fixture
async def gate(database_url: str) -> AsyncIterator[Gate]:
    made = await Gate(database_url).open()
    yield made
    await made.shut()


@pytest.fixture
async def site(gate: Gate, application: Application) -> AsyncIterator[httpx.AsyncClient]:
    """The site of an application whose database is behind a gate."""
    database = await Database(gate.url, size=5).open()
    services = Services()
    services.add(database)
    services.add(Settings(dask_address="tcp://scheduler:8786", open_meteo_url="https://weather.example"))
    services.add(application.services.part(Files))
    made = Site(services, application.apis, {})
    transport = httpx.ASGITransport(app=made.asgi, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://gridloom.test") as client:
        yield client
    database._pool.terminate()


async def test_without_its_database_it_is_alive_and_not_ready_until_it_comes_back(
    site: httpx.AsyncClient, gate: Gate
) -> None:
    assert (await site.get("/health/ready")).status_code == 200
    await gate.shut()
    for _ in range(2):
        answer = await site.get("/health/ready")
        assert answer.status_code == 503
        assert answer.json()["status"] == "unavailable"
        found = {each["name"]: each for each in answer.json()["parts"]}
        assert [name for name in PARTS if not found[name]["good"]] == ["database", "events", "webhooks", "jobs"]
        assert found["calculations"]["text"] == "Dask at tcp://scheduler:8786"
        assert (await site.get("/health/live")).status_code == 200
        page = await site.get("/")
        assert page.status_code == 200
        assert '<li class="bad"><b>database</b>' in page.text
    await gate.open()
    answer = await site.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ok")


async def test_a_state_tells_no_address_and_no_password(site: httpx.AsyncClient, gate: Gate) -> None:
    await gate.shut()
    for path in ("/health/ready", "/"):
        text = (await site.get(path)).text
        assert "127.0.0.1" not in text
        assert gate.url.partition("@")[0].rpartition(":")[2] not in text


async def test_a_part_that_does_not_answer_is_not_waited_for(
    site: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never(services: Services) -> tuple[bool, str]:
        import asyncio

        await asyncio.sleep(60)
        return True, ""

    monkeypatch.setattr(state, "TIMEOUT_S", 0.05)
    monkeypatch.setattr(state, "_jobs", never)
    answer = await site.get("/health/ready")
    assert answer.status_code == 200
    [jobs] = [each for each in answer.json()["parts"] if each["name"] == "jobs"]
    assert (jobs["good"], jobs["text"]) == (False, "TimeoutError")


# --- numbers ----------------------------------------------------------------------------------------------------------


def series(text: str) -> dict[str, float]:
    lines = [line.rpartition(" ") for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, _, value in lines}


async def test_numbers_count_requests_by_operation_and_never_by_what_a_caller_wrote(
    application: Application, anonymous: httpx.AsyncClient, callers: Callers
) -> None:
    # Numbers are those of a process, in which other tests have had applications of their own.
    observability.watch_pool("main", application.database.load)
    operation = 'gridloom_request_seconds_count{api="metering",operation="%s",status="%s"}'

    async def numbers() -> dict[str, float]:
        answer = await anonymous.get("/metrics")
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/plain; version=")
        return series(answer.text)

    caller = await callers.with_scopes("metering", ["*"])
    [listed] = [each for each in caller.api.operations if (each.method, each.path) == ("GET", "/api/sensors/types")]
    good, bad = operation % (listed.name, 200), operation % (listed.name, 401)
    before = await numbers()
    for _ in range(3):
        assert (await caller.get("/api/sensors/types")).status_code == 200
    assert (await anonymous.get("/api/sensors/types?secret=ab12cd34")).status_code == 401
    await anonymous.get("/api/ab12cd34")
    await anonymous.get("/ab12cd34")
    after = await numbers()
    assert after[good] - before.get(good, 0) == 3
    assert after[bad] - before.get(bad, 0) == 1
    assert after['gridloom_db_connections{pool="main",state="most"}'] == 5
    assert "ab12cd34" not in json.dumps(after)


@pytest.mark.parametrize("method", ["GET", "POST", "BREW" * 20])
async def test_a_stranger_makes_no_new_series(anonymous: httpx.AsyncClient, method: str) -> None:
    await anonymous.request(method, "/api/nowhere")
    await anonymous.request(method, "/nowhere")
    before = set(series((await anonymous.get("/metrics")).text))
    for number in range(20):
        headers: dict[str, str] = {"x-request-id": f"request-{number:08}", "user-agent": f"agent {number}"}
        await anonymous.request(method, f"/api/nowhere/{number}", headers=headers)
        await anonymous.request(method, f"/nowhere/{number}", headers=headers)
    after = set(series((await anonymous.get("/metrics")).text))
    assert {each for each in after - before if "request_seconds" in each} == set()
