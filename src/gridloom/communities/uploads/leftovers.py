"""Folders that a process left behind when it was killed in the middle of an upload."""

import asyncio
import os
import shutil
import stat
import tempfile
import time
from pathlib import Path
from typing import Self

import structlog

# Of what is read here, and of the forms of `kernel/http/forms.py`.
PREFIXES = ("gridloom-upload-", "gridloom-form-")
# No upload takes as long, so that nobody uses the folder any more.
OLD_S = 86_400

log = structlog.get_logger(__name__)


class Leftovers:
    """A part of an application: at its start, removes what earlier ones left."""

    async def __aenter__(self) -> Self:
        removed = await asyncio.to_thread(remove, Path(tempfile.gettempdir()), time.time() - OLD_S)
        if removed:
            log.info("upload_leftovers_removed", folders=removed)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing is open."""


def remove(place: Path, before: float) -> int:
    """Remove our folders in `place` that were last changed before this time (seconds since 1970); gives their number.

    Only real folders of our own user: anybody may put something of such a name into the common place for temporary files.
    """
    removed = 0
    for folder in place.iterdir():
        if not folder.name.startswith(PREFIXES):
            continue
        try:
            found = folder.lstat()
        except FileNotFoundError:
            continue
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and found.st_mtime < before:
            shutil.rmtree(folder, ignore_errors=True)
            removed += 1
    return removed
