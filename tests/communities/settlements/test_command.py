"""`gridloom settle` as people read it."""

import io

import pytest
from rich.console import Console
from tests.communities.kit import Community, Person, World
from tests.communities.settlements.kit import BEGIN, CONSUMERS, FED, ROOF, TAKEN, Village

from gridloom.app import Application
from gridloom.core.identity.store import Identity
from gridloom.kernel.errors import NotFound
from gridloom.settlements import settle


@pytest.fixture
async def village(world: World, ada: Person, street: Community) -> Village:
    made = Village(world, ada, street)
    await made.set_up(dict.fromkeys(CONSUMERS, 0.5))
    for ean, code, amount in ((CONSUMERS[0], TAKEN, 123.4567), (CONSUMERS[1], TAKEN, 0.1), (ROOF, FED, 0.2)):
        await made.write(ean, code, BEGIN, [amount] * 96)
    return made


async def run(application: Application, tenant: int, community: str | None = None) -> tuple[list[str], str]:
    """The lines of the table, and what is said beside it."""
    out, err = io.StringIO(), io.StringIO()
    await settle(
        application, BEGIN, BEGIN, tenant=await application.services.part(Identity).slug_of(tenant),
        community=community, workers=1, out=Console(file=out, width=80, soft_wrap=True, highlight=False),
        err=Console(file=err, width=80, soft_wrap=True, highlight=False),
    )  # fmt: skip
    return out.getvalue().splitlines(), err.getvalue()


async def test_the_table_names_operations_and_fits_into_eighty_columns(
    application: Application, village: Village, tenant: int
) -> None:
    table, said = await run(application, tenant)
    (number,) = (each["id"] for each in await village.do("GET", "/settlements/"))
    assert table[0].split() == ["community", "operation", "id", "version", "taken", "shared", "fed", "in", "unshared"]
    assert table[1].split() == [
        "Sunny", "Street", "Roofs", str(number), "1", "11861.443", "19.200", "19.200", "0.000",
    ]  # fmt: skip
    assert table[2].strip() == "energies in kWh"
    assert max(map(len, table)) <= 80
    assert said.splitlines()[-1] == "1 operation settled, 0 without an active meter in this period"


async def test_long_names_are_wrapped_and_lose_nothing(application: Application, village: Village, tenant: int) -> None:
    name = "[bold]Community of the long canal and both its banks, from the harbour to the old mill"
    async with application.database.tenant(tenant) as tx:
        await tx.run("UPDATE communities.community SET name = :name", name=name)
    await village.do("POST", "/sharing_operations/", json={"name": "Nobody here", "type": 1})
    table, said = await run(application, tenant)
    assert max(map(len, table)) <= 80
    letters = "".join("".join(line.split()) for line in table)
    assert "[bold]" in letters
    assert "mill" in letters
    assert said.splitlines()[-1] == "1 operation settled, 1 without an active meter in this period"


async def test_a_community_that_is_not_there_is_said_and_nothing_is_settled(
    application: Application, village: Village, tenant: int
) -> None:
    slug = await application.services.part(Identity).slug_of(tenant)
    for named in ("nobody", str(village.community.id)):
        with pytest.raises(NotFound) as caught:
            await run(application, tenant, named)
        assert str(caught.value) == f"There is no community {named} in tenant {slug}."
    assert await village.do("GET", "/settlements/") == []
    _, said = await run(application, tenant, village.community.auth_id)
    assert said.splitlines()[-1] == "1 operation settled, 0 without an active meter in this period"


async def test_a_tenant_without_communities_is_an_empty_table(application: Application, tenant: int) -> None:
    table, said = await run(application, tenant)
    assert len(table) == 1
    assert said.splitlines()[-1] == "0 operations settled, 0 without an active meter in this period"
