"""Meters for the tests: what is written, what is read, and what the tables hold."""

from datetime import date
from typing import Any

import httpx
from tests.communities.kit import Community, Person
from tests.communities.members.samples import made as new_member

from gridloom.communities.meters import writing
from gridloom.communities.meters.public import MeterRef
from gridloom.core.parties import public as parties
from gridloom.core.series import public as series

EAN, OTHER_EAN = "541448820000000015", "541448820000000022"
ONE = "/meters/{id}"
ADDRESS = {"street": "Rue Haute", "number": 12, "city": "Namur", "postcode": "5000"}
DATA: dict[str, Any] = {"start_date": "2026-01-01", "status": 1, "rate": 1, "client_type": 1}
METER: dict[str, Any] = {
    "EAN": EAN, "meter_number": "SN-1", "address": ADDRESS, "tarif_group": 1, "phases_number": 3, "reading_frequency": 2,
    "initial_data": DATA,
}  # fmt: skip

__all__ = ["new_member"]


def done(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()) == (200, {"data": "success", "error_code": 0}), answer.text


def with_data(**values: Any) -> dict[str, Any]:
    """A new meter with these first data."""
    return METER | {"initial_data": DATA | values}


def patch(start: str, **values: Any) -> dict[str, Any]:
    """A change of the meter's data."""
    return {"EAN": EAN} | DATA | {"start_date": start} | values


async def new_operation(community: Community, name: str = "Roofs") -> int:
    async with community.world.database.tenant(community.tenant) as tx:
        number: int = await tx.scalar(
            "INSERT INTO communities.sharing_operation (tenant_id, community_id, name, type) "
            "VALUES (:tenant, :community, :name, 2) RETURNING id",
            tenant=community.tenant, community=community.id, name=name,
        )  # fmt: skip
    return number


async def made(
    community: Community, ean: str = EAN, start: date = date(2026, 1, 1), *, place: dict[str, Any] | None = None,
    meter_number: str = "SN-1", **values: Any,
) -> MeterRef:  # fmt: skip
    """A meter with its first period, made without a request."""
    async with community.world.database.tenant(community.tenant) as tx:
        address = await parties.add_address(
            tx, parties.AddressFields(**{name: str(value) for name, value in (place or ADDRESS).items()})
        )
        meter = await writing.add(
            tx, community_id=community.id, ean=ean, point_id=(await series.ensure_point(tx, eid=ean)).id,
            meter_number=meter_number, address_id=address.id, tarif_group=1, phases_number=1, reading_frequency=1,
        )  # fmt: skip
        assert meter is not None
        await writing.begin(tx, meter, start, **{"status": 1, "rate": 1, "client_type": 1, **values})
    return meter


async def register(caller: Person, community: Community, body: dict[str, Any] = METER) -> httpx.Response:
    return await caller.call("POST", "/meters/", community, json=body)


async def change(caller: Person, community: Community, body: dict[str, Any]) -> httpx.Response:
    return await caller.call("PATCH", "/meters/data", community, json=body)


async def read(caller: Person, community: Community, ean: str = EAN) -> httpx.Response:
    return await caller.call("GET", f"/meters/{ean}", community, template=ONE)


async def remove(caller: Person, community: Community, ean: str = EAN) -> httpx.Response:
    return await caller.call("DELETE", f"/meters/{ean}", community, template=ONE)


async def detail(caller: Person, community: Community, ean: str = EAN) -> dict[str, Any]:
    answer = await read(caller, community, ean)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


async def listed(caller: Person, community: Community, query: str = "") -> list[dict[str, Any]]:
    answer = await caller.call("GET", f"/meters/?limit=200&{query}", community, template="/meters/")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def rows(community: Community, query: str, **values: Any) -> list[dict[str, Any]]:
    async with community.world.database.tenant(community.tenant) as tx:
        return [dict(row) for row in await tx.all(query, **values)]


async def days(community: Community, ean: str = EAN) -> list[tuple[date, date | None, int, int | None]]:
    """First day, last day, status and operation of every period, in order, of removed meters too."""
    found = await rows(
        community,
        "SELECT p.start_date, p.end_date, p.status, p.sharing_operation_id FROM communities.period p "
        "JOIN communities.meter m ON m.id = p.meter_id WHERE m.ean = :ean AND m.community_id = :here "
        "ORDER BY p.meter_id, p.start_date",
        ean=ean, here=community.id,
    )  # fmt: skip
    return [tuple(row.values()) for row in found]


async def marks(community: Community) -> list[tuple[int, date, date | None]]:
    """The days that are noted as to be shared again."""
    found = await rows(
        community,
        "SELECT sharing_operation_id, since, till FROM communities.stale ORDER BY since, sharing_operation_id",
    )
    return [tuple(row.values()) for row in found]
