"""Sensor states and signal states: made, listed, changed, removed."""

import math
import re
from datetime import datetime
from typing import Any

import asyncpg
from msgspec import UNSET

from gridloom.kernel import clock
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import FieldError, Invalid
from gridloom.kernel.http.operation import action
from gridloom.metering.sensors import store
from gridloom.metering.sensors.access import access
from gridloom.metering.sensors.actions import check_info, given
from gridloom.metering.sensors.catalogue import METER_TYPES
from gridloom.metering.sensors.errors import SensorNotFound, SignalStateTaken, StateNotFound, StatesOverlap
from gridloom.metering.sensors.schemas import (
    SensorState,
    SignalState,
    SignalStateChange,
    SignalStateCreate,
    SignalStateFilter,
    StateChange,
    StateCreate,
    StateFilter,
)
from gridloom.metering.signals.catalogue import SIGNAL_TYPES
from gridloom.metering.states.projecting import project

TAG = ("Signals",)
READ, WRITE = "metering.states:read", "metering.states:write"

_ADD = sql(
    "INSERT INTO metering.sensor_state (tenant_id, client_cid, sensor_mid, since, till, meter_eid, meter_type_id, info) "
    "VALUES (:tenant_id, :client_cid, :sensor_mid, :since, :till, :meter_eid, :meter_type_id, :info) RETURNING id"
)
_CHANGE = sql(
    "UPDATE metering.sensor_state SET since = :since, till = :till, meter_eid = :meter_eid, meter_type_id = :meter_type_id, "
    "info = :info, updated_at = now() WHERE id = :id"
)
_REMOVE = sql("DELETE FROM metering.sensor_state WHERE id = :id")
_ADD_SIGNAL = sql(
    "INSERT INTO metering.signal_state (tenant_id, sensor_state_id, signal_type_moid, value_for_since, value_for_till, info) "
    "VALUES (:tenant_id, :sensor_state_id, :moid, :since, :till, :info) RETURNING id"
)
_CHANGE_SIGNAL = sql(
    "UPDATE metering.signal_state SET "
    "value_for_since = CASE WHEN :has_since THEN CAST(:since AS double precision) ELSE value_for_since END, "
    "value_for_till = CASE WHEN :has_till THEN CAST(:till AS double precision) ELSE value_for_till END, "
    "info = CASE WHEN :has_info THEN CAST(:info AS text) ELSE info END, updated_at = now() WHERE id = :id"
)
_REMOVE_SIGNAL = sql("DELETE FROM metering.signal_state WHERE id = :id")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


@action(
    "GET", "/api/sensors/states", scope=READ, answers={200: list[SensorState]}, faults=(SensorNotFound,),
    documented=(409, 422, 500), tags=TAG,
)  # fmt: skip
async def get_states(tx: Tx, query: StateFilter) -> list[SensorState]:
    """The states of a sensor, of a client, or all that the caller may read."""
    rights = await access(tx)
    cid, mid = given(query.client_cid), given(query.sensor_mid)
    await _require_sensor(tx, cid, mid)
    return await store.states(tx, cids=rights.cids, cid=cid, mid=mid)


@action(
    "GET", "/api/sensors/states/signals", scope=READ, answers={200: list[SensorState]}, faults=(SensorNotFound,),
    documented=(422,), tags=TAG,
)  # fmt: skip
async def get_signal_states(tx: Tx, query: SignalStateFilter) -> list[SensorState]:
    """The states that hold register readings, each with those of the signal that was asked for."""
    rights = await access(tx)
    cid, mid, moid = given(query.client_cid), given(query.sensor_mid), given(query.signal_type_moid)
    await _require_sensor(tx, cid, mid)
    return await store.states(tx, cids=rights.cids, cid=cid, mid=mid, moid=moid, with_signals=True)


@action(
    "POST", "/api/sensors/states", scope=WRITE, answers={201: SensorState},
    faults=(SensorNotFound, StatesOverlap, Invalid), tags=TAG,
)  # fmt: skip
async def create_state(tx: Tx, query: StateCreate) -> SensorState:
    """A meter hangs at a sensor from `since` until `till`. Periods of one sensor never overlap."""
    rights = await access(tx)
    await store.sensor_row(tx, rights, query.client_cid, query.sensor_mid)
    rights.require_write(query.client_cid)
    _check_meter_type(given(query.meter_type_id))
    check_info(query.info)
    values = {
        "since": _instant(query.since), "till": _instant(query.till), "meter_eid": given(query.meter_eid),
        "meter_type_id": given(query.meter_type_id), "info": given(query.info),
    }  # fmt: skip
    _check_period(values["since"], values["till"])
    try:
        made = await tx.scalar(
            _ADD, tenant_id=tx.tenant, client_cid=query.client_cid, sensor_mid=query.sensor_mid, **values
        )
    except asyncpg.ExclusionViolationError:
        raise StatesOverlap from None
    except asyncpg.ForeignKeyViolationError:  # it went away meanwhile
        raise SensorNotFound from None
    await project(tx, query.client_cid, query.sensor_mid)
    return await store.state(tx, rights, int(made))


@action(
    "PUT", "/api/sensors/states/{sensor_state_id}", scope=WRITE, answers={200: SensorState},
    faults=(StateNotFound, StatesOverlap, Invalid), tags=TAG,
)  # fmt: skip
async def change_state(tx: Tx, sensor_state_id: int, query: StateChange) -> SensorState:
    """Change what is given; the sensor never changes."""
    rights = await access(tx)
    state = await store.state(tx, rights, sensor_state_id)
    rights.require_write(state.client_cid)
    check_info(query.info)
    kind = state.meter_type_id if query.meter_type_id is UNSET else _number(query.meter_type_id, "meter_type_id")
    _check_meter_type(None if kind is None else int(kind))
    since = _instant(given(query.since, state.since))
    till = _instant(given(query.till, state.till))
    _check_period(since, till)
    try:
        await tx.run(
            _CHANGE,
            id=sensor_state_id,
            since=since,
            till=till,
            meter_eid=given(query.meter_eid, state.meter_eid),
            meter_type_id=None if kind is None else int(kind),
            info=given(query.info, state.info),
        )
    except asyncpg.ExclusionViolationError:
        raise StatesOverlap from None
    await project(tx, state.client_cid, state.sensor_mid)
    return await store.state(tx, rights, sensor_state_id)


@action(
    "DELETE", "/api/sensors/states/{sensor_state_id}", scope=WRITE, answers={204: None},
    faults=(StateNotFound, Invalid), tags=TAG,
)  # fmt: skip
async def remove_state(tx: Tx, sensor_state_id: int) -> None:
    """Remove a state with its register readings; the data of the sensor stay."""
    rights = await access(tx)
    state = await store.state(tx, rights, sensor_state_id)
    rights.require_write(state.client_cid)
    await tx.run(_REMOVE, id=sensor_state_id)
    await project(tx, state.client_cid, state.sensor_mid)


@action(
    "POST", "/api/sensors/states/{sensor_state_id}/signals", scope=WRITE, answers={201: SignalState},
    faults=(StateNotFound, SignalStateTaken), tags=TAG,
)  # fmt: skip
async def create_signal_state(tx: Tx, sensor_state_id: int, query: SignalStateCreate) -> SignalState:
    """Note what a register showed when the meter came and when it went."""
    rights = await access(tx)
    state = await store.state(tx, rights, sensor_state_id)
    rights.require_write(state.client_cid)
    if query.signal_type_moid not in SIGNAL_TYPES:
        raise Invalid("There is no such signal type.", field="signal_type_moid", where="query")
    since, till, info = given(query.value_for_since), given(query.value_for_till), given(query.info)
    try:
        made = await tx.scalar(
            _ADD_SIGNAL, tenant_id=tx.tenant, sensor_state_id=sensor_state_id, moid=query.signal_type_moid,
            since=since, till=till, info=info,
        )  # fmt: skip
    except asyncpg.UniqueViolationError:
        raise SignalStateTaken(field="signal_type_moid", where="query") from None
    except asyncpg.ForeignKeyViolationError:  # it went away meanwhile
        raise StateNotFound from None
    await project(tx, state.client_cid, state.sensor_mid)
    return SignalState(
        signal_state_id=int(made), sensor_state_id=sensor_state_id, signal_type_moid=query.signal_type_moid,
        value_for_since=since, value_for_till=till, info=info,
    )  # fmt: skip


@action(
    "PUT", "/api/sensors/states/signals/{signal_state_id}", scope=WRITE, answers={200: None},
    faults=(StateNotFound, Invalid), tags=TAG,
)  # fmt: skip
async def change_signal_state(tx: Tx, signal_state_id: int, query: SignalStateChange) -> None:
    """Change what is given; a reading is a number as text, an empty text clears it."""
    rights = await access(tx)
    row = await store.signal_state_row(tx, rights, signal_state_id)
    rights.require_write(row["client_cid"])
    since, till = _registers(query)
    await tx.run(
        _CHANGE_SIGNAL,
        id=signal_state_id,
        has_since=query.value_for_since is not UNSET,
        since=since,
        has_till=query.value_for_till is not UNSET,
        till=till,
        has_info=query.info is not UNSET,
        info=given(query.info),
    )
    await project(tx, row["client_cid"], row["sensor_mid"])


@action(
    "DELETE", "/api/sensors/states/signals/{signal_state_id}", scope=WRITE, answers={204: None},
    faults=(StateNotFound, Invalid), tags=TAG,
)  # fmt: skip
async def remove_signal_state(tx: Tx, signal_state_id: int) -> None:
    """Remove the register readings of one signal from a state."""
    rights = await access(tx)
    row = await store.signal_state_row(tx, rights, signal_state_id)
    rights.require_write(row["client_cid"])
    await tx.run(_REMOVE_SIGNAL, id=signal_state_id)
    await project(tx, row["client_cid"], row["sensor_mid"])


async def _require_sensor(tx: Tx, cid: int | None, mid: int | None) -> None:
    """A sensor that was named must be there. Raises SensorNotFound; Invalid for a number without its client."""
    if mid is None:
        return
    if cid is None:
        raise Invalid("A sensor is named by its client and its number.", field="client_cid", where="query")
    await store.sensor_row(tx, await access(tx), cid, mid)


def _instant(ms: Any) -> datetime | None:
    return None if ms is UNSET or ms is None else clock.from_ms(ms)


def _check_period(since: datetime | None, till: datetime | None) -> None:
    if since is not None and till is not None and till <= since:
        raise Invalid("A period ends after it begins.", field="till", where="query")


def _check_meter_type(number: int | None) -> None:
    if number is not None and number not in METER_TYPES:
        raise Invalid("There is no such meter type.", field="meter_type_id", where="query")


def _registers(query: SignalStateChange) -> tuple[float | None, float | None]:
    """Both readings as numbers. Raises Invalid naming each that is none."""
    found: list[float | None] = []
    errors: list[FieldError] = []
    for name in ("value_for_since", "value_for_till"):
        try:
            found.append(_number(given(getattr(query, name), ""), name))
        except Invalid as fault:
            errors += fault.errors
    if errors:
        raise Invalid(errors=errors)
    return found[0], found[1]


def _number(text: str, name: str) -> float | None:
    """A number from text; an empty text is none. Raises Invalid."""
    plain = text.strip()
    if not plain:
        return None
    # Python would also read `1_000` and the digits of other scripts.
    value = float(plain) if _NUMBER.fullmatch(plain) else math.nan
    if not math.isfinite(value) or (name == "meter_type_id" and not value.is_integer()):
        raise Invalid("Expected a number.", field=name, where="query")
    return value
