"""Many settlements at once: in this process, in several processes of this machine, or on a Dask cluster.

Each worker reads and writes for itself; what travels are numbers of operations and the address of the database. A cluster
therefore needs a database and a file store that all of its machines reach.
"""

import asyncio
import importlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from typing import Any

import msgspec

from gridloom.communities.membership.public import community
from gridloom.communities.settlements import settling
from gridloom.communities.settlements.faults import ClusterLost
from gridloom.communities.sharing import public as sharing
from gridloom.kernel.database.pool import Database
from gridloom.kernel.database.statement import sql
from gridloom.kernel.files.library import Files
from gridloom.kernel.files.store import FileStore

TOGETHER = 4
"""Operations a worker gets at once: few enough to share the work out, enough to open a connection for."""
CONNECT_S = 10.0

_OPERATIONS = sql(
    "SELECT o.id, o.name, o.community_id, c.name AS community FROM communities.sharing_operation o "
    f"JOIN {community.fullname} c ON c.id = o.community_id AND c.deleted_at IS NULL "
    "WHERE o.deleted_at IS NULL AND (CAST(:named AS text) IS NULL OR c.auth_community_id = :named) ORDER BY o.id"
)
_COMMUNITY = sql(f"SELECT id FROM {community.fullname} WHERE auth_community_id = :named AND deleted_at IS NULL")


class Task(msgspec.Struct, frozen=True):
    """One operation to settle over whole days. community, operation: their names, to tell people of it."""

    tenant: int
    community_id: int
    operation_id: int
    since: date
    till: date
    community: str = ""
    operation: str = ""


class Outcome(msgspec.Struct, frozen=True):
    """What came of a task. settlement_id, version: None when no meter shared. totals: decimal texts in kWh."""

    task: Task
    settlement_id: int | None = None
    version: int | None = None
    totals: dict[str, str] = {}


class Place(msgspec.Struct, frozen=True):
    """Where a worker finds the data. database_url may hold a password: it is never logged."""

    database_url: str
    files_url: str


async def tasks_of(
    database: Database, tenant: int, since: date, till: date, community: str | None = None
) -> list[Task]:
    """Every operation of a tenant, or of the community that `x-community-id` would name."""
    async with database.tenant(tenant, read_only=True) as tx:
        rows = await tx.all(_OPERATIONS, named=community)
    return [Task(tenant, row["community_id"], row["id"], since, till, row["community"], row["name"]) for row in rows]


async def has_community(database: Database, tenant: int, named: str) -> bool:
    """Whether a tenant has the community that `x-community-id` would name."""
    async with database.tenant(tenant, read_only=True) as tx:
        return await tx.scalar(_COMMUNITY, named=named) is not None


async def settle_here(database: Database, files: Files, tasks: Sequence[Task]) -> AsyncIterator[Outcome]:
    """Settle one after the other, each in a transaction of its own; what was settled stays when a later one fails."""
    for task in tasks:
        async with database.tenant(task.tenant) as tx:
            operation = await sharing.find(tx, task.community_id, task.operation_id)
            run = None if operation is None else await settling.settle(tx, files, operation, task.since, task.till)
        yield Outcome(task) if run is None else Outcome(task, run.id, run.version, run.totals)


async def settle_there(client: Any, place: Place, tasks: Sequence[Task]) -> AsyncIterator[Outcome]:
    """Settle on the workers of a Dask client (`distributed.Client(asynchronous=True)`), in the order in which they finish.

    Raises ClusterLost, and what the first failing task raised; what was settled by then stays.
    """
    from distributed import as_completed
    from distributed.client import FutureCancelledError
    from distributed.scheduler import KilledWorker

    parts = [list(tasks[start : start + TOGETHER]) for start in range(0, len(tasks), TOGETHER)]
    futures = client.map(_settle_part, [place] * len(parts), parts, pure=False)
    try:
        finished: Any = as_completed
        async for _, outcomes in finished(futures, with_results=True):
            for outcome in outcomes:
                yield outcome
    except (OSError, FutureCancelledError, KilledWorker) as error:
        raise ClusterLost(f"The calculation cluster was lost ({type(error).__name__}).") from None


@asynccontextmanager
async def workers(address: str | None, count: int) -> AsyncIterator[Any]:
    """A Dask client: of the cluster whose scheduler has this address, or of so many processes of this machine, which end with
    the block. Raises ClusterLost when the cluster does not answer.
    """
    import dask

    # Dask tells of every connection that begins and ends; what it warns of is enough.
    dask.config.set({"logging": dict.fromkeys(("distributed", "distributed.client", "bokeh"), "warning")})
    distributed: Any = importlib.import_module("distributed")
    if address is not None:
        try:
            client = await distributed.Client(address, asynchronous=True, timeout=CONNECT_S)
        except (OSError, TimeoutError) as error:
            raise ClusterLost(f"No calculation cluster answers at {address} ({type(error).__name__}).") from None
        async with client:
            yield client
        return
    local = distributed.LocalCluster(
        n_workers=count, threads_per_worker=1, processes=True, asynchronous=True, dashboard_address=None
    )
    async with local as cluster, distributed.Client(cluster, asynchronous=True) as client:
        yield client


def _settle_part(place: Place, tasks: list[Task]) -> list[Outcome]:
    """What a worker does; it has no event loop of its own in this thread."""
    return asyncio.run(_settled(place, tasks))


async def _settled(place: Place, tasks: list[Task]) -> list[Outcome]:
    database = await Database(place.database_url, size=2).open()
    try:
        # No link is ever signed here, so that the files need no secret.
        files = Files(FileStore(place.files_url), secret=b"")
        return [outcome async for outcome in settle_here(database, files, tasks)]
    finally:
        await database.close()
