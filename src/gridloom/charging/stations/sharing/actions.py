"""The partners that a private charge point is shared with, set as a whole."""

from gridloom.charging.stations.events import ChargePointChanged
from gridloom.charging.stations.sharing.resources import SCOPE, TAGS
from gridloom.charging.stations.sharing.schemas import SharedPartners
from gridloom.charging.stations.store import station_of_caller
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.events.event import emit
from gridloom.kernel.http.operation import action

_KEEP = sql(
    "DELETE FROM charging.charge_point_shared_partner WHERE charge_point_id = :id AND partner_id <> ALL(CAST(:ids AS bigint[]))"
)
_ADD = sql(
    "INSERT INTO charging.charge_point_shared_partner (tenant_id, charge_point_id, partner_id) "
    "SELECT :tenant, :id, unnest(CAST(:ids AS bigint[])) ON CONFLICT DO NOTHING"
)


@action(
    "PUT", "/public-api/resources/charge-points/v2.0/{charge_point}/shared-partners", scope=f"{SCOPE}:write",
    answers={204: None}, faults=(NotFound, Invalid), name="chargePointSharedPartnersSync", tags=TAGS,
)  # fmt: skip
async def set_shared_partners(tx: Tx, charge_point: int, body: SharedPartners) -> None:
    """Share a private charge point that has a partner with further partners, and with no others."""
    station = await station_of_caller(tx, charge_point, lock=True)
    if station["type"] != "private" or station["partner_id"] is None:
        raise Invalid(
            "Only a private charge point that belongs to a partner is shared with partners.", field="partnerIds"
        )
    ids = list(dict.fromkeys(body.partner_ids))
    await tx.run(_KEEP, id=charge_point, ids=ids)
    await tx.run(_ADD, tenant=tx.tenant, id=charge_point, ids=ids)
    emit(tx, ChargePointChanged(charge_point_id=charge_point, action="updated"))
