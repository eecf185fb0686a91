"""Two processes of the operating system, one of which is killed."""

import base64
from pathlib import Path
from typing import Any

from tests.charging.csms.support import PASSWORD, SEALER_KEY, commands_of, opened, station
from tests.charging.ocpp.support import until
from tests.faults.running import Running

from gridloom.app import Roles
from gridloom.charging.csms.reaping import reap
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.ocpp.public import Answered, Offline
from gridloom.charging.ocpp.simulator import simulated
from gridloom.core.identity.store import Identity


def door(var: Path, url: str) -> tuple[Running, str]:
    """A process for charge points alone, and where it listens."""
    more = {"DATABASE_URL": url, "GRIDLOOM_SECRET_KEY": base64.b64encode(SEALER_KEY).decode()}
    process = Running(var, "--only", "ocpp", more=more).wait("expects charge points at ws://")
    address = process.output.rsplit("charge points at ", 1)[1].split("/{", 1)[0]
    return process, address


async def test_a_killed_process_loses_its_seats_and_its_stations_find_another(
    new_database: Any, tmp_path: Path
) -> None:
    url = new_database("doors")
    first, first_address = door(tmp_path / "one", url)
    second, second_address = door(tmp_path / "two", url)
    try:
        async with opened(url, tmp_path / "api", roles=Roles.API) as api:
            tenant = await api.services.part(Identity).create_tenant("doors", "Doors", zone="UTC")
            comes_back = await station(api.database, tenant, "BACK")
            stays_away = await station(api.database, tenant, "AWAY")
            commands = commands_of(api)
            async with (
                simulated(Version.V16, "BACK", first_address, password=PASSWORD) as back,
                simulated(Version.V16, "AWAY", first_address, password=PASSWORD) as away,
            ):
                for number, point in ((comes_back, back), (stays_away, away)):
                    await point.boot()
                    assert await commands.call(tenant, number, "ClearCache", {}) == Answered({"status": "Accepted"})
                first.kill()
                await until(lambda: not back.online and not away.online)
            async with simulated(Version.V16, "BACK", second_address, password=PASSWORD) as back:
                await back.heartbeat()
                assert await commands.call(tenant, comes_back, "ClearCache", {}) == Answered({"status": "Accepted"})
                async with api.database.system() as tx:
                    await tx.run(
                        "UPDATE charging.csms_process SET beat_at = beat_at - interval '1 minute' WHERE id IN "
                        "(SELECT process_id FROM charging.station_seat WHERE charge_point_id = :id)",
                        id=stays_away,
                    )
                assert await commands.call(tenant, stays_away, "ClearCache", {}) == Offline(sent=False)
                await reap(api.database)
                async with api.database.tenant(tenant) as tx:
                    statuses = await tx.all("SELECT name, network_status FROM charging.charge_point ORDER BY name")
                assert [tuple(row) for row in statuses] == [
                    ("AWAY", "temporarily_unavailable"), ("BACK", "available")
                ]  # fmt: skip
    finally:
        first.kill()
        second.end()
