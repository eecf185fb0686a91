"""The folder of an embedded server: who holds it, and what an earlier server left in it."""

import fcntl
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from gridloom.kernel.database.server_program import FolderInUse, ServerUnavailable


class FolderLock:
    """One process a folder. The lock ends with the process, so nothing stale can be left behind."""

    def __init__(self, root: Path) -> None:
        """Take the lock; ServerUnavailable, naming the process, when somebody has it."""
        self._file = os.open(root / "lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(self._file, 32, 0).decode().strip() or "unknown"
            os.close(self._file)
            raise FolderInUse(
                f"the database in {root} is in use by another gridloom process (pid {holder}): "
                "stop that one first, or give this one a folder or a DATABASE_URL of its own"
            ) from None
        os.ftruncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode(), 0)
        _held.add(self)

    def release(self) -> None:
        """Give the folder free."""
        _held.discard(self)
        os.close(self._file)


_held: set[FolderLock] = set()


def _forget() -> None:
    for each in list(_held):
        each.release()


# A forked child would share its parent's lock, and keep it after the parent's death.
os.register_at_fork(after_in_child=_forget)


@contextmanager
def opened(*paths: Path) -> Iterator[tuple[int, ...]]:
    """Descriptors that name files without being a right to read them, to be inherited by a child."""
    descriptors: list[int] = []
    try:
        for path in paths:
            descriptors.append(os.open(path, os.O_PATH | os.O_CLOEXEC))  # noqa: PERF401 — a failure closes those before
        yield tuple(descriptors)
    finally:
        for each in descriptors:
            os.close(each)


def pid_file(data: Path) -> list[str]:
    """The lines of the server's pid file, none when there is no such file.

    pid, data folder, start, port, socket folder, address, shared memory (key and id), state (`ready`).
    """
    try:
        return [line.strip() for line in (data / "postmaster.pid").read_text().split("\n")]
    except FileNotFoundError:
        return []


def wait_for_predecessor(data: Path, *, timeout_s: float = 60.0) -> None:
    """Wait until no process of an earlier server touches the data, and remove a pid file that would stop the next one.

    A killed gridloom leaves a server in its shutdown, which is waited for. A killed server leaves its pid file, in a
    container without an init a zombie, which PostgreSQL takes for alive, and backends that notice its death only when
    their statement is done; these are ended, since what they compute can no longer be committed. A process id may also
    have gone to another program. Two facts decide together: no live process of that id works in the data folder, and
    none is attached to the server's shared memory. Raises ServerUnavailable when that does not come true within
    `timeout_s` seconds.
    """
    began = time.monotonic()
    while lines := pid_file(data):
        pid = int(lines[0]) if lines[0].isdigit() else 0
        if not is_server(pid, data):
            if not has_memory_in_use(lines):
                (data / "postmaster.pid").unlink(missing_ok=True)
                return
            _end_orphans(data)
        if time.monotonic() - began > timeout_s:
            raise ServerUnavailable(f"another PostgreSQL server (pid {pid}) still works on {data}: stop it first")
        time.sleep(0.02)


def _end_orphans(data: Path) -> None:
    """Kill what is left of a server whose first process is dead: everything that works in its data folder."""
    for process in Path("/proc").glob("[0-9]*"):
        if is_server(int(process.name), data):
            with suppress(ProcessLookupError):
                os.kill(int(process.name), signal.SIGKILL)


def is_server(pid: int, data: Path) -> bool:
    """Whether that process is a living PostgreSQL whose working directory is the data folder, as a server's always is."""
    process = Path(f"/proc/{pid}")
    try:
        state = (process / "stat").read_text().rsplit(")", 1)[1].split()[0]
        program = (process / "exe").readlink().name
        return state not in {"Z", "X"} and program.startswith("postgres") and (process / "cwd").samefile(data)
    except OSError:
        return False


def has_memory_in_use(lines: list[str]) -> bool:
    """Whether any process is attached to the shared memory that a pid file names."""
    named = lines[6].split() if len(lines) > 6 else []
    try:
        header, *rows = Path("/proc/sysvipc/shm").read_text().splitlines()
    except OSError:
        return False
    columns = header.split()
    for row in rows:
        segment = dict(zip(columns, row.split(), strict=False))
        if [segment.get("key"), segment.get("shmid")] == named:
            return segment.get("nattch") != "0"
    return False
