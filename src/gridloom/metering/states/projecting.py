"""Telling the series core what the registers of a sensor's point are worth.

The sensor's `info` and the states of its meters are this API's. What follows from them for a register stands with the point,
so that who else reads the register (a community) counts the same. When the sensor goes, it stays: what was counted by
it does not become another number.
"""

from gridloom.core.series import public as series
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.metering.sensors import store
from gridloom.metering.sensors.schemas import SensorState
from gridloom.metering.signals.catalogue import CUMULATIVE, SIGNAL_TYPES, SignalType
from gridloom.metering.signals.meters import factor_of, periods_of

REGISTERS = tuple(
    kind for moid in range(32, 47, 2) if (kind := SIGNAL_TYPES[moid]).time_series_type == CUMULATIVE
)  # fmt: skip

_SENSOR = "FROM metering.sensor WHERE client_cid = :cid AND sensor_mid = :mid"
_POINT = sql(f"SELECT point_id {_SENSOR}")
_INFO = sql(f"SELECT info {_SENSOR}")


async def project(tx: Tx, client_cid: int, sensor_mid: int) -> None:
    """Bring the registers of a sensor's point up to date, in the transaction that changed the sensor or its meters.

    Call it after the change. Two who change meters of one sensor at once do this one after the other, so that the second
    sees both. Where nothing is different it costs five statements and writes nothing.
    """
    point = await tx.scalar(_POINT, cid=client_cid, mid=sensor_mid)
    if point is None:
        return
    await series.hold_counters(tx, point)
    info: str | None = await tx.scalar(_INFO, cid=client_cid, mid=sensor_mid)
    meters = await store.states(tx, cid=client_cid, mid=sensor_mid)
    known = await series.counters_of(tx, [point])
    for kind in REGISTERS:
        code = kind.signal_type_moid
        line = line_of(kind, meters, info)
        if line != known.get((point, code), []):
            await series.set_counters(tx, point, code, line)


def line_of(kind: SignalType, meters: list[SensorState], info: str | None) -> list[series.Period]:
    """The meters of a register without a time between them; none where nobody said anything that matters."""
    plain = factor_of(kind, info)
    line = series.ordered(periods_of(kind, meters, info), plain) or [series.Period(factor=plain)]
    return [] if line == [series.Period()] else line
