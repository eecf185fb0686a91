"""Files as the rest of the program knows them: a row in the tenant's transaction, bytes in the store.

Bytes are written before their row and removed after it, so a row always has its bytes; what a rollback or a crash
leaves in the store belongs to nobody and is swept away a day later.
"""

from collections.abc import AsyncIterable, AsyncIterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import msgspec
import structlog

from gridloom.kernel import clock
from gridloom.kernel.audit.actor import actor
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import NotFound
from gridloom.kernel.files import links
from gridloom.kernel.files.keys import key_of
from gridloom.kernel.files.store import Blob, FileStore, Opened
from gridloom.kernel.ids import uuid7

AREA = "files"
SWEEP_BATCH = 1000

_INSERT = sql(
    "INSERT INTO files.file (tenant_id, id, key, name, media_type, size_bytes, sha256, created_by, created_at) VALUES "
    "(:tenant_id, :id, :key, :name, :media_type, :size_bytes, :sha256, :created_by, :created_at)"
)
_COLUMNS = "tenant_id, id, key, name, media_type, size_bytes, sha256, created_by, created_at"
_FIND = sql(f"SELECT {_COLUMNS} FROM files.file WHERE tenant_id = :tenant AND id = :id")
_DELETE = sql("DELETE FROM files.file WHERE tenant_id = :tenant AND id = :id RETURNING key")
_KNOWN = sql("SELECT key FROM files.file WHERE tenant_id = :tenant AND key = ANY(CAST(:keys AS text[]))")

log = structlog.get_logger(__name__)


class FileUnknown(NotFound):
    """No file of this tenant has this id."""

    code = "file_unknown"
    text = "There is no such file."


class File(msgspec.Struct, frozen=True):
    """One row of `files.file`."""

    tenant_id: int
    id: UUID
    key: str
    name: str
    media_type: str
    size_bytes: int
    sha256: bytes
    created_by: str
    created_at: datetime

    @property
    def disposition(self) -> str:
        """The Content-Disposition to answer it with: in place what is harmless there, else to be saved."""
        return links.disposition(self.name, self.media_type)


class Upload(msgspec.Struct, frozen=True):
    """Bytes that lie in the store and wait for their row."""

    tenant_id: int
    id: UUID
    key: str
    name: str
    media_type: str
    size_bytes: int
    sha256: bytes


class Swept(msgspec.Struct, frozen=True):
    """What a sweep removed: blobs without a row, parts of puts that never ended."""

    orphans: int
    unfinished: int


class Files:
    """The library of an installation. `secret` (32 bytes, `Sealer.derive("file-links")`) signs the links."""

    def __init__(self, store: FileStore, secret: bytes) -> None:
        self.store = store
        self._secret = secret

    async def upload(
        self,
        tenant: int,
        data: bytes | AsyncIterable[bytes],
        *,
        name: str,
        media_type: str,
        max_bytes: int | None = None,
    ) -> Upload:
        """Write the bytes, outside any transaction; `register` makes them a file. Raises FileTooLarge."""
        file_id, shown, kind = uuid7(), links.clean_name(name), links.clean_media_type(media_type)
        key = key_of(tenant, AREA, str(file_id))
        stored = await self.store.put(key, data, media_type=kind, name=shown, max_bytes=max_bytes)
        return Upload(tenant, file_id, key, shown, kind, stored.size_bytes, stored.sha256)

    async def register(self, tx: Tx, upload: Upload) -> File:
        """Write the row of uploaded bytes. LookupError when they belong to another tenant than the transaction."""
        if upload.tenant_id != tx.tenant:
            raise LookupError("these bytes were uploaded for another tenant")
        file = File(**msgspec.structs.asdict(upload), created_by=actor(tx.subject), created_at=clock.now())
        await tx.run(_INSERT, **msgspec.structs.asdict(file))
        return file

    async def save(
        self,
        tx: Tx,
        data: bytes | AsyncIterable[bytes],
        *,
        name: str,
        media_type: str,
        max_bytes: int | None = None,
    ) -> File:
        """Upload and register in one step: for bytes made here; a slow caller would hold the transaction."""
        upload = await self.upload(tx.tenant, data, name=name, media_type=media_type, max_bytes=max_bytes)
        return await self.register(tx, upload)

    async def find(self, tx: Tx, file_id: UUID) -> File:
        """The row. Raises FileUnknown."""
        row = await tx.one(_FIND, tenant=tx.tenant, id=file_id)
        if row is None:
            raise FileUnknown
        return File(**dict(row.items()))

    async def read(self, file: File) -> bytes:
        """All bytes. Raises FileMissing."""
        return await self.store.get(file.key)

    async def open(self, file: File, *, start: int = 0, end: int | None = None) -> Opened:
        """The bytes as a stream, or a range of them. Raises FileMissing."""
        return await self.store.open(file.key, start=start, end=end)

    async def remove(self, tx: Tx, file_id: UUID) -> None:
        """Delete the row, and the bytes once that is committed. Raises FileUnknown."""
        key = await tx.scalar(_DELETE, tenant=tx.tenant, id=file_id)
        if key is None:
            raise FileUnknown
        tx.after_commit(lambda: self.store.delete(key))

    async def link(self, file: File, *, expires_in: timedelta = timedelta(hours=24), base_url: str = "") -> str:
        """A URL that opens this file without a login for a while: the object store's own, or `/files/…` of ours."""
        if self.store.signs:
            return await self.store.native_link(file.key, expires_in)
        until = clock.now() + expires_in
        return base_url + links.signed_path(self._secret, file.tenant_id, file.id, file.name, until)

    def check_link(self, tenant: int, file_id: UUID, expires: str, signature: str) -> None:
        """Whether a link of `link` may pass. Raises LinkInvalid, LinkExpired."""
        links.verify(self._secret, tenant, file_id, expires, signature)

    async def sweep(self, db: Database, *, older_than: timedelta = timedelta(days=1)) -> Swept:
        """Remove what belongs to no row and is older than any transaction could be. Safe to run twice, at any time."""
        before, orphans = clock.now() - older_than, 0
        for tenant in await self.store.tenants():
            async for batch in _batches(self.store.blobs(tenant, AREA), before):
                async with db.system() as tx:
                    known = {row["key"] for row in await tx.all(_KNOWN, tenant=tenant, keys=batch)}
                lost = [key for key in batch if key not in known]
                await self.store.delete(*lost)
                orphans += len(lost)
        unfinished = await self.store.sweep_unfinished(older_than=older_than)
        if orphans or unfinished:
            log.info("files_swept", orphans=orphans, unfinished=unfinished)
        return Swept(orphans, unfinished)


async def _batches(blobs: AsyncIterator[Blob], before: datetime) -> AsyncIterator[Sequence[str]]:
    """Keys of blobs that were written before an instant, some at a time."""
    batch: list[str] = []
    async for blob in blobs:
        if blob.modified_at < before:
            batch.append(blob.key)
        if len(batch) == SWEEP_BATCH:
            yield batch
            batch = []
    if batch:
        yield batch
