"""Members for the tests: what is written, what is read, and what the tables hold."""

from typing import Any

import httpx
from msgspec import convert
from tests.communities.kit import Community, Person

from gridloom.communities.members import public as members

HOME = {"street": "Rue Haute", "number": 12, "city": "Namur", "postcode": "5000"}
BILLING = {"street": "Rue Basse", "number": "7A", "city": "Liège", "postcode": "4000", "supplement": "bte 3"}
MANAGER = {
    "NRN": "85.07.30-033.28", "name": "Grace", "surname": "Peeters", "email": "grace@example.org",
    "phone_number": "0470 12 34 56",
}  # fmt: skip
INDIVIDUAL: dict[str, Any] = {
    "name": "Lambert", "member_type": 1, "status": 1, "iban": "BE68 5390 0754 7034", "home_address": HOME,
    "billing_address": BILLING, "first_name": "Ada", "NRN": "85073003328", "email": "ada.lambert@example.org",
    "phone_number": "0470 12 34 57", "social_rate": True,
}  # fmt: skip
COMPANY: dict[str, Any] = {
    "name": "Soleil SA", "member_type": 2, "status": 3, "iban": "BE68539007547034", "home_address": HOME,
    "billing_address": BILLING, "vat_number": "BE 0403.019.261", "manager": MANAGER,
}  # fmt: skip
ONE, LINK = "/members/{id_member}", "/members/{id_member}/link"


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


def done(answer: httpx.Response) -> None:
    assert (answer.status_code, answer.json()) == (200, {"data": "success", "error_code": 0}), answer.text


async def made(community: Community, body: dict[str, Any] | None = None) -> int:
    """A member's number, made without a request."""
    async with community.world.database.tenant(community.tenant) as tx:
        return await members.create(tx, community.id, convert(body or INDIVIDUAL, members.MemberWrite))


async def added(caller: Person, community: Community, body: dict[str, Any]) -> int:
    """A member's number, made by a request."""
    before = {each["id"] for each in await listed(caller, community)}
    done(await caller.call("POST", "/members/", community, json=body))
    (number,) = {each["id"] for each in await listed(caller, community)} - before
    return number


async def listed(caller: Person, community: Community, query: str = "") -> list[dict[str, Any]]:
    answer = await caller.call("GET", f"/members/?limit=200&{query}", community, template="/members/")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def read(caller: Person, community: Community, number: int) -> dict[str, Any]:
    answer = await caller.call("GET", f"/members/{number}", community, template=ONE)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


async def link_of(caller: Person, community: Community, number: int, query: str = "") -> dict[str, Any]:
    answer = await caller.call("GET", f"/members/{number}/link{query}", community, template=LINK)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


async def linked(community: Community, number: int, person: Person) -> None:
    """Say which user a member is, without a request."""
    profile = await person.profile()
    async with community.world.database.tenant(community.tenant) as tx:
        await members.link(tx, number, profile)
