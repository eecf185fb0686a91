"""The forecast is fetched anew every three hours, where a weather service is configured."""

from gridloom.kernel.jobs.context import Context
from gridloom.kernel.jobs.declare import RETRY, job, schedule
from gridloom.metering.weather.filling import refresh_forecast
from gridloom.metering.weather.importer import Stored
from gridloom.metering.weather.open_meteo import OpenMeteo


@schedule("20 */3 * * *", each_tenant=True)
@job("metering.weather.refresh", queue="maintenance", retry=RETRY, timeout_s=600)
async def refresh_weather(context: Context, *, days: int = 3) -> dict[str, int]:
    """Today's forecast and that of the following days for every station of the tenant; nothing without a service."""
    service = context.resources.get(OpenMeteo)
    done = Stored(0, 0, 0)
    if service is not None:
        done = await refresh_forecast(context.db, context.tenant, service, days=days)
    return done._asdict()
