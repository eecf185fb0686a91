"""The Parquet files that old months become: how they are written, found in the object store, and read back.

The process tells `bind` once, when it starts, which object store its archive stands in. A file holds the readings of
one tenant, one month and a range of channels, sorted by channel, capture time, origin and acquisition time, with the
columns of `series.reading`; any tool that reads Parquet can open it.
"""

import asyncio
import hashlib
import io
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import ObjectStore

from gridloom.core.series import columns
from gridloom.core.series.errors import ArchiveUnreachable
from gridloom.core.series.structs import ABSENT, Readings
from gridloom.kernel import clock

if TYPE_CHECKING:
    import polars as pl

log = structlog.get_logger(__name__)


class _Shelf:
    """Where this process finds its archive."""

    store: ObjectStore | None = None


def bind(store: ObjectStore | None) -> None:
    """Say where the archive stands; None takes it away. Once a process, when it starts."""
    _Shelf.store = store


async def load(
    file: Mapping[str, Any],
    ids: Sequence[int],
    since: datetime,
    till: datetime,
    origins: Sequence[int] | None,
    *,
    full: bool,
) -> dict[int, Readings]:
    """The readings of these channels in [since, till) out of one file; channels without any are left out.

    file: a row of `series.archive`. Raises ArchiveUnreachable when the file is not there or is not what was written.
    """
    if _Shelf.store is None:
        raise ArchiveUnreachable("readings of that time are archived, and no archive is configured")
    content = await fetch(_Shelf.store, file["path"], file["digest"])
    bounds = clock.to_ms(since), clock.to_ms(till)
    return await asyncio.to_thread(_select, content, ids, bounds, origins, full)


async def fetch(store: ObjectStore, path: str, digest: bytes) -> bytes:
    """The bytes of a file; ArchiveUnreachable when it is not there or has another SHA-256."""
    try:
        answer = await obstore.get_async(store, path)
        content = bytes(await answer.bytes_async())
    except (BaseError, OSError) as problem:
        log.warning("archive_file_unreadable", path=path, problem=type(problem).__name__)
        raise ArchiveUnreachable from problem
    if hashlib.sha256(content).digest() != digest:
        log.error("archive_file_changed", path=path)
        raise ArchiveUnreachable("an archived file is not what was written")
    return content


def frame_of(readings: Mapping[int, Readings]) -> "pl.DataFrame":
    """Readings (with every optional column) as a table, sorted the way a file is."""
    import polars as pl

    chosen = [each for each in sorted(readings) if len(readings[each])]
    parts: Any = columns.join([columns.empty(full=True), *(readings[each] for each in chosen)])
    channel = np.repeat(np.array(chosen, dtype=np.int64), [len(readings[each]) for each in chosen])
    original = pl.Series(parts.original_acq_us)
    table = pl.DataFrame(
        {
            "channel_id": channel,
            "cap_time": pl.Series(parts.time_ms * 1000).cast(pl.Datetime("us", "UTC")),
            "origin": parts.origin,
            "acq_time": pl.Series(parts.acq_us).cast(pl.Datetime("us", "UTC")),
            "value": pl.Series(parts.value).fill_nan(None),
            "lower": pl.Series(parts.lower).fill_nan(None),
            "upper": pl.Series(parts.upper).fill_nan(None),
            "original_acq": original.set(original == ABSENT, None).cast(pl.Datetime("us", "UTC")),
            "comment": pl.Series(parts.comment.tolist(), dtype=pl.String),
        }
    )
    return table.sort("channel_id", "cap_time", "origin", "acq_time")


def to_bytes(table: "pl.DataFrame") -> bytes:
    """The table as a Parquet file."""
    buffer = io.BytesIO()
    table.write_parquet(buffer, compression="zstd", row_group_size=100_000)
    return buffer.getvalue()


def from_bytes(content: bytes) -> "pl.DataFrame":
    """The table in a Parquet file."""
    import polars as pl

    return pl.read_parquet(io.BytesIO(content))


def _select(
    content: bytes, ids: Sequence[int], bounds: tuple[int, int], origins: Sequence[int] | None, full: bool
) -> dict[int, Readings]:
    import polars as pl

    time = pl.col("cap_time").dt.epoch("ms")
    rows = pl.scan_parquet(io.BytesIO(content)).filter(
        pl.col("channel_id").is_in(list(ids)), time >= bounds[0], time < bounds[1]
    )
    if origins is not None:
        rows = rows.filter(pl.col("origin").is_in(list(origins)))
    parts = rows.collect().partition_by("channel_id", as_dict=True)
    return {int(key[0]): _readings(part, full=full) for key, part in parts.items()}


def _readings(part: "pl.DataFrame", *, full: bool) -> Readings:
    def times(name: str) -> Any:
        return part[name].dt.epoch("us").fill_null(ABSENT).to_numpy().astype(np.int64)

    def numbers(name: str) -> Any:
        return part[name].fill_null(float("nan")).to_numpy().astype(np.float64)

    basic = times("cap_time") // 1000, numbers("value"), part["origin"].to_numpy().astype(np.int16), times("acq_time")
    if not full:
        return Readings(*basic)
    comment = np.empty(len(part), dtype=object)
    comment[:] = part["comment"].to_list()
    return Readings(
        *basic,
        lower=numbers("lower"),
        upper=numbers("upper"),
        original_acq_us=times("original_acq"),
        comment=comment,
    )
