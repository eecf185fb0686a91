"""Multipart forms whose files go to the disk."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.kernel.http.kit import TinyApi, client_of
from tests.kernel.http.test_bodies import post

from gridloom.kernel.errors import Invalid, TooLarge, WrongMediaType
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.forms import MAX_FIELD_BYTES, MAX_PARTS, SentForm, sent_form

MEDIA = "multipart/form-data; boundary=x"
HEAD = b'--x\r\nContent-Disposition: form-data; name="%s"\r\n\r\n'
FILE = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\nContent-Type: text/csv\r\n\r\n'


async def one_by_one(raw: bytes, size: int = 7) -> AsyncIterator[bytes]:
    for start in range(0, len(raw), size):
        yield raw[start : start + size]


async def read(raw: bytes, media: str = MEDIA, size: int = 7) -> tuple[SentForm, dict[str, bytes]]:
    async with sent_form(one_by_one(raw, size), media) as form:
        return form, {name: file.path.read_bytes() for name, file in form.files.items()}


@pytest.mark.parametrize("size", [1, 3, 64, 10_000])
async def test_fields_and_files_come_out_however_the_bytes_are_cut(size: int) -> None:
    raw = HEAD % b"id" + "über 42".encode() + b"\r\n" + FILE + b"a\r\n--y\r\nb" * 50 + b"\r\n--x--\r\n"
    form, files = await read(raw, size=size)
    assert form.fields == {"id": "über 42"}
    sent = form.files["file"]
    assert (sent.name, sent.media_type, sent.size_bytes) == ("a.csv", "text/csv", 450)
    assert files == {"file": b"a\r\n--y\r\nb" * 50}


async def test_the_files_are_gone_after_the_block() -> None:
    form, _ = await read(FILE + b"text\r\n--x--\r\n")
    assert not form.files["file"].path.exists()
    assert not form.files["file"].path.parent.exists()


async def test_the_name_that_was_sent_never_becomes_a_path() -> None:
    raw = FILE.replace(b"a.csv", b"../../../../tmp/evil") + b"text\r\n--x--\r\n"
    async with sent_form(one_by_one(raw), MEDIA) as form:
        assert form.files["file"].path.name == "0"
        assert form.files["file"].name.endswith("evil")
    assert not _is_there("/tmp/evil")  # noqa: S108 - the place that the form aimed at


def _holds_nothing(folder: Path) -> bool:
    return list(folder.iterdir()) == []


def _is_there(path: str) -> bool:
    return Path(path).exists()


async def test_two_files_of_one_form_do_not_meet() -> None:
    second = FILE.replace(b'"file"', b'"other"')
    form, files = await read(FILE + b"one\r\n" + second + b"two\r\n--x--\r\n")
    assert files == {"file": b"one", "other": b"two"}
    assert form.repeated == set()


async def test_of_several_parts_of_a_name_the_last_one_counts() -> None:
    form, files = await read(
        FILE + b"one\r\n" + FILE + b"two!\r\n" + HEAD % b"a" + b"1\r\n" + HEAD % b"a" + b"2\r\n--x--\r\n"
    )
    assert (form.fields, form.files["file"].size_bytes) == ({"a": "2"}, 4)
    assert form.repeated == {"a", "file"}
    assert files == {"file": b"two!"}


@pytest.mark.parametrize(
    ("raw", "media", "fault"),
    [
        (b"a=1", "application/x-www-form-urlencoded", WrongMediaType),
        (b"", "", WrongMediaType),
        (b"--x--", "multipart/form-data", WrongMediaType),
        (b"nothing of the kind", MEDIA, Invalid),
        (FILE + b"it ends too ear", MEDIA, Invalid),
        (HEAD % b"a" + b"\xff\xfe\r\n--x--\r\n", MEDIA, Invalid),
        (b"--x\r\nContent-Disposition: form-data\r\n\r\nno name\r\n--x--\r\n", MEDIA, Invalid),
        (HEAD % b"a" + b"x" * (MAX_FIELD_BYTES + 1) + b"\r\n--x--\r\n", MEDIA, TooLarge),
        ((HEAD % b"a" + b"1\r\n") * (MAX_PARTS + 1) + b"--x--\r\n", MEDIA, TooLarge),
    ],
    ids=[
        "urlencoded",
        "nothing",
        "no boundary",
        "no form",
        "cut off",
        "no UTF-8",
        "no name",
        "long field",
        "many parts",
    ],
)
async def test_what_is_no_form_is_refused_and_leaves_no_file(
    raw: bytes, media: str, fault: type[Exception], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with pytest.raises(fault):
        await read(raw, media, size=1000)
    assert _holds_nothing(tmp_path)


async def sizes(call: Call) -> dict[str, Any]:
    async with call.sent_form() as form:
        return {name: file.size_bytes for name, file in form.files.items()}


async def test_a_form_beyond_the_limit_of_its_operation_is_refused() -> None:
    me = client_of(TinyApi(post(sizes, max_body=10_000)))
    assert (await me.post("/tiny/do", files={"file": ("x", b"x" * 9000)})).json() == {"file": 9000}
    assert (await me.post("/tiny/do", files={"file": ("x", b"x" * 10_000)})).status_code == 413
