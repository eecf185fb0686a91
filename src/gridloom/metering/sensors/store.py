"""Sensors and states in the database."""

from collections.abc import Sequence
from typing import Any

import msgspec

from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.metering.sensors.access import Access, access
from gridloom.metering.sensors.catalogue import METER_TYPES
from gridloom.metering.sensors.errors import SensorNotFound, StateNotFound
from gridloom.metering.sensors.schemas import SensorState, SignalState

_SENSOR = (
    "SELECT s.client_cid, s.sensor_mid, s.point_id, s.sensor_type_id, s.node_id, s.info, s.annotations, s.comments, "
    "s.uncertain, s.negligible, s.balance_calculation, p.name, p.eid AS sensor_eid, p.lat, p.lon, "
    "EXISTS (SELECT 1 FROM metering.sensor_state t WHERE t.client_cid = s.client_cid AND t.sensor_mid = s.sensor_mid) "
    "AS existing_sensor_state "
    "FROM metering.sensor s JOIN series.point p ON p.id = s.point_id "
)
_ONE = sql(f"{_SENSOR} WHERE s.client_cid = :client_cid AND s.sensor_mid = :sensor_mid")
_FIND = (
    "SELECT s.client_cid, s.sensor_mid, s.point_id, s.info FROM metering.sensor s "
    "JOIN unnest(CAST(:cids AS integer[]), CAST(:mids AS integer[])) AS k (cid, mid) "
    "ON s.client_cid = k.cid AND s.sensor_mid = k.mid"
)
_KEYS = sql(_FIND)
_KEPT = sql(f"{_FIND} FOR KEY SHARE OF s")
_ADD_CLIENT = sql("INSERT INTO metering.client (tenant_id, cid) VALUES (:tenant_id, :cid) ON CONFLICT DO NOTHING")
_LOCK_CLIENT = sql("SELECT 1 FROM metering.client WHERE cid = :cid FOR NO KEY UPDATE")
_NEXT_MID = sql("UPDATE metering.client SET next_mid = next_mid + 1 WHERE cid = :cid RETURNING next_mid - 1")
_ADD = sql(
    "INSERT INTO metering.sensor (tenant_id, client_cid, sensor_mid, point_id, sensor_type_id, info, comments, uncertain, "
    "negligible, balance_calculation) VALUES (:tenant_id, :client_cid, :sensor_mid, :point_id, :sensor_type_id, :info, "
    ":comments, :uncertain, :negligible, :balance_calculation)"
)
_HAS_POINT = sql("SELECT 1 FROM metering.sensor WHERE point_id = :point_id")
_REMOVE = sql("DELETE FROM metering.sensor WHERE client_cid = :client_cid AND sensor_mid = :sensor_mid")
_STATES = (
    "SELECT t.id AS sensor_state_id, t.client_cid, t.sensor_mid, t.since, t.till, t.meter_eid, t.info, t.meter_type_id, "
    "coalesce((SELECT jsonb_agg(jsonb_build_object('signal_state_id', g.id, 'sensor_state_id', g.sensor_state_id, "
    "'signal_type_moid', g.signal_type_moid, 'value_for_since', g.value_for_since, 'value_for_till', g.value_for_till, "
    "'info', g.info) ORDER BY g.signal_type_moid) FROM metering.signal_state g WHERE g.sensor_state_id = t.id "
    "AND (CAST(:moid AS integer) IS NULL OR g.signal_type_moid = :moid)), '[]'::jsonb) AS signal_states "
    "FROM metering.sensor_state t WHERE (CAST(:cid AS integer) IS NULL OR t.client_cid = :cid) "
    "AND (CAST(:mid AS integer) IS NULL OR t.sensor_mid = :mid) "
    "AND (CAST(:cids AS integer[]) IS NULL OR t.client_cid = ANY(:cids)) "
    "AND (CAST(:id AS bigint) IS NULL OR t.id = :id) "
)
_ALL_STATES = sql(f"{_STATES} ORDER BY t.client_cid, t.sensor_mid, t.since NULLS FIRST, t.id")
_STATES_WITH_SIGNALS = sql(
    f"{_STATES} AND EXISTS (SELECT 1 FROM metering.signal_state g WHERE g.sensor_state_id = t.id "
    "AND (CAST(:moid AS integer) IS NULL OR g.signal_type_moid = :moid)) "
    "ORDER BY t.client_cid, t.sensor_mid, t.since NULLS FIRST, t.id"
)
_SIGNAL_STATE = sql(
    "SELECT g.id, g.sensor_state_id, t.client_cid, t.sensor_mid FROM metering.signal_state g "
    "JOIN metering.sensor_state t ON t.id = g.sensor_state_id WHERE g.id = :id FOR UPDATE OF g"
)


MAX_NUMBER = 2**31 - 1


class SensorRef(msgspec.Struct, frozen=True):
    """A sensor that the caller may read: its key, its measuring point, and its `info` as JSON text."""

    client_cid: int
    sensor_mid: int
    point_id: int
    info: str | None


async def sensor_row(tx: Tx, rights: Access, client_cid: int, sensor_mid: int) -> Any:
    """A sensor with its point. Raises SensorNotFound, also for one that the caller may not read."""
    row = None
    if _fits(client_cid, sensor_mid) and rights.of(client_cid).read:
        row = await tx.one(_ONE, client_cid=client_cid, sensor_mid=sensor_mid)
    if row is None:
        raise SensorNotFound
    return row


async def find_sensors(
    tx: Tx, keys: Sequence[tuple[int, int]], *, kept: bool = False
) -> dict[tuple[int, int], SensorRef]:
    """The sensors of these (client, number) pairs that the caller may read, in one statement.

    kept: none of them goes away before this transaction ends, so that what is written to it has a place to stand.
    """
    rights = await access(tx)
    allowed = [key for key in dict.fromkeys(keys) if _fits(*key) and rights.of(key[0]).read]
    if not allowed:
        return {}
    query = _KEPT if kept else _KEYS
    rows = await tx.all(query, cids=[cid for cid, _ in allowed], mids=[mid for _, mid in allowed])
    return {(row["client_cid"], row["sensor_mid"]): SensorRef(**row) for row in rows}


def _fits(*numbers: int) -> bool:
    """Whether a number from a path can be a key at all; the driver would refuse it without saying where."""
    return all(0 <= number <= MAX_NUMBER for number in numbers)


async def add_client(tx: Tx, cid: int) -> None:
    """Make a client known."""
    await tx.run(_ADD_CLIENT, tenant_id=tx.tenant, cid=cid)


async def lock_client(tx: Tx, cid: int) -> None:
    """Make others who want a number of this client wait until the transaction ends."""
    await tx.run(_LOCK_CLIENT, cid=cid)


async def next_mid(tx: Tx, cid: int) -> int | None:
    """The number of the client's next sensor; None for an unknown client. Two at once get two numbers."""
    found = await tx.scalar(_NEXT_MID, cid=cid)
    return None if found is None else int(found)


async def add_sensor(tx: Tx, **columns: Any) -> None:
    """A new row."""
    await tx.run(_ADD, tenant_id=tx.tenant, **columns)


async def point_is_taken(tx: Tx, point_id: int) -> bool:
    """Whether a sensor stands at this point already."""
    return await tx.scalar(_HAS_POINT, point_id=point_id) is not None


async def remove_sensor(tx: Tx, client_cid: int, sensor_mid: int) -> None:
    """Remove the row with its states, once everybody who writes to it is done. Raises SensorNotFound."""
    if not await tx.run(_REMOVE, client_cid=client_cid, sensor_mid=sensor_mid):
        raise SensorNotFound


async def states(
    tx: Tx,
    *,
    cids: Sequence[int] | None = None,
    cid: int | None = None,
    mid: int | None = None,
    moid: int | None = None,
    id: int | None = None,  # noqa: A002 - the column's name
    with_signals: bool = False,
) -> list[SensorState]:
    """Sensor states with their signal states, in one statement. cids: only of these clients; None for all."""
    query = _STATES_WITH_SIGNALS if with_signals else _ALL_STATES
    wanted = None if cids is None else list(cids)
    return [state_of(row) for row in await tx.all(query, cids=wanted, cid=cid, mid=mid, moid=moid, id=id)]


async def state(tx: Tx, rights: Access, state_id: int) -> SensorState:
    """One state. Raises StateNotFound, also for one that the caller may not read."""
    found = await states(tx, id=state_id, cids=rights.cids)
    if not found:
        raise StateNotFound
    return found[0]


async def signal_state_row(tx: Tx, rights: Access, signal_state_id: int) -> Any:
    """A signal state, locked, with its sensor's key. Raises StateNotFound."""
    row = await tx.one(_SIGNAL_STATE, id=signal_state_id)
    if row is None or not rights.of(row["client_cid"]).read:
        raise StateNotFound
    return row


def state_of(row: Any) -> SensorState:
    """A row as it travels."""
    values = dict(row)
    since, till = values.pop("since"), values.pop("till")
    kind = METER_TYPES.get(values["meter_type_id"])
    return SensorState(
        **{**values, "signal_states": [SignalState(**each) for each in values["signal_states"]]},
        since=None if since is None else clock.to_ms(since),
        till=None if till is None else clock.to_ms(till),
        meter_type_name=kind.name if kind else None,
        meter_type_is_ami=kind.is_ami if kind else None,
        meter_type_is_dcu=kind.is_dcu if kind else None,
    )
