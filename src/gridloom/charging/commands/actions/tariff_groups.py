"""By which tariffs many EVSEs are priced, set at once."""

from collections.abc import Sequence
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from gridloom.charging.commands.actions.common import EVSE_TAGS
from gridloom.charging.csms.public import Refused406
from gridloom.charging.schemas import Id, Wire
from gridloom.charging.stations.events import EvseChanged
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.events import emit
from gridloom.kernel.http.operation import action

MOST = 1000
Ids = Annotated[list[Id], Meta(max_length=MOST)]

_GROUP = sql(
    "SELECT operator_id FROM charging.tariff_group WHERE id = :id "
    "AND operator_id = coalesce(CAST(:owner AS bigint), operator_id) FOR SHARE"
)
# An empty list restricts nothing, as one that was not given. EVSEs of roaming partners have prices of their own.
_CHOSEN = sql(
    "SELECT e.id, e.charge_point_id, e.operator_id FROM charging.evse e "
    "JOIN charging.charge_point c ON c.tenant_id = e.tenant_id AND c.id = e.charge_point_id "
    "WHERE e.roaming_operator_id IS NULL AND e.operator_id = coalesce(CAST(:owner AS bigint), e.operator_id) "
    "AND (CAST(:locations AS bigint[]) IS NULL OR c.location_id = ANY(CAST(:locations AS bigint[]))) "
    "AND (CAST(:partners AS bigint[]) IS NULL OR c.partner_id = ANY(CAST(:partners AS bigint[]))) "
    "AND (CAST(:evses AS bigint[]) IS NULL OR e.id = ANY(CAST(:evses AS bigint[]))) "
    "AND (CAST(:charge_points AS bigint[]) IS NULL OR c.id = ANY(CAST(:charge_points AS bigint[]))) "
    "AND (CAST(:groups AS bigint[]) IS NULL OR e.tariff_group_id = ANY(CAST(:groups AS bigint[]))) "
    "ORDER BY e.id LIMIT :most FOR UPDATE OF e"
)
_ASSIGN = sql(
    "UPDATE charging.evse SET tariff_group_id = :group_id, updated_at = now() "
    "WHERE id = ANY(CAST(:ids AS bigint[])) AND tariff_group_id IS DISTINCT FROM :group_id RETURNING id, charge_point_id"
)


class EvseFilters(Wire):
    """Which EVSEs: those that fit each list that is given, by one of its entries."""

    location_ids: Ids | UnsetType = UNSET
    partner_ids: Ids | UnsetType = UNSET
    evse_ids: Ids | UnsetType = UNSET
    charge_point_ids: Ids | UnsetType = UNSET
    tariff_group_ids: Ids | UnsetType = UNSET


class BulkAssignment(Wire):
    """The tariff group for the EVSEs that fit; null takes theirs away."""

    tariff_group_id: Id | None
    filters: EvseFilters | UnsetType = UNSET


@action(
    "POST", "evse/v1.0/bulk-assign-tariff-group", scope="charging.evses:write", answers={202: None, 204: None},
    faults=(NotFound, Refused406, Invalid), name="evseBulkAssignTariffGroups", tags=EVSE_TAGS,
)  # fmt: skip
async def bulk_assign_tariff_group(tx: Tx, body: BulkAssignment) -> None:
    """Price all EVSEs that fit the filters by one tariff group, at most 1,000 at once. All of them are changed, or none."""
    owner = tx.subject.attributes.get("operator_id") if tx.subject is not None else None
    group = None if body.tariff_group_id is None else await tx.one(_GROUP, id=body.tariff_group_id, owner=owner)
    if body.tariff_group_id is not None and group is None:
        raise Invalid("There is no such tariff group.", field="tariffGroupId")
    said = EvseFilters() if body.filters is UNSET else body.filters
    chosen = await tx.all(
        _CHOSEN, owner=owner, locations=_listed(said.location_ids), partners=_listed(said.partner_ids),
        evses=_listed(said.evse_ids), charge_points=_listed(said.charge_point_ids), groups=_listed(said.tariff_group_ids),
        most=MOST + 1,
    )  # fmt: skip
    if len(chosen) > MOST:
        raise Invalid(f"More than {MOST} EVSEs fit these filters.", field="filters")
    if group is not None and any(row["operator_id"] != group["operator_id"] for row in chosen):
        raise Invalid("EVSEs of another operator fit these filters.", field="filters")
    rows = await tx.all(_ASSIGN, group_id=body.tariff_group_id, ids=[row["id"] for row in chosen])
    for row in rows:
        emit(tx, EvseChanged(charge_point_id=row["charge_point_id"], evse_id=row["id"], action="updated"))


def _listed(ids: Sequence[int] | UnsetType) -> list[int] | None:
    return list(ids) if ids else None
