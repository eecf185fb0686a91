"""Cleaning up after uploads that nobody finished."""

from gridloom.kernel.files.library import Files
from gridloom.kernel.jobs import Context, job, schedule


@schedule("41 3 * * *")
@job("files.sweep", queue="kernel")
async def sweep_files(context: Context) -> None:
    """Remove bytes that belong to no row."""
    await context.get(Files).sweep(context.db)
