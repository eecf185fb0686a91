"""Words between processes, over PostgreSQL and over a real NATS server."""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.charging.csms.support import charger, commands_of, door_of, opened, station
from tests.charging.ocpp.support import until

from gridloom.app import Roles
from gridloom.charging.csms.bus import Bus, NatsBus, PostgresBus
from gridloom.charging.csms.seats import Key
from gridloom.charging.ocpp.public import Answered
from gridloom.kernel.database.pool import Database
from gridloom.kernel.errors import Unavailable
from gridloom.kernel.events.listen import Listener

PROGRAM = shutil.which("nats-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
needs_nats = pytest.mark.skipif(PROGRAM is None, reason="no nats-server on this machine")


class Nats:
    """A NATS server that can be stopped and started again."""

    def __init__(self) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self.url = f"nats://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start and wait until it listens."""
        command = [str(PROGRAM), "-a", "127.0.0.1", "-p", str(self.port)]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(500):
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.1).close()
            except OSError:
                time.sleep(0.01)
            else:
                return
        raise AssertionError("the NATS server does not listen")

    def stop(self) -> None:
        """Kill it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@pytest.fixture
def nats() -> Iterator[Nats]:
    """A running one."""
    server = Nats()
    server.start()
    yield server
    server.stop()


@asynccontextmanager
async def over_postgres(db: Database) -> AsyncIterator[tuple[Bus, Bus]]:
    """Two ends with one database."""
    async with Listener(db) as listener:
        bus = PostgresBus(db, listener)
        yield bus, PostgresBus(db, None)


async def passes_on(hearing: Bus, speaking: Bus) -> None:
    """What every bus owes."""
    heard: list[str] = []
    other: list[str] = []
    hearing.subscribe("gridloom_csms_test", heard.append)
    hearing.subscribe("gridloom_csms_other", other.append)
    await until(lambda: heard == [""] and other == [""])
    long = "ü" * 1000
    for text in ("first", long, "last"):
        await speaking.publish("gridloom_csms_test", text)
    await until(lambda: heard == ["", "first", long, "last"])
    hearing.unsubscribe("gridloom_csms_test", heard.append)
    await speaking.publish("gridloom_csms_test", "unheard")
    await speaking.publish("gridloom_csms_other", "heard")
    await until(lambda: other == ["", "heard"])
    assert heard == ["", "first", long, "last"]


async def test_postgresql_passes_words_on(db: Database) -> None:
    async with over_postgres(db) as (hearing, speaking):
        await passes_on(hearing, speaking)


@needs_nats
async def test_nats_passes_words_on(nats: Nats) -> None:
    async with NatsBus(nats.url) as hearing, NatsBus(nats.url) as speaking:
        await passes_on(hearing, speaking)


@needs_nats
async def test_one_ear_that_fails_hinders_no_other(nats: Nats) -> None:
    def fails(_: str) -> None:
        raise RuntimeError("an ear")

    heard: list[str] = []
    async with NatsBus(nats.url) as bus:
        bus.subscribe("gridloom_csms_test", fails)
        bus.subscribe("gridloom_csms_test", heard.append)
        await until(lambda: heard == [""])
        await bus.publish("gridloom_csms_test", "word")
        await until(lambda: heard == ["", "word"])


@needs_nats
async def test_after_an_interruption_every_ear_is_told_to_look(nats: Nats) -> None:
    heard: list[str] = []
    async with NatsBus(nats.url) as bus:
        bus.subscribe("gridloom_csms_test", heard.append)
        await until(lambda: heard == [""])
        nats.stop()
        nats.start()
        await until(lambda: heard == ["", ""], seconds=15)
        await bus.publish("gridloom_csms_test", "again")
        await until(lambda: heard == ["", "", "again"])


async def test_a_server_that_does_not_answer_is_said() -> None:
    pytest.importorskip("nats")
    with pytest.raises(Unavailable, match="GRIDLOOM_NATS_URL does not answer"):
        async with NatsBus("nats://127.0.0.1:1", start_s=0.5):
            pass


async def test_a_client_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nats", None)
    with pytest.raises(Unavailable, match="the NATS client is not installed"):
        async with NatsBus("nats://127.0.0.1:4222"):
            pass


@needs_nats
async def test_commands_and_evictions_travel_over_nats(
    nats: Nats, database_url: str, db: Database, tenant: int, tmp_path: Path
) -> None:
    number = await station(db, tenant, f"NATS-{tenant}")
    async with (
        opened(database_url, tmp_path, nats_url=nats.url) as here,
        opened(database_url, tmp_path, nats_url=nats.url) as there,
        opened(database_url, tmp_path, nats_url=nats.url, roles=Roles.API) as api,
        charger(here, f"NATS-{tenant}") as first,
    ):
        await first.boot()
        for application in (there, api):
            answer = await commands_of(application).call(tenant, number, "ClearCache", {})
            assert answer == Answered({"status": "Accepted"})
        async with charger(there, f"NATS-{tenant}") as second:
            await second.heartbeat()
            await until(lambda: not first.online)
            assert door_of(there).version_of(Key(tenant, number)) is not None
