"""The form in which a document comes in."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from gridloom.communities.numbers import FILE, INTEGER, Numbered
from gridloom.kernel.errors import FieldError, Invalid, TooLarge
from gridloom.kernel.http.call import Call
from gridloom.kernel.http.forms import SentFile, SentForm

MAX_FILE_BYTES = 5_000_000
# What a form may hold around its file.
MAX_BODY_BYTES = MAX_FILE_BYTES + 100_000
_CHUNK_BYTES = 256 * 1024
_TOO_BIG = 25000
_MAX_ID = 2**63 - 1


class Sent(NamedTuple):
    """A document that came in, on the disk for now."""

    member_id: int
    file: SentFile


@asynccontextmanager
async def sent(call: Call) -> AsyncIterator[Sent]:
    """The document that a request carries; its bytes are gone at the end of the block.

    Raises Invalid with every wrong field, and for a file of more than MAX_FILE_BYTES as soon as that many came.
    """
    try:
        async with call.sent_form() as form:
            yield _read(form)
    except TooLarge:
        raise Invalid(errors=[_too_big()]) from None


async def chunks(path: Path) -> AsyncIterator[bytes]:
    """A file piece by piece."""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            yield chunk


def _read(form: SentForm) -> Sent:
    errors: list[FieldError] = []
    written = form.fields.get("id_member", "").strip()
    member_id = int(written) if written.isascii() and written.isdigit() and len(written) < 20 else None
    if member_id is None or member_id > _MAX_ID:
        errors.append(Numbered("body", ("id_member",), "Expected a whole number.", number=INTEGER))
    file = form.files.get("file")
    if file is None:
        errors.append(Numbered("body", ("file",), "Expected a file.", number=FILE))
    elif file.size_bytes > MAX_FILE_BYTES:
        errors.append(_too_big())
    if errors or file is None or member_id is None:
        raise Invalid(errors=errors)
    return Sent(member_id, file)


def _too_big() -> FieldError:
    return Numbered("body", ("file",), f"At most {MAX_FILE_BYTES} bytes.", number=_TOO_BIG)
