"""The server is killed in a stream of writes, again and again: what was acknowledged is there, and nothing is half there."""

import contextlib
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import psycopg
import pytest
from tests.faults.running import Running, gridloom, postmaster, processes_of

from gridloom.kernel.database.embedded import EmbeddedServer
from gridloom.samples.readings import Form, write_readings

pytestmark = pytest.mark.faults

ROUNDS = 20
RESTART_S = 5.0
T0 = 1_770_001_200_000
FORMS: tuple[Form, ...] = ("register", "amount")
MANY = "/api/sensors/signals/data/v2"


class Place:
    """A folder with a tenant and a token, and the server that runs on it at the moment."""

    def __init__(self, var: Path) -> None:
        self.var = var
        assert gridloom(var, "tenant", "create", "kept").returncode == 0
        made = gridloom(var, "token", "create", "kept", "service", "--scope", "*")
        self.headers = {"authorization": f"Bearer {made.stdout.strip()}"}
        self.running: Running | None = None
        self.url = ""

    def start(self) -> float:
        """Start the server; seconds until it is ready to work."""
        began = time.monotonic()
        self.running = Running(self.var, "--no-demo").wait()
        with self.client(self.running.url) as client:
            while client.get("/health/ready").status_code != 200:
                time.sleep(0.01)
        self.url = self.running.url
        return time.monotonic() - began

    def kill(self) -> None:
        """kill -9 of the leader of the process group."""
        assert self.running is not None
        self.url = ""
        self.running.kill()

    def client(self, url: str = "") -> httpx.Client:
        """A caller with the token."""
        return httpx.Client(base_url=url or self.url, headers=self.headers, timeout=30)

    def read(self, key: str) -> dict[int, float]:
        """Number -> value of everything that was ever stored of a sensor; each of them once."""
        with self.client() as client:
            window = {"since": T0, "till": T0 + 100_000_000}
            answer = client.get(f"/api/sensors/{key}/signals/53/data", params=window)
        assert answer.status_code == 200, answer.text
        data = answer.json()["data"]
        assert len(set(data["time"])) == len(data["time"])
        return {time - T0: value for time, value in zip(data["time"], data["value"], strict=True)}


class Writer(threading.Thread):
    """Writes one number after the other, each once; what was answered with success is acknowledged."""

    def __init__(self, place: Place, name: str) -> None:
        super().__init__(name=name, daemon=True)
        self.place = place
        self.attempted = 0
        self.acknowledged: list[int] = []
        self.statuses: set[int] = set()
        self.ending = threading.Event()

    def write(self, client: httpx.Client, number: int) -> httpx.Response:
        """One write of this number."""
        raise NotImplementedError

    def run(self) -> None:
        """Go on until told to end, whatever happens to the server."""
        while not self.ending.is_set():
            if not (url := self.place.url):
                time.sleep(0.005)
                continue
            with contextlib.suppress(httpx.TransportError), self.place.client(url) as client:
                while url == self.place.url and not self.ending.is_set():
                    number = self.attempted
                    self.attempted += 1
                    answer = self.write(client, number)
                    self.statuses.add(answer.status_code)
                    if answer.is_success:
                        self.acknowledged.append(number)


def row(number: int) -> dict[str, Any]:
    return {"time": [T0 + number], "value": [number + 0.5]}


class One(Writer):
    """Writes of one signal of one sensor."""

    def __init__(self, place: Place, key: str) -> None:
        super().__init__(place, "one")
        self.key = key

    def write(self, client: httpx.Client, number: int) -> httpx.Response:
        return client.put(f"/api/sensors/{self.key}/signals/53/data/v2", json={"data": row(number)})


class Several(Writer):
    """Writes of several sensors at once, all of them or none."""

    def __init__(self, place: Place, keys: list[str]) -> None:
        super().__init__(place, "several")
        self.keys = keys

    def write(self, client: httpx.Client, number: int) -> httpx.Response:
        parts = [key.split(".") for key in self.keys]
        return client.put(
            MANY,
            json=[
                {"client_cid": int(cid), "sensor_mid": int(mid), "signal_type_moid": 53, "data": row(number)}
                for cid, mid in parts
            ],
        )


class Maker(Writer):
    """Makes sensors; the number of each is known from its name."""

    def __init__(self, place: Place) -> None:
        super().__init__(place, "maker")
        self.made: dict[int, str] = {}

    def write(self, client: httpx.Client, number: int) -> httpx.Response:
        answer = client.post("/api/sensors", params={"client_cid": 8, "name": f"n{number}", "sensor_eid": f"e{number}"})
        if answer.is_success:
            self.made[number] = f"8.{answer.json()['sensor_mid']}"
        return answer


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A folder; nothing of it runs on afterwards."""
    made = Place(tmp_path / "var")
    yield made
    if made.running is not None and made.running.process.poll() is None:
        made.running.end()
    for process in processes_of(made.var):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)


class Stream:
    """Three writers at once, and the proof of what they were told."""

    def __init__(self, place: Place) -> None:
        self.place = place
        with place.client() as client:
            mids = [
                client.post("/api/sensors", params={"client_cid": 7, "name": name}).json()["sensor_mid"]
                for name in "abcd"
            ]
        keys = [f"7.{mid}" for mid in mids]
        self.one, self.several, self.maker = One(place, keys[0]), Several(place, keys[1:]), Maker(place)
        self.writers: list[Writer] = [self.one, self.several, self.maker]
        for writer in self.writers:
            writer.start()

    def counts(self) -> list[int]:
        """How many writes of each writer were acknowledged until now."""
        return [len(writer.acknowledged) for writer in self.writers]

    def wait_for_more(self, before: list[int], seconds: float = 20) -> None:
        """Until each writer was acknowledged something more."""
        began = time.monotonic()
        while any(now <= then for now, then in zip(self.counts(), before, strict=True)):
            assert time.monotonic() - began < seconds, f"nothing is acknowledged any more: {before}"
            time.sleep(0.005)

    def end(self) -> None:
        """No more writes."""
        for writer in self.writers:
            writer.ending.set()
        for writer in self.writers:
            writer.join(60)
            assert not writer.is_alive()

    def check(self) -> None:
        """Everything acknowledged is there exactly, nothing that was not asked for, nothing half."""
        found = self.place.read(self.one.key)
        assert set(self.one.acknowledged) <= set(found)
        assert set(found) <= set(range(self.one.attempted))
        assert all(value == number + 0.5 for number, value in found.items())
        parts = [self.place.read(key) for key in self.several.keys]
        assert parts[0] == parts[1] == parts[2]
        assert set(self.several.acknowledged) <= set(parts[0])
        assert set(parts[0]) <= set(range(self.several.attempted))
        assert all(value == number + 0.5 for number, value in parts[0].items())
        with self.place.client() as client:
            for number, key in self.maker.made.items():
                shown = client.get(f"/api/sensors/{key}").json()
                assert (shown["name"], shown["sensor_eid"]) == (f"n{number}", f"e{number}")
        assert len(set(self.maker.made.values())) == len(self.maker.made)
        assert sorted(self.maker.made) == self.maker.acknowledged


def test_a_server_killed_twenty_times_in_a_stream_of_writes_loses_nothing_acknowledged(
    place: Place, record_property: Any
) -> None:
    random = Random(20)
    place.start()
    stream = Stream(place)
    restarts = []
    for _ in range(ROUNDS):
        stream.wait_for_more(stream.counts())
        time.sleep(random.random() * 0.4)
        place.kill()
        restarts.append(place.start())
    stream.wait_for_more(stream.counts())
    stream.end()
    stream.check()
    assert set.union(*(writer.statuses for writer in stream.writers)) <= {200, 201}
    record_property("restart_s", [round(each, 2) for each in restarts])
    assert max(restarts) < RESTART_S, restarts
    assert place.running is not None
    assert place.running.end() == 0
    assert processes_of(place.var) == []


def test_a_killed_database_is_told_as_503_until_it_is_back(place: Place, record_property: Any) -> None:
    place.start()
    stream = Stream(place)
    outages = []
    with place.client() as client:
        for _ in range(3):
            stream.wait_for_more(stream.counts())
            before = postmaster(place.var)
            os.kill(before, signal.SIGKILL)
            began = time.monotonic()
            statuses = set()
            while (answer := client.get("/api/sensors/states")).status_code != 503:
                assert answer.status_code == 200, answer.text
                assert time.monotonic() - began < 5, "nobody noticed that the database is gone"
            assert answer.json() == {"detail": "The database cannot be reached."}
            assert int(answer.headers["retry-after"]) > 0
            while (answer := client.get("/api/sensors/states")).status_code != 200:
                statuses.add(answer.status_code)
                assert time.monotonic() - began < 20
            outages.append(time.monotonic() - began)
            assert statuses <= {503}
            assert postmaster(place.var) != before
            while client.get("/health/ready").status_code != 200:
                assert time.monotonic() - began < 20
                time.sleep(0.01)
    stream.wait_for_more(stream.counts())
    stream.end()
    stream.check()
    assert set.union(*(writer.statuses for writer in stream.writers)) <= {200, 201, 503}
    record_property("outage_s", [round(each, 2) for each in outages])


def test_a_killed_connection_of_the_database_is_told_as_503_and_nothing_is_lost(place: Place) -> None:
    """PostgreSQL then ends every other connection too, and starts over with what was committed."""
    place.start()
    stream = Stream(place)
    for _ in range(3):
        stream.wait_for_more(stream.counts())
        os.kill(backends(place.var)[-1], signal.SIGKILL)
    stream.wait_for_more(stream.counts())
    stream.end()
    stream.check()
    assert set.union(*(writer.statuses for writer in stream.writers)) == {200, 201, 503}
    assert place.running is not None
    log = place.running.log.read_text()
    assert "request_failed" not in log
    assert place.running.end() == 0


def backends(var: Path) -> list[int]:
    """The processes that serve a connection."""
    found = []
    for process in processes_of(var / "postgres" / "data"):
        with contextlib.suppress(OSError):
            if b"[local]" in Path(f"/proc/{process}/cmdline").read_bytes():
                found.append(process)
    return found


def test_a_first_start_may_be_killed_at_any_moment_and_the_next_makes_the_demo_whole(tmp_path: Path) -> None:
    random = Random(5)
    var = tmp_path / "var"
    for _ in range(5):
        starting = Running(var)
        time.sleep(0.3 + random.random() * 3)
        starting.kill()
    running = Running(var).wait("Try it:")
    demo = json.loads((var / "demo.json").read_text())
    bearer = {"authorization": f"Bearer {demo['service_token']}"}
    with httpx.Client(base_url=running.url, headers=bearer) as client:
        assert client.get("/api/sensors/1.1").status_code == 200
        signed_in = client.post("/api/users/token", json={"login": demo["login"], "password": demo["password"]})
        assert signed_in.status_code == 200
    assert running.end() == 0
    assert processes_of(var) == []
    expected = sum(write_readings(tmp_path / f"{form}.csv", form) for form in FORMS)
    server = EmbeddedServer(var / "postgres").start()
    try:
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT count(*) FROM identity.tenant").fetchone() == (1,)
            assert connection.execute('SELECT count(*) FROM identity."user"').fetchone() == (1,)
            found = connection.execute(
                "SELECT count(*) FROM series.reading r JOIN series.channel c ON c.id = r.channel_id WHERE c.code < 600"
            ).fetchone()
    finally:
        server.stop()
    assert found == (expected,)
