"""The store of bytes: a local folder by default, S3, Google Cloud Storage or Azure by the scheme of its URL.

A put is atomic everywhere: readers see all of the bytes or none, and a put that fails or is cut off leaves nothing
behind (but, after a kill, an unfinished part that `sweep_unfinished` removes). In a local folder the bytes are on the
disk, not in a cache, before `put` returns, so that a row committed afterwards never points at bytes that a power cut
took.
"""

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterable, AsyncIterator, Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote, urlsplit

import msgspec
import obstore
from obstore.store import LocalStore, MemoryStore, from_url

from gridloom.kernel import clock
from gridloom.kernel.errors import NotFound, TooLarge
from gridloom.kernel.files.keys import BadKey, checked, key_of
from gridloom.kernel.files.links import attachment

MEGABYTE = 1024 * 1024
PART_BYTES = 5 * MEGABYTE
CHUNK_BYTES = 64 * 1024
LONGEST_LINK = timedelta(days=7)

_UNFINISHED = re.compile(r".*#\d+")
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)


class FileMissing(NotFound):
    """There are no bytes under this key."""

    code = "file_missing"
    text = "The file is not in the store."


class FileTooLarge(TooLarge):
    """More bytes came than this kind of file may have; none were kept."""

    code = "file_too_large"

    def __init__(self, max_bytes: int) -> None:
        super().__init__(f"The file is larger than {max_bytes} bytes.", detail={"max_bytes": max_bytes})
        self.max_bytes = max_bytes


class Blob(msgspec.Struct, frozen=True):
    """What the store knows about one key."""

    key: str
    size_bytes: int
    modified_at: datetime


class Stored(msgspec.Struct, frozen=True):
    """What was put: as many bytes, with this SHA-256 (32 bytes)."""

    key: str
    size_bytes: int
    sha256: bytes


class Opened:
    """Bytes on their way out: iterate over the chunks. `start` and `end` (exclusive) within `blob.size_bytes`."""

    __slots__ = ("_stream", "blob", "end", "start")

    def __init__(self, blob: Blob, start: int, end: int, stream: Any) -> None:
        self.blob = blob
        self.start = start
        self.end = end
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if self._stream is None:
            return
        async for chunk in self._stream:
            yield bytes(chunk)


class FileStore:
    """Bytes by key, see `keys`.

    url: a folder (`./var/files`, `file:///srv/files`) or `s3://bucket/prefix`, `gs://…`, `az://…`, `memory:///`
    (tests). options: what the object store's client needs beyond its usual environment variables, e.g. `endpoint`,
    `region`, `access_key_id`. max_bytes: the largest file, unless a put names its own limit.
    """

    def __init__(
        self, url: str | Path, *, options: Mapping[str, Any] | None = None, max_bytes: int = 100 * MEGABYTE
    ) -> None:
        self.folder = _folder(url)
        self.max_bytes = max_bytes
        if self.folder is not None:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._store: Any = LocalStore(self.folder)
        else:
            # The options of S3, Google and Azure are three closed dictionaries; which one is meant, the URL says.
            self._store = from_url(str(url), **cast("Any", {"config": dict(options)} if options else {}))
        self._describes = not isinstance(self._store, LocalStore | MemoryStore)

    @property
    def objects(self) -> Any:
        """The object store itself, for a part that keeps files under keys of its own (months of readings)."""
        return self._store

    @property
    def signs(self) -> bool:
        """Whether the store itself can hand out signed links."""
        return self._describes

    async def put(
        self,
        key: str,
        data: bytes | AsyncIterable[bytes],
        *,
        media_type: str = "application/octet-stream",
        name: str | None = None,
        max_bytes: int | None = None,
    ) -> Stored:
        """Write everything under `key`, replacing what was there.

        media_type and name travel along to object stores, which answer signed links by themselves. Raises BadKey,
        FileTooLarge; whatever `data` raises comes through, and nothing was written.
        """
        meter = _Meter(self.max_bytes if max_bytes is None else max_bytes)
        attributes: dict[str, str] | None = None
        if self._describes:
            attributes = {"Content-Type": media_type, "Content-Disposition": attachment(name or key.rpartition("/")[2])}
        body = await _first_part(data, meter)
        await obstore.put_async(self._store, checked(key), body, attributes=attributes, chunk_size=PART_BYTES)
        if self.folder is not None:
            await asyncio.to_thread(_settle, self.folder / key, self.folder)
        return Stored(key, meter.size, meter.digest())

    async def head(self, key: str) -> Blob:
        """Size and age. Raises FileMissing."""
        try:
            return _blob(await obstore.head_async(self._store, checked(key)))
        except FileNotFoundError:
            raise FileMissing from None

    async def get(self, key: str) -> bytes:
        """All bytes at once. Raises FileMissing."""
        try:
            result = await obstore.get_async(self._store, checked(key))
        except FileNotFoundError:
            raise FileMissing from None
        return bytes(await result.bytes_async())

    async def open(self, key: str, *, start: int = 0, end: int | None = None) -> Opened:
        """Begin to read from byte `start` up to and without `end`; both are cut to the size. Raises FileMissing now."""
        blob = await self.head(key)
        last = blob.size_bytes if end is None else min(end, blob.size_bytes)
        if not 0 <= start < last:
            return Opened(blob, min(max(start, 0), blob.size_bytes), min(max(start, 0), blob.size_bytes), None)
        try:
            result = await obstore.get_async(self._store, key, options={"range": (start, last)})
        except FileNotFoundError:
            raise FileMissing from None
        return Opened(blob, start, last, result.stream(min_chunk_size=CHUNK_BYTES))

    async def delete(self, *keys: str) -> None:
        """Remove; what is not there counts as removed."""
        for key in keys:
            with suppress(FileNotFoundError):
                await obstore.delete_async(self._store, checked(key))

    async def blobs(self, tenant: int, *segments: str) -> AsyncIterator[Blob]:
        """Every blob below `tenant/segment/…`, in the store's own order."""
        prefix = key_of(tenant, *segments) if segments else str(int(tenant))
        async for batch in obstore.list(self._store, prefix=prefix):
            for meta in batch:
                yield _blob(meta)

    async def tenants(self) -> list[int]:
        """The tenants that have anything here, those included whose rows are gone."""
        listed = await obstore.list_with_delimiter_async(self._store)
        return sorted(int(prefix) for prefix in listed["common_prefixes"] if prefix.isdigit())

    async def native_link(self, key: str, expires_in: timedelta) -> str:
        """A link that the object store answers. ValueError beyond seven days, or for a store that cannot sign."""
        if not timedelta() < expires_in <= LONGEST_LINK:
            raise ValueError(f"a signed link lasts up to {LONGEST_LINK.days} days, not {expires_in}")
        if not self.signs:
            raise ValueError("this store does not sign; use kernel.files.links")
        url: str = await obstore.sign_async(self._store, "GET", checked(key), expires_in)
        return url

    async def sweep_unfinished(self, *, older_than: timedelta = timedelta(days=1)) -> int:
        """Remove the parts of puts that a kill cut off; local folders only (object stores have a rule for it)."""
        if self.folder is None:
            return 0
        return await asyncio.to_thread(_sweep_unfinished, self.folder, clock.now() - older_than)


class _Meter:
    """Counts and digests what passes, and stops what is too much."""

    def __init__(self, max_bytes: int) -> None:
        self._hash = hashlib.sha256()
        self._max = max_bytes
        self.size = 0

    def take(self, chunk: bytes) -> None:
        """Raises FileTooLarge."""
        self.size += len(chunk)
        if self.size > self._max:
            raise FileTooLarge(self._max)
        self._hash.update(chunk)

    def digest(self) -> bytes:
        return self._hash.digest()


async def _first_part(data: bytes | AsyncIterable[bytes], meter: _Meter) -> bytes | AsyncIterator[bytes]:
    """The whole body when it is small enough for one request to the store, else a stream of parts."""
    if isinstance(data, bytes):
        await asyncio.to_thread(meter.take, data)
        return data
    chunks = aiter(data)
    first = bytearray()
    async for chunk in chunks:
        meter.take(chunk)
        first += chunk
        if len(first) >= PART_BYTES:
            return _rest(bytes(first), chunks, meter)
    return bytes(first)


async def _rest(first: bytes, chunks: AsyncIterator[bytes], meter: _Meter) -> AsyncIterator[bytes]:
    yield first
    async for chunk in chunks:
        meter.take(chunk)
        yield chunk


def _folder(url: str | Path) -> Path | None:
    """The folder that a path or a file URL names; None for an object store."""
    if isinstance(url, Path) or not _SCHEME.match(url):
        return Path(url).absolute()
    parts = urlsplit(url)
    return Path(unquote(parts.path)) if parts.scheme.lower() == "file" else None


def _blob(meta: Any) -> Blob:
    return Blob(meta["path"], meta["size"], clock.utc(meta["last_modified"]))


def _settle(path: Path, root: Path) -> None:
    """Have the kernel write the bytes and every folder entry that leads to them."""
    for each in (path, *path.parents):
        handle = os.open(each, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        if each == root:
            return


def _sweep_unfinished(folder: Path, before: datetime) -> int:
    removed = 0
    for path in folder.rglob("*"):
        with suppress(FileNotFoundError):
            if _UNFINISHED.fullmatch(path.name) and path.stat().st_mtime < before.timestamp() and path.is_file():
                path.unlink()
                removed += 1
    return removed


__all__ = ["BadKey", "Blob", "FileMissing", "FileStore", "FileTooLarge", "Opened", "Stored"]
