"""The community of the demo tenant, with its first user as administrator."""

from gridloom.communities.membership import public as memberships
from gridloom.communities.users import public as users
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.http.call import Services
from gridloom.kernel.http.subject import Subject

NAME = "Sunny Street"

_FIRST = sql('SELECT id, login, email FROM identity."user" ORDER BY id LIMIT 1')


async def fill(services: Services, tenant: int) -> None:
    """Found the community. LookupError when the tenant has no user who could run it."""
    async with services.part(Database).tenant(tenant) as tx:
        row = await tx.one(_FIRST)
        if row is None:
            raise LookupError("the demo tenant has no user")
        founder = Subject(
            tenant_id=tenant,
            id=f"user:{row['id']}",
            kind="communities",
            user_id=row["id"],
            attributes={"login": row["login"], "email": row["email"]},
        )
        await memberships.establish(tx, NAME, await users.ensure(tx, founder))
