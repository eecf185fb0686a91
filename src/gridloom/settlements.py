"""`gridloom settle`: many sharing operations at once, with a progress bar."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import date
from decimal import Decimal

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from gridloom.app import Application
from gridloom.communities.settlements import batch, settling
from gridloom.core.identity.store import Identity
from gridloom.kernel.errors import NotFound
from gridloom.kernel.files.library import Files
from gridloom.settings import SettingsError

# What was taken less what was shared is what the supplier delivers: no column of its own, the lines have to stay short.
_SUMS = {"taken": "gross", "shared": "shared", "fed in": "inj_gross", "unshared": "inj_net"}


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
    """Settle every operation of a tenant or of one community, and print one line for each.

    Raises NotFound for a tenant or a community that is not there, and PeriodWrong.
    """
    settling.check_period(since, till)
    found = await application.services.part(Identity).tenant(tenant)
    if community is not None and not await batch.has_community(application.database, found.id, community):
        raise NotFound(f"There is no community {community} in tenant {tenant}.")
    tasks = await batch.tasks_of(application.database, found.id, since, till, community)
    columns = (TextColumn("settling"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    done: list[batch.Outcome] = []
    with Progress(*columns, console=err) as bar:
        running = bar.add_task("operations", total=len(tasks))
        async with _outcomes(application, tasks, workers) as outcomes:
            async for outcome in outcomes:
                done.append(outcome)
                bar.advance(running)
    # Names are wrapped where the terminal is narrow; numbers never are.
    out.print(_table(done), soft_wrap=False)
    idle = sum(each.settlement_id is None for each in done)
    count = len(done) - idle
    what = "operation" if count == 1 else "operations"
    err.print(f"{count} {what} settled, {idle} without an active meter in this period")


def _table(done: Sequence[batch.Outcome]) -> Table:
    """What was settled, one line an operation, energies in kWh."""
    table = Table(box=None, padding=(0, 1, 0, 0), pad_edge=False)
    for name in ("community", "operation"):
        table.add_column(name, overflow="fold")
    for name in ("id", "version", *_SUMS):
        table.add_column(name, justify="right", no_wrap=True)
    for each in sorted(done, key=lambda one: (one.task.community, one.task.operation, one.task.operation_id)):
        if each.settlement_id is not None:
            sums = (f"{Decimal(each.totals[name]):.3f}" for name in _SUMS.values())
            names = (escape(each.task.community), escape(each.task.operation))
            table.add_row(*names, str(each.settlement_id), str(each.version), *sums)
    if table.row_count:
        table.caption = "energies in kWh"
    return table


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
