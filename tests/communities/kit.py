"""People and communities for the tests, and what an error looks like."""

import itertools
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeAlias

import httpx
from tests.suites.client import answers

from gridloom.app import Application
from gridloom.communities.membership import public as memberships
from gridloom.communities.roles import Role
from gridloom.communities.users import public as users
from gridloom.core.identity.store import Identity
from gridloom.kernel.database.tables import metadata
from gridloom.kernel.http.subject import Subject

_numbers = itertools.count(1)


class Person:
    """A user of ours with a token: speaks to the API, and names a community where one is asked for."""

    def __init__(self, world: "World", user_id: int, email: str, token: str, tenant: int) -> None:
        self.world = world
        self.user_id = user_id
        self.email = email
        self.token = token
        self.tenant = tenant

    async def call(
        self, method: str, path: str, community: "Community | str | None" = None, **options: Any
    ) -> httpx.Response:
        named = community.auth_id if isinstance(community, Community) else community
        headers = {"authorization": f"Bearer {self.token}", **({} if named is None else {"x-community-id": named})}
        headers |= options.pop("headers", {})
        template = options.pop("template", path)
        answer = await self.world.client.request(method, path, headers=headers, **options)
        answers(self.world.api, answer, method, template)
        return answer

    async def profile(self) -> int:
        subject = Subject(
            tenant_id=self.tenant, id=f"user:{self.user_id}", kind="communities", user_id=self.user_id,
            attributes={"email": self.email},
        )  # fmt: skip
        async with self.world.database.tenant(self.tenant, subject=subject) as tx:
            return await users.ensure(tx, subject)


class Community:
    """A community as the database knows it."""

    def __init__(self, world: "World", number: int, auth_id: str, tenant: int) -> None:
        self.world = world
        self.id = number
        self.auth_id = auth_id
        self.tenant = tenant

    async def add(self, role: Role) -> Person:
        """A new user with this role in the community."""
        person = await self.world.person(tenant=self.tenant)
        profile = await person.profile()
        async with self.world.database.tenant(self.tenant) as tx:
            await memberships.join(tx, self.id, profile, role)
        return person

    async def roles(self) -> dict[int, str]:
        """Who is what: profile -> role."""
        async with self.world.database.tenant(self.tenant) as tx:
            rows = await tx.all(
                "SELECT profile_id, role FROM communities.membership WHERE community_id = :id AND ended_at IS NULL",
                id=self.id,
            )
        return {row["profile_id"]: row["role"] for row in rows}

    async def everything(self) -> list[tuple[str, int, int]]:
        """Every table of this API with its number of rows and a sum over what stands in them."""
        names = sorted(table.fullname for table in metadata.tables.values() if table.schema == "communities")
        parts = [f"SELECT '{n}', count(*), coalesce(sum(hashtextextended(t::text, 0)), 0) FROM {n} t" for n in names]
        async with self.world.database.tenant(self.tenant) as tx:
            return [tuple(row) for row in await tx.all(" UNION ALL ".join(parts))]

    async def row(self) -> Any:
        async with self.world.database.tenant(self.tenant) as tx:
            return await tx.one("SELECT name, deleted_at FROM communities.community WHERE id = :id", id=self.id)


class World:
    """Makes people and communities in the test's tenant, or in another one."""

    def __init__(self, application: Application, client: httpx.AsyncClient, tenant: int, other: int) -> None:
        self.application = application
        self.api = next(each for each in application.apis if each.name == "communities")
        self.client = client
        self.tenant = tenant
        self.other_tenant = other
        self.database = application.database
        self.identity = application.services.part(Identity)

    async def person(
        self, *, tenant: int | None = None, roles: tuple[str, ...] = ("community",), password: str | None = None
    ) -> Person:
        number = self.tenant if tenant is None else tenant
        email = f"person{next(_numbers)}@example.org"
        async with self.database.tenant(number) as tx:
            user = await self.identity.create_user(tx, email, password, roles=list(roles))
            token = await self.identity.issue(tx, "communities", name="test", user_id=user)
        return Person(self, user, email, token.secret, number)

    async def community(self, founder: Person, name: str = "Sunny Street") -> Community:
        profile = await founder.profile()
        async with self.database.tenant(founder.tenant) as tx:
            number = await memberships.establish(tx, name, profile)
            auth_id = await tx.scalar("SELECT auth_community_id FROM communities.community WHERE id = :id", id=number)
        return Community(self, number, auth_id, founder.tenant)


class Scene(NamedTuple):
    """Somebody with a role in a community that has two more administrators and a member."""

    caller: Person
    community: Community
    member: int


Prepare: TypeAlias = Callable[[Scene], Awaitable[tuple[str, dict[str, Any]]]]
"""Makes ready what a request needs; returns its path and what `Person.call` sends with it."""


def refused(answer: httpx.Response, status: int, number: int) -> dict[str, Any]:
    """The answer is an error with this status and number, in both forms that clients know."""
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["error_code"]) == (status, number), answer.text
    assert body == {
        "success": False, "error": body["data"], "statusCode": status, "data": body["data"], "error_code": number,
    }  # fmt: skip
    return body
