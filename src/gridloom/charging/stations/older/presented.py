"""A station as the first version shows it, for whoever has to tell of it."""

from sqlalchemy import BigInteger, bindparam, select

from gridloom.charging.stations.older import shown
from gridloom.charging.stations.older.schemas import OldChargePoint
from gridloom.charging.stations.tables import charge_point
from gridloom.kernel.database.statement import Statement
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.http.rows import Shape

_SHAPE = Shape(charge_point, OldChargePoint, shown.POINT, shown.POINT_VALUES, ())
_ONE = Statement(select(*_SHAPE.selected).where(charge_point.c.id == bindparam("id", type_=BigInteger)))


async def older_charge_point(tx: Tx, charge_point_id: int) -> OldChargePoint | None:
    """The charge point, None when it is gone."""
    row = await tx.one(_ONE, id=charge_point_id)
    return None if row is None else _SHAPE.make(row)
