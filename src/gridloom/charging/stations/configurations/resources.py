"""The cached variables of a station as lists; the older version shows the same ones in fewer words."""

from typing import Any

from sqlalchemy import BigInteger, cast, func, null

from gridloom.charging.stations.configurations.schemas import Configuration, OldConfiguration
from gridloom.charging.stations.configurations.tables import configuration_variable
from gridloom.charging.stations.points.shown import object_of
from gridloom.charging.stations.tables import charge_point
from gridloom.kernel.http.filters import equals
from gridloom.kernel.http.resource import Named, Parent, Resource

TAGS = ("resource / charge points",)
SCOPE = "charging.charge-points"
V = configuration_variable.c
ORDER = (V.name, V.component, V.evse_id, V.instance, V.id)


def _parents() -> dict[str, Parent]:
    return {"charge_point": Parent(V.charge_point_id, charge_point, owner=charge_point.c.operator_id)}


def _declared(path: str, title: str, shows: Any, name: str, **more: Any) -> Resource:
    return Resource(
        configuration_variable,
        path,
        title=title,
        shows=shows,
        scope=SCOPE,
        verbs=("list",),
        parents=_parents(),
        order=ORDER,
        tags=TAGS,
        names={"list": Named(name, deprecated="v1.0" in path)},
        **more,
    )


configurations = _declared(
    "charge-points/v2.0/{charge_point}/configurations",
    "ChargePointConfiguration",
    Configuration,
    "chargePointConfigurationsListing",
    filters={
        "name": equals(V.name),
        "instance": equals(V.instance),
        "componentName": equals(V.component),
        "evseId": equals(V.evse_id),
    },
    columns={
        "key": object_of(
            name=V.name, value=V.value, componentName=func.nullif(V.component, ""), instance=func.nullif(V.instance, ""),
            evseId=func.nullif(V.evse_id, 0), maxLimit=V.max_limit,
        ),
        "timestamp": V.at,
        "last_updated_at": V.updated_at,
        "persistent_configuration_template_id": cast(null(), BigInteger),
    },
)  # fmt: skip

old_configurations = _declared(
    "charge-points/v1.0/{charge_point}/configurations",
    "OldChargePointConfiguration",
    OldConfiguration,
    "chargePointConfigurationsListingDeprecated",
    columns={"key": V.name, "timestamp": V.at, "last_updated_at": V.updated_at},
)
