"""A file is a row and its bytes: both are there, or what is left over is swept away."""

import hashlib
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from gridloom.kernel import clock
from gridloom.kernel.files.library import Files, FileUnknown, Swept
from gridloom.kernel.files.links import LinkExpired, LinkInvalid
from gridloom.kernel.files.store import FileMissing, FileStore, FileTooLarge
from gridloom.kernel.ids import uuid7


@pytest.fixture
def files(tmp_path):
    return Files(FileStore(tmp_path / "files"), b"s" * 32)


async def keys_of(files, tenant):
    return [blob.key async for blob in files.store.blobs(tenant)]


class ChangedMind(Exception):
    """What rolls a transaction back."""


@asynccontextmanager
async def undone(db, tenant):
    """A transaction that does everything and then rolls back."""
    with suppress(ChangedMind):
        async with db.tenant(tenant) as tx:
            yield tx
            raise ChangedMind


async def rows_of(db, tenant):
    async with db.tenant(tenant) as tx:
        return await tx.scalar("SELECT count(*) FROM files.file")


async def test_a_saved_file_is_found_with_all_that_was_said_about_it(db, tenant, files):
    async with db.tenant(tenant, subject="user:3") as tx:
        saved = await files.save(tx, b"1;2", name="../Zähler.csv", media_type="Text/CSV; charset=utf-8")
    async with db.tenant(tenant) as tx:
        found = await files.find(tx, saved.id)
    assert found == saved
    assert (found.tenant_id, found.name, found.media_type, found.size_bytes) == (tenant, "Zähler.csv", "text/csv", 3)
    assert (found.sha256, found.created_by) == (hashlib.sha256(b"1;2").digest(), "user:3")
    assert found.key == f"{tenant}/files/{found.id}"
    assert found.disposition.startswith("inline; filename=")
    assert await files.read(found) == b"1;2"
    assert [chunk async for chunk in await files.open(found, start=1)] == [b";2"]


async def test_another_tenant_neither_finds_nor_removes_it(db, tenant, other_tenant, files):
    async with db.tenant(tenant) as tx:
        saved = await files.save(tx, b"x", name="a", media_type="text/plain")
    async with db.tenant(other_tenant) as tx:
        for refuses in (files.find(tx, saved.id), files.remove(tx, saved.id)):
            with pytest.raises(FileUnknown):
                await refuses
    assert await rows_of(db, tenant) == 1
    assert await files.read(saved) == b"x"


async def test_bytes_of_one_tenant_cannot_become_a_file_of_another(db, tenant, other_tenant, files):
    upload = await files.upload(tenant, b"x", name="a", media_type="text/plain")
    with pytest.raises(LookupError, match="another tenant"):
        async with db.tenant(other_tenant) as tx:
            await files.register(tx, upload)
    assert await rows_of(db, other_tenant) == 0


async def test_a_file_that_is_too_large_leaves_neither_row_nor_bytes(db, tenant, files):
    with pytest.raises(FileTooLarge):
        async with db.tenant(tenant) as tx:
            await files.save(tx, b"12345", name="a", media_type="text/plain", max_bytes=4)
    assert await rows_of(db, tenant) == 0
    assert await keys_of(files, tenant) == []


async def test_a_removed_file_loses_its_bytes_after_the_commit_only(db, tenant, files):
    async with db.tenant(tenant) as tx:
        saved = await files.save(tx, b"x", name="a", media_type="text/plain")
    async with undone(db, tenant) as tx:
        await files.remove(tx, saved.id)
    assert await files.read(saved) == b"x"
    assert await rows_of(db, tenant) == 1
    async with db.tenant(tenant) as tx:
        await files.remove(tx, saved.id)
        assert await files.read(saved) == b"x"
    with pytest.raises(FileMissing):
        await files.read(saved)
    assert await rows_of(db, tenant) == 0


async def test_a_link_to_a_local_file_carries_what_the_check_asks_for(db, tenant, files):
    async with db.tenant(tenant) as tx:
        saved = await files.save(tx, b"x", name="a b.txt", media_type="text/plain")
    link = urlsplit(await files.link(saved, expires_in=timedelta(minutes=5), base_url="https://example.org"))
    query = {name: values[0] for name, values in parse_qs(link.query).items()}
    assert (link.netloc, link.path) == ("example.org", f"/files/{tenant}/{saved.id}/a%20b.txt")
    files.check_link(tenant, saved.id, **query)
    with pytest.raises(LinkInvalid):
        files.check_link(tenant, uuid7(), **query)
    with clock.travel(timedelta(minutes=6)), pytest.raises(LinkExpired):
        files.check_link(tenant, saved.id, **query)


async def test_a_link_to_an_object_store_is_its_own(db, tenant, files):
    async with db.tenant(tenant) as tx:
        saved = await files.save(tx, b"x", name="a", media_type="text/plain")
    options = {"region": "eu-west-1", "access_key_id": "id", "secret_access_key": "secret"}
    remote = Files(FileStore("s3://bucket", options=options), b"s" * 32)
    assert urlsplit(await remote.link(saved)).path.endswith(f"/{tenant}/files/{saved.id}")


async def test_a_sweep_removes_old_bytes_without_a_row_and_nothing_else(db, tenant, files, monkeypatch):
    monkeypatch.setattr("gridloom.kernel.files.library.SWEEP_BATCH", 2)
    async with db.tenant(tenant) as tx:
        kept = [await files.save(tx, b"x", name="a", media_type="text/plain") for _ in range(3)]
    async with undone(db, tenant) as tx:
        await files.save(tx, b"lost", name="b", media_type="text/plain")
    for _ in range(2):
        await files.upload(tenant, b"never registered", name="c", media_type="text/plain")
    await files.store.put(f"{tenant}/series/2026-01.parquet", b"not ours to judge")
    await files.store.put("999999999/files/of-a-tenant-long-gone", b"x")

    assert await files.sweep(db) == Swept(0, 0)
    with clock.travel(timedelta(days=2)):
        assert await files.sweep(db) == Swept(4, 0)
        assert await files.sweep(db) == Swept(0, 0)
    assert set(await keys_of(files, tenant)) == {file.key for file in kept} | {f"{tenant}/series/2026-01.parquet"}
    assert await keys_of(files, 999999999) == []
