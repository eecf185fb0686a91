"""Holding the readings of an operation still, for whoever computes from them."""

from collections.abc import Sequence
from datetime import datetime

from gridloom.communities.balance import store
from gridloom.kernel.database.transaction import Tx


async def hold_readings(tx: Tx, operation_id: int, points: Sequence[int]) -> datetime | None:
    """Nobody writes readings of these meters until this transaction ends; gives the acquisition time of the newest there is."""
    await store.hold_operation(tx, operation_id)
    await store.hold_points(tx, sorted(set(points)))
    return await store.hold_channels(tx, points)
