"""From a file on the disk to values in the store: all of it, or nothing."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import NamedTuple

import asyncpg
import structlog

from gridloom.communities import dates
from gridloom.communities.access import standing_of
from gridloom.communities.faults import NotInCommunity, RoleTooLow
from gridloom.communities.membership import public as memberships
from gridloom.communities.roles import NEEDED, at_least
from gridloom.communities.sharing import public as sharing
from gridloom.communities.uploads import long_csv, store, workbook
from gridloom.communities.uploads.content import Content, Spans
from gridloom.communities.uploads.faults import (
    NoMeterOfOperation,
    NoSuchOperation,
    WrongForm,
    file_empty,
    file_too_large,
    wrong_kind,
)
from gridloom.communities.uploads.jobs import catch_up
from gridloom.communities.uploads.kinds import Kind, kind_of
from gridloom.communities.uploads.store import Present, Written
from gridloom.communities.uploads.turns import Turns
from gridloom.kernel import clock
from gridloom.kernel.audit import trail
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Conflict
from gridloom.kernel.files.library import Files, Upload
from gridloom.kernel.http.endpoint import ATTEMPTS, RETRIED
from gridloom.kernel.http.forms import SentFile
from gridloom.kernel.http.subject import Subject
from gridloom.kernel.jobs.deferral import defer_followed

OPERATION = "post_sharing_operations_consumptions"
MAX_WORKBOOK_BYTES = 5_000_000
_CHUNK_BYTES = 256 * 1024
_MEDIA: dict[Kind, str] = {"csv": "text/csv", "workbook": "application/vnd.ms-excel"}

log = structlog.get_logger(__name__)


class Taken(NamedTuple):
    """What an upload did. version: None when it said nothing new.

    skipped_count: values of meters that were not in the operation on their day; skipped: the EANs of the first of them.
    """

    version: int | None
    value_count: int
    new_count: int
    skipped_count: int
    skipped: tuple[str, ...]


class Intake:
    """Takes files of consumption for the sharing operations of an installation. max_bytes: of a CSV."""

    def __init__(self, database: Database, files: Files, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self._database = database
        self._files = files
        self._turns = Turns()

    async def take(self, subject: Subject, community_id: int, operation_id: int, sent: SentFile) -> Taken:
        """Store what a file says about the meters of an operation; a file that says nothing new changes nothing.

        No connection is held while the file is read. Raises WrongForm, NoSuchOperation, NoMeterOfOperation, WrongFile.
        """
        kind = await asyncio.to_thread(_kind, sent, self.max_bytes)
        async with self._database.tenant(subject.tenant_id, subject=subject, read_only=True) as tx:
            if await sharing.find(tx, community_id, operation_id) is None:
                raise NoSuchOperation
            present = await store.present(tx, operation_id)
        if not present:
            raise NoMeterOfOperation
        lane = self._turns.lane(kind, sent.size_bytes)
        async with lane.turn(subject.tenant_id):
            with tempfile.TemporaryDirectory(prefix="gridloom-upload-") as folder:
                content = Content(Path(folder), present, _spans(present))
                try:
                    await lane.run(partial(_read, sent.path, kind, content, Path(folder)))
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
                    raise Conflict("Others changed the same data at the same time; try again.") from None
        if taken.version is None:
            await self._files.store.delete(upload.key)
        log.info("consumption_uploaded", operation=operation_id, **taken._asdict())
        return taken

    async def _write(self, tx: Tx, community_id: int, operation_id: int, content: Content, upload: Upload) -> Taken:
        present = await store.present(tx, operation_id)
        if _spans(present) != content.spans:
            content.spans = _spans(present)
            await asyncio.to_thread(content.check)
        # Channels before the operation: in the order in which who shares the operation takes them.
        targets = await store.prepare(tx, content, present)
        if await sharing.hold(tx, community_id, operation_id) is None:
            raise NoSuchOperation
        await _refuse_without_role(tx, community_id)
        if await store.present(tx, operation_id) != present:
            raise asyncpg.SerializationError("the meters of the operation changed meanwhile")
        await store.refuse_other_steps(tx, content, present)
        written = await store.write(tx, content, targets)
        if not written.new_count:
            return Taken(None, written.value_count, 0, content.skipped_count, tuple(content.skipped))
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
        return Taken(version, written.value_count, written.new_count, content.skipped_count, tuple(content.skipped))


async def _refuse_without_role(tx: Tx, community_id: int) -> None:
    """Whoever was sent away or demoted while the file came in uploads nothing; a program has no role to lose."""
    profile_id = standing_of(tx.subject).profile_id if isinstance(tx.subject, Subject) else None
    least = NEEDED[OPERATION].least
    if profile_id is None or least is None:
        return
    role = await memberships.role_of(tx, community_id, profile_id)
    if role is None:
        raise NotInCommunity
    if not at_least(role, least):
        raise RoleTooLow(least, role)


def _spans(present: Mapping[str, Present]) -> dict[str, Spans]:
    return {ean: each.spans for ean, each in present.items()}


def _kind(sent: SentFile, max_bytes: int) -> Kind:
    if not sent.size_bytes:
        raise WrongForm(file_empty())
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
    trail.record(tx, OPERATION, ("communities.upload", upload_id), detail)


def _days(content: Content) -> tuple[date, date]:
    """The first and the last day of the grid that a file speaks of."""
    first, last = (clock.from_ms(ms).astimezone(dates.ZONE).date() for ms in (content.since_ms, content.till_ms - 1))
    return first, last


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk
