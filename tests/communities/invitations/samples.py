"""Invitations for the tests, and the mail that waits to be sent."""

from typing import Any

import msgspec
from tests.communities.kit import Community, Person

from gridloom.communities.invitations import store
from gridloom.kernel.mail.letter import Letter

_NUMBER = {
    False: "SELECT max(id) FROM communities.member_invitation WHERE community_id = :here",
    True: "SELECT max(id) FROM communities.manager_invitation WHERE community_id = :here",
}


async def invited(community: Community, email: str) -> int:
    """The number of an invitation to become a member."""
    return await _made(community, None, email)


async def invited_for(community: Community, member: int, email: str) -> int:
    """The number of an invitation to be a member who is known."""
    return await _made(community, member, email)


async def invited_to_manage(community: Community, email: str) -> int:
    """The number of an invitation to manage."""
    async with community.world.database.tenant(community.tenant) as tx:
        await store.invite_manager(tx, community.id, email)
        return int(await tx.scalar(_NUMBER[True], here=community.id))


async def _made(community: Community, member: int | None, email: str) -> int:
    async with community.world.database.tenant(community.tenant) as tx:
        await store.invite_member(tx, community.id, member, email)
        return int(await tx.scalar(_NUMBER[False], here=community.id))


async def listed(
    person: Person, path: str, community: Community | None = None, query: str = ""
) -> list[dict[str, Any]]:
    answer = await person.call("GET", f"{path}?limit=200&{query}", community, template=path)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def letters(community: Community) -> list[Letter]:
    """The mail of the community's tenant that waits to be sent."""
    async with community.world.database.system() as tx:
        rows = await tx.all(
            "SELECT args FROM jobs.procrastinate_jobs WHERE task_name = 'mail.deliver' "
            "AND CAST(args->>'tenant' AS integer) = :tenant ORDER BY id",
            tenant=community.tenant,
        )
    return [msgspec.convert(row["args"]["args"]["letter"], Letter) for row in rows]
