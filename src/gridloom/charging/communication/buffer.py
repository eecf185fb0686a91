"""The journal of the protocol core: frames go into memory at once, and from there in batches into the log."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import date, datetime
from typing import Self

import asyncpg
import structlog

from gridloom.charging.communication.entries import Entry, Pairing, key_of
from gridloom.charging.communication.frames import written
from gridloom.charging.communication.store import stations_named, write
from gridloom.charging.ocpp.public import Frame, Incident, Station
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database

log = structlog.get_logger(__name__)

_TURN = 100_000  # characters, and so many a frame besides, that are worked on before others get the loop
_EACH, _LONG = 300, 16_384
_Notice = tuple[Incident, str, str, str, tuple[int, int] | None]


class Buffer:
    """An `ocpp.ports.Journal`. Runs as an async context manager, or is flushed by hand.

    every_s: between two writes. most_frames, most_characters: what is held at once; what comes beyond is counted and
    lost, as is what a crash catches here: the log is for people, nothing is calculated from it.
    """

    def __init__(
        self,
        db: Database,
        *,
        every_s: float = 0.5,
        most_frames: int = 50_000,
        most_characters: int = 64_000_000,
        at_once: int = 2_000,
    ) -> None:
        self._db = db
        self._every_s, self._at_once = every_s, at_once
        self._most_frames, self._most_characters = most_frames, most_characters
        self._frames: list[Frame] = []
        self._notices: dict[_Notice, tuple[datetime, int]] = {}
        self._ready: list[Entry] = []
        self._size = 0
        self._ending = asyncio.Event()
        self._pairing = Pairing()
        self._days: set[date] = set()
        self._turn = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self.lost: Counter[str] = Counter()
        """What could not be kept, by reason, since the start."""

    # --- what the protocol core calls ---------------------------------------------------------------------------------

    def frame(self, frame: Frame) -> None:
        """A message came or went."""
        if len(self._frames) >= self._most_frames or self._size + len(frame.text) > self._most_characters:
            self.lost["frames"] += 1
            return
        self._size += len(frame.text)
        self._frames.append(frame)

    def incident(
        self, incident: Incident, network_id: str, address: str, detail: str, station: Station | None = None
    ) -> None:
        """Something beside messages. The same one again before the next write is counted, not kept twice."""
        known = None if station is None else key_of(station)
        notice = (incident, network_id.replace("\x00", ""), address, detail, known)
        if notice not in self._notices and len(self._notices) >= self._at_once:
            self.lost["incidents"] += 1
            return
        since, count = self._notices.get(notice, (clock.now(), 0))
        self._notices[notice] = (since, count + 1)

    # --- running ------------------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Begin to write now and then."""
        self._task = asyncio.create_task(self._run(), name="communication log")
        return self

    async def __aexit__(self, *_: object) -> None:
        """Write what is left, questions without an answer too."""
        if self._task is not None:
            # Not cancelled: what a flush holds in its hands would be gone, or written twice.
            self._ending.set()
            await self._task
            self._task = None
        await self.flush(ending=True)

    async def _run(self) -> None:
        while not self._ending.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(self._every_s):
                    await self._ending.wait()
            await self.flush()

    async def flush(self, *, ending: bool = False) -> None:
        """Write what is complete, now; with `ending` everything. What the database refuses waits for the next time."""
        async with self._turn:
            lost = self.lost.total()
            try:
                await self._gather(ending=ending)
                while self._ready:
                    batch = self._ready[: self._at_once]
                    await self._write(batch)
                    del self._ready[: len(batch)]
            except Exception as error:  # noqa: BLE001 - whatever it is: the log ends no process, and holds so much at most
                log.warning("communication_log_not_written", error=f"{type(error).__name__}: {error}"[:500])
            self._shed()
            if self.lost.total() > lost:
                log.warning("communication_log_incomplete", **self.lost)

    async def _write(self, batch: list[Entry]) -> None:
        """Write a batch; of one that holds what cannot be stored, everything else."""
        try:
            await write(self._db, batch, self._days)
        except (asyncpg.DataError, ValueError):
            if len(batch) == 1:
                self.lost["entries"] += 1
                return
            middle = len(batch) // 2
            await self._write(batch[:middle])
            await self._write(batch[middle:])

    async def _gather(self, *, ending: bool) -> None:
        frames, self._frames = self._frames, []
        read = 0
        for frame in frames:
            # A long frame is read beside the loop; of short ones so many in one go as cost it a few milliseconds.
            is_long = len(frame.text) > _LONG
            try:
                entry = await asyncio.to_thread(self._pairing.take, frame) if is_long else self._pairing.take(frame)
            except Exception as error:  # noqa: BLE001 - whatever it is, the frames behind this one have done nothing
                self.lost["frames"] += 1
                log.warning("communication_frame_not_read", error=type(error).__name__)
                continue
            if entry:
                self._ready.append(entry)
            read += _EACH + len(frame.text)
            if read > _TURN:
                read = 0
                await asyncio.sleep(0)
        self._ready += self._pairing.rest() if ending else self._pairing.overdue(clock.now())
        if self._notices:
            names = sorted({name for _, name, _, _, known in self._notices if known is None})
            found = await stations_named(self._db, names) if names else {}
            notices, self._notices = self._notices, {}
            self._ready += self._told(notices, found)

    def _told(
        self, notices: Mapping[_Notice, tuple[datetime, int]], found: Mapping[str, tuple[int, int]]
    ) -> Iterator[Entry]:
        for (incident, name, address, detail, known), (at, count) in notices.items():
            place = known or found.get(name)
            if place is None:
                self.lost["incidents_of_unknown_stations"] += 1
                continue
            told = {"address": address, "detail": detail} | ({"times": count} if count > 1 else {})
            yield Entry(at, *place, True, incident.value, written(told))

    def _shed(self) -> None:
        """Count what is held, and give up the oldest when the database has refused for too long."""
        ready = sum(each.size for each in self._ready)
        while self._ready and (ready > self._most_characters or len(self._ready) > self._most_frames):
            ready -= self._ready.pop(0).size
            self.lost["entries"] += 1
        self._size = ready + self._pairing.size + sum(len(each.text) for each in self._frames)
