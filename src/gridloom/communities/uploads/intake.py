"""From a file on the disk to values in the store: all of it, or nothing."""

import asyncio
import tempfile
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path
from typing import NamedTuple

import structlog

from gridloom.communities import dates
from gridloom.communities.meters import public as meters
from gridloom.communities.sharing import public as sharing
from gridloom.communities.uploads import long_csv, store, workbook
from gridloom.communities.uploads.content import Content
from gridloom.communities.uploads.faults import (
    NoMeterOfOperation,
    NoSuchOperation,
    WrongForm,
    file_missing,
    file_too_large,
    wrong_kind,
)
from gridloom.communities.uploads.jobs import catch_up
from gridloom.communities.uploads.kinds import Kind, kind_of
from gridloom.communities.uploads.store import Written
from gridloom.kernel import clock
from gridloom.kernel.audit import trail
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.files.library import Files, Upload
from gridloom.kernel.http.endpoint import ATTEMPTS, RETRIED
from gridloom.kernel.http.forms import SentFile
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.jobs.deferral import defer_followed

MAX_WORKBOOK_BYTES = 5_000_000
# Files that a process reads at once: reading takes a processor and some memory.
AT_ONCE = 2
_CHUNK_BYTES = 256 * 1024
_MEDIA: dict[Kind, str] = {"csv": "text/csv", "workbook": "application/vnd.ms-excel"}

log = structlog.get_logger(__name__)


class Taken(NamedTuple):
    """What an upload did. version: None when it said nothing new. skipped_count: values of meters that are not in it."""

    version: int | None
    value_count: int
    new_count: int
    skipped_count: int


class Intake:
    """Takes files of consumption for the sharing operations of an installation. max_bytes: of a CSV."""

    def __init__(self, database: Database, files: Files, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._database = database
        self._files = files
        self._turns = asyncio.Semaphore(AT_ONCE)

    async def take(self, subject: Subject, community_id: int, operation_id: int, sent: SentFile) -> Taken:
        """Store what a file says about the meters of an operation; a file that says nothing new changes nothing.

        No connection is held while the file is read. Raises WrongForm, NoSuchOperation, NoMeterOfOperation, WrongFile.
        """
        kind = await asyncio.to_thread(_kind, sent, self.max_bytes)
        async with self._database.tenant(subject.tenant_id, subject=subject, read_only=True) as tx:
            if await sharing.find(tx, community_id, operation_id) is None:
                raise NoSuchOperation
            eans = (await meters.ever_in_operation(tx, operation_id)).keys()
        if not eans:
            raise NoMeterOfOperation
        async with self._turns:
            with tempfile.TemporaryDirectory(prefix="gridloom-upload-") as folder:
                content = Content(Path(folder), eans)
                try:
                    await asyncio.to_thread(_read, sent.path, kind, content, Path(folder))
                    return await self._keep(subject, community_id, operation_id, sent, kind, content)
                finally:
                    content.close()

    async def _keep(
        self, subject: Subject, community_id: int, operation_id: int, sent: SentFile, kind: Kind, content: Content
    ) -> Taken:
        upload = await self._files.upload(
            subject.tenant_id, _chunks(sent.path), name=sent.name, media_type=_MEDIA[kind], max_bytes=self.max_bytes
        )
        # What a failure leaves in the store is swept from there a day later: its row may have been committed.
        for attempt in range(1, ATTEMPTS + 1):
            try:
                async with self._database.tenant(subject.tenant_id, subject=subject) as tx:
                    taken = await self._write(tx, community_id, operation_id, content, upload)
                break
            except RETRIED:
                if attempt == ATTEMPTS:
                    raise
        if taken.version is None:
            await self._files.store.delete(upload.key)
        log.info("consumption_uploaded", operation=operation_id, **taken._asdict())
        return taken

    async def _write(self, tx: Tx, community_id: int, operation_id: int, content: Content, upload: Upload) -> Taken:
        # Channels before the operation: in the order in which who shares the operation takes them.
        targets = await store.prepare(tx, content, await meters.ever_in_operation(tx, operation_id))
        if await sharing.hold(tx, community_id, operation_id) is None:
            raise NoSuchOperation
        if not targets:
            raise NoMeterOfOperation
        written = await store.write(tx, content, targets)
        if not written.new_count:
            return Taken(None, written.value_count, 0, content.skipped_count)
        file = await self._files.register(tx, upload)
        upload_id, version = await store.note(tx, operation_id, content, written, file)
        _tell(tx, operation_id, upload_id, version, written, content)
        first, last = _days(content)
        await defer_followed(
            tx,
            catch_up,
            description=f"Share what upload {version} of sharing operation {operation_id} says",
            lock=f"sharing:{operation_id}",
            community_id=community_id,
            operation_id=operation_id,
            since=first,
            till=last,
        )
        return Taken(version, written.value_count, written.new_count, content.skipped_count)


def _kind(sent: SentFile, max_bytes: int) -> Kind:
    if not sent.size_bytes:
        raise WrongForm(file_missing())
    kind = kind_of(sent.path, sent.name, sent.media_type)
    if kind is None:
        raise WrongForm(wrong_kind())
    if sent.size_bytes > (max_bytes if kind == "csv" else MAX_WORKBOOK_BYTES):
        raise WrongForm(file_too_large())
    return kind


def _read(path: Path, kind: Kind, content: Content, folder: Path) -> None:
    if kind == "csv":
        long_csv.read(path, content)
    else:
        workbook.read(path, content, folder)
    content.check()


def _tell(tx: Tx, operation_id: int, upload_id: int, version: int, written: Written, content: Content) -> None:
    """The line of the trail."""
    detail = {
        "id_sharing_operation": operation_id,
        "version": version,
        "values": written.value_count,
        "new": written.new_count,
        "skipped": content.skipped_count,
        "skipped_eans": sorted(content.skipped),
    }
    trail.record(tx, "post_sharing_operations_consumptions", ("communities.upload", upload_id), detail)


def _days(content: Content) -> tuple[date, date]:
    """The first and the last day of the grid that a file speaks of."""
    first, last = (clock.from_ms(ms).astimezone(dates.ZONE).date() for ms in (content.since_ms, content.till_ms - 1))
    return first, last


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
