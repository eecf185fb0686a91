"""Sensors: made, read, changed, removed; and the kinds there are."""

from typing import Any

import msgspec
from msgspec import UNSET

from gridloom.core.series import public as series
from gridloom.kernel.database.statement import Statement
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid
from gridloom.kernel.http.operation import action
from gridloom.metering.sensors import store, tables
from gridloom.metering.sensors.access import ALL_CLIENTS, access
from gridloom.metering.sensors.catalogue import DEFAULT_TYPE, SENSOR_TYPES, SensorType
from gridloom.metering.sensors.errors import SensorNotFound, SensorTaken
from gridloom.metering.sensors.schemas import Sensor, SensorChange, SensorCreate, SensorKey
from gridloom.metering.states.projecting import project

SENSOR = "/api/sensors/{client_cid}.{sensor_mid}"
TAG = ("Sensors",)
POINT_FIELDS = {"name": "name", "sensor_eid": "eid", "lat": "lat", "lon": "lon"}


@action("GET", "/api/sensors/types", scope="metering.sensors:read", answers={200: list[SensorType]}, tags=TAG)
async def get_sensor_types() -> list[SensorType]:
    """The kinds of sensors there are."""
    return list(SENSOR_TYPES.values())


@action(
    "POST",
    "/api/sensors",
    scope="metering.sensors:write",
    answers={201: SensorKey},
    faults=(SensorTaken, Invalid),
    tags=TAG,
)
async def create_sensor(tx: Tx, query: SensorCreate) -> SensorKey:
    """Make a sensor.

    The number is the next one of the client. A meter that another API knows by the same number (EAN) and that no client owns
    yet becomes this sensor's measuring point: its readings are there at once.
    """
    rights = await access(tx)
    check(query)
    if tx.subject is not None and tx.subject.may(ALL_CLIENTS):
        await store.add_client(tx, query.client_cid)
    mid = await store.next_mid(tx, query.client_cid) if rights.of(query.client_cid).read else None
    if mid is None:
        raise Invalid("There is no such client.", field="client_cid", where="query")
    rights.require_write(query.client_cid)
    point = await series.ensure_point(
        tx, eid=given(query.sensor_eid, "").strip() or None, owner_cid=query.client_cid, name=query.name,
        lat=given(query.lat), lon=given(query.lon),
    )  # fmt: skip
    if await store.point_is_taken(tx, point.id):
        raise SensorTaken(field="sensor_eid")
    if point.name != query.name or (point.lat, point.lon) != (given(query.lat), given(query.lon)):
        places = {name: getattr(query, name) for name in ("lat", "lon") if getattr(query, name) is not UNSET}
        await series.change_point(tx, point.id, name=query.name, **places)
    await store.add_sensor(
        tx,
        client_cid=query.client_cid,
        sensor_mid=mid,
        point_id=point.id,
        sensor_type_id=given(query.sensor_type_id, DEFAULT_TYPE),
        info=given(query.info),
        comments=given(query.comments),
        uncertain=given(query.uncertain, other=False),
        negligible=given(query.negligible, other=False),
        balance_calculation=given(query.balance_calculation, other=True),
    )
    await project(tx, query.client_cid, mid)
    return SensorKey(query.client_cid, mid)


@action(
    "GET",
    SENSOR,
    scope="metering.sensors:read",
    answers={200: Sensor},
    faults=(SensorNotFound,),
    documented=(422,),
    tags=TAG,
)
async def get_sensor(tx: Tx, client_cid: int, sensor_mid: int) -> Sensor:
    """One sensor, with what the caller may do with it."""
    rights = await access(tx)
    row = await store.sensor_row(tx, rights, client_cid, sensor_mid)
    return shown(row, rights.of(client_cid))


@action(
    "PUT",
    SENSOR,
    scope="metering.sensors:write",
    answers={200: None},
    faults=(SensorNotFound, Invalid),
    documented=(409,),
    tags=TAG,
)
async def change_sensor(tx: Tx, client_cid: int, sensor_mid: int, query: SensorChange) -> None:
    """Change what is given; everything else stays."""
    rights = await access(tx)
    row = await store.sensor_row(tx, rights, client_cid, sensor_mid)
    rights.require_write(client_cid)
    check(query)
    changes = {name: value for name, value in msgspec.structs.asdict(query).items() if value is not UNSET}
    place = {POINT_FIELDS[name]: changes.pop(name) for name in list(changes) if name in POINT_FIELDS}
    # The sensor before its point, as everybody holds them.
    if changes:
        await tx.run(_update(tuple(sorted(changes))), cid=client_cid, mid=sensor_mid, **changes)
    if place:
        if "eid" in place:
            place["eid"] = place["eid"].strip() or None
            moves = place["eid"] != row["sensor_eid"]
            if moves and await series.is_known_besides(tx, row["point_id"], owner=tables.sensor.fullname):
                raise SensorTaken(
                    "A community has a meter of this number, whose readings would go along.", field="sensor_eid"
                )
        await series.change_point(tx, row["point_id"], **place)
    if "info" in changes or "eid" in place:
        await project(tx, client_cid, sensor_mid)


@action(
    "DELETE", SENSOR, scope="metering.sensors:write", answers={204: None}, faults=(SensorNotFound, Invalid), tags=TAG
)
async def remove_sensor(tx: Tx, client_cid: int, sensor_mid: int) -> None:
    """Remove a sensor with its states and all of its data.

    A community's meter at the same point keeps its readings, and what its registers are worth.
    """
    rights = await access(tx)
    row = await store.sensor_row(tx, rights, client_cid, sensor_mid)
    rights.require_write(client_cid)
    await store.remove_sensor(tx, client_cid, sensor_mid)
    await series.release_point(tx, row["point_id"])


def given(value: Any, other: Any = None) -> Any:
    """The value of a parameter, or another one when it was left out."""
    return other if value is UNSET else value


def check(query: SensorCreate | SensorChange) -> None:
    """What types cannot say. Raises Invalid."""
    if query.sensor_type_id is not UNSET and query.sensor_type_id not in SENSOR_TYPES:
        raise Invalid("There is no such sensor type.", field="sensor_type_id", where="query")
    check_info(query.info)
    check_json(getattr(query, "annotations", UNSET), "annotations")


def check_info(text: Any) -> None:
    """A JSON text, or nothing; the factors in it have to be some, or no value could be read any more. Raises Invalid."""
    found = check_json(text, "info")
    if not isinstance(found, dict):
        return
    try:
        series.factor_of(found)
    except series.WrongRatio as fault:
        raise Invalid(
            f"multiplier, current_ratio, voltage_ratio: {fault.message}", field="info", where="query"
        ) from None


def check_json(text: Any, name: str) -> Any:
    """What a JSON text says; None for nothing. Raises Invalid."""
    if text is UNSET or text == "":
        return None
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError):
        raise Invalid("Expected a JSON text.", field=name, where="query") from None


def shown(row: Any, rights: Any) -> Sensor:
    """A sensor's row as it travels."""
    values = {name: value for name, value in dict(row).items() if name != "point_id"}
    kind = SENSOR_TYPES[row["sensor_type_id"]]
    return Sensor(
        **values,
        sensor_type_name=kind.name,
        sensor_type_description=kind.description,
        sensor_type_sensor_state_custom_fields=kind.sensor_state_custom_fields,
        sensor_type_sensor_custom_fields=kind.sensor_custom_fields,
        write=rights.write,
        read=rights.read,
        execute=rights.execute,
    )


_updates: dict[tuple[str, ...], Statement] = {}


def _update(columns: tuple[str, ...]) -> Statement:
    """The statement that changes these columns, built once for each set of them."""
    from sqlalchemy import bindparam, func, update

    if columns not in _updates:
        table = tables.sensor
        new: dict[str, Any] = {name: bindparam(name, type_=table.c[name].type) for name in columns}
        where = (table.c.client_cid == bindparam("cid")) & (table.c.sensor_mid == bindparam("mid"))
        _updates[columns] = Statement(update(table).where(where).values(**new, updated_at=func.now()))
    return _updates[columns]
