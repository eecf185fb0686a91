"""Where actions find the station that they are about, ask it, and keep what came of it.

No transaction is open while a station thinks: one finds it, the station is asked, another one keeps the outcome.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from gridloom.charging.commands.messages import Message
from gridloom.charging.csms.public import Commands, NoAnswer408, NotConnected424, Refused406, calls_after, refused
from gridloom.charging.ocpp.public import Answered, InvalidCall, Offline, Payload, Version
from gridloom.charging.stations.public import station_of_caller
from gridloom.kernel.audit import trail
from gridloom.kernel.database.pool import Database, Transaction
from gridloom.kernel.database.statement import sql
from gridloom.kernel.database.transaction import Tx
from gridloom.kernel.errors import Invalid, NotFound
from gridloom.kernel.http.call import Services
from gridloom.kernel.http.subject import Subject

Forget: TypeAlias = Callable[[Tx, int], Awaitable[None]]

_STATION = sql(
    "SELECT c.id, c.operator_id, c.type, c.communication_mode, c.ocpp_connected_charge_point_id, "
    "coalesce(m.network_protocol, c.network_protocol) AS protocol FROM charging.charge_point c "
    "LEFT JOIN charging.charge_point m ON m.tenant_id = c.tenant_id AND m.id = c.ocpp_connected_charge_point_id "
    "WHERE c.id = :id"
)
_BY_ID = sql("SELECT charge_point_id, network_id FROM charging.evse WHERE id = :id")
_EVSE = sql("SELECT id FROM charging.evse WHERE charge_point_id = :charge_point AND network_id = :number")


@dataclass(frozen=True, slots=True)
class Target:
    """A station that may be asked.

    id: the one that was named. reached: the one that has the socket (a satellite speaks through another station); None
    when nobody here speaks with it. version: of its connection, or what its record says while it is not connected.
    subject: who asks; None for a job.
    """

    tenant: int
    id: int
    operator_id: int | None
    type: str
    reached: int | None
    version: Version
    is_online: bool
    subject: Subject | None = field(repr=False, default=None)


class Desk:
    """An application part: the commands to stations."""

    def __init__(self, services: Services) -> None:
        self._services = services

    @property
    def database(self) -> Database:
        """The application's database."""
        return self._services.part(Database)

    @property
    def commands(self) -> Commands:
        """The way to every station."""
        return self._services.part(Commands)

    def transaction(self, target: Target, *, read_only: bool = False) -> Transaction:
        """A transaction of whoever asks."""
        return self.database.tenant(target.tenant, subject=target.subject, read_only=read_only)

    async def target(self, subject: Subject, charge_point: int) -> Target:
        """The station of an action. Raises NotFound when the caller has none of that number."""
        async with self.database.tenant(subject.tenant_id, subject=subject, read_only=True) as tx:
            await station_of_caller(tx, charge_point)
            row = await tx.one(_STATION, id=charge_point)
        return await self._target(row, subject.tenant_id, subject)

    async def target_of_evse(self, subject: Subject, evse: int) -> tuple[Target, int]:
        """The station of an EVSE, and the EVSE's number within it. Raises NotFound."""
        async with self.database.tenant(subject.tenant_id, subject=subject, read_only=True) as tx:
            found = await tx.one(_BY_ID, id=evse)
            if found is None:
                raise NotFound
            await station_of_caller(tx, found["charge_point_id"])
            row = await tx.one(_STATION, id=found["charge_point_id"])
        return await self._target(row, subject.tenant_id, subject), number_of(found["network_id"])

    async def known_target(self, tenant: int, charge_point: int) -> Target | None:
        """The station of a job; None when it is gone."""
        async with self.database.tenant(tenant, read_only=True) as tx:
            row = await tx.one(_STATION, id=charge_point)
        return None if row is None else await self._target(row, tenant, None)

    async def _target(self, row: Any, tenant: int, subject: Subject | None) -> Target:
        direct = row["id"] if row["communication_mode"] == "direct_ocpp" else None
        reached = row["ocpp_connected_charge_point_id"] or direct
        live = None if reached is None else await self.commands.version(tenant, reached)
        recorded = Version.V201 if row["protocol"] == "ocpp 2.0.1" else Version.V16
        return Target(
            tenant, row["id"], row["operator_id"], row["type"], reached, live or recorded, live is not None, subject
        )

    async def ask(self, target: Target, action: str, payload: Payload, *, only: int | None = 406) -> Payload:
        """The station's answer, whatever its status says.

        only: 406 where the operation knows no other refusal, else None. Raises the fault that tells why there is no
        answer, and Invalid when the message cannot be sent in the station's version with these values.
        """
        if target.reached is None:
            raise refused(Offline(sent=False), only=only)
        try:
            outcome = await self.commands.call(target.tenant, target.reached, action, payload)
        except InvalidCall as mistake:
            raise Invalid(f"The charge point cannot be told this: {mistake}.", field="body") from None
        if not isinstance(outcome, Answered):
            raise refused(outcome, only=only)
        return outcome.payload

    async def tell(self, target: Target, message: Message, *, only: int | None = 406) -> Payload:
        """Send a message that the station has to agree to. Raises as `ask`, and when its status is none of the good ones."""
        answer = await self.ask(target, message.action, message.payload, only=only)
        agreed(answer, message.good)
        return answer

    async def tell_or_undo(self, target: Target, message: Message, undo: Message) -> Payload:
        """As `tell`. A station that was asked and did not answer may have done it all the same: it is told to undo it, later
        and without waiting, because nothing is known of it here."""
        try:
            return await self.tell(target, message, only=None)
        except NoAnswer408 as fault:
            async with self.transaction(target) as tx:
                await calls_after(tx, target.reached or target.id, undo.action, undo.payload)
            raise Refused406(fault.message) from None
        except NotConnected424 as fault:
            raise Refused406(fault.message) from None

    @asynccontextmanager
    async def or_forget(self, target: Target, forget: Forget, number: int) -> AsyncIterator[None]:
        """What was written down before the station was asked is forgotten when it does not agree, whatever the reason."""
        try:
            yield
        except BaseException:
            async with self.transaction(target) as tx:
                await forget(tx, number)
            raise

    async def keep_note(self, target: Target, name: str, detail: Any = None) -> None:
        """One line in the trail, where nothing else is stored."""
        async with self.transaction(target) as tx:
            note(tx, target, name, detail)


def agreed(answer: Payload, good: Collection[str]) -> None:
    """Raises Refused406 unless the station's status is one of these; without any, each answer is a yes."""
    if good and answer.get("status") not in good:
        raise refused(Answered(answer), only=406)


def note(tx: Tx, target: Target, name: str, detail: Any = None) -> None:
    """A line in the trail of a transaction."""
    trail.record(tx, name, ("charge_point", target.id), detail)


async def evse_of(tx: Tx, charge_point: int, number: int) -> int | None:
    """The id of the EVSE with that number within its station."""
    row = await tx.one(_EVSE, charge_point=charge_point, number=str(number))
    return None if row is None else int(row["id"])


def number_of(network_id: str) -> int:
    """An EVSE's number within its station. Raises Refused406 when its record holds none that OCPP could carry."""
    if not network_id.isascii() or not network_id.isdecimal() or not 0 < int(network_id) < 2**31:
        raise Refused406("The EVSE has no number by which the charge point knows it.")
    return int(network_id)
