"""A station to test sessions with: rows made by hand, messages given to the functions that answer them."""

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from gridloom.charging.csms.messages import answering
from gridloom.charging.csms.public import Commands, Contact
from gridloom.charging.ocpp.messages.schemas import checks
from gridloom.charging.ocpp.public import Answered, Offline, Outcome, Version
from gridloom.charging.sessions import lifecycle, ticking
from gridloom.charging.sessions.intake import Intake
from gridloom.charging.sessions.stops import Stops
from gridloom.core.parties import public as parties
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.discovery import modules
from gridloom.kernel.http.call import Services

for _ in modules("inbound", within="gridloom.charging.sessions"):
    pass

NOON = datetime(2026, 6, 10, 12, 0, tzinfo=UTC)
REGISTER, POWER, SOC = "Energy.Active.Import.Register", "Power.Active.Import", "SoC"
OPERATOR = 7


class Line(Commands):
    """Commands that remember what stations were asked, and answer as a test says."""

    def __init__(self) -> None:  # no super: there is neither database nor bus behind it
        self.asked: list[tuple[int, str, dict[str, Any]]] = []
        self.outcome: Outcome = Answered({"status": "Accepted"})
        self.versions: dict[int, Version] = {}

    async def call(
        self,
        tenant: int,
        charge_point_id: int,
        action: str,
        payload: Any,
        *,
        timeout: float | None = None,  # noqa: ASYNC109
    ) -> Outcome:
        """Remember, and answer."""
        self.asked.append((charge_point_id, action, dict(payload)))
        return self.outcome

    async def version(self, tenant: int, charge_point_id: int) -> Version | None:
        """The version that the station spoke last."""
        return self.versions.get(charge_point_id)


@dataclass(repr=False)
class World:
    """Everything that a test needs of one tenant."""

    database: Database
    tenant: int
    services: Services
    line: Line
    intake: Intake
    stops: Stops
    events: list[Any] = field(default_factory=list)
    counted: list[int] = field(default_factory=list)
    now: clock.StoppedClock = field(default_factory=lambda: clock.StoppedClock(NOON))

    @contextmanager
    def at(self, instant: datetime) -> Iterator[clock.StoppedClock]:
        """Stop the clock of this world: one clock for all of a test, which the writer of the intake has seen from its start."""
        self.now.instant = instant
        mark = clock._reading.set(self.now)
        try:
            yield self.now
        finally:
            clock._reading.reset(mark)

    async def add(self, table: str, **columns: Any) -> int:
        """A row of `charging`, by hand."""
        names = ", ".join(columns)
        binds = ", ".join(f":{name}" for name in columns)
        async with self.database.tenant(self.tenant) as tx:
            return int(
                await tx.scalar(
                    f"INSERT INTO charging.{table} (tenant_id, {names}) VALUES (:tenant_id, {binds}) RETURNING id",
                    tenant_id=self.tenant,
                    **columns,
                )
            )

    async def rows(self, query: str, **parameters: Any) -> list[dict[str, Any]]:
        """What the database holds."""
        async with self.database.tenant(self.tenant, read_only=True) as tx:
            return [dict(row) for row in await tx.all(query, **parameters)]

    async def sessions(self) -> list[dict[str, Any]]:
        """All sessions, in the order in which they were made."""
        return await self.rows("SELECT * FROM charging.session ORDER BY id")

    async def session(self) -> dict[str, Any]:
        """The only session there is."""
        (only,) = await self.sessions()
        return only

    async def run(self, query: str, **parameters: Any) -> None:
        """Change rows by hand."""
        async with self.database.tenant(self.tenant) as tx:
            await tx.run(query, **parameters)

    async def settled(self) -> None:
        """Whatever follows a commit has been done."""
        while self.stops._tasks:
            await asyncio.gather(*self.stops._tasks)

    def told(self, *names: str) -> list[str]:
        """Names of events that were emitted since the start, in order; only these where some are named."""
        found = [each.name for each in self.events]
        return [each for each in found if each in names] if names else found

    async def station(self, *, evses: int = 1, version: Version = Version.V16, **columns: Any) -> "Station":
        """A charge point with EVSEs 1, 2 …"""
        given = {"operator_id": OPERATOR, "name": "Quay", "type": "public", "status": "enabled", **columns}
        number = await self.add("charge_point", **given, network_id=f"CP-{self.tenant}-{len(self.line.versions)}")
        made = []
        for place in range(1, evses + 1):
            evse = await self.add(
                "evse", charge_point_id=number, operator_id=OPERATOR, physical_reference=f"{number}-{place}",
                network_id=str(place), current_type="ac", status="enabled",
            )  # fmt: skip
            made.append(evse)
        self.line.versions[number] = version
        return Station(self, number, version, made)

    async def price(self, station: "Station", kind: str, pricing: dict[str, Any], **columns: Any) -> int:
        """Give all EVSEs of a station one tariff; gives its number."""
        given = {"operator_id": OPERATOR, "name": "T", "type": kind, "pricing": pricing, "currency": "EUR", **columns}
        tariff = await self.add("tariff", **given)
        group = await self.add("tariff_group", operator_id=OPERATOR, name="G", base_tariff_id=tariff)
        await self.run(
            "INSERT INTO charging.tariff_group_member (tenant_id, group_id, position, tariff_id) VALUES (:t, :g, 0, :id)",
            t=self.tenant, g=group, id=tariff,
        )  # fmt: skip
        await self.run(
            "UPDATE charging.evse SET tariff_group_id = :g WHERE charge_point_id = :s", g=group, s=station.id
        )
        return tariff

    async def pending(self, station: "Station", evse: int = 0, **columns: Any) -> int:
        """A remote start that waits for the station."""
        async with self.database.tenant(self.tenant) as tx:
            return await lifecycle.begin_pending(
                tx, operator_id=OPERATOR, charge_point_id=station.id, evse_id=station.evses[evse], **columns
            )

    async def tick(self) -> None:
        """The minute's look at all sessions."""
        await ticking.Minute(self.database, self.stops, self.tenant).run()
        await self.settled()

    async def readings(
        self, evse: int, measurand: str = "Energy.Active.Import.Register"
    ) -> list[tuple[datetime, float]]:
        """What the series holds of an EVSE."""
        rows = await self.rows(
            "SELECT r.cap_time, r.value FROM series.newest r JOIN charging.session_channel c ON c.channel_id = r.channel_id "
            "WHERE c.evse_id = :evse AND c.measurand = :measurand AND c.phase = '' ORDER BY 1", evse=evse, measurand=measurand,
        )  # fmt: skip
        return [(row["cap_time"], row["value"]) for row in rows]

    async def driver(self, **columns: Any) -> int:
        """Somebody who charges."""
        async with self.database.tenant(self.tenant) as tx:
            person = await parties.create(tx, "person", parties.PartyFields(email=f"d{len(self.events)}@example.org"))
        rows = await self.rows("SELECT count(*) AS n FROM charging.driver")
        email = f"driver{rows[0]['n']}@example.org"
        return await self.add(
            "driver", operator_id=OPERATOR, email=email, email_key=email, password_hash="-", created_by="token:1",
            party_id=person.id, **columns,
        )  # fmt: skip

    async def tag(self, uid: str, driver_id: int | None, **columns: Any) -> int:
        """A card of somebody."""
        given = {"operator_id": OPERATOR, "uid": uid, "uid_key": uid, "status": "enabled", "driver_id": driver_id}
        return await self.add("id_tag", **{**given, **columns})


@dataclass(repr=False)
class Station:
    """A charge point that says what a test wants it to say."""

    world: World
    id: int
    version: Version
    evses: list[int]
    sequence: int = 0
    now: datetime | None = None

    def contact(self, received_at: datetime | None = None) -> Contact:
        """A message on its way."""
        return Contact(
            tenant=self.world.tenant, charge_point_id=self.id, operator_id=OPERATOR, network_id="CP", version=self.version,
            received_at=received_at or self.now or clock.now(), services=self.world.services,
        )  # fmt: skip

    async def say(self, action: str, payload: Mapping[str, Any], *, received_at: datetime | None = None) -> Any:
        """Give a message to whoever answers it, checked as the socket does, and check the answer likewise."""
        function = answering(self.version, action)
        assert function is not None, action
        assert checks(self.version).request(action, dict(payload)) is None
        answer = await function(self.contact(received_at), dict(payload))
        assert checks(self.version).answer(action, answer) is None
        return answer

    async def start16(self, *, at: datetime = NOON, meter: int = 1000, tag: str = "CARD", connector: int = 1) -> Any:
        """StartTransaction; gives the answer."""
        return await self.say(
            "StartTransaction", {"connectorId": connector, "idTag": tag, "meterStart": meter, "timestamp": iso(at)}
        )

    async def stop16(self, number: int, *, at: datetime, meter: int, reason: str | None = None, **more: Any) -> Any:
        """StopTransaction."""
        payload = {"transactionId": number, "meterStop": meter, "timestamp": iso(at), **more}
        return await self.say("StopTransaction", payload if reason is None else {**payload, "reason": reason})

    async def values16(
        self,
        number: int | None,
        *,
        at: datetime,
        connector: int = 1,
        wh: Any = None,
        power: Any = None,
        soc: Any = None,
    ) -> Any:
        """MeterValues of one instant."""
        payload: dict[str, Any] = {"connectorId": connector, "meterValue": [meter16(at, wh, power, soc)]}
        return await self.say("MeterValues", payload if number is None else {**payload, "transactionId": number})

    async def event(self, kind: str, *, at: datetime, name: str = "tx-1", evse: int | None = 1, **more: Any) -> Any:
        """TransactionEvent; more: wh, power, soc, state, token, remote, reason, trigger, sequence."""
        return await self.say("TransactionEvent", self.event_of(kind, at=at, name=name, evse=evse, **more))

    def event_of(
        self, kind: str, *, at: datetime, name: str = "tx-1", evse: int | None = 1, wh: Any = None, power: Any = None,
        soc: Any = None, state: str | None = None, token: str | None = None, remote: int | None = None,
        reason: str | None = None, trigger: str = "MeterValuePeriodic", sequence: int | None = None,
        kind_of_tag: str = "ISO14443",
    ) -> dict[str, Any]:  # fmt: skip
        """The payload of one."""
        if sequence is None:
            sequence, self.sequence = self.sequence, self.sequence + 1
        info = {"transactionId": name, "chargingState": state, "remoteStartId": remote, "stoppedReason": reason}
        payload: dict[str, Any] = {
            "eventType": kind, "timestamp": iso(at), "triggerReason": trigger, "seqNo": sequence,
            "transactionInfo": {key: value for key, value in info.items() if value is not None},
        }  # fmt: skip
        if evse is not None:
            payload["evse"] = {"id": evse, "connectorId": 1}
        if token is not None:
            payload["idToken"] = {"idToken": token, "type": kind_of_tag}
        sampled = [
            {"measurand": measurand, "value": value, "unitOfMeasure": {"unit": unit}}
            for measurand, value, unit in ((REGISTER, wh, "Wh"), (POWER, power, "W"), (SOC, soc, "Percent"))
            if value is not None
        ]
        if sampled:
            payload["meterValue"] = [{"timestamp": iso(at), "sampledValue": sampled}]
        return payload


def meter16(at: datetime, wh: Any = None, power: Any = None, soc: Any = None) -> dict[str, Any]:
    """A meter value of 1.6."""
    told = ((REGISTER, wh, "Wh"), (POWER, power, "W"), (SOC, soc, "Percent"))
    sampled = [
        {"value": str(value), "measurand": name, "unit": unit} for name, value, unit in told if value is not None
    ]
    return {"timestamp": iso(at), "sampledValue": sampled}


def iso(at: datetime) -> str:
    """As stations write instants."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def minutes(count: float, since: datetime = NOON) -> datetime:
    """So many minutes after noon."""
    return since + timedelta(minutes=count)


def number_of(answer: Mapping[str, Any]) -> int:
    """The transaction that a start was answered with."""
    return int(answer["transactionId"])


def status_of(answer: Mapping[str, Any]) -> str:
    """What a station was told about the tag."""
    told: Mapping[str, Any] = answer.get("idTagInfo") or answer["idTokenInfo"]
    return str(told["status"])


def marks(session: Mapping[str, Any]) -> list[str]:
    """Why a session is suspect."""
    return [each["what"] for each in session["suspect"]]


OFFLINE = Offline(sent=False)
