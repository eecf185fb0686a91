"""Places to charge at, people who want to, and sessions as the database has them."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.charging.drivers.kit import driver_row
from tests.charging.stations.kit import evse_of, set_columns, station
from tests.charging.tariffs.kit import GROUPS, TARIFFS, made
from tests.suites.client import Caller

from gridloom.charging.csms.public import Commands
from gridloom.charging.ocpp.public import Answered, Offline, Outcome, Payload, Version
from gridloom.charging.sessions import lifecycle
from gridloom.charging.sessions.channels import Channels
from gridloom.charging.sessions.measurands import Channel
from gridloom.core.series import public as series
from gridloom.kernel import clock
from gridloom.kernel.database.transaction import Tx

SESSIONS = "/public-api/resources/sessions/v1.0"
ACTIONS = "/public-api/actions"
NOON = datetime(2025, 6, 4, 12, tzinfo=clock.utc(clock.now()).tzinfo)
"""A Wednesday."""


@dataclass
class Site:
    """An operator 7 in Brussels with a station of one EVSE, and what its tariff group has."""

    caller: Caller
    operator: int
    station: dict[str, Any]
    evse: dict[str, Any]
    group: dict[str, Any] | None = None

    @asynccontextmanager
    async def tx(self) -> AsyncIterator[Tx]:
        """A transaction of the tenant."""
        async with self.caller.application.database.tenant(self.caller.tenant) as tx:
            yield tx

    def start_url(self, *, by: str = "id") -> str:
        """One of the three ways to start."""
        if by == "station":
            return f"{ACTIONS}/charge-point/v1.0/{self.station['id']}/start"
        if by == "number":
            return f"{ACTIONS}/charge-point/v1.0/{self.station['id']}/start/{self.evse['networkId']}"
        return f"{ACTIONS}/evse/v1.0/{self.evse['id']}/start"

    async def driver(self, **columns: Any) -> int:
        """A driver whose address is confirmed."""
        async with self.tx() as tx:
            number = await tx.scalar("SELECT count(*) FROM charging.driver")
        given = {"email": f"driver{number}@example.org", "email_verified_at": clock.now(), **columns}
        return await driver_row(self.caller, operator=self.operator, **given)

    async def rows(self, query: str, **values: Any) -> list[dict[str, Any]]:
        """What the database has."""
        async with self.tx() as tx:
            return [dict(row) for row in await tx.all(query, **values)]

    async def sessions(self) -> list[dict[str, Any]]:
        """Every session of the tenant."""
        return await self.rows("SELECT * FROM charging.session ORDER BY id")


async def site(caller: Caller, pricing: dict[str, Any] | None = None, **changes: Any) -> Site:
    """A station with one EVSE of an operator in Brussels; with `pricing` (fields of a tariff), priced by it."""
    async with caller.application.database.tenant(caller.tenant) as tx:
        operator = await tx.scalar(
            "INSERT INTO charging.operator (tenant_id, name, currency, timezone) VALUES (:tenant, 'Seven', 'EUR', "
            "'Europe/Brussels') RETURNING id",
            tenant=caller.tenant,
        )
    group = None
    more: dict[str, Any] = {}
    if pricing is not None:
        group = await priced(caller, operator, pricing)
        more = {"tariffGroupId": group["id"]}
    at = await station(caller, **{"operatorId": operator, "network": {"id": f"cp-{caller.tenant}"}, **changes})
    evse = await evse_of(caller, at, physicalReference=f"E{caller.tenant}", **more)
    return Site(caller, operator, at, evse, group)


async def priced(caller: Caller, operator: int, *tariffs: dict[str, Any]) -> dict[str, Any]:
    """A tariff group with these tariffs, the last of which is asked first."""
    ids = []
    for number, each in enumerate(tariffs):
        row = await made(caller, TARIFFS, {"operatorId": operator, "name": f"Tariff {number}", **each})
        ids.append(row["id"])
    return await made(caller, GROUPS, {"operatorId": operator, "name": "Group", "tariffIds": ids})


@dataclass
class Told:
    """What stations were told, and what they answer."""

    answer: Outcome = field(default_factory=lambda: Answered({"status": "Accepted"}))
    version: Version | None = Version.V16
    calls: list[tuple[int, str, Payload]] = field(default_factory=list)

    async def call(self, tenant: int, charge_point_id: int, action: str, payload: Payload, **_: Any) -> Outcome:
        """Answer as it was set; nobody is there without a version."""
        self.calls.append((charge_point_id, action, payload))
        return Offline(sent=False) if self.version is None else self.answer

    async def version_of(self, tenant: int, charge_point_id: int) -> Version | None:
        """What the station speaks."""
        return self.version


def stations_answer(caller: Caller, monkeypatch: Any, **told: Any) -> Told:
    """Put somebody who answers in the place of all stations."""
    fake = Told(**told)
    commands = caller.application.services.part(Commands)
    monkeypatch.setattr(commands, "call", fake.call)
    monkeypatch.setattr(commands, "version", fake.version_of)
    return fake


async def running(at: Site, started_at: datetime = NOON, driver: int | None = None, **columns: Any) -> int:
    """A session that a station has started, with its tariff; the register begins at 1,000 Wh."""
    async with at.tx() as tx:
        number = await lifecycle.begin_pending(
            tx, operator_id=at.operator, charge_point_id=at.station["id"], evse_id=at.evse["id"], driver_id=driver,
            started_at=started_at,
        )  # fmt: skip
        given = {"meter_start_wh": Decimal(1000), "transaction_id": str(number), **columns}
        row = await tx.one("SELECT * FROM charging.session WHERE id = :id", id=number)
        await lifecycle.activate(tx, row, **given)
    return number


async def metered(at: Site, started_at: datetime, *readings: tuple[float, float]) -> None:
    """Registers of the EVSE: (minutes after the start, Wh after the start)."""
    await measured(
        at, "Energy.Active.Import.Register", [(started_at + timedelta(minutes=m), 1000 + wh) for m, wh in readings]
    )


async def measured(at: Site, measurand: str, values: Sequence[tuple[datetime, float]]) -> None:
    """Values of the EVSE in the series."""
    key = (at.evse["id"], Channel(measurand, "", "Outlet"))
    async with at.tx() as tx:
        channel = (await Channels().of(tx, [key]))[key]
        await series.write(
            tx, series.Batch.of(channel, [clock.to_ms(each) for each, _ in values], [v for _, v in values])
        )


async def finished(
    at: Site, session: int, started_at: datetime, minutes: float, wh: float | None, reason: str = "local"
) -> dict[str, Any]:
    """The session after its station has ended it, as the API shows it with all that it can show."""
    async with at.tx() as tx:
        stop = None if wh is None else Decimal(str(1000 + wh))
        assert await lifecycle.finish(
            tx, session, stopped_at=started_at + timedelta(minutes=minutes), meter_stop_wh=stop, reason=reason
        )
    return await shown(at.caller, session)


ALL = {
    "withAuthorization": "true", "withChargingPeriods": "true", "withChargingPeriodsPriceBreakdown": "true",
    "withPriceBreakdown": "true", "withClockAlignedEnergyConsumption": "true",
}  # fmt: skip


async def shown(caller: Caller, session: int, **query: str) -> dict[str, Any]:
    """A session as it is read, with all that it can show."""
    answer = await caller.get(f"{SESSIONS}/{session}", params={**ALL, **query})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


__all__ = ["set_columns"]
