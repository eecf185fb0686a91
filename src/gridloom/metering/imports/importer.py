"""Reading a file of readings into a tenant's series."""

import hashlib
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
import numpy as np

from gridloom.core.series import public as series
from gridloom.kernel import units
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid
from gridloom.metering.imports import frames
from gridloom.metering.imports.frames import Line, Part, WrongFile
from gridloom.metering.sensors import store
from gridloom.metering.sensors.catalogue import DEFAULT_TYPE
from gridloom.metering.signals.catalogue import SIGNAL_TYPES
from gridloom.metering.states.projecting import project

Progress = Callable[[int, int], None]
Change: TypeAlias = tuple[Fraction, Fraction]

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
        # The client first, then the file: the order in which a part locks them, so that two imports never cross.
        await store.add_client(tx, client_cid)
        done = int(await tx.scalar(_BEGIN, tenant_id=tenant, digest=digest, cid=client_cid, name=path.name))
    result.resumed_at = done
    progress(done, total)
    points: dict[str, int] = {}
    for part in frames.parts(path, done):
        async with database.tenant(tenant) as tx:
            await _write_part(tx, part, client_cid, points, result)
            done += part.height
            await tx.run(_ADVANCE, done=done, digest=digest, cid=client_cid)
        result.rows += part.frame.height
        progress(done, total)
    async with database.tenant(tenant) as tx:
        await tx.run(_FINISH, digest=digest, cid=client_cid)
    return result


async def _write_part(tx: Tx, part: Part, cid: int, points: dict[str, int], result: Imported) -> None:
    changes = [_change(line) for line in part.lines]
    unknown = [ean for ean in dict.fromkeys(line.ean for line in part.lines) if ean not in points]
    points.update(await _points(tx, unknown, cid, result))
    channels = await _channels(tx, {(points[line.ean], line.signal) for line in part.lines})
    of_line = np.array([channels[points[line.ean], line.signal].id for line in part.lines], dtype=np.int64)
    frame = part.frame
    line = frame["line"].to_numpy()
    try:
        written = await series.write(
            tx,
            series.Batch.of(
                of_line[line],
                frame["time_ms"].to_numpy(),
                _converted(frame["value"].to_numpy(), line, changes),
                origin=frame["origin"].to_numpy(),
            ),
        )
    except Invalid as fault:
        if fault.index is None:
            raise
        raise WrongFile(f"row {frame['row'][fault.index]}: {fault.message}", field=fault.field) from None
    result.stored += written.stored
    result.unchanged += written.unchanged


def _change(line: Line) -> Change:
    """Factor and offset of a unit. Raises WrongFile for an unknown signal or a unit of another quantity."""
    kind = SIGNAL_TYPES.get(line.signal)
    if kind is None:
        raise WrongFile(f"row {line.row}: there is no signal type {line.signal}.", field="signal")
    try:
        return units.conversion(line.unit or kind.unit_symbol, kind.unit_symbol)
    except (units.UnknownUnit, units.UnitMismatch) as fault:
        raise WrongFile(f"row {line.row}: unit of signal {line.signal}: {fault.message}", field="unit") from None


def _converted(values: Any, line: Any, changes: list[Change]) -> Any:
    """Values in the units of their signals. values: (n,); line: (n,) places in `changes`."""
    kinds = {change: number for number, change in enumerate(dict.fromkeys(changes))}
    of_row = np.array([kinds[change] for change in changes], dtype=np.int64)[line]
    converted = values.copy()
    for (factor, offset), number in kinds.items():
        if (factor, offset) != (Fraction(1), Fraction(0)):
            rows = of_row == number
            converted[rows] = units.affine(values[rows], factor, offset)
    return converted


async def _points(tx: Tx, eans: list[str], cid: int, result: Imported) -> dict[str, int]:
    """The measuring points of these meters, with a sensor of the client at each."""
    if not eans:
        return {}
    found = {row["eid"]: row["point_id"] for row in await tx.all(_SENSOR_OF, eids=eans, cid=cid)}
    if len(found) < len(eans):
        # Everybody who makes sensors takes the client first and then the numbers, or two could wait for each other.
        await store.lock_client(tx, cid)
    made: dict[int, int] = {}
    for ean in sorted(set(eans) - found.keys()):
        point = await series.ensure_point(tx, eid=ean, owner_cid=cid, name=ean)
        found[ean] = point.id
        if not await store.point_is_taken(tx, point.id):
            mid = await store.next_mid(tx, cid)
            if mid is None:
                raise LookupError(f"there is no client {cid}")
            await store.add_sensor(tx, client_cid=cid, sensor_mid=mid, point_id=point.id, **_SENSOR_DEFAULTS)
            made[point.id] = mid
    result.sensors_made += len(made)
    if made:
        # A sensor that was there before left what its registers were worth; the new one says nothing of the kind.
        for point_id in sorted({point_id for point_id, _ in await series.counters_of(tx, list(made))}):
            await project(tx, cid, made[point_id])
    return found


_SENSOR_DEFAULTS: dict[str, Any] = {
    "sensor_type_id": DEFAULT_TYPE,
    "info": None,
    "comments": None,
    "uncertain": False,
    "negligible": False,
    "balance_calculation": True,
}


async def _channels(tx: Tx, wanted: set[tuple[int, int]]) -> dict[tuple[int, int], series.Channel]:
    """The channels of every (point, signal), made where they are missing, in one order."""
    found = await series.channels_for(tx, wanted)
    for point_id, moid in sorted(wanted - found.keys()):
        kind = SIGNAL_TYPES[moid]
        found[point_id, moid] = await series.ensure_channel(tx, point_id, moid, unit=kind.unit_symbol, kind=kind.kind)
    return found


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").digest()
