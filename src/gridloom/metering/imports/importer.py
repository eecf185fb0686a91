"""Reading a file of readings into a tenant's series."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import polars as pl

from gridloom.core.series import public as series
from gridloom.kernel import units
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.metering.imports import frames
from gridloom.metering.imports.frames import WrongFile
from gridloom.metering.sensors import store
from gridloom.metering.sensors.catalogue import DEFAULT_TYPE
from gridloom.metering.signals.catalogue import SIGNAL_TYPES

Progress = Callable[[int, int], None]

_BEGIN = sql(
    "INSERT INTO metering.file_import (tenant_id, digest, client_cid, name) VALUES (:tenant_id, :digest, :cid, :name) "
    "ON CONFLICT (tenant_id, digest, client_cid) DO UPDATE SET rows_done = CASE "
    "WHEN metering.file_import.finished_at IS NULL THEN metering.file_import.rows_done ELSE 0 END, finished_at = NULL "
    "RETURNING rows_done"
)
_ADVANCE = sql(
    "UPDATE metering.file_import SET rows_done = :done, updated_at = now() WHERE digest = :digest AND client_cid = :cid"
)
_FINISH = sql("UPDATE metering.file_import SET finished_at = now() WHERE digest = :digest AND client_cid = :cid")
_SENSOR_OF = sql(
    "SELECT s.client_cid, s.sensor_mid, s.point_id, p.eid FROM metering.sensor s JOIN series.point p ON p.id = s.point_id "
    "WHERE p.eid = ANY(CAST(:eids AS text[])) AND s.client_cid = :cid"
)


class Imported(msgspec.Struct):
    """What an import did. resumed_at: the row an interrupted import of the same file went on from."""

    rows: int = 0
    stored: int = 0
    unchanged: int = 0
    sensors_made: int = 0
    resumed_at: int = 0


async def import_file(
    database: Database, tenant: int, path: Path, *, client_cid: int, progress: Progress = lambda *_: None
) -> Imported:
    """Read a whole file in, a transaction for each part.

    Sensors and channels that are missing are made. A part is there whole or not at all; an interrupted import of the same
    file goes on after its last part, a repeated one stores nothing. progress: called with (rows done, rows in all).
    Raises WrongFile naming the first wrong row; the parts before it stay.
    """
    total = frames.count_rows(path)
    digest = _digest(path)
    result = Imported()
    async with database.tenant(tenant) as tx:
        done = int(await tx.scalar(_BEGIN, tenant_id=tenant, digest=digest, cid=client_cid, name=path.name))
        await store.add_client(tx, client_cid)
    result.resumed_at = done
    progress(done, total)
    points: dict[str, int] = {}
    for part in frames.parts(path, done):
        async with database.tenant(tenant) as tx:
            await _write_part(tx, part, client_cid, points, result)
            done += part.height
            await tx.run(_ADVANCE, done=done, digest=digest, cid=client_cid)
        result.rows += part.height
        progress(done, total)
    async with database.tenant(tenant) as tx:
        await tx.run(_FINISH, digest=digest, cid=client_cid)
    return result


async def _write_part(tx: Tx, part: pl.DataFrame, cid: int, points: dict[str, int], result: Imported) -> None:
    pairs = part.select("ean", "signal", "unit").unique(maintain_order=True)
    unknown = [ean for ean in pairs["ean"].unique(maintain_order=True) if ean not in points]
    points.update(await _points(tx, unknown, cid, result))
    channels = await _channels(tx, pairs, points)
    keyed = pairs.with_columns(
        channel=pl.Series(
            [channels[points[ean], moid].id for ean, moid in pairs.select("ean", "signal").rows()], dtype=pl.Int64
        ),
        same=pl.Series([_is_same(unit, moid) for _, moid, unit in pairs.rows()], dtype=pl.Boolean),
    )
    joined = part.join(keyed, on=["ean", "signal", "unit"], how="left", nulls_equal=True, maintain_order="left")
    values = joined["value"].to_numpy().copy()
    for ean, moid, unit, _, same in keyed.rows():
        if not same:
            rows = ((part["ean"] == ean) & (part["signal"] == moid) & (part["unit"] == unit)).to_numpy()
            values[rows] = units.convert(values[rows], unit, SIGNAL_TYPES[moid].unit_symbol)
    written = await series.write(
        tx,
        series.Batch.of(
            joined["channel"].to_numpy(),
            joined["time_ms"].to_numpy(),
            values,
            origin=joined["origin"].to_numpy().astype(np.int64),
        ),
    )
    result.stored += written.stored
    result.unchanged += written.unchanged


def _is_same(unit: str | None, moid: int) -> bool:
    """Whether values need no conversion. Raises WrongFile for an unknown signal or a unit of another quantity."""
    kind = SIGNAL_TYPES.get(moid)
    if kind is None:
        raise WrongFile(f"there is no signal type {moid}.", field="signal")
    if unit is None:
        return True
    try:
        factor, offset = units.conversion(unit, kind.unit_symbol)
    except (units.UnknownUnit, units.UnitMismatch) as fault:
        raise WrongFile(f"signal {moid}: {fault.message}.", field="unit") from None
    return factor == 1 and offset == 0


async def _points(tx: Tx, eans: list[str], cid: int, result: Imported) -> dict[str, int]:
    """The measuring points of these meters, with a sensor of the client at each."""
    if not eans:
        return {}
    found = {row["eid"]: row["point_id"] for row in await tx.all(_SENSOR_OF, eids=eans, cid=cid)}
    for ean in eans:
        if ean in found:
            continue
        point = await series.ensure_point(tx, eid=ean, owner_cid=cid, name=ean)
        found[ean] = point.id
        if not await store.point_is_taken(tx, point.id):
            mid = await store.next_mid(tx, cid)
            await store.add_sensor(tx, client_cid=cid, sensor_mid=mid, point_id=point.id, **_SENSOR_DEFAULTS)
            result.sensors_made += 1
    return found


_SENSOR_DEFAULTS: dict[str, Any] = {
    "sensor_type_id": DEFAULT_TYPE,
    "info": None,
    "comments": None,
    "uncertain": False,
    "negligible": False,
    "balance_calculation": True,
}


async def _channels(tx: Tx, pairs: pl.DataFrame, points: dict[str, int]) -> dict[tuple[int, int], series.Channel]:
    """The channels of every (meter, signal), made where they are missing."""
    wanted = {(points[ean], moid): moid for ean, moid in pairs.select("ean", "signal").unique().rows()}
    for moid in set(wanted.values()):
        _is_same(None, moid)
    found = await series.channels_for(tx, wanted)
    for point_id, moid in wanted:
        if (point_id, moid) not in found:
            kind = SIGNAL_TYPES[moid]
            found[point_id, moid] = await series.ensure_channel(
                tx, point_id, moid, unit=kind.unit_symbol, kind=kind.kind
            )
    return found


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
