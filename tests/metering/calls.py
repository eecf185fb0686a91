"""What the tests of the metering API have in common: sensors, people with rights, values written and read."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx
from tests.suites.client import Caller

from gridloom.core.identity.store import Identity
from gridloom.kernel.ids import short_code

DATA = "/api/sensors/{client_cid}.{sensor_mid}/signals/{signal_type_moid}/data"
MANY = "/api/sensors/signals/data"
STEP = 900_000
HOUR = 3_600_000
T0 = 1_770_001_200_000
"""A full hour: 2026-02-02 03:00 UTC."""


async def sensor(caller: Caller, **more: Any) -> str:
    """A new sensor of client 7 unless another is named; its key as it stands in paths."""
    answer = await caller.post("/api/sensors", params={"client_cid": 7, "name": "Meter", **more})
    assert answer.status_code == 201, answer.text
    key = answer.json()
    return f"{key['client_cid']}.{key['sensor_mid']}"


def key_of(key: str) -> dict[str, int]:
    """`7.1` as the two parameters."""
    cid, mid = key.split(".")
    return {"client_cid": int(cid), "sensor_mid": int(mid)}


async def member(
    admin: Caller, rights: Mapping[int, str], scopes: Sequence[str] = (), roles: Sequence[str] = ()
) -> Caller:
    """A signed-in user with rights on clients that exist: letters r, w, x. Without scopes those of the roles."""
    identity = admin.application.services.part(Identity)
    async with admin.application.database.tenant(admin.tenant) as tx:
        user = await identity.create_user(tx, f"{short_code(12)}@example.org", None, roles=roles)
        for cid, letters in rights.items():
            await tx.run(
                "INSERT INTO metering.client_right (tenant_id, user_id, client_cid, can_read, can_write, can_execute) "
                "VALUES (:tenant_id, :user_id, :cid, :r, :w, :x)",
                tenant_id=tx.tenant,
                user_id=user,
                cid=cid,
                r="r" in letters,
                w="w" in letters,
                x="x" in letters,
            )
        issued = await identity.issue(tx, "metering", user_id=user, scopes=list(scopes))
    return spoken(admin, issued.secret)


async def limited(admin: Caller, cids: Sequence[int], scopes: Sequence[str] = ("*",)) -> Caller:
    """A service token that is good for these clients only."""
    identity = admin.application.services.part(Identity)
    async with admin.application.database.tenant(admin.tenant) as tx:
        issued = await identity.issue(tx, "service", scopes=list(scopes), attributes={"client_cids": list(cids)})
    return spoken(admin, issued.secret)


def spoken(admin: Caller, secret: str) -> Caller:
    """A caller with this token, of the same tenant."""
    client = httpx.AsyncClient(
        transport=admin.client._transport,
        base_url=admin.client.base_url,
        headers={"authorization": f"Bearer {secret}"},
    )
    return Caller(admin.application, admin.api, client, admin.tenant)


async def put(caller: Caller, key: str, moid: int, data: Any, **params: Any) -> httpx.Response:
    """Write values of one signal."""
    return await caller.put(f"/api/sensors/{key}/signals/{moid}/data/v2", json={"data": data}, params=params)


async def wrote(caller: Caller, key: str, moid: int, data: Any, **params: Any) -> None:
    """Write values of one signal, which must succeed."""
    answer = await put(caller, key, moid, data, **params)
    assert (answer.status_code, answer.json()) == (200, None), answer.text


async def get(caller: Caller, key: str, moid: int, **params: Any) -> httpx.Response:
    """Read one signal: a day from T0 unless another window is named."""
    window = {"since": T0, "till": T0 + 24 * HOUR}
    return await caller.get(f"/api/sensors/{key}/signals/{moid}/data", params={**window, **params})


async def data(caller: Caller, key: str, moid: int, **params: Any) -> dict[str, Any]:
    """The columns of one signal."""
    answer = await get(caller, key, moid, **params)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


async def values(caller: Caller, key: str, moid: int, **params: Any) -> list[float | None]:
    """The values of one signal that stand."""
    found: list[float | None] = (await data(caller, key, moid, **{"get_last": True, **params}))["value"]
    return found


def columns(numbers: Sequence[float], *, start: int = T0, step: int = STEP) -> dict[str, Any]:
    """Values at a step, as they are written."""
    return {"time": [start + place * step for place in range(len(numbers))], "value": list(numbers)}


def places(answer: httpx.Response) -> list[list[Any]]:
    """Where a refusal of wrong input says that something is wrong."""
    assert answer.status_code == 422, answer.text
    found = answer.json()["detail"]
    assert isinstance(found, list), found
    assert all(set(each) == {"loc", "msg", "type"} and each["msg"] for each in found), found
    return [each["loc"] for each in found]


async def state(caller: Caller, key: str, **more: Any) -> dict[str, Any]:
    """A meter that hangs at a sensor."""
    answer = await caller.post("/api/sensors/states", params={**key_of(key), **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def signal_state(caller: Caller, state_id: int, moid: int, **more: Any) -> dict[str, Any]:
    """Register readings of a meter."""
    path = f"/api/sensors/states/{state_id}/signals"
    answer = await caller.post(path, params={"signal_type_moid": moid, **more})
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found
