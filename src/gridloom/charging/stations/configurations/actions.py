"""One variable of a station: as it is cached, and told to the station itself."""

from typing import Any

from msgspec import UNSET
from sqlalchemy import bindparam, select

from gridloom.charging.stations.configurations import resources
from gridloom.charging.stations.configurations.resources import ORDER, SCOPE, TAGS, V
from gridloom.charging.stations.configurations.schemas import (
    STANDARD,
    Configuration,
    ConfigurationPatch,
    OldConfiguration,
)
from gridloom.charging.stations.control import StationControl
from gridloom.charging.stations.faults import NotAccepted
from gridloom.charging.stations.store import station_of_caller
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import Statement
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.http.operation import action
from gridloom.kernel.http.resource import Resource
from gridloom.kernel.http.subject import Subject

PATH = "/public-api/resources/charge-points/{version}/{{charge_point}}/configurations/{{key}}"
V1, V2 = PATH.format(version="v1.0"), PATH.format(version="v2.0")
READ, WRITE = f"{SCOPE}:read", f"{SCOPE}:write"


def _one_of(shown: Resource) -> Statement:
    """The first variable of a name: with OCPP 2.0.1 several components may have one."""
    return Statement(
        select(*shown.shape.selected)
        .where(V.charge_point_id == bindparam("charge_point", type_=V.charge_point_id.type))
        .where(V.name == bindparam("name", type_=V.name.type))
        .order_by(*ORDER)
        .limit(1)
    )


_NEW, _OLD = _one_of(resources.configurations), _one_of(resources.old_configurations)


async def _read(tx: Tx, query: Statement, shown: Resource, charge_point: int, key: str) -> Any:
    await station_of_caller(tx, charge_point)
    row = await tx.one(query, charge_point=charge_point, name=key)
    if row is None:
        raise NotFound
    return shown.shape.make(row)


async def _tell(
    database: Database, subject: Subject, control: StationControl, charge_point: int, key: str, body: ConfigurationPatch
) -> None:
    """Tell the station a value. Raises NotFound, Invalid, and NotAccepted when it is not there or says no."""
    async with database.tenant(subject.tenant_id, subject=subject) as tx:
        station = await station_of_caller(tx, charge_point, lock=True)
    if key in STANDARD and body.value is UNSET:
        raise Invalid("This field is required.", field="value")
    value = "" if body.value is UNSET else body.value
    if not await control.set_variable(subject, station["id"], key, value):
        raise NotAccepted


@action(
    "GET",
    V2,
    scope=READ,
    answers={200: Configuration},
    faults=(NotFound,),
    name="chargePointConfigurationRead",
    tags=TAGS,
)
async def read_configuration(tx: Tx, charge_point: int, key: str) -> Configuration:
    """One variable as the station said it last."""
    found: Configuration = await _read(tx, _NEW, resources.configurations, charge_point, key)
    return found


@action(
    "PATCH", V2, scope=WRITE, answers={200: Configuration}, faults=(NotFound, Invalid, NotAccepted), tags=TAGS,
    name="chargePointConfigurationUpdate",
)  # fmt: skip
async def tell_configuration(
    database: Database, control: StationControl, subject: Subject, charge_point: int, key: str, body: ConfigurationPatch
) -> Configuration:
    """Tell the station a value of a variable; it is answered when the station has taken it."""
    await _tell(database, subject, control, charge_point, key, body)
    async with database.tenant(subject.tenant_id, subject=subject, read_only=True) as tx:
        found: Configuration = await _read(tx, _NEW, resources.configurations, charge_point, key)
    return found


@action(
    "GET", V1, scope=READ, answers={200: OldConfiguration}, faults=(NotFound,), tags=TAGS, deprecated=True,
    name="chargePointConfigurationReadDeprecated",
)  # fmt: skip
async def read_old_configuration(tx: Tx, charge_point: int, key: str) -> OldConfiguration:
    """One variable as the station said it last."""
    found: OldConfiguration = await _read(tx, _OLD, resources.old_configurations, charge_point, key)
    return found


@action(
    "PATCH", V1, scope=WRITE, answers={200: None}, faults=(NotFound, Invalid, NotAccepted), tags=TAGS, deprecated=True,
    name="chargePointConfigurationUpdateDeprecated",
)  # fmt: skip
async def tell_old_configuration(
    database: Database, control: StationControl, subject: Subject, charge_point: int, key: str, body: ConfigurationPatch
) -> None:
    """Tell the station a value of a variable."""
    await _tell(database, subject, control, charge_point, key, body)
