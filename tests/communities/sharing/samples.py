"""Sharing operations, keys and meters for the tests, and how tests read them."""

from datetime import date, timedelta
from itertools import count
from typing import Any

import httpx
from tests.communities.keys.samples import stored
from tests.communities.kit import Community, Person

from gridloom.communities import dates
from gridloom.communities.meters import public as meters
from gridloom.communities.meters import writing
from gridloom.communities.sharing import rules, store
from gridloom.communities.sharing.rules import Row
from gridloom.core.parties import public as parties
from gridloom.core.series import public as series

ROOT = "/sharing_operations/"
ONE, KEY, METER = "/sharing_operations/{id}", "/sharing_operations/key", "/sharing_operations/meter"
LEAVE = "/sharing_operations/{id}/meter"
DAY = timedelta(days=1)
BEGIN = date(2026, 1, 1)
_eans = count(541448820000000000)


def wire(day: date | None) -> str | None:
    """A day as it is answered."""
    return None if day is None else f"{day.isoformat()}T00:00:00Z"


def done(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()) == (200, {"data": "success", "error_code": 0}), answer.text


async def operation(community: Community, name: str = "Roofs", kind: int = 2) -> int:
    """A sharing operation that nobody asked the API for."""
    async with community.world.database.tenant(community.tenant) as tx:
        return await store.add(tx, community.id, name, kind)


async def meter(community: Community, start: date = BEGIN, **values: Any) -> str:
    """A meter with its first period; gives its EAN."""
    ean = values.pop("ean", None) or str(next(_eans))
    async with community.world.database.tenant(community.tenant) as tx:
        made = await writing.add(
            tx, community_id=community.id, ean=ean, point_id=(await series.ensure_point(tx, eid=ean)).id, meter_number="M",
            address_id=(await parties.add_address(tx, parties.AddressFields(street="Rue Haute"))).id, tarif_group=1,
            phases_number=1, reading_frequency=1,
        )  # fmt: skip
        assert made is not None
        await writing.begin(tx, made, start, **{"status": 1, "rate": 1, "client_type": 1, **values})
    return ean


async def waiting(community: Community, operation_id: int, key_id: int | None = None, since: date | None = None) -> int:
    """A key that waits in an operation since a day; gives the key's number."""
    number = await stored(community) if key_id is None else key_id
    async with community.world.database.tenant(community.tenant) as tx:
        version = await tx.scalar("SELECT max(id) FROM communities.key_version WHERE key_id = :id", id=number)
        row = Row(number, version, since or dates.today(), None, rules.PENDING)
        await store.write_rows(tx, operation_id, [row])
    return number


async def approved(community: Community, operation_id: int, start: date, end: date | None = None) -> int:
    """A key that is approved in an operation; gives the key's number."""
    number = await stored(community)
    async with community.world.database.tenant(community.tenant) as tx:
        version = await tx.scalar("SELECT max(id) FROM communities.key_version WHERE key_id = :id", id=number)
        await store.write_rows(tx, operation_id, [Row(number, version, start, end, rules.APPROVED)])
    return number


async def key_rows(community: Community, operation_id: int) -> list[tuple[int, date, date | None, int]]:
    """The keys of an operation as (key, first day, last day, status)."""
    async with community.world.database.tenant(community.tenant) as tx:
        return [(row.key_id, row.start, row.end, row.status) for row in await store.key_rows(tx, operation_id)]


async def stale(community: Community, operation_id: int) -> list[date]:
    """The days from which an operation has to be shared again."""
    async with community.world.database.tenant(community.tenant) as tx:
        query = "SELECT since FROM communities.stale WHERE sharing_operation_id = :id ORDER BY id"
        return [row["since"] for row in await tx.all(query, id=operation_id)]


async def periods(community: Community, ean: str) -> list[tuple[date, date | None, int, int | None]]:
    """The periods of a meter as (first day, last day, status, operation)."""
    async with community.world.database.tenant(community.tenant) as tx:
        rows = await tx.all(
            "SELECT start_date, end_date, status, sharing_operation_id FROM communities.period p "
            "JOIN communities.meter m ON m.id = p.meter_id WHERE m.ean = :ean AND m.community_id = :id ORDER BY start_date",
            ean=ean, id=community.id,
        )  # fmt: skip
    return [tuple(row) for row in rows]


async def taking_part(community: Community, operation_id: int, since: date, till: date) -> list[tuple[str, date, date]]:
    """Who shares, as the arithmetic sees it: (EAN, first day, last day)."""
    async with community.world.database.tenant(community.tenant) as tx:
        return [(each.ean, each.start, each.end) for each in await meters.in_operation(tx, operation_id, since, till)]


async def read(person: Person, community: Community, number: int) -> dict[str, Any]:
    answer = await person.call("GET", f"/sharing_operations/{number}", community, template=ONE)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


async def listed(person: Person, community: Community, query: str = "") -> list[dict[str, Any]]:
    answer = await person.call("GET", f"{ROOT}?{query}", community, template=ROOT)
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()["data"]
    return rows


async def hand_in(person: Person, community: Community, operation_id: Any, key_id: Any) -> httpx.Response:
    return await person.call("POST", KEY, community, json={"id_key": key_id, "id_sharing": operation_id})


async def decide(
    person: Person, community: Community, operation_id: Any, key_id: Any, status: Any, day: Any
) -> httpx.Response:
    when = day.isoformat() if isinstance(day, date) else day
    body = {"id_key": key_id, "id_sharing": operation_id, "status": status, "date": when}
    return await person.call("PATCH", KEY, community, json=body)


async def enter(person: Person, community: Community, operation_id: Any, eans: Any, day: Any) -> httpx.Response:
    when = day.isoformat() if isinstance(day, date) else day
    return await person.call(
        "POST", METER, community, json={"id_sharing": operation_id, "date": when, "ean_list": eans}
    )


async def change(
    person: Person, community: Community, operation_id: Any, ean: Any, status: Any, day: Any
) -> httpx.Response:
    when = day.isoformat() if isinstance(day, date) else day
    body = {"id_meter": ean, "id_sharing": operation_id, "status": status, "date": when}
    return await person.call("PATCH", METER, community, json=body)


async def leave(
    person: Person, community: Community, operation_id: Any, ean: Any, day: Any, *, path: Any = None
) -> httpx.Response:
    when = day.isoformat() if isinstance(day, date) else day
    body = {"id_meter": ean, "id_sharing": operation_id, "date": when}
    url = f"/sharing_operations/{operation_id if path is None else path}/meter"
    return await person.call("DELETE", url, community, json=body, template=LEAVE)
