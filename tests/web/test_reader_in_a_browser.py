"""The reader of the documents in a real browser, over a real socket."""

import asyncio
import re
import shutil
import socket
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest
import uvicorn

from gridloom.app import Application

CHROMIUM = shutil.which("chromium")
CARD = re.compile(
    r'<details class="op" id="([^"]*)"><summary><span class="verb ([A-Z]+)">\2</span>'
    r'<span class="path( old)?">([^<]*)<'
)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this machine")


@pytest.fixture
async def address(application: Application) -> AsyncIterator[str]:
    """The application on a socket of this machine."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(application.asgi, lifespan="off", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        served = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await served


async def dom(url: str, profile: Path) -> str:
    """What a browser makes of a page, once its scripts have run."""
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", "--virtual-time-budget=8000")
    browser = await asyncio.create_subprocess_exec(
        CHROMIUM or "", *options, f"--user-data-dir={profile}", url,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(60):
            out, _ = await browser.communicate()
    except TimeoutError:
        browser.kill()
        raise
    return out.decode()


async def test_the_reader_shows_every_operation_of_an_api(
    address: str, application: Application, tmp_path: Path
) -> None:
    shown = await dom(f"{address}/docs/metering", tmp_path)
    [api] = [each for each in application.apis if each.name == "metering"]
    cards = [(name, verb, unescape(path), bool(old)) for name, verb, old, path in CARD.findall(shown)]
    assert sorted(cards) == sorted((each.name, each.method, each.path, each.deprecated) for each in api.operations)
    assert len(cards) >= 22
    assert f"<h1>{api.title} " in shown
    assert "Reading …" not in shown
    assert "cannot be read" not in shown
    for tag in {each.tags[0] for each in api.operations if each.tags}:
        assert f'id="tag-{tag}"' in unescape(shown)
