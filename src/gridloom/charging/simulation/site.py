"""What simulated stations need at a gridloom before they can call it: a location, tariff, drivers with tags, and themselves.

Everything is made through the public API, as an integrator would, and found again by its external id the next time.
"""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
import msgspec

from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.ocpp.simulator import simulated
from gridloom.charging.simulation.street import Resident
from gridloom.kernel import clock

ROOT = "/public-api/resources"
AT_ONCE = 8
PROTOCOL = {Version.V16: "ocpp 1.6", Version.V201: "ocpp 2.0.1"}
TARIFF: Mapping[str, Any] = {
    "name": "Simulated: energy and time", "type": "duration+energy", "externalId": "simulated",
    "pricing": {
        "connectionFee": 0.5, "pricePerKwh": 0.39, "pricePeriodInMinutes": 1, "pricePerPeriod": 0.01,
        "idleFeePerMinute": 0.05, "idleFeeGracePeriodMinutes": 10,
    },
}  # fmt: skip
MANY = "multiple_simultaneous_sessions_remotely_and_idtags"
DRIVERS = ("Ada", "Bram", "Chloé", "Dries")


class Refused(Exception):
    """gridloom did not take something; the text is its answer."""


class Made(msgspec.Struct, frozen=True):
    """A station that may connect now. password: drawn anew each time, kept nowhere."""

    charge_point_id: int
    evse_id: int
    network_id: str
    password: str
    version: Version

    def __repr__(self) -> str:
        """Without the password."""
        return f"Made({self.network_id}, {self.version})"


class Site(msgspec.Struct, frozen=True):
    """A simulated site."""

    location_id: int
    user_id: int
    tags: Sequence[str]
    stations: Sequence[Made]

    def residents(self, address: str, *, waiting: int = 0) -> list[Resident]:
        """The stations as they call `address` (without a name); the first `waiting` of them have no visitors."""
        return [
            Resident(
                simulated(each.version, each.network_id, address, password=each.password),
                () if number < waiting else self.tags,
            )
            for number, each in enumerate(self.stations)
        ]


async def ensure(
    api: httpx.AsyncClient,
    count: int,
    versions: Sequence[Version],
    *,
    prefix: str = "SIM",
    made: Callable[[], None] = lambda: None,
) -> Site:
    """Make or find `count` stations of these versions in turn. `made` is called for each. Raises Refused.

    api: a client of the charging API with its address and a token.
    """
    operator = await _operator(api)
    location = await _location(api, operator, prefix)
    group = await _tariff_group(api, operator)
    tags, user = await _drivers(api, operator, prefix)
    limit = asyncio.Semaphore(AT_ONCE if count > AT_ONCE else 1)  # few ones get their numbers in order

    async def one(number: int) -> Made:
        async with limit:
            station = await _station(api, operator, location, group, prefix, number, versions[number % len(versions)])
        made()
        return station

    stations = await asyncio.gather(*[one(number) for number in range(count)])
    return Site(location, user, tags, stations)


async def _operator(api: httpx.AsyncClient) -> int:
    found = await _get(api, "operators/v1.0")
    if not found:
        raise Refused("this tenant has no operator yet: `gridloom operator create TENANT NAME` makes one.")
    return int(found[0]["id"])


async def _location(api: httpx.AsyncClient, operator: int, prefix: str) -> int:
    name = f"simulated-{prefix}"
    body = {
        "operatorId": operator, "externalId": name, "country": "BE", "city": "Gent", "timezone": "Europe/Brussels",
        "name": [{"locale": "en", "translation": "Simulated car park"}], "postCode": "9000",
        "address": [{"locale": "en", "translation": "Kouter 1, 9000 Gent"}],
        "geoposition": {"latitude": 51.0504, "longitude": 3.7268},
    }  # fmt: skip
    return await _one(api, "locations/v2.0", {"operatorId": operator, "externalId": name}, body)


async def _tariff_group(api: httpx.AsyncClient, operator: int) -> int:
    """A group in which the energy tariff stands above the free one that every group begins with."""
    name = "Simulated"
    for each in await _get(api, "tariff-groups/v1.0", operatorId=operator):
        if each["name"] == name:
            return int(each["id"])
    tariff = await _post(api, "tariffs/v1.0", {**TARIFF, "operatorId": operator})
    body = {"operatorId": operator, "name": name, "tariffIds": [tariff["id"]]}
    return int((await _post(api, "tariff-groups/v1.0", body))["id"])


async def _drivers(api: httpx.AsyncClient, operator: int, prefix: str) -> tuple[list[str], int]:
    tags: list[str] = []
    now = clock.now().isoformat()
    first: int | None = None
    for number, name in enumerate(DRIVERS, 1):
        email = f"driver{number}.{prefix.lower()}@gridloom.example"
        body = {
            "operatorId": operator, "email": email, "first_name": name, "last_name": "Example", "emailVerified": now,
            "password": secrets.token_urlsafe(18), "options": {"sessionsAllowed": MANY},
        }  # fmt: skip
        user = await _one(api, "users/v1.1", {"email": email}, body)
        first = first or user
        tag = f"{prefix}{number:06d}"
        own = {
            "operatorId": operator, "idTagUid": tag, "status": "enabled", "type": "rfid", "userId": user,
            "idLabel": f"Card of {name}",
        }  # fmt: skip
        await _one(api, "id-tags/v2.0", {"idTagUid": tag}, own)
        tags.append(tag)
    return tags, first or 0


async def _station(
    api: httpx.AsyncClient, operator: int, location: int, group: int, prefix: str, number: int, version: Version
) -> Made:
    name, password = f"{prefix}-{number + 1:04d}", secrets.token_urlsafe(18)
    network = {"id": name, "protocol": PROTOCOL[version], "password": password}
    body = {
        "operatorId": operator, "externalId": name, "name": f"Simulated {name}", "type": "public", "status": "enabled",
        "locationId": location, "network": network,
    }  # fmt: skip
    found = await _get(api, "charge-points/v2.0", networkId=name)
    if found:
        point = found[0]["id"]
        await _call(api, "PATCH", f"charge-points/v2.0/{point}", {"network": network})
    else:
        point = (await _post(api, "charge-points/v2.0", body))["id"]
    evse = await _one(
        api,
        "evses/v2.1",
        {"chargePointId": point},
        {
            "chargePointId": point, "physicalReference": name, "networkId": "1", "currentType": "ac", "status": "enabled",
            "tariffGroupId": group, "powerOptions": {"maxPower": 22_000},
        },
    )  # fmt: skip
    return Made(point, evse, name, password, version)


async def _one(api: httpx.AsyncClient, path: str, filters: Mapping[str, Any], body: Mapping[str, Any]) -> int:
    found = await _get(api, path, **filters)
    return int(found[0]["id"] if found else (await _post(api, path, body))["id"])


async def _get(api: httpx.AsyncClient, path: str, **filters: Any) -> list[dict[str, Any]]:
    query = {f"filter[{name}]": value for name, value in filters.items()}
    return list(await _call(api, "GET", path, None, query))


async def _post(api: httpx.AsyncClient, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = await _call(api, "POST", path, body)
    return made


async def _call(
    api: httpx.AsyncClient,
    method: str,
    path: str,
    body: Mapping[str, Any] | None,
    query: Mapping[str, Any] | None = None,
) -> Any:
    answer = await api.request(method, f"{ROOT}/{path}", json=body, params=query)
    if answer.status_code >= 400:
        raise Refused(f"{method} {path} answered {answer.status_code}: {answer.text[:500]}")
    return answer.json()["data"]
