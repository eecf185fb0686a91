"""Declared resources of tariffs."""

from collections.abc import Mapping
from typing import Any, Literal

from sqlalchemy import BigInteger, ColumnElement, Table, case, exists, func, select, true
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from gridloom.charging.gone import remains
from gridloom.charging.tariffs import writing
from gridloom.charging.tariffs.events import TariffChanged
from gridloom.charging.tariffs.groups import TariffGroups, Tariffs, begin_with_base
from gridloom.charging.tariffs.schemas import (
    Tariff,
    TariffGroup,
    TariffGroupUpdate,
    TariffGroupWrite,
    TariffSnapshot,
    TariffUpdate,
    TariffWrite,
)
from gridloom.charging.tariffs.tables import tariff, tariff_group, tariff_group_member, tariff_snapshot
from gridloom.charging.writing import ignored
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.events.event import emit
from gridloom.kernel.http.filters import equals, one_or_many, since, until, when
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Done, Named, Owner, Resource

_IN_GROUP = (tariff_group_member.c.tenant_id == tariff.c.tenant_id) & (tariff_group_member.c.tariff_id == tariff.c.id)
_OF_GROUP = (tariff_group_member.c.tenant_id == tariff_group.c.tenant_id) & (
    tariff_group_member.c.group_id == tariff_group.c.id
)


def _columns(table: Table) -> dict[str, ColumnElement[Any]]:
    """How a tariff and its copies are shown."""
    partner_id = table.c.partner_id
    return {
        "partner": case((partner_id.is_not(None), func.jsonb_build_object("id", partner_id, type_=JSONB()))),
        "last_updated_at": table.c.updated_at,
    }


async def tariff_written(tx: Tx, done: Done, item: Any, _: Mapping[str, Any]) -> None:
    """Tell that a tariff came, changed or went."""
    gone = None
    if done == "deleted":
        gone = await remains(tx, "TariffChangedNotification", item.operator_id, item)
    emit(tx, TariffChanged(tariff_id=item.id, action=done, gone=gone))


tariffs = Tariffs(
    tariff,
    "tariffs/v1.0",
    item="tariff",
    shows=Tariff,
    creates=TariffWrite,
    updates=TariffUpdate,
    update_method="PUT",
    scope="charging.tariffs",
    pages=Pages.CURSOR | Pages.NUMBER,
    owner=Owner(tariff.c.operator_id, "operator_id", "operatorId"),
    filters={
        "operatorId": one_or_many(tariff.c.operator_id),
        "tariffGroupId": when(
            int, lambda value: exists().where(_IN_GROUP, tariff_group_member.c.group_id == value), BigInteger()
        ),
        "userId": when(int | Literal[""] | None, lambda _: true(), BigInteger(), lambda given: given or None),
        "type": equals(tariff.c.type),
        "partnerId": equals(tariff.c.partner_id),
    },
    columns=_columns(tariff),
    writes={
        "operator_id": writing.operator,
        "description": writing.localised("description"),
        "additional_information": writing.localised("additional_information"),
        "learn_more_url": writing.localised("learn_more_url"),
        "pricing": writing.plain("pricing"),
        "stop_session": writing.plain("stop_session"),
        "restrictions": writing.plain("restrictions"),
        "display": writing.plain("display"),
        "partner": writing.partner,
    },
    on_write=writing.settle,
    on_delete=writing.keep_base,
    emits=tariff_written,
    in_use=writing.StillInUse,
    tags=("resource / tariffs",),
    names={
        "list": Named("tariffsListing"),
        "create": Named("tariffCreate"),
        "read": Named("tariffRead"),
        "update": Named("tariffUpdate"),
        "delete": Named("tariffDelete"),
    },
    documented={"list": (422,), "create": (422,), "update": (422,), "delete": (422,)},
)

tariff_groups = TariffGroups(
    tariff_group,
    "tariff-groups/v1.0",
    item="tariffGroup",
    shows=TariffGroup,
    creates=TariffGroupWrite,
    updates=TariffGroupUpdate,
    update_method="PUT",
    scope="charging.tariff-groups",
    pages=Pages.CURSOR | Pages.NUMBER,
    owner=Owner(tariff_group.c.operator_id, "operator_id", "operatorId"),
    filters={
        "operatorId": one_or_many(tariff_group.c.operator_id),
        "partnerId": equals(tariff_group.c.partner_id),
        "lastUpdatedAfter": since(tariff_group.c.updated_at),
        "lastUpdatedBefore": until(tariff_group.c.updated_at),
        "createdAfter": since(tariff_group.c.created_at),
        "createdBefore": until(tariff_group.c.created_at),
    },
    columns={
        "tariff_ids": func.array(
            select(tariff_group_member.c.tariff_id)
            .where(_OF_GROUP)
            .order_by(tariff_group_member.c.position)
            .scalar_subquery(),
            type_=ARRAY(BigInteger),
        ),
        "last_updated_at": tariff_group.c.updated_at,
    },
    writes={
        "operator_id": writing.operator,
        "tariff_ids": ignored,
        "display": writing.display,
        "last_updated_at": ignored,
    },
    on_write=begin_with_base,
    on_delete=writing.keep_priced,
    in_use=writing.StillInUse,
    tags=("resource / tariffs",),
    names={
        "list": Named("tariffGroupsListing"),
        "create": Named("tariffGroupCreate"),
        "read": Named("tariffGroupRead"),
        "update": Named("tariffGroupUpdate"),
        "delete": Named("tariffGroupDelete"),
    },
    documented={"list": (422,), "create": (422,), "update": (422,), "delete": (422,)},
)

tariff_snapshots = Resource(
    tariff_snapshot,
    "tariff-snapshots/v1.0",
    item="tariffSnapshot",
    shows=TariffSnapshot,
    verbs=("read",),
    scope="charging.tariffs",
    owner=Owner(tariff_snapshot.c.operator_id, "operator_id"),
    columns=_columns(tariff_snapshot),
    tags=("resource / tariffs",),
    names={"read": Named("tariffSnapshotRead")},
)
