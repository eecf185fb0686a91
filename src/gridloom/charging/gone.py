"""What an event says of something that cannot be looked up any more, for all modules of this API."""

from typing import Any

import msgspec

from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.webhooks import is_wanted

FORMAT = "charging"

_encode = msgspec.json.Encoder(decimal_format="number").encode


class Gone(msgspec.Struct, kw_only=True, frozen=True):
    """Whose it was, and JSON of it as it was shown, where somebody wanted to know."""

    operator_id: int | None = None
    shown: str | None = None


async def remains(tx: Tx, notification: str, operator_id: int | None, item: Any) -> Gone:
    """What remains of a deleted item; of its content only as much as subscribers of that notification are told."""
    wanted = await is_wanted(tx, FORMAT, notification)
    return Gone(operator_id=operator_id, shown=_encode(item).decode() if wanted else None)
