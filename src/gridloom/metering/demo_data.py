"""Readings and weather of the demo tenant: 15 households and 3 roofs over five weeks in spring."""

import tempfile
from pathlib import Path

from gridloom.kernel.database.pool import Database
from gridloom.kernel.http.call import Services
from gridloom.metering.imports.importer import import_file
from gridloom.metering.weather.filling import import_file as import_weather
from gridloom.samples.readings import WEATHER, write_readings

CLIENT = 1


async def fill(services: Services, tenant: int) -> None:
    """Load the sample through the same imports that a user has: registers, amounts per interval, and weather."""
    database = services.part(Database)
    with tempfile.TemporaryDirectory() as folder:
        for form in ("register", "amount"):
            file = Path(folder) / f"{form}.csv"
            write_readings(file, form)
            await import_file(database, tenant, file, client_cid=CLIENT)
    await import_weather(database, tenant, WEATHER)
