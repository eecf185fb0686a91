"""Which clients a caller may read, write and run things for.

Whoever has the scope `metering.clients:all` (an administrator, the role `metering`) has every right on every client; a
token may be limited to some by its attribute `client_cids`; everybody else has what `metering.client_right` says.
"""

import msgspec

from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Forbidden

ALL_CLIENTS = "metering.clients:all"

_RIGHTS = sql("SELECT client_cid, can_read, can_write, can_execute FROM metering.client_right WHERE user_id = :user_id")


class Rights(msgspec.Struct, frozen=True):
    """What a caller may do with the sensors of one client."""

    read: bool = False
    write: bool = False
    execute: bool = False


EVERYTHING = Rights(read=True, write=True, execute=True)
NOTHING = Rights()


class Access:
    """The rights of one caller by client. `cids` is None when every client may be read."""

    def __init__(self, by_client: dict[int, Rights] | None) -> None:
        self._by_client = by_client

    def of(self, client_cid: int) -> Rights:
        """The rights on one client."""
        return EVERYTHING if self._by_client is None else self._by_client.get(client_cid, NOTHING)

    @property
    def cids(self) -> list[int] | None:
        """The clients that may be read; None for all."""
        if self._by_client is None:
            return None
        return [cid for cid, rights in self._by_client.items() if rights.read]

    def require_write(self, client_cid: int) -> None:
        """Raises Forbidden when the caller sees the client and may not change it."""
        if not self.of(client_cid).write:
            raise Forbidden(f"You may not change the sensors of client {client_cid}.")


async def access(tx: Tx) -> Access:
    """The rights of the transaction's caller."""
    subject = tx.subject
    if subject is None:
        return Access({})
    limited = subject.attributes.get("client_cids")
    if limited is not None:
        return Access({int(cid): EVERYTHING for cid in limited})
    if subject.may(ALL_CLIENTS):
        return Access(None)
    if subject.user_id is None:
        return Access({})
    rows = await tx.all(_RIGHTS, user_id=subject.user_id)
    return Access({r["client_cid"]: Rights(r["can_read"], r["can_write"], r["can_execute"]) for r in rows})
