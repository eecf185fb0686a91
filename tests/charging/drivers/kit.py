"""Drivers, groups and tags to test with."""

from typing import Any

from tests.suites.client import Caller

from gridloom.core.parties import public as parties

GROUPS = "/public-api/resources/user-groups/v1.0"
TAGS = "/public-api/resources/id-tags/v2.0"
RFIDS = "/public-api/resources/rfid-tags/v1.0"
USERS = "/public-api/resources/users/v1.1"
OLD_USERS = "/public-api/resources/users/v1.0"

LATER, EARLIER = "2999-01-01T00:00:00Z", "1999-01-01T00:00:00+02:00"


async def driver_row(caller: Caller, *, operator: int = 7, email: str = "row@example.org", **columns: Any) -> int:
    """A driver as the database has one, with a person behind it; gives the number."""
    given = {"operator_id": operator, "email": email, "email_key": email, "password_hash": "-", "created_by": "token:1"}
    given |= columns
    async with caller.application.database.tenant(caller.tenant) as tx:
        person = await parties.create(tx, "person", parties.PartyFields(email=email))
        given |= {"party_id": person.id, "tenant_id": caller.tenant}
        names = ", ".join(given)
        binds = ", ".join(f":{name}" for name in given)
        return int(await tx.scalar(f"INSERT INTO charging.driver ({names}) VALUES ({binds}) RETURNING id", **given))


async def the_driver(caller: Caller) -> int:
    """The one driver of this test's tenant, made when it is not there yet."""
    async with caller.application.database.tenant(caller.tenant) as tx:
        found = await tx.scalar("SELECT id FROM charging.driver ORDER BY id LIMIT 1")
    return int(found) if found is not None else await driver_row(caller)


async def put_into_group(caller: Caller, group_id: int, driver_id: int) -> None:
    """Make a driver a member of a group."""
    async with caller.application.database.tenant(caller.tenant) as tx:
        await tx.run(
            "INSERT INTO charging.user_group_member (tenant_id, group_id, driver_id) VALUES (:tenant, :group_id, :driver_id)",
            tenant=caller.tenant,
            group_id=group_id,
            driver_id=driver_id,
        )


async def made(caller: Caller, url: str, body: dict[str, Any]) -> dict[str, Any]:
    """What was created, as it was answered."""
    answer = await caller.post(url, json=body)
    assert answer.status_code == 201, answer.text
    row: dict[str, Any] = answer.json()["data"]
    return row


async def read(caller: Caller, url: str, row_id: Any, **query: str) -> dict[str, Any]:
    """A row as it is read now."""
    answer = await caller.get(f"{url}/{row_id}", params=query)
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()["data"]
    return row


async def changed(caller: Caller, url: str, row_id: Any, body: dict[str, Any]) -> dict[str, Any]:
    """A row after an update that must succeed."""
    answer = await caller.patch(f"{url}/{row_id}", json=body)
    assert answer.status_code == 200, answer.text
    row: dict[str, Any] = answer.json()["data"]
    return row


async def refused(caller: Caller, url: str, row_id: Any, body: dict[str, Any]) -> list[str]:
    """The fields of an update that must be refused, and must change nothing."""
    before = await read(caller, url, row_id)
    answer = await caller.patch(f"{url}/{row_id}", json=body)
    assert answer.status_code == 422, answer.text
    assert await read(caller, url, row_id) == before
    return list(answer.json()["errors"])
