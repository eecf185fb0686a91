"""The embedded server and its owner are killed, in every order; the next start must simply work."""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import psycopg
import pytest

from gridloom.kernel.database.embedded import EmbeddedServer
from gridloom.kernel.database.server_folder import is_server
from gridloom.kernel.database.server_program import ServerUnavailable

pytestmark = pytest.mark.faults

PR_SET_CHILD_SUBREAPER = 36

OWNER = """
import sys
from pathlib import Path
from gridloom.kernel.database.embedded import EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1])).start()
print(server.pid, server.url(), flush=True)
{then}
sys.stdin.read()
server.stop()
"""

LINGERING_CHILD = """
import os, time
if (child := os.fork()) == 0:
    time.sleep(60)
    os._exit(0)
print(child, flush=True)
"""


class Owner:
    """Another process that runs an embedded server in a folder."""

    def __init__(self, root: Path, then: str = "") -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", OWNER.format(then=then), str(root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.server, self.url = 0, ""

    def wait_until_ready(self) -> "Owner":
        """Read where its server is."""
        number, self.url = self.line().split()
        self.server = int(number)
        return self

    def line(self) -> str:
        """The next line it prints."""
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def freeze(self) -> None:
        """Stop it where it is, so that it can neither collect its server nor start it again."""
        self.process.send_signal(signal.SIGSTOP)
        os.waitpid(self.process.pid, os.WUNTRACED)

    def kill(self) -> None:
        """End it without a chance to clean up."""
        self.process.kill()
        self.process.wait()

    def close(self) -> None:
        """Let it end in order, if it still lives."""
        for pipe in (self.process.stdin, self.process.stdout):
            if pipe is not None:
                pipe.close()
        self.process.wait(30)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The folder of the server."""
    return tmp_path / "server"


@pytest.fixture
def owner(root: Path) -> Iterator[Owner]:
    """A process with a running server in the folder, and one table in it."""
    started = Owner(root).wait_until_ready()
    with psycopg.connect(started.url) as connection:
        connection.execute("CREATE TABLE kept (number integer)")
    yield started
    started.close()


def write(url: str, number: int) -> None:
    """One acknowledged row."""
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO kept VALUES (%s)", [number])


def kept(root: Path) -> list[int]:
    """What a fresh start finds in the folder."""
    server = EmbeddedServer(root).start()
    try:
        with psycopg.connect(server.url()) as connection:
            return [number for (number,) in connection.execute("SELECT number FROM kept ORDER BY number").fetchall()]
    finally:
        server.stop()


def wait_for_end(pid: int, data: Path, seconds: float) -> None:
    """Wait until the server is gone, and fail when it stays."""
    began = time.monotonic()
    while is_server(pid, data):
        assert time.monotonic() - began < seconds, f"the server {pid} still runs"
        time.sleep(0.01)


def test_a_killed_owner_takes_its_server_along(owner: Owner, root: Path) -> None:
    write(owner.url, 1)
    owner.kill()
    wait_for_end(owner.server, root / "data", seconds=2)
    assert kept(root) == [1]


def test_a_start_right_after_the_kill_waits_for_the_old_server(owner: Owner, root: Path) -> None:
    for number in range(3):
        write(owner.url, number)
    owner.kill()
    assert kept(root) == [0, 1, 2]


def test_owner_and_server_killed_together_lose_nothing_acknowledged(owner: Owner, root: Path) -> None:
    write(owner.url, 1)
    owner.freeze()
    os.kill(owner.server, signal.SIGKILL)
    owner.kill()
    assert (root / "data" / "postmaster.pid").exists()
    assert kept(root) == [1]


def test_busy_backends_of_a_killed_server_hold_up_nothing(owner: Owner, root: Path) -> None:
    write(owner.url, 1)
    cut: list[Exception] = []
    worker = threading.Thread(target=run_until_cut, args=(owner.url, cut))
    worker.start()
    time.sleep(0.3)
    owner.freeze()
    os.kill(owner.server, signal.SIGKILL)
    owner.kill()
    began = time.monotonic()
    assert kept(root) == [1]
    assert time.monotonic() - began < 5
    worker.join(10)
    assert [type(each) for each in cut] == [psycopg.OperationalError]


def run_until_cut(url: str, cut: list[Exception]) -> None:
    """Write and compute for a minute; a backend would notice the death of its server only after that."""
    try:
        with psycopg.connect(url) as connection:
            connection.execute("INSERT INTO kept VALUES (2)")
            connection.execute("SELECT count(*) FROM generate_series(1, 500000000) AS a")
    except psycopg.OperationalError as fault:
        cut.append(fault)


def test_a_process_id_that_went_to_another_program_hinders_nothing(owner: Owner, root: Path) -> None:
    write(owner.url, 1)
    owner.freeze()
    os.kill(owner.server, signal.SIGKILL)
    owner.kill()
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        note = root / "data" / "postmaster.pid"
        lines = note.read_text().split("\n")
        note.write_text("\n".join([str(stranger.pid), *lines[1:]]))
        assert kept(root) == [1]
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_a_zombie_that_nobody_collects_hinders_nothing(root: Path) -> None:
    """As in a container whose first process does not collect orphans: here this process is made their collector."""
    libc = ctypes.CDLL(None, use_errno=True)
    assert libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0
    owner = Owner(root).wait_until_ready()
    try:
        with psycopg.connect(owner.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
        owner.freeze()
        os.kill(owner.server, signal.SIGKILL)
        owner.kill()
        wait_for_end(owner.server, root / "data", seconds=5)
        assert Path(f"/proc/{owner.server}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
        assert kept(root) == [1]
    finally:
        os.waitpid(owner.server, 0)
        libc.prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)
        owner.close()


def test_a_child_that_outlives_a_killed_owner_does_not_hold_the_folder(root: Path) -> None:
    owner = Owner(root, then=LINGERING_CHILD).wait_until_ready()
    child = int(owner.line())
    try:
        with psycopg.connect(owner.url) as connection:
            connection.execute("CREATE TABLE kept AS SELECT 1 AS number")
        owner.kill()
        assert kept(root) == [1]
        os.kill(child, 0)
    finally:
        os.kill(child, signal.SIGKILL)
        owner.close()


def test_a_second_process_on_the_folder_is_told_who_has_it(owner: Owner, root: Path) -> None:
    with pytest.raises(ServerUnavailable, match=rf"pid {owner.process.pid}\)"):
        EmbeddedServer(root).start()
    write(owner.url, 1)
    owner.close()
    assert kept(root) == [1]


def test_a_server_outlives_the_thread_that_asked_for_it(root: Path) -> None:
    server = EmbeddedServer(root)
    asking = threading.Thread(target=server.start)
    asking.start()
    asking.join()
    try:
        time.sleep(0.5)
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        assert server.starts == 1
    finally:
        server.stop()


def test_a_crashed_server_is_started_again_with_everything_acknowledged(root: Path) -> None:
    server = EmbeddedServer(root).start()
    try:
        with psycopg.connect(server.url()) as connection:
            connection.execute("CREATE TABLE kept (number integer)")
        for number in range(4):
            write(server.url(), number)
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            began = time.monotonic()
            while server.starts < number + 2 or not answers(server.url()):
                assert time.monotonic() - began < 5
                time.sleep(0.01)
        with psycopg.connect(server.url()) as connection:
            rows = connection.execute("SELECT number FROM kept ORDER BY number").fetchall()
        assert rows == [(0,), (1,), (2,), (3,)]
    finally:
        server.stop()


def answers(url: str) -> bool:
    """Whether the server takes connections."""
    try:
        psycopg.connect(url, connect_timeout=1).close()
    except psycopg.OperationalError:
        return False
    return True


def test_a_server_that_crashes_again_and_again_is_given_up(root: Path) -> None:
    server = EmbeddedServer(root).start()
    try:
        for crash in range(1, 6):
            began = time.monotonic()
            while server.starts < crash or not answers(server.url()):
                assert time.monotonic() - began < 5
                time.sleep(0.01)
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
        time.sleep(1)
        assert server.starts == 5
        assert server.pid is None
    finally:
        server.stop()
    assert EmbeddedServer(root).start().stop() is None


@pytest.mark.parametrize("seed", range(12))
def test_a_first_start_may_be_killed_at_any_moment(root: Path, seed: int) -> None:
    owner = Owner(root)
    time.sleep(0.1 + Random(seed).random() * 1.0)
    owner.kill()
    owner.close()
    server = EmbeddedServer(root).start()
    try:
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SELECT current_database()").fetchone() == ("gridloom",)
    finally:
        server.stop()


def test_nothing_acknowledged_is_lost_when_the_server_is_killed_in_a_stream_of_writes(root: Path) -> None:
    acknowledged: list[int] = []
    for _ in range(5):
        owner = Owner(root).wait_until_ready()
        with psycopg.connect(owner.url) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS kept (number integer)")
        killer = threading.Timer(0.3, os.kill, (owner.process.pid, signal.SIGKILL))
        killer.start()
        try:
            while True:
                number = acknowledged[-1] + 1 if acknowledged else 0
                write(owner.url, number)
                acknowledged.append(number)
        except psycopg.OperationalError:
            killer.join()
        owner.close()
    found = kept(root)
    assert len(acknowledged) > 5
    assert set(acknowledged) <= set(found)
    # A write whose answer was lost may be there or not, and is then written again by the next round.
    assert len(found) - len(acknowledged) <= 5
