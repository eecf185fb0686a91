"""`gridloom settle`: many sharing operations at once, with a progress bar."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from gridloom.app import Application
from gridloom.communities.settlements import batch, settling
from gridloom.core.identity.store import Identity
from gridloom.kernel.files.library import Files
from gridloom.settings import SettingsError

_SUMS = ("gross", "shared", "net", "inj_gross", "inj_shared", "inj_net")


async def settle(
    application: Application,
    since: date,
    till: date,
    *,
    tenant: str,
    community: str | None,
    workers: int,
    out: Console,
    err: Console,
) -> None:
    """Settle every operation of a tenant or of one community, and print one line for each."""
    settling.check_period(since, till)
    found = await application.services.part(Identity).tenant(tenant)
    tasks = await batch.tasks_of(application.database, found.id, since, till, community)
    columns = (TextColumn("settling"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    done: list[batch.Outcome] = []
    with Progress(*columns, console=err) as bar:
        running = bar.add_task("operations", total=len(tasks))
        async with _outcomes(application, tasks, workers) as outcomes:
            async for outcome in outcomes:
                done.append(outcome)
                bar.advance(running)
    table = Table(box=None)
    for name in ("operation", "settlement", "version", *(f"{name} kWh" for name in _SUMS)):
        table.add_column(name, justify="right")
    for each in sorted(done, key=lambda one: one.task.operation_id):
        if each.settlement_id is not None:
            numbers = (each.task.operation_id, each.settlement_id, each.version)
            table.add_row(*map(str, numbers), *(each.totals[name] for name in _SUMS))
    out.print(table)
    idle = sum(each.settlement_id is None for each in done)
    err.print(f"{len(done) - idle} operations settled, {idle} without an active meter in this period")


@asynccontextmanager
async def _outcomes(
    application: Application, tasks: list[batch.Task], workers: int
) -> AsyncIterator[AsyncIterator[batch.Outcome]]:
    settings = application.settings
    if settings.dask_address is None and workers == 1:
        yield batch.settle_here(application.database, application.services.part(Files), tasks)
        return
    if settings.dask_address is not None and not (settings.database_url and settings.files_url):
        raise SettingsError(
            "GRIDLOOM_DASK_ADDRESS: a cluster needs a database and files that all of its machines reach; set DATABASE_URL and "
            "GRIDLOOM_FILES_URL as well."
        )
    files_url = settings.files_url or str(settings.var_path / "files")
    async with batch.workers(settings.dask_address, workers) as client:
        yield batch.settle_there(client, batch.Place(application.database.url, files_url), tasks)
