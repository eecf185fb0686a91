"""Many settlements at once: here, in processes of this machine, on a cluster."""

from pathlib import Path

import pytest
from tests.communities.kit import Community, Person, World
from tests.communities.settlements.kit import BEGIN, CONSUMERS, FED, ROOF, TAKEN, Village

from gridloom.app import Application
from gridloom.communities.settlements import batch
from gridloom.communities.settlements.faults import ClusterLost
from gridloom.kernel.files.library import Files


@pytest.fixture
async def village(world: World, ada: Person, street: Community) -> Village:
    made = Village(world, ada, street)
    await made.set_up(dict.fromkeys(CONSUMERS, 0.5))
    for ean, code, amount in ((CONSUMERS[0], TAKEN, 0.3), (CONSUMERS[1], TAKEN, 0.1), (ROOF, FED, 0.2)):
        await made.write(ean, code, BEGIN, [amount] * 96)
    await made.do("POST", "/sharing_operations/", json={"name": "Empty", "type": 1})
    return made


async def test_every_operation_of_a_tenant_is_settled_and_an_empty_one_is_told_apart(
    application: Application, village: Village, tenant: int
) -> None:
    tasks = await batch.tasks_of(application.database, tenant, BEGIN, BEGIN)
    assert [each.community_id for each in tasks] == [village.community.id] * 2
    files = application.services.part(Files)
    full, empty = [each async for each in batch.settle_here(application.database, files, tasks)]
    assert (full.version, full.totals["shared"], full.totals["inj_net"]) == (1, "19.200000", "0.000000")
    assert (empty.settlement_id, empty.totals) == (None, {})
    again = [each async for each in batch.settle_here(application.database, files, tasks)]
    assert again == [full, empty]


async def test_only_the_operations_of_the_community_that_was_named(
    application: Application, village: Village, tenant: int
) -> None:
    database = application.database
    named = await batch.tasks_of(database, tenant, BEGIN, BEGIN, village.community.auth_id)
    assert len(named) == 2
    assert await batch.tasks_of(database, tenant, BEGIN, BEGIN, "nobody") == []


async def test_two_processes_settle_the_same_as_one(
    application: Application, village: Village, tenant: int, database_url: str, tmp_path: Path
) -> None:
    tasks = await batch.tasks_of(application.database, tenant, BEGIN, BEGIN)
    async with batch.workers(None, 2) as client:
        there = [e async for e in batch.settle_there(client, batch.Place(database_url, str(tmp_path)), tasks)]
    settled = next(each for each in there if each.settlement_id is not None)
    assert settled.totals["shared"] == "19.200000"
    shown = await village.do("GET", f"/settlements/{settled.settlement_id}", template="/settlements/{id}")
    assert shown["totals"]["shared"] == 19.2
    here = [e async for e in batch.settle_here(application.database, application.services.part(Files), tasks)]
    assert here[0] == settled


async def test_a_cluster_that_is_not_there_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "CONNECT_S", 0.5)
    with pytest.raises(ClusterLost, match=r"tcp://127\.0\.0\.1:1"):
        async with batch.workers("tcp://127.0.0.1:1", 1):
            pass
