"""Multipart forms with large files: read part by part, files onto the disk, never whole in memory."""

import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

from multipart import MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser, parse_options_header

from gridloom.kernel.errors import Invalid, TooLarge, WrongMediaType

MAX_PARTS = 100
MAX_FIELD_BYTES = 100_000


class SentFile(NamedTuple):
    """A file of a form. name, media_type: as the client said, not to be believed. path: where its bytes are for now."""

    name: str
    media_type: str
    size_bytes: int
    path: Path


class SentForm(NamedTuple):
    """What a form holds; of several parts of one name the last one counts. repeated: the names that came more than once."""

    fields: dict[str, str]
    files: dict[str, SentFile]
    repeated: set[str]


@asynccontextmanager
async def sent_form(chunks: AsyncIterator[bytes], content_type: str) -> AsyncIterator[SentForm]:
    """The form that comes in as `chunks`; its files are gone at the end of the block.

    Raises WrongMediaType when it is no multipart form, TooLarge for a field of more than 100 kB or more than 100 parts, and
    Invalid for a form that is damaged or ends too early.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get("boundary", "")
    if kind != "multipart/form-data" or not boundary:
        raise WrongMediaType
    with tempfile.TemporaryDirectory(prefix="gridloom-form-") as folder:
        reader = _Reader(Path(folder))
        try:
            with PushMultipartParser(boundary, max_segment_count=MAX_PARTS) as parser:
                async for chunk in chunks:
                    for event in parser.parse(chunk):
                        reader.take(event)
        except ParserLimitReached:
            raise TooLarge from None
        except (MultipartError, UnicodeDecodeError):
            raise Invalid("The form cannot be read.") from None
        finally:
            reader.close()
        yield reader.form


class _Reader:
    """Puts the parser's events together."""

    def __init__(self, folder: Path) -> None:
        self.form = SentForm({}, {}, set())
        self._folder = folder
        self._segment: MultipartSegment | None = None
        self._field = bytearray()
        self._file: BinaryIO | None = None

    def take(self, event: Any) -> None:
        """One event: the head of a part, some of its bytes, or None at its end."""
        if isinstance(event, MultipartSegment):
            if not event.name:
                raise Invalid("A part of the form has no name.")
            if event.name in self.form.fields or event.name in self.form.files:
                self.form.repeated.add(event.name)
            self._segment = event
            self._field.clear()
            if event.filename is not None:
                # Never the name that was sent: it is not to be believed.
                self._file = (self._folder / str(len(self.form.files))).open("wb")
        elif event is None:
            self._end()
        elif self._file is not None:
            self._file.write(event)
        else:
            self._field += event
            if len(self._field) > MAX_FIELD_BYTES:
                raise TooLarge

    def _end(self) -> None:
        segment, file = self._segment, self._file
        assert segment is not None  # noqa: S101 - the parser ends only what it began
        if file is None:
            self.form.fields[segment.name] = self._field.decode()
            return
        path = Path(file.name)
        size = file.tell()
        self.close()
        media_type = segment.content_type or "application/octet-stream"
        self.form.files[segment.name] = SentFile(segment.filename or "", media_type, size, path)

    def close(self) -> None:
        """Close the file that is being written."""
        if self._file is not None:
            self._file.close()
            self._file = None
