"""Keys as callers write them, and how tests read them."""

from decimal import Decimal
from typing import Any

import httpx
from tests.communities.kit import Community, Person

from gridloom.communities.keys import store
from gridloom.communities.keys.rules import Consumer, Key, Round

ONE = "/keys/{id}"
DOWNLOAD = "/keys/{id}/download"


def consumer(name: str, share: Any) -> dict[str, Any]:
    return {"name": name, "energy_allocated_percentage": share}


def iteration(number: Any, share: Any, *consumers: dict[str, Any]) -> dict[str, Any]:
    return {"number": number, "energy_allocated_percentage": share, "consumers": list(consumers)}


def written(*iterations: dict[str, Any], name: Any = "Two rounds", description: Any = "Half by need") -> dict[str, Any]:
    return {"name": name, "description": description, "iterations": list(iterations)}


FIXED = iteration(0, 1, consumer("ean-1", 0.7), consumer("ean-2", 0.3))
SIMPLE = written(FIXED, name="Simple", description="")
TWO_ROUNDS = written(
    iteration(1, 0.6, consumer("541448820000000011", 0.7), consumer("541448820000000028", -1)),
    iteration(0, 0.4, consumer("541448820000000028", 0.333), consumer("=1+1", 0.667)),
)


def plain(detail: dict[str, Any]) -> list[dict[str, Any]]:
    """Iterations as they would be written."""
    return [
        iteration(
            each["number"],
            each["energy_allocated_percentage"],
            *[consumer(one["name"], one["energy_allocated_percentage"]) for one in each["consumers"]],
        )
        for each in detail["iterations"]
    ]


def done(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()) == (200, {"data": "success", "error_code": 0}), answer.text


async def add(person: Person, community: Community, body: dict[str, Any] = SIMPLE) -> int:
    """A new key; gives its number."""
    done(await person.call("POST", "/keys/", community, json=body))
    listed = (await person.call("GET", "/keys/?limit=200", community, template="/keys/")).json()["data"]
    return max(each["id"] for each in listed)


async def read(person: Person, community: Community, number: int) -> dict[str, Any]:
    answer = await person.call("GET", f"/keys/{number}", community, template=ONE)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


async def stored(community: Community, name: str = "Simple") -> int:
    """A key that nobody asked the API for."""
    key = Key((Round(0, Decimal(1), (Consumer("ean-1", Decimal("0.7")), Consumer("ean-2", Decimal("0.3")))),))
    async with community.world.database.tenant(community.tenant) as tx:
        return await store.add(tx, community.id, name, "", key)


async def versions_of(community: Community, number: int) -> list[int]:
    """The numbers of a key's versions."""
    async with community.world.database.tenant(community.tenant) as tx:
        rows = await tx.all("SELECT number FROM communities.key_version WHERE key_id = :id ORDER BY number", id=number)
    return [row["number"] for row in rows]
