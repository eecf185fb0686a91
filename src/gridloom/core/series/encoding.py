"""Rows of `series.reading` in PostgreSQL's binary COPY form, made a block at a time with numpy.

Each row is a count of fields, then for each field its length and its bytes, all big-endian; NULL is the length -1
without bytes. Columns in which no row of the batch has anything are not sent at all, so that the common row is
one fixed width.
Source: PostgreSQL documentation, COPY, "Binary Format".
"""

import struct
from collections.abc import AsyncIterator, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from gridloom.core.series.structs import ABSENT, Batch, Mask

EPOCH_US = 946_684_800_000_000
"""Microseconds from 1970 to the beginning of PostgreSQL's timestamps, the year 2000."""

_HEADER = b"PGCOPY\n\xff\r\n\0" + struct.pack("!ii", 0, 0)
_TRAILER = struct.pack("!h", -1)
_NULL = struct.pack("!i", -1)
_BLOCK_ROWS = 16_384


class _Field(NamedTuple):
    name: str
    form: str
    values: Any
    null: Mask | None


class Copy:
    """A batch on its way into the table: `columns` for the COPY command, `blocks()` for its source."""

    def __init__(self, batch: Batch, tenant: int, acq_us: int) -> None:
        """batch: rows to store as they are. acq_us: one acquisition time for all, microseconds since 1970."""
        self._fields = list(_fields(batch, tenant, acq_us))
        self._comment = batch.comment if _has_text(batch) else None
        self._rows = len(batch)
        self.columns = [field.name for field in self._fields] + ["comment"] * (self._comment is not None)

    async def blocks(self) -> AsyncIterator[bytes]:
        """The bytes to send; one block is made while the one before is under way."""
        yield _HEADER
        for start in range(0, self._rows, _BLOCK_ROWS):
            yield self._block(slice(start, min(start + _BLOCK_ROWS, self._rows)))
        yield _TRAILER

    def _block(self, rows: slice) -> bytes:
        count = rows.stop - rows.start
        layout = [("fields", ">i2")]
        for field in self._fields:
            layout += [(f"{field.name}_length", ">i4"), (field.name, field.form)]
        block = np.empty(count, np.dtype(layout))
        block["fields"] = len(self.columns)
        kept = np.ones((count, block.dtype.itemsize), dtype=np.bool_)
        whole = self._comment is None
        for field in self._fields:
            block[f"{field.name}_length"] = np.dtype(field.form).itemsize
            block[field.name] = field.values[rows] if isinstance(field.values, np.ndarray) else field.values
            if field.null is not None and (null := field.null[rows]).any():
                block[f"{field.name}_length"][null] = -1
                place = int(block.dtype.fields[field.name][1])
                kept[null, place : place + np.dtype(field.form).itemsize] = False
                whole = False
        if whole:
            return block.tobytes()
        flat = block.view(np.uint8).reshape(count, -1)[kept].tobytes()
        return flat if self._comment is None else _with_texts(flat, kept, self._comment[rows])


def _fields(batch: Batch, tenant: int, acq_us: int) -> Iterator[_Field]:
    yield _Field("tenant_id", ">i4", tenant, None)
    yield _Field("origin", ">i2", batch.origin, None)
    yield _Field("channel_id", ">i8", batch.channel, None)
    yield _Field("cap_time", ">i8", batch.time_ms * 1000 - EPOCH_US, None)
    yield _Field("acq_time", ">i8", acq_us - EPOCH_US, None)
    yield _Field("value", ">f8", batch.value, np.isnan(batch.value))
    for name, bound in (("lower", batch.lower), ("upper", batch.upper)):
        if bound is not None and not (null := np.isnan(bound)).all():
            yield _Field(name, ">f8", bound, null)
    if batch.original_acq_us is not None and not (null := batch.original_acq_us == ABSENT).all():
        yield _Field("original_acq", ">i8", np.where(null, 0, batch.original_acq_us) - EPOCH_US, null)


def _has_text(batch: Batch) -> bool:
    return batch.comment is not None and any(text is not None for text in batch.comment.tolist())


def _with_texts(flat: bytes, kept: Mask, comment: NDArray[np.object_]) -> bytes:
    ends = np.cumsum(kept.sum(axis=1)).tolist()
    pieces: list[bytes] = []
    start = 0
    for end, text in zip(ends, comment.tolist(), strict=True):
        pieces.append(flat[start:end])
        start = end
        if text is None:
            pieces.append(_NULL)
        else:
            encoded = text.encode()
            pieces += (struct.pack("!i", len(encoded)), encoded)
    return b"".join(pieces)
