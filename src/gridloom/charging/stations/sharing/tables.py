"""With whom stations are shared: guests of a personal one, partners of a private one."""

from sqlalchemy import BigInteger, Column

from gridloom.charging.stations.tables import charge_point
from gridloom.kernel.database.tables import created_at, reference, tenant_table, unique

charge_point_share = tenant_table(
    "charging",
    "charge_point_share",
    reference("charge_point_id", charge_point, on_delete="CASCADE"),
    Column("user_id", BigInteger, nullable=False),
    created_at(),
    unique("charge_point_id", "user_id"),
)

charge_point_shared_partner = tenant_table(
    "charging",
    "charge_point_shared_partner",
    reference("charge_point_id", charge_point, on_delete="CASCADE"),
    Column("partner_id", BigInteger, nullable=False),
    created_at(),
    unique("charge_point_id", "partner_id"),
)
