"""Rows of who is connected where, and of the processes that hold the sockets."""

from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from gridloom.charging.ocpp.public import Version
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx

BEAT_S = 5.0
DEAD_S = 20.0  # a process that has not beaten for so long is taken for dead

_BEAT = sql(
    "INSERT INTO charging.csms_process (id, host, beat_at) VALUES (:id, :host, now()) "
    "ON CONFLICT (id) DO UPDATE SET beat_at = now()"
)
_GONE = sql("DELETE FROM charging.csms_process WHERE id = :id")
_TAKEN = sql(
    "SELECT process_id, connection_id, strength, booted_at FROM charging.station_seat "
    "WHERE charge_point_id = :station FOR UPDATE"
)
_TAKE = sql("""
    INSERT INTO charging.station_seat
        (tenant_id, charge_point_id, process_id, connection_id, version, profile, strength, connected_at, last_seen_at)
    VALUES (:tenant, :station, :process, :connection, :version, :profile, :strength, :at, :at)
    ON CONFLICT (tenant_id, charge_point_id) DO UPDATE SET process_id = excluded.process_id,
        connection_id = excluded.connection_id, version = excluded.version, profile = excluded.profile,
        strength = excluded.strength, connected_at = excluded.connected_at, last_seen_at = excluded.last_seen_at,
        disconnected_at = NULL
""")
_RELEASE = sql(
    "UPDATE charging.station_seat SET process_id = NULL, disconnected_at = :at WHERE charge_point_id = :station "
    "AND connection_id = :connection AND process_id IS NOT NULL"
)
_RELEASE_OF = sql(
    "UPDATE charging.station_seat SET process_id = NULL, disconnected_at = :at WHERE charge_point_id = :station "
    "AND process_id = :process RETURNING charge_point_id"
)
_RESUME = sql(
    "UPDATE charging.station_seat SET process_id = :process, disconnected_at = NULL "
    "WHERE charge_point_id = :station AND connection_id = :connection AND process_id IS NULL"
)
_BOOTED = sql("UPDATE charging.station_seat SET booted_at = :at WHERE charge_point_id = :station")
_LIVE = sql(
    "SELECT s.process_id, s.version FROM charging.station_seat s JOIN charging.csms_process p ON p.id = s.process_id "
    "WHERE s.tenant_id = :tenant AND s.charge_point_id = :station "
    "AND p.beat_at > now() - make_interval(secs => :dead)"
)
_OURS = sql("""
    SELECT s.tenant_id AS tenant, s.charge_point_id AS station, s.process_id AS process, s.connection_id AS connection,
        c.status = 'disabled' OR c.communication_mode <> 'direct_ocpp' AS barred
    FROM charging.station_seat s
    JOIN charging.charge_point c ON c.tenant_id = s.tenant_id AND c.id = s.charge_point_id
    WHERE s.process_id = :process OR s.connection_id = ANY(CAST(:connections AS uuid[]))
""")
_LEFT = sql("""
    SELECT s.tenant_id AS tenant, s.charge_point_id AS station, s.process_id AS process FROM charging.station_seat s
    LEFT JOIN charging.csms_process p ON p.id = s.process_id
    WHERE s.process_id IS NOT NULL AND (p.id IS NULL OR p.beat_at < now() - make_interval(secs => :dead))
    ORDER BY s.tenant_id, s.charge_point_id LIMIT 2000
""")
_BURY = sql("""
    DELETE FROM charging.csms_process p WHERE p.beat_at < now() - make_interval(secs => :dead)
    AND NOT EXISTS (SELECT FROM charging.station_seat s WHERE s.process_id = p.id)
""")
_SEEN = sql("""
    UPDATE charging.station_seat s SET last_seen_at = greatest(s.last_seen_at, n.at)
    FROM unnest(CAST(:tenants AS integer[]), CAST(:stations AS bigint[]), CAST(:ats AS timestamptz[]))
        AS n(tenant, station, at)
    WHERE s.tenant_id = n.tenant AND s.charge_point_id = n.station
""")


@dataclass(frozen=True, slots=True)
class Key:
    """How the listener knows a station: whose it is, and its number.

    Beside it, from the record as it was when it connected: its operator, and the security profile it came with before.
    """

    tenant: int
    charge_point_id: int
    operator_id: int | None = field(default=None, compare=False)
    profile: int | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Taken:
    """The seat as it was: who held it (None: nobody), by which connection, proven how, and the newest accepted boot."""

    process_id: UUID | None
    connection_id: UUID | None
    strength: int
    booted_at: datetime | None


FREE = Taken(None, None, 0, None)


@dataclass(frozen=True, slots=True)
class Seat:
    """Where a station can be asked."""

    process_id: UUID
    version: Version


async def held(tx: Tx, station: int) -> Taken:
    """The seat of a station of the transaction's tenant, locked until the commit."""
    row = await tx.one(_TAKEN, station=station)
    return FREE if row is None else Taken(**row)


async def take(
    tx: Tx,
    station: int,
    process: UUID,
    connection: UUID,
    version: Version,
    *,
    profile: int,
    strength: int,
    at: datetime,
) -> None:
    """Sit down, whoever sat there."""
    await tx.run(
        _TAKE, tenant=tx.tenant, station=station, process=process, connection=connection, version=str(version),
        profile=profile, strength=strength, at=at,
    )  # fmt: skip


async def release(tx: Tx, station: int, connection: UUID, at: datetime) -> bool:
    """Stand up; False when somebody else sits there by now."""
    return await tx.run(_RELEASE, station=station, connection=connection, at=at) == 1


async def release_of(tx: Tx, station: int, process: UUID, at: datetime) -> bool:
    """Free the seat that a process holds; False when it does not."""
    return await tx.scalar(_RELEASE_OF, station=station, process=process, at=at) is not None


async def resume(tx: Tx, station: int, process: UUID, connection: UUID) -> bool:
    """Sit down again after having been taken for dead; False when somebody else sits there by now."""
    return await tx.run(_RESUME, station=station, process=process, connection=connection) == 1


async def booted(tx: Tx, station: int, at: datetime) -> None:
    """Keep that a boot was accepted."""
    await tx.run(_BOOTED, station=station, at=at)


async def live(tx: Tx, tenant: int, station: int) -> Seat | None:
    """Where a station is connected to a process that lives. In a transaction of the installation."""
    row = await tx.one(_LIVE, tenant=tenant, station=station, dead=DEAD_S)
    return None if row is None else Seat(row["process_id"], Version(row["version"]))


async def beat(database: Database, process: UUID, host: str) -> None:
    """Say that a process lives."""
    async with database.system() as tx:
        await tx.run(_BEAT, id=process, host=host)


async def gone(database: Database, process: UUID) -> None:
    """Say that it ends."""
    async with database.system() as tx:
        await tx.run(_GONE, id=process)


async def seen(database: Database, stations: dict[Key, datetime]) -> None:
    """Keep when the newest message of each came, in one statement."""
    ordered = sorted(stations.items(), key=lambda each: (each[0].tenant, each[0].charge_point_id))
    async with database.system() as tx:
        await tx.run(
            _SEEN,
            tenants=[key.tenant for key, _ in ordered],
            stations=[key.charge_point_id for key, _ in ordered],
            ats=[at for _, at in ordered],
        )


@dataclass(frozen=True, slots=True)
class Held:
    """A seat as it stands. barred: the station may not be connected any more."""

    tenant: int
    station: int
    process: UUID | None
    connection: UUID
    barred: bool = False


async def ours(database: Database, process: UUID, connections: list[UUID]) -> list[Held]:
    """The seats that a process holds, and those of its connections."""
    async with database.system() as tx:
        return [Held(**row) for row in await tx.all(_OURS, process=process, connections=connections)]


async def left(database: Database) -> list[tuple[int, int, UUID]]:
    """Seats of processes that are dead: tenant, station, process; at most 2,000."""
    async with database.system() as tx:
        return [(row["tenant"], row["station"], row["process"]) for row in await tx.all(_LEFT, dead=DEAD_S)]


async def bury(database: Database) -> None:
    """Forget dead processes that hold no seat."""
    async with database.system() as tx:
        await tx.run(_BURY, dead=DEAD_S)
