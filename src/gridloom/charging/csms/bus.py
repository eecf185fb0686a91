"""Words between the processes of one installation. They may be lost: whoever waits for one looks by itself now and then."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol, Self, TypeAlias

import structlog

from gridloom.kernel.database.pool import Database
from gridloom.kernel.errors import Unavailable
from gridloom.kernel.events.listen import Listener

log = structlog.get_logger(__name__)

Ear: TypeAlias = Callable[[str], None]
START_S = 10.0


class Bus(Protocol):
    """A way to say something to whoever listens. After an interruption each ear hears an empty text."""

    async def publish(self, channel: str, text: str) -> None:
        """Say it. channel: small letters, digits and `_`, at most 60. text: at most 4,000 characters."""
        ...

    def subscribe(self, channel: str, ear: Ear) -> None:
        """Call `ear(text)` in the loop for each text."""
        ...

    def unsubscribe(self, channel: str, ear: Ear) -> None:
        """Call it no more."""
        ...


class PostgresBus:
    """LISTEN and NOTIFY. Without a listener it only speaks."""

    def __init__(self, database: Database, listener: Listener | None) -> None:
        self._database = database
        self._listener = listener

    async def publish(self, channel: str, text: str) -> None:
        """See `Bus`."""
        async with self._database.connection() as connection:
            await connection.execute("SELECT pg_notify($1, $2)", channel, text)

    def subscribe(self, channel: str, ear: Ear) -> None:
        """See `Bus`."""
        if self._listener is not None:
            self._listener.on(channel, ear)

    def unsubscribe(self, channel: str, ear: Ear) -> None:
        """See `Bus`."""
        if self._listener is not None:
            self._listener.off(channel, ear)


class NatsBus:
    """A NATS server. Open it with `async with`; it connects again by itself for as long as it is open."""

    def __init__(self, url: str, *, start_s: float = START_S) -> None:
        self._url, self._start_s = url, start_s
        self._client: Any = None
        self._ears: dict[str, list[Ear]] = {}
        self._heard: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        """Connect. Raises Unavailable when the client library is missing or nobody answers."""
        try:
            import nats
        except ImportError:
            raise Unavailable(
                "GRIDLOOM_NATS_URL is set, but the NATS client is not installed: `pip install gridloom[nats]`."
            ) from None
        try:
            async with asyncio.timeout(self._start_s):
                self._client = await nats.connect(
                    self._url,
                    name="gridloom",
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=1,
                    allow_reconnect=True,
                    reconnected_cb=self._again,
                    error_cb=self._failed,
                )
        except (OSError, TimeoutError, nats.errors.Error) as error:
            raise Unavailable(f"the NATS server of GRIDLOOM_NATS_URL does not answer: {type(error).__name__}") from None
        for channel in list(self._ears):
            self._heard.add(channel)
            await self._listen(channel)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Disconnect."""
        for task in self._tasks:
            task.cancel()
        if self._client is not None:
            with suppress(Exception):  # it is going anyway
                await self._client.close()
            self._client = None

    async def publish(self, channel: str, text: str) -> None:
        """See `Bus`."""
        if self._client is not None:
            await self._client.publish(f"gridloom.{channel}", text.encode())

    def subscribe(self, channel: str, ear: Ear) -> None:
        """See `Bus`."""
        ears = self._ears.setdefault(channel, [])
        ears.append(ear)
        if self._client is not None and channel not in self._heard:
            self._heard.add(channel)
            task = asyncio.create_task(self._listen(channel))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def unsubscribe(self, channel: str, ear: Ear) -> None:
        """See `Bus`."""
        with suppress(KeyError, ValueError):
            self._ears[channel].remove(ear)

    async def _listen(self, channel: str) -> None:
        async def heard(message: Any) -> None:
            self._tell(channel, message.data.decode(errors="replace"))

        await self._client.subscribe(f"gridloom.{channel}", cb=heard)
        self._tell(channel, "")

    def _tell(self, channel: str, text: str) -> None:
        for ear in tuple(self._ears.get(channel, ())):
            try:
                ear(text)
            except Exception:
                log.exception("ear_failed", channel=channel)

    async def _again(self) -> None:
        for channel in tuple(self._ears):
            self._tell(channel, "")

    async def _failed(self, error: Exception) -> None:
        log.warning("nats_failed", error=type(error).__name__)
