"""A process that takes meter values in until somebody kills it: `python pump.py URL TENANT STATION:NUMBER …`."""

import asyncio
import sys

from tests.charging.sessions.engine.kit import Line, meter16, minutes

from gridloom.charging.ocpp.public import Version, samples
from gridloom.charging.sessions.intake import Intake
from gridloom.charging.sessions.stops import Stops
from gridloom.charging.sessions.values import Report
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database


def report(station: int, number: str, place: int) -> Report:
    """The value of a minute."""
    payload = {"meterValue": [meter16(minutes(place / 60), 1000 + place, 11_000)]}
    return Report(
        charge_point_id=station, received_at=clock.now(), version=Version.V16, action="MeterValues", payload=payload, evse=1,
        transaction_id=number, samples=tuple(samples(Version.V16, payload)),
    )  # fmt: skip


async def main(url: str, tenant: int, stations: list[tuple[int, str]]) -> None:
    """Say each value that is answered."""
    database = await Database(url).open()
    intake = Intake(database, Stops(database, Line()))
    place = 0
    while True:
        place += 1
        await asyncio.gather(*[intake.put(tenant, report(station, number, place)) for station, number in stations])
        print(place, flush=True)  # noqa: T201 - what the parent reads


if __name__ == "__main__":
    given = [each.split(":") for each in sys.argv[3:]]
    with clock.at(minutes(120)):
        asyncio.run(main(sys.argv[1], int(sys.argv[2]), [(int(station), number) for station, number in given]))
