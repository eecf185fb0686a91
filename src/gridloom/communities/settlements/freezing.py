"""What a settlement is computed from, as columns: frozen in a file, and told apart by a digest.

Columns: meter_id, is_injection, time_ms (beginning of the interval, UTC), gross, and, where the grid operator has settled it,
shared and net; all energies in whole micro-kWh. Rows stand by meter, direction and time.
"""

import hashlib
import io
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import msgspec
import polars as pl

from gridloom.communities.dates import ZONE_NAME
from gridloom.communities.meters.public import Presence
from gridloom.communities.sharing.public import Approved

SCHEMA: dict[str, Any] = {
    "meter_id": pl.Int64, "is_injection": pl.Boolean, "time_ms": pl.Int64,
    "gross": pl.Int64, "shared": pl.Int64, "net": pl.Int64,
}  # fmt: skip
MEDIA_TYPE = "application/vnd.apache.parquet"


def keys_of(approved: Sequence[Approved]) -> list[dict[str, Any]]:
    """The keys in force as JSON: days, numbers, and the rounds with exact shares."""
    return [
        {
            "start": each.start.isoformat(),
            "end": each.end.isoformat(),
            "key_id": each.key_id,
            "key_version_id": each.key_version_id,
            "rounds": [
                {
                    "number": one.number,
                    "share": str(one.share),
                    "consumers": [{"name": c.name, "share": str(c.share)} for c in one.consumers],
                }
                for one in each.key.rounds
            ],
        }
        for each in approved
    ]


def digest(readings: pl.DataFrame, keys: list[dict[str, Any]], presences: Sequence[Presence]) -> bytes:
    """SHA-256 over everything that decides about the result: readings, keys, and which meter was whose, when."""
    hashed = hashlib.sha256(msgspec.json.encode((keys, [tuple(each) for each in presences]), order="deterministic"))
    for name in SCHEMA:
        column = readings[name]
        hashed.update(column.is_null().to_numpy().tobytes())
        hashed.update(column.fill_null(0).cast(pl.Int64).to_numpy().tobytes())
    return hashed.digest()


def packed(readings: pl.DataFrame) -> bytes:
    """The readings as a Parquet file."""
    stream = io.BytesIO()
    readings.write_parquet(stream, compression="zstd")
    return stream.getvalue()


def unpacked(raw: bytes) -> pl.DataFrame:
    """The readings of a file that `packed` made."""
    return pl.read_parquet(io.BytesIO(raw)).select(list(SCHEMA))


def other_readings(before: pl.DataFrame, after: pl.DataFrame) -> set[tuple[int, date]]:
    """The meters and days of the grid on which the readings of two settlements differ."""
    place = ["meter_id", "is_injection", "time_ms"]
    both = before.join(after, on=place, how="full", coalesce=True, suffix="_after")
    is_same = pl.all_horizontal(pl.col(name).eq_missing(pl.col(f"{name}_after")) for name in ("gross", "shared", "net"))
    day = pl.from_epoch("time_ms", time_unit="ms").dt.replace_time_zone("UTC").dt.convert_time_zone(ZONE_NAME).dt.date()
    return set(both.filter(~is_same).select("meter_id", day.alias("day")).unique().iter_rows())


def other_keys(before: list[dict[str, Any]], after: list[dict[str, Any]], since: date, till: date) -> set[date]:
    """The days on which two settlements shared by different rounds."""
    days = (since + timedelta(days=n) for n in range((till - since).days + 1))
    return {day for day in days if _rounds(before, day) != _rounds(after, day)}


def _rounds(keys: list[dict[str, Any]], day: date) -> Any:
    text = day.isoformat()
    return next((each["rounds"] for each in keys if each["start"] <= text <= each["end"]), None)
