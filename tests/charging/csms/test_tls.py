"""Security profiles 2 and 3 in an application: files from the settings, profiles into the record."""

from pathlib import Path
from typing import Any

import pytest
from tests.charging.csms.support import PASSWORD, address, charger, opened, record, station
from tests.charging.ocpp.authority import Authority
from websockets.exceptions import InvalidStatus

from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.ocpp.simulator import simulated
from gridloom.kernel.database.pool import Database


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """The one that the installation trusts."""
    folder = tmp_path / "authority"
    folder.mkdir()
    return Authority(folder)


def files(authority: Authority) -> dict[str, Any]:
    """The settings of a door with TLS."""
    certificate, key = authority.issue("localhost")
    return {
        "ocpp_certificate": str(certificate), "ocpp_key": str(key), "ocpp_client_authorities": str(authority.file),
    }  # fmt: skip


async def test_each_proof_is_noted_as_its_profile_and_the_next_one_may_not_be_less(
    database_url: str, db: Database, tenant: int, tmp_path: Path, authority: Authority
) -> None:
    name = f"TLS-{tenant}"
    wish = {"desired_security_profile": 3, "desired_security_profile_status": "pending"}
    number = await station(db, tenant, name, **wish)
    async with opened(database_url, tmp_path, **files(authority)) as central:
        secure = address(central, "wss")
        async with simulated(Version.V16, name, secure, password=PASSWORD, tls=authority.client()) as point:
            await point.boot()
        kept = await record(db, tenant, number)
        assert (kept["current_security_profile"], kept["desired_security_profile_status"]) == (2, "pending")
        async with simulated(Version.V16, name, secure, tls=authority.client(name)) as point:
            await point.boot()
        kept = await record(db, tenant, number)
        assert (kept["current_security_profile"], kept["desired_security_profile_status"]) == (3, "applied")
        with pytest.raises(InvalidStatus, match="401"):
            await simulated(Version.V16, name, secure, password=PASSWORD, tls=authority.client()).connect()


async def test_a_station_of_profile_2_stays_out_without_tls(
    database_url: str, db: Database, tenant: int, tmp_path: Path
) -> None:
    await station(db, tenant, f"PLAIN-{tenant}", current_security_profile=2)
    async with opened(database_url, tmp_path) as central:
        with pytest.raises(InvalidStatus, match="401"):
            await charger(central, f"PLAIN-{tenant}").connect()
