"""Signals: the types there are, values written and values read."""

import asyncio
from typing import Any

from msgspec import UNSET

from gridloom.core.series import public as series
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid
from gridloom.kernel.http.operation import Operation, action
from gridloom.metering.sensors.access import access
from gridloom.metering.sensors.errors import SensorNotFound
from gridloom.metering.sensors.store import SensorRef, find_sensors
from gridloom.metering.signals import payload
from gridloom.metering.signals.catalogue import SIGNAL_TYPES, SignalType
from gridloom.metering.signals.errors import SignalTypeNotFound
from gridloom.metering.signals.reading import Wanted, Where, grid_of, read_signal
from gridloom.metering.signals.schemas import (
    GetOneOfMany,
    PutOneOfMany,
    PutSignal,
    ReadQuery,
    SignalResponse,
    UnitQuery,
)

TAG = ("Signals",)
READ, WRITE = "metering.signals:read", "metering.signals:write"
MANY = "/api/sensors/signals/data"
ONE = "/api/sensors/{client_cid}.{sensor_mid}/signals/{signal_type_moid}/data"
MAX_BODY = 64_000_000
MAX_SIGNALS = 10_000
# One answer is built in memory: ten thousand questions about a year each would take all of it.
MAX_ANSWERED = 5_000_000
READ_SECONDS = 60.0


@action("GET", "/api/sensors/signals/types", scope=READ, answers={200: list[SignalType]}, tags=TAG)
async def get_signal_types() -> list[SignalType]:
    """What can be measured, in which unit, and how it adds up."""
    return list(SIGNAL_TYPES.values())


async def put_many(tx: Tx, body: list[PutOneOfMany]) -> None:
    """Write values of several signals: all of them, or none when anything is wrong.

    A value that stands already is not written again. The answer is empty.
    """
    if len(body) > MAX_SIGNALS:
        raise Invalid(f"More than {MAX_SIGNALS} signals at once.", field="0")
    rights = await access(tx)
    sensors = await find_sensors(tx, [(item.client_cid, item.sensor_mid) for item in body], kept=True)
    kinds, changes = [], []
    for index, item in enumerate(body):
        if (item.client_cid, item.sensor_mid) not in sensors:
            raise payload.wrong("There is no such sensor.", (index, "sensor_mid"))
        if not rights.of(item.client_cid).write:
            raise payload.wrong("You may not write to this sensor.", (index, "client_cid"))
        kinds.append(payload.signal_type(item.signal_type_moid, (index,)))
        changes.append(payload.change_of(item.unit, kinds[index], "body", (index, "unit")))
    places = [(sensors[item.client_cid, item.sensor_mid], kind) for item, kind in zip(body, kinds, strict=True)]
    channels = await _channels(tx, places)
    batches = [
        payload.batch_of(channels[sensor.point_id, kind.signal_type_moid].id, item.data, change, (index,))
        for index, (item, (sensor, kind), change) in enumerate(zip(body, places, changes, strict=True))
    ]
    await _write(tx, batches, [(index,) for index in range(len(batches))])


async def put_one(
    tx: Tx, client_cid: int, sensor_mid: int, signal_type_moid: int, body: PutSignal, query: UnitQuery
) -> None:
    """Write values of one signal: all of them, or none. The answer is empty."""
    sensor, kind = await _named(tx, client_cid, sensor_mid, signal_type_moid, kept=True)
    (await access(tx)).require_write(client_cid)
    change = payload.change_of(None if query.unit is UNSET else query.unit, kind, "query", ("unit",))
    channels = await _channels(tx, [(sensor, kind)])
    batch = payload.batch_of(channels[sensor.point_id, signal_type_moid].id, body.data, change, ())
    await _write(tx, [batch], [()])


async def get_many(tx: Tx, body: list[GetOneOfMany]) -> list[SignalResponse]:
    """Values of several signals, in the order they were asked for. What is wrong is said with its place in the list.

    All of them are of one moment: a write of several signals shows whole or not at all. At most 5,000,000 values and a minute
    of work; more is for several requests.
    """
    async with asyncio.timeout(READ_SECONDS):
        return await _read_many(tx, body)


async def _read_many(tx: Tx, body: list[GetOneOfMany]) -> list[SignalResponse]:
    # One moment for all of them: what was written together shows whole or not at all.
    await tx.connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
    if len(body) > MAX_SIGNALS:
        raise Invalid(f"More than {MAX_SIGNALS} signals at once.", field="0")
    sensors = await find_sensors(tx, [(item.client_cid, item.sensor_mid) for item in body])
    kinds = []
    for index, item in enumerate(body):
        if (item.client_cid, item.sensor_mid) not in sensors:
            raise payload.wrong("There is no such sensor.", (index, "sensor_mid"))
        if item.since > item.till:
            raise payload.wrong("The window ends before it begins.", (index, "till"))
        kinds.append(payload.signal_type(item.signal_type_moid, (index,)))
    pairs = [(sensors[i.client_cid, i.sensor_mid].point_id, i.signal_type_moid) for i in body]
    channels = await series.channels_for(tx, dict.fromkeys(pairs))
    answers: list[SignalResponse] = []
    room = MAX_ANSWERED
    for index, (item, kind, pair) in enumerate(zip(body, kinds, pairs, strict=True)):
        wanted = Wanted(
            since=item.since, till=item.till, newest=item.last_acq, grid=grid_of(tx, item.delta_t), raw=item.raw,
            multiply=item.apply_multiplier is not False, unit_id=item.output_unit_id, origin=item.signal_origin_id,
            where=Where("body", (index,)),
        )  # fmt: skip
        sensor = sensors[item.client_cid, item.sensor_mid]
        answers.append(await read_signal(tx, sensor, kind, channels.get(pair), wanted))
        room -= len(answers[-1].data.time)
        if room < 0:
            raise payload.wrong(
                f"More than {MAX_ANSWERED:,} values at once; ask for fewer signals or less time.", (index,)
            )
    return answers


@action(
    "GET",
    ONE,
    scope=READ,
    answers={200: SignalResponse},
    faults=(SensorNotFound, SignalTypeNotFound, Invalid),
    tags=TAG,
)
async def get_one(tx: Tx, client_cid: int, sensor_mid: int, signal_type_moid: int, query: ReadQuery) -> SignalResponse:
    """Values of one signal in [since, till).

    Without get_last every acquisition is there, with its time in `acq`. Buckets (delta_t minutes, or those of a calendar) hold
    the mean of a state, the sum of amounts per interval, and of a register what it counted in the bucket, or its last reading
    where a chart shows no power; empty ones are left out.
    """
    sensor, kind = await _named(tx, client_cid, sensor_mid, signal_type_moid)
    if query.since > query.till:
        raise Invalid("The window ends before it begins.", field="till", where="query")
    wanted = Wanted(
        since=query.since, till=query.till, newest=query.get_last,
        grid=grid_of(tx, query.delta_t, query.calendar, query.zone), raw=query.raw,
        multiply=query.apply_multiplier is not False, unit_id=query.output_unit_id, origin=query.signal_origin_id,
    )  # fmt: skip
    channels = await series.channels_for(tx, [(sensor.point_id, signal_type_moid)])
    return await read_signal(tx, sensor, kind, channels.get((sensor.point_id, signal_type_moid)), wanted)


async def _named(
    tx: Tx, client_cid: int, sensor_mid: int, moid: int, *, kept: bool = False
) -> tuple[SensorRef, SignalType]:
    """The sensor and signal type of a path. Raises SensorNotFound, SignalTypeNotFound."""
    sensor = (await find_sensors(tx, [(client_cid, sensor_mid)], kept=kept)).get((client_cid, sensor_mid))
    if sensor is None:
        raise SensorNotFound
    kind = SIGNAL_TYPES.get(moid)
    if kind is None:
        raise SignalTypeNotFound
    return sensor, kind


async def _channels(tx: Tx, places: list[tuple[SensorRef, SignalType]]) -> dict[tuple[int, int], series.Channel]:
    """The channels of sensors' signals, made where they are missing: in one order, or two callers could wait for each other."""
    wanted = {(sensor.point_id, kind.signal_type_moid): kind for sensor, kind in places}
    found = await series.channels_for(tx, wanted)
    for point_id, moid in sorted(wanted.keys() - found.keys()):
        kind = wanted[point_id, moid]
        found[point_id, moid] = await series.ensure_channel(tx, point_id, moid, unit=kind.unit_symbol, kind=kind.kind)
    return found


async def _write(tx: Tx, batches: list[series.Batch], paths: list[tuple[str | int, ...]]) -> None:
    """Write everything together; a refusal names the item and the row it is about."""
    if not batches:
        return
    try:
        await series.write(tx, payload.joined(batches))
    except Invalid as fault:
        place = fault.index or 0
        for batch, path in zip(batches, paths, strict=True):
            if place < len(batch):
                fault.index = place
                raise payload.placed(fault, path) from None
            place -= len(batch)
        raise


def _written(method: str, path: str, handler: Any, name: str, **more: Any) -> Operation:
    many = handler is put_many
    faults: tuple[Any, ...] = (Invalid,) if many else (SensorNotFound, SignalTypeNotFound, Invalid)
    return Operation(
        method, path, handler, name=name, scope=WRITE, answers={200: None}, faults=faults, tags=TAG, max_body=MAX_BODY,
        audited=False, **more,
    )  # fmt: skip


def _read(path: str, name: str) -> Operation:
    return Operation(
        "POST", path, get_many, name=name, scope=READ, answers={200: list[SignalResponse]}, faults=(Invalid,), tags=TAG,
        writes=False,
    )  # fmt: skip


# The routes of the contract, and beside them those without `v2` that clients in the field still use.
put_many_v2 = _written("PUT", f"{MANY}/v2", put_many, "put_many_v2")
put_many_alias = _written("PUT", MANY, put_many, "put_many", deprecated=True)
put_one_v2 = _written("PUT", f"{ONE}/v2", put_one, "put_one_v2")
put_one_alias = _written("PUT", ONE, put_one, "put_one", deprecated=True)
get_many_v2 = _read(f"{MANY}/v2", "get_many_v2")
get_many_alias = _read(MANY, "get_many")
