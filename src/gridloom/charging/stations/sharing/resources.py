"""Guests and partners as lists."""

from typing import Any

from gridloom.charging.stations.sharing.schemas import Share, SharedPartner, ShareWrite
from gridloom.charging.stations.sharing.tables import charge_point_share, charge_point_shared_partner
from gridloom.charging.stations.tables import charge_point
from gridloom.charging.writing import ignored
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid
from gridloom.kernel.http.pages import Pages
from gridloom.kernel.http.resource import Named, Parent, Resource

TAGS = ("resource / charge points",)
SCOPE = "charging.charge-points"
_KIND = sql("SELECT type FROM charging.charge_point WHERE id = :id")


async def _guests_come_home(tx: Tx, columns: dict[str, Any], _: Any | None) -> None:
    if await tx.scalar(_KIND, id=columns["charge_point_id"]) != "personal":
        raise Invalid("Only a personal charge point has guests.", field="userId")


shares = Resource(
    charge_point_share,
    "charge-points/v2.0/{chargePoint}/shares",
    item="share",
    shows=Share,
    creates=ShareWrite,
    scope=SCOPE,
    parents={
        "chargePoint": Parent(charge_point_share.c.charge_point_id, charge_point, owner=charge_point.c.operator_id)
    },
    pages=Pages.CURSOR,
    columns={"shared_on": charge_point_share.c.created_at},
    writes={"id": ignored, "shared_on": ignored},
    taken={"uq_charge_point_share_tenant_id_charge_point_id_user_id": "userId"},
    on_write=_guests_come_home,
    tags=TAGS,
    names={
        "list": Named("chargePointSharesListing"),
        "create": Named("chargePointShareCreate"),
        "read": Named("chargePointShareRead"),
        "delete": Named("charegPointShareDelete"),  # as the contract spells it
    },
    documented={"create": (422,)},
)

shared_partners = Resource(
    charge_point_shared_partner,
    "charge-points/v2.0/{charge_point}/shared-partners",
    title="ChargePointSharedPartner",
    shows=SharedPartner,
    scope=SCOPE,
    verbs=("list",),
    parents={
        "charge_point": Parent(
            charge_point_shared_partner.c.charge_point_id, charge_point, owner=charge_point.c.operator_id
        )
    },
    pages=Pages.CURSOR,
    columns={"id": charge_point_shared_partner.c.partner_id, "shared_at": charge_point_shared_partner.c.created_at},
    tags=TAGS,
    names={"list": Named("chargePointSharedPartnersListing")},
)
