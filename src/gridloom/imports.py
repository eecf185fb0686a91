"""`gridloom import …`: files in, with a progress bar."""

from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from gridloom.app import Application
from gridloom.core.identity.store import Identity
from gridloom.metering.imports.importer import import_file
from gridloom.metering.weather.filling import import_file as import_weather


async def readings(application: Application, file: Path, *, tenant: str, client: int, console: Console) -> None:
    """Import one file of readings and say what became of it."""
    found = await application.services.part(Identity).tenant(tenant)
    columns = (TextColumn(file.name, markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console) as bar:
        task = bar.add_task("rows", total=None)

        def advance(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)

        result = await import_file(application.database, found.id, file, client_cid=client, progress=advance)
    if result.resumed_at:
        console.print(f"went on after row {result.resumed_at} of an interrupted import")
    console.print(
        f"{result.rows} rows: {result.stored} stored, {result.unchanged} stood already, {result.sensors_made} sensors made"
    )


async def weather(application: Application, file: Path, *, tenant: str, console: Console) -> None:
    """Import one file of weather and say what became of it."""
    found = await application.services.part(Identity).tenant(tenant)
    result = await import_weather(application.database, found.id, file)
    console.print(f"{result.written} values stored, {result.unchanged} stood already, {result.points} places")
