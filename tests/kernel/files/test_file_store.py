"""Bytes go in whole or not at all, come out as they went in, and stay under their tenant."""

import asyncio
import hashlib
import os
import stat
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gridloom.kernel import clock
from gridloom.kernel.files.keys import BadKey
from gridloom.kernel.files.store import PART_BYTES, FileMissing, FileStore, FileTooLarge

ON_S3 = {"region": "eu-west-1", "access_key_id": "id", "secret_access_key": "secret"}


@pytest.fixture(params=["folder", "memory"])
def store(request, tmp_path):
    return FileStore(tmp_path / "files" if request.param == "folder" else "memory:///", max_bytes=20_000_000)


@pytest.fixture
def folder(tmp_path):
    return FileStore(str(tmp_path / "files"))


async def chunks(*parts):
    for part in parts:
        yield part


async def everything(store, *tenants):
    return sorted([blob.key async for blob in _all(store, tenants)])


async def _all(store, tenants):
    for tenant in tenants:
        async for blob in store.blobs(tenant):
            yield blob


async def test_what_is_put_is_measured_and_comes_back(store):
    stored = await store.put("7/files/a", b"kilowatt")
    assert (stored.key, stored.size_bytes) == ("7/files/a", 8)
    assert stored.sha256 == hashlib.sha256(b"kilowatt").digest()
    assert await store.get("7/files/a") == b"kilowatt"
    blob = await store.head("7/files/a")
    assert (blob.key, blob.size_bytes) == ("7/files/a", 8)
    assert abs(clock.now() - blob.modified_at) < timedelta(minutes=1)


@pytest.mark.parametrize("sizes", [(), (0,), (10, 20), (PART_BYTES,), (PART_BYTES - 1, 1, 1), (3_000_000,) * 4])
async def test_a_stream_of_any_length_arrives_whole(store, sizes):
    parts = [os.urandom(size) for size in sizes]
    stored = await store.put("7/files/a", chunks(*parts))
    whole = b"".join(parts)
    assert (stored.size_bytes, stored.sha256) == (len(whole), hashlib.sha256(whole).digest())
    assert await store.get("7/files/a") == whole


async def test_a_second_put_replaces_the_first(store):
    await store.put("7/files/a", b"first")
    await store.put("7/files/a", b"second")
    assert await store.get("7/files/a") == b"second"


@pytest.mark.parametrize("sizes", [(11,), (5, 6), (PART_BYTES, PART_BYTES, 11)])
async def test_too_many_bytes_are_refused_and_leave_the_old_ones(store, sizes):
    await store.put("7/files/a", b"old")
    limit = sum(sizes) - 1
    with pytest.raises(FileTooLarge, match=str(limit)) as fault:
        await store.put("7/files/a", chunks(*(b"x" * size for size in sizes)), max_bytes=limit)
    assert (fault.value.status, fault.value.max_bytes) == (413, limit)
    assert await store.get("7/files/a") == b"old"


async def test_the_store_has_a_limit_of_its_own(store):
    with pytest.raises(FileTooLarge):
        await store.put("7/files/a", b"x" * 20_000_001)
    assert await everything(store, 7) == []


async def test_a_caller_who_breaks_off_leaves_nothing(folder):
    async def broken():
        yield b"x" * PART_BYTES
        yield b"y" * PART_BYTES
        raise ConnectionResetError("gone")

    with pytest.raises(ConnectionResetError, match="gone"):
        await folder.put("7/files/a", broken())
    assert [path for path in folder.folder.rglob("*") if path.is_file()] == []


async def test_a_cancelled_put_leaves_nothing(folder):
    reached = asyncio.Event()

    async def endless():
        yield b"x" * PART_BYTES
        yield b"y" * PART_BYTES
        reached.set()
        await asyncio.sleep(60)
        yield b""

    put = asyncio.create_task(folder.put("7/files/a", endless()))
    await asyncio.wait_for(reached.wait(), 10)
    put.cancel()
    with pytest.raises(asyncio.CancelledError):
        await put
    for _ in range(100):
        left = [path for path in folder.folder.rglob("*") if path.is_file()]
        if not left:
            break
        await asyncio.sleep(0.05)
    assert left == []


@pytest.fixture
async def hundred(folder):
    await folder.put("7/files/a", bytes(range(100)))
    return folder


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40, deadline=None)
@given(start=st.integers(0, 150), end=st.one_of(st.none(), st.integers(0, 150)))
async def test_any_range_gives_the_bytes_that_are_there(hundred, start, end):
    opened = await hundred.open("7/files/a", start=start, end=end)
    expected = bytes(range(100))[start:end]
    assert b"".join([chunk async for chunk in opened]) == expected
    assert opened.end - opened.start == len(expected)
    assert opened.blob.size_bytes == 100


async def test_an_empty_file_can_be_opened(store):
    await store.put("7/files/a", b"")
    opened = await store.open("7/files/a")
    assert [chunk async for chunk in opened] == []
    assert (opened.start, opened.end) == (0, 0)


async def test_a_large_file_comes_in_many_chunks(store):
    await store.put("7/files/a", b"z" * 3_000_000)
    sizes = [len(chunk) async for chunk in await store.open("7/files/a")]
    assert sum(sizes) == 3_000_000


async def test_what_is_not_there_is_said_before_anything_is_sent(store):
    for reads in (store.get, store.head, store.open):
        with pytest.raises(FileMissing) as fault:
            await reads("7/files/none")
        assert fault.value.status == 404


async def test_deleting_is_safe_to_repeat(store):
    await store.put("7/files/a", b"a")
    await store.put("7/files/b", b"b")
    await store.delete("7/files/a", "7/files/none")
    await store.delete("7/files/a")
    assert await everything(store, 7) == ["7/files/b"]


async def test_a_listing_never_shows_another_tenant(store):
    for key in ("7/files/a", "7/series/2026-01.parquet", "70/files/a", "8/files/a"):
        await store.put(key, b"x")
    assert await everything(store, 7) == ["7/files/a", "7/series/2026-01.parquet"]
    assert [blob.key async for blob in store.blobs(7, "series")] == ["7/series/2026-01.parquet"]
    assert await store.tenants() == [7, 8, 70]


async def test_no_key_leads_out_of_the_folder(folder):
    (folder.folder.parent / "secret").write_bytes(b"secret")
    for key in ("../secret", "7/../../secret", "7/../secret", "/etc/passwd", str(folder.folder.parent / "secret")):
        for refuses in (folder.get, folder.head, folder.open, folder.delete):
            with pytest.raises(BadKey):
                await refuses(key)
        with pytest.raises(BadKey):
            await folder.put(key, b"overwritten")
    assert (folder.folder.parent / "secret").read_bytes() == b"secret"


async def test_only_the_owner_of_the_process_can_enter_the_folder(folder):
    assert stat.S_IMODE(folder.folder.stat().st_mode) == 0o700


async def test_a_put_is_on_the_disk_before_it_returns(folder, monkeypatch):
    synced = []
    fsync = os.fsync
    monkeypatch.setattr(
        os, "fsync", lambda handle: (synced.append(str(Path(f"/proc/self/fd/{handle}").readlink())), fsync(handle))
    )
    await folder.put("7/files/a", b"x")
    root = folder.folder
    assert synced == [str(root / "7/files/a"), str(root / "7/files"), str(root / "7"), str(root)]


async def test_parts_that_a_kill_left_behind_are_swept_once_they_are_old(folder):
    await folder.put("7/files/a", b"x")
    part = folder.folder / "7" / "files" / "b#1"
    part.write_bytes(b"half")
    assert await folder.sweep_unfinished() == 0
    assert part.exists()
    with clock.travel(timedelta(days=2)):
        assert await folder.sweep_unfinished() == 1
    assert not part.exists()
    assert await everything(folder, 7) == ["7/files/a"]


def test_a_file_url_names_a_folder(tmp_path):
    store = FileStore(f"file://{tmp_path}/with%20space")
    assert store.folder == tmp_path / "with space"
    assert not store.signs


async def test_an_object_store_signs_its_own_links_for_seven_days_at_most():
    store = FileStore("s3://bucket/prefix", options=ON_S3)
    assert store.signs
    link = urlsplit(await store.native_link("7/files/a", timedelta(hours=1)))
    query = parse_qs(link.query)
    assert link.path.endswith("/prefix/7/files/a")
    assert query["X-Amz-Expires"] == ["3600"]
    assert len(query["X-Amz-Signature"][0]) == 64
    for wrong in (timedelta(), timedelta(days=7, seconds=1)):
        with pytest.raises(ValueError, match="up to 7 days"):
            await store.native_link("7/files/a", wrong)


async def test_a_folder_signs_nothing_by_itself(store):
    with pytest.raises(ValueError, match="does not sign"):
        await store.native_link("7/files/a", timedelta(hours=1))
