"""A car park for journeys: an operator, drivers with cards, stations on real sockets, and a partner who hears what happens."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import httpx
from tests.charging.csms.support import address, opened
from tests.kernel.webhooks.partner import Partner

from gridloom.app import Application, Roles
from gridloom.charging.ocpp.public import Version
from gridloom.charging.ocpp.simulator import SimulatedStation, simulated
from gridloom.charging.stations.public import add_operator
from gridloom.core.identity.store import Identity
from gridloom.kernel import clock

RESOURCES, ACTIONS = "/public-api/resources", "/public-api/actions"
PASSWORD = "a-password-of-16+"
PROTOCOLS = {Version.V16: "ocpp 1.6", Version.V201: "ocpp 2.0.1"}
EVENTS = (
    "BootNotification", "NetworkStatusNotification", "HardwareStatusNotification", "authorization.changed",
    "session.start.stop.notification", "SessionUpdateNotification", "SessionMeterValuesNotification",
    "session.chargingPeriod.changed",
)  # fmt: skip
FEE, PER_KWH = Decimal(1), Decimal("0.40")
MANY = "multiple_simultaneous_sessions_remotely_and_idtags"


@dataclass
class Watch:
    """The clock of a station, which a test turns on; it begins some hours ago and never gets ahead of ours."""

    at: datetime = field(default_factory=lambda: clock.now() - timedelta(hours=4))

    def __call__(self) -> datetime:
        return self.at

    def turn(self, seconds: float) -> None:
        """Let time pass."""
        self.at += timedelta(seconds=seconds)


@dataclass
class Bay:
    """A station at its place, with its numbers in the API and its clock."""

    point: int
    evse: int
    station: SimulatedStation
    watch: Watch

    async def drive(self, seconds: float, times: int = 1) -> None:
        """Charge, and tell so."""
        for _ in range(times):
            self.watch.turn(seconds)
            await self.station.meter(1, seconds)

    @property
    def register_wh(self) -> int:
        """What the meter shows."""
        return int(self.station.plugs[1].register_wh)


class CarPark:
    """What an operator has: the API, stations, drivers."""

    def __init__(self, application: Application, api: httpx.AsyncClient, token: str, operator: int) -> None:
        self.application, self.api, self.token, self.operator = application, api, token, operator
        self.location = self.group = 0

    async def call(self, method: str, path: str, body: Any = None, status: int | None = None, **query: Any) -> Any:
        """One request that must succeed; what stands in `data`, or the whole answer."""
        answer = await self.api.request(method, path, json=body, params=query)
        assert answer.status_code == (status or answer.status_code) < 400, f"{method} {path}: {answer.text}"
        whole = answer.json() if answer.content else None
        return whole["data"] if isinstance(whole, dict) and "data" in whole else whole

    async def found(self) -> "CarPark":
        """A location, and a tariff of 1.00 a session and 0.40 a kWh."""
        place = {
            "operatorId": self.operator, "country": "BE", "timezone": "Europe/Brussels",
            "name": [{"locale": "en", "translation": "Quay"}], "address": [{"locale": "en", "translation": "Kaai 1"}],
            "geoposition": {"latitude": 50.85, "longitude": 4.35},
        }  # fmt: skip
        self.location = (await self.call("POST", f"{RESOURCES}/locations/v2.0", place))["id"]
        pricing = {"connectionFee": float(FEE), "pricePerKwh": float(PER_KWH)}
        tariff = {"operatorId": self.operator, "name": "Energy", "type": "duration+energy", "pricing": pricing}
        made = await self.call("POST", f"{RESOURCES}/tariffs/v1.0", tariff)
        group = {"operatorId": self.operator, "name": "Energy", "tariffIds": [made["id"]]}
        self.group = (await self.call("POST", f"{RESOURCES}/tariff-groups/v1.0", group))["id"]
        return self

    async def driver(self, name: str, tag: str | None = None) -> int:
        """Somebody who may charge; with a card."""
        person = {
            "operatorId": self.operator, "email": f"{name}@example.org", "password": "long enough 1", "first_name": name,
            "emailVerified": clock.now().isoformat(), "options": {"sessionsAllowed": MANY},
        }  # fmt: skip
        user = int((await self.call("POST", f"{RESOURCES}/users/v1.1", person))["id"])
        if tag is not None:
            card = {"operatorId": self.operator, "idTagUid": tag, "status": "enabled", "type": "rfid", "userId": user}
            await self.call("POST", f"{RESOURCES}/id-tags/v2.0", card)
        return user

    async def bay(self, name: str, version: Version, **changes: Any) -> Bay:
        """A charge point with one EVSE, whose station is not connected yet."""
        name = f"{name}-{self.operator}"  # tenants may share names, but not passwords too
        network = {"id": name, "protocol": PROTOCOLS[version], "password": PASSWORD}
        body = {
            "operatorId": self.operator, "name": name, "type": "public", "status": "enabled", "locationId": self.location,
            "network": network, **changes,
        }  # fmt: skip
        point = (await self.call("POST", f"{RESOURCES}/charge-points/v2.0", body))["id"]
        evse = {
            "chargePointId": point, "physicalReference": name, "networkId": "1", "currentType": "ac", "status": "enabled",
            "tariffGroupId": self.group, "powerOptions": {"maxPower": 22_000},
        }  # fmt: skip
        watch = Watch()
        station = simulated(version, name, address(self.application), password=PASSWORD, now=watch)
        return Bay(point, (await self.call("POST", f"{RESOURCES}/evses/v2.1", evse))["id"], station, watch)

    async def start(self, bay: Bay, user: int, **more: Any) -> int:
        """Start from the app, and wait until the car charges; gives the session."""
        answer = await self.call(
            "POST", f"{ACTIONS}/charge-point/v1.0/{bay.point}/start/1", {"userId": user, **more}, status=202
        )
        assert answer["success"] is True, answer
        await bay.station.settle()
        return int(answer["sessionId"])

    async def session(self, number: int, **switches: str) -> Any:
        """A session as the API shows it."""
        return await self.call("GET", f"{RESOURCES}/sessions/v1.0/{number}", **switches)

    async def sessions(self) -> list[Any]:
        """All of them, the oldest first."""
        found: list[Any] = await self.call("GET", f"{RESOURCES}/sessions/v1.0", cursor="")
        return sorted(found, key=lambda each: int(each["id"]))

    async def until(self, number: int, is_so: Callable[[Any], bool], seconds: float = 10) -> Any:
        """The session once something is so."""
        for _ in range(int(seconds * 20)):
            shown = await self.session(number, withPriceBreakdown="true", withChargingPeriods="true")
            if is_so(shown):
                return shown
            await asyncio.sleep(0.05)
        raise AssertionError(shown)

    async def log(self, bay: Bay) -> list[Any]:
        """The messages of a station, the oldest first, once they are written."""
        door = self.application
        await asyncio.sleep(0.6)
        assert door is not None
        found: list[Any] = await self.call(
            "GET", "/public-api/logs/communication/v1.0", **{"filter[chargePointId]": bay.point}
        )
        return sorted(found, key=lambda each: each["createdAt"])


def owed(energy_wh: int) -> float:
    """What a session of so much energy costs here, worked out by itself."""
    total = FEE + PER_KWH * energy_wh / 1000
    return float(total.quantize(Decimal("0.01"), ROUND_HALF_UP))


class Ear:
    """A partner who hears webhooks and believes those that are signed with the token."""

    def __init__(self, partner: Partner, token: str) -> None:
        self._partner, self._token = partner, token

    async def heard(self, name: str, count: int = 1, seconds: float = 20, **fields: Any) -> list[Any]:
        """At least so many notifications of a name, with these fields, in the order of their arrival."""
        for _ in range(int(seconds * 20)):
            found = [each for each in self.all() if each["notification"] == name and fields.items() <= each.items()]
            if len(found) >= count:
                return found
            await asyncio.sleep(0.05)
        raise AssertionError(f"{name} {fields}: {[each['notification'] for each in self.all()]}")

    def all(self) -> list[Any]:
        """What came, each with a signature that fits."""
        for request in self._partner.requests:
            expected = hmac.new(self._token.encode(), request.body, hashlib.sha256).hexdigest()
            assert request.headers["x-signature"] == expected
        return [json.loads(each.body) for each in self._partner.requests]


@asynccontextmanager
async def car_park(database_url: str, var: Any, tenant: int) -> AsyncIterator[CarPark]:
    """A running application with everything in it, and an operator's token."""
    async with opened(database_url, var, roles=Roles.ALL) as application:
        identity = application.services.part(Identity)
        async with application.database.tenant(tenant) as tx:
            operator = await add_operator(tx, "Quay", is_default=True, timezone="Europe/Brussels")
            token = await identity.issue(tx, "charging", name="operator", scopes=["*"])
        transport = httpx.ASGITransport(app=application.asgi, raise_app_exceptions=False)
        headers = {"Authorization": f"Bearer {token.secret}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://quay", headers=headers, timeout=60) as api:
            yield await CarPark(application, api, token.secret, operator).found()


@asynccontextmanager
async def listening(park: CarPark) -> AsyncIterator[Ear]:
    """Somebody who subscribed to everything that a journey looks at."""
    async with Partner() as partner:
        webhook = {"callbackUrl": f"http://127.0.0.1:{partner.port}/hooks"}
        body = {"via": "webhook", "notifications": list(EVENTS), "webhook": webhook}
        await park.call("POST", "/public-api/notifications/v2.0", body, status=201)
        yield Ear(partner, park.token)
