"""A real browser for the tests: Chromium without a window, spoken to in its DevTools protocol."""

import asyncio
import itertools
import json
import shutil
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn
from websockets.asyncio.client import ClientConnection, connect

CHROMIUM = shutil.which("chromium")
PATIENCE_S = 30


class Tab:
    """A page of its own session: nothing that another test stored is there."""

    def __init__(self, connection: ClientConnection, context: str, target: str, session: str) -> None:
        self._connection = connection
        self._context = context
        self._target = target
        self._session = session

    async def say(self, method: str, **params: Any) -> dict[str, Any]:
        return await _say(self._connection, method, params, self._session)

    async def open(self, url: str) -> None:
        """Go there; returns when the reader, if there is one, has filled the page."""
        await self.say("Page.navigate", url="about:blank")
        await self.until("location.href === 'about:blank'")
        await self.say("Page.navigate", url=url)
        await self.until(
            f"location.href.startsWith({json.dumps(url.partition('#')[0])}) && document.readyState === 'complete'"
            " && !document.querySelector('[aria-busy]')"
        )

    async def js(self, expression: str) -> Any:
        """The value of an expression in the page. What it throws is a RuntimeError here."""
        found = await self.say("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(found["exceptionDetails"]["exception"].get("description", expression))
        return found["result"].get("value")

    async def until(self, expression: str) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not await self.js(f"!!({expression})"):  # noqa: ASYNC110 - the page cannot wake us
                await asyncio.sleep(0.02)

    async def text(self, selector: str) -> str:
        """What a person sees there, in one line."""
        shown: str = await self.js(f"document.querySelector({json.dumps(selector)}).innerText")
        return " ".join(shown.split())

    async def press(self, key: str, code: int, text: str = "") -> None:
        for kind in ("keyDown", "keyUp"):
            given = {"text": text} if text and kind == "keyDown" else {}
            await self.say("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, **given)

    async def type(self, selector: str, value: str) -> None:
        """Fill a field as a person does: with the focus in it."""
        await self.js(f"(document.querySelector({json.dumps(selector)}).focus(), document.activeElement.select())")
        await self.say("Input.insertText", text=value)

    async def choose(self, selector: str, *files: Path) -> None:
        """Put files into a file field."""
        found = await self.say("Runtime.evaluate", expression=f"document.querySelector({json.dumps(selector)})")
        await self.say(
            "DOM.setFileInputFiles", files=[str(each) for each in files], objectId=found["result"]["objectId"]
        )

    async def width(self, pixels: int, height: int = 800) -> None:
        await self.say(
            "Emulation.setDeviceMetricsOverride", width=pixels, height=height, deviceScaleFactor=1, mobile=False
        )

    async def save_into(self, folder: Path) -> None:
        await _say(
            self._connection, "Browser.setDownloadBehavior",
            {"behavior": "allow", "downloadPath": str(folder), "browserContextId": self._context},
        )  # fmt: skip

    async def close(self) -> None:
        await _say(self._connection, "Target.disposeBrowserContext", {"browserContextId": self._context})


_numbers = itertools.count(1)


async def _say(
    connection: ClientConnection, method: str, params: dict[str, Any], session: str | None = None
) -> dict[str, Any]:
    number = next(_numbers)
    request = {"id": number, "method": method, "params": params} | ({"sessionId": session} if session else {})
    await connection.send(json.dumps(request))
    async with asyncio.timeout(PATIENCE_S):
        while True:
            answer = json.loads(await connection.recv())
            if answer.get("id") == number:
                break
    if "error" in answer:
        raise RuntimeError(f"{method}: {answer['error']}")
    found: dict[str, Any] = answer["result"]
    return found


@asynccontextmanager
async def chromium(profile: Path) -> AsyncIterator[ClientConnection]:
    """A browser process, ended afterwards."""
    options = ("--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0", "about:blank")
    process = await asyncio.create_subprocess_exec(
        CHROMIUM or "", *options, f"--user-data-dir={profile}",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE_S):
            while not (port := _port(profile)):  # noqa: ASYNC110 - another process writes the file
                await asyncio.sleep(0.05)
        async with connect(f"ws://127.0.0.1:{port[0]}{port[1]}", max_size=None, proxy=None) as connection:
            yield connection
            with suppress(Exception):
                await _say(connection, "Browser.close", {})
        async with asyncio.timeout(PATIENCE_S):
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def _port(profile: Path) -> list[str]:
    """Port and path of the browser's socket, once it has written them."""
    file = profile / "DevToolsActivePort"
    lines = file.read_text().splitlines() if file.exists() else []
    return lines if len(lines) == 2 else []


async def new_tab(connection: ClientConnection) -> Tab:
    context = (await _say(connection, "Target.createBrowserContext", {}))["browserContextId"]
    target = (await _say(connection, "Target.createTarget", {"url": "about:blank", "browserContextId": context}))[
        "targetId"
    ]
    attached = await _say(connection, "Target.attachToTarget", {"targetId": target, "flatten": True})
    tab = Tab(connection, context, target, attached["sessionId"])
    await tab.width(1200)
    return tab


@asynccontextmanager
async def served(asgi: Any) -> AsyncIterator[str]:
    """An application on a socket of this machine; its address."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        config = uvicorn.Config(asgi, lifespan="off", log_config=None, access_log=False)
        server = uvicorn.Server(config)
        running = asyncio.create_task(server.serve(sockets=[listening]))
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            await running
