"""Stations to test with."""

from typing import Any

from tests.charging.sites.kit import make as make_location
from tests.suites.client import Caller

ROOT = "/public-api/resources"
POINTS = f"{ROOT}/charge-points/v2.0"
OLD_POINTS = f"{ROOT}/charge-points/v1.0"
EVSES = f"{ROOT}/evses/v2.1"

STATION: dict[str, Any] = {"operatorId": 7, "name": "Quay 1", "type": "public", "status": "enabled"}
HOME: dict[str, Any] = {"operatorId": 7, "name": "Home", "type": "personal", "status": "enabled", "pin": "1234"}
EVSE: dict[str, Any] = {"physicalReference": "Q1", "currentType": "ac", "networkId": "1", "status": "enabled"}


async def site(caller: Caller, operator: int = 7) -> int:
    """The one location of the operator, made when there is none yet."""
    for each in await caller.all(f"{ROOT}/locations/v2.0", operatorId=operator):
        return int(each["id"])
    return int((await make_location(caller, operatorId=operator))["id"])


async def posted(caller: Caller, url: str, body: dict[str, Any]) -> dict[str, Any]:
    """What a creation that must succeed answered."""
    answer = await caller.post(url, json=body)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()["data"]
    return made


async def station(caller: Caller, **changes: Any) -> dict[str, Any]:
    """A plain public charge point at a location of its operator, with some fields said differently."""
    operator = changes.get("operatorId", 7)
    return await posted(caller, POINTS, {**STATION, "locationId": await site(caller, operator), **changes})


async def group(caller: Caller, operator: int = 7) -> int:
    """The one tariff group of the operator, made when there is none yet."""
    for each in await caller.all(f"{ROOT}/tariff-groups/v1.0", operatorId=operator):
        return int(each["id"])
    body = {"operatorId": operator, "name": "Prices", "tariffIds": []}
    return int((await posted(caller, f"{ROOT}/tariff-groups/v1.0", body))["id"])


async def home(caller: Caller, **changes: Any) -> dict[str, Any]:
    """A personal charge point."""
    return await posted(caller, POINTS, {**HOME, **changes})


async def evse_of(caller: Caller, charge_point: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """An EVSE of a station."""
    return await posted(caller, EVSES, {**EVSE, "chargePointId": charge_point["id"], **changes})


async def read(caller: Caller, url: str, **include: Any) -> Any:
    """The data of a read that must succeed."""
    answer = await caller.get(url, params=include)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def refused(caller: Caller, url: str, body: dict[str, Any], *, method: str = "POST") -> dict[str, Any]:
    """The field errors of a write that must be refused, and must change nothing."""
    seen = url if method == "PATCH" else POINTS
    before = (await caller.get(seen)).json()
    answer = await caller.request(method, url, json=body)
    assert answer.status_code == 422, answer.text
    assert (await caller.get(seen)).json() == before
    errors: dict[str, Any] = answer.json()["errors"]
    return errors


async def set_columns(caller: Caller, table: str, row: int, **columns: Any) -> None:
    """What only other parts write."""
    names = ", ".join(f"{name} = :{name}" for name in columns)
    async with caller.application.database.tenant(caller.tenant) as tx:
        await tx.run(f"UPDATE charging.{table} SET {names} WHERE id = :id", id=row, **columns)
