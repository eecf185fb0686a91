"""Who is let in, by the records in the database."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from tests.charging.csms.support import PASSWORD, charger, dialled, door_of, network_log, opened, record, rows, station
from tests.charging.ocpp.support import refused, until

from gridloom.app import Application
from gridloom.charging.csms.records import CLOSED_FOR_S, Records, least_profile
from gridloom.charging.csms.seats import Key
from gridloom.charging.csms.turns import Arrivals
from gridloom.charging.ocpp.admission import ClientCertificate, Proof, chosen
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.stations.public import Station
from gridloom.charging.stations.secrets import seal_password
from gridloom.kernel.database.pool import Database
from gridloom.kernel.security.sealing import Sealer


@pytest.fixture(scope="module")
async def central(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    """An application with a door, for all tests of this file."""
    async with opened(database_url, tmp_path_factory.mktemp("var")) as application:
        yield application


async def status_of(central: Application, network_id: str, password: str | None, **options: Any) -> int:
    """The status of a refused handshake."""
    return (await refused(dialled(central, network_id, password, **options))).response.status_code


async def test_a_wrong_password_an_unknown_name_and_a_disabled_station_look_the_same(
    central: Application, db: Database, tenant: int
) -> None:
    number = await station(db, tenant, f"IN-{tenant}")
    await station(db, tenant, f"OFF-{tenant}", status="disabled")
    assert await status_of(central, f"IN-{tenant}", "not-the-password-16") == 401
    assert await status_of(central, f"IN-{tenant}", None) == 401
    assert await status_of(central, f"NOBODY-{tenant}", PASSWORD) == 401
    assert await status_of(central, f"OFF-{tenant}", PASSWORD) == 401
    assert await network_log(db, tenant, number) == []
    assert await rows(db, tenant, "SELECT count(*) AS count FROM charging.station_seat") == [{"count": 0}]


async def test_the_password_tells_which_of_two_stations_of_one_name_it_is(
    central: Application, db: Database, tenant: int, other_tenant: int
) -> None:
    name = f"SAME-{tenant}"
    ours = await station(db, tenant, name)
    theirs = await station(db, other_tenant, name, password="another-password-16")
    async with charger(central, name, password="another-password-16") as their_point:
        await their_point.boot()
        async with charger(central, name) as our_point:
            await our_point.boot()
            assert their_point.online
            listener = door_of(central).listener
            assert listener.connection(Key(tenant, ours)) is not None
            assert listener.connection(Key(other_tenant, theirs)) is not None
    assert (await record(db, tenant, ours))["last_boot"]["chargePointSerialNumber"] == name
    assert (await record(db, other_tenant, theirs))["last_boot"]["chargePointSerialNumber"] == name


async def test_two_stations_of_one_name_and_one_password_are_not_guessed_at(
    central: Application, db: Database, tenant: int, other_tenant: int
) -> None:
    for each in (tenant, other_tenant):
        await station(db, each, f"TWIN-{tenant}")
    assert await status_of(central, f"TWIN-{tenant}", PASSWORD) == 401


async def test_no_password_is_enough_only_where_the_record_says_so(
    central: Application, db: Database, tenant: int, other_tenant: int
) -> None:
    await station(db, tenant, f"OPEN-{tenant}", password=None, desired_security_profile=0)
    await station(db, tenant, f"BARE-{tenant}", password=None)
    await station(db, tenant, f"KEPT-{tenant}", desired_security_profile=0)
    assert await status_of(central, f"BARE-{tenant}", None) == 401
    assert await status_of(central, f"KEPT-{tenant}", None) == 401
    async with charger(central, f"OPEN-{tenant}", password=None) as point:
        assert await point.boot() == "Accepted"
    await station(db, other_tenant, f"OPEN-{tenant}", password=None, desired_security_profile=0)
    assert await status_of(central, f"OPEN-{tenant}", None) == 401


async def test_a_password_that_is_taken_away_stops_working_at_once(
    central: Application, db: Database, tenant: int
) -> None:
    number = await station(db, tenant, f"KEY-{tenant}")
    async with charger(central, f"KEY-{tenant}"):
        pass
    sealed = seal_password(central.services.part(Sealer), tenant, "a-new-password-16+")
    await rows(
        db, tenant, "UPDATE charging.charge_point SET network_password = :sealed WHERE id = :id RETURNING id",
        sealed=sealed, id=number,
    )  # fmt: skip
    assert await status_of(central, f"KEY-{tenant}", PASSWORD) == 401
    async with charger(central, f"KEY-{tenant}", password="a-new-password-16+") as point:
        assert point.online


async def test_a_station_speaks_the_version_of_its_record(central: Application, db: Database, tenant: int) -> None:
    await station(db, tenant, f"V16-{tenant}")
    await station(db, tenant, f"SOAP-{tenant}", network_protocol="ocpp 1.6 soap")
    assert await status_of(central, f"V16-{tenant}", PASSWORD, version=Version.V201) == 400
    assert await status_of(central, f"SOAP-{tenant}", PASSWORD) == 400


async def test_a_station_that_speaks_through_another_one_does_not_connect(
    central: Application, db: Database, tenant: int
) -> None:
    await station(db, tenant, f"NONE-{tenant}", communication_mode="none")
    assert await status_of(central, f"NONE-{tenant}", PASSWORD) == 401


async def test_a_closed_tenants_stations_stay_out(central: Application, db: Database, tenant: int) -> None:
    await station(db, tenant, f"GONE-{tenant}")
    async with db.system() as tx:
        await tx.run("UPDATE identity.tenant SET status = 'closed' WHERE id = :id", id=tenant)
    records = Records(db, central.services.part(Sealer), Arrivals(1))
    assert await records.lookup(f"GONE-{tenant}") == []
    async with db.system() as tx:
        await tx.run("UPDATE identity.tenant SET status = 'active' WHERE id = :id", id=tenant)
    assert await records.lookup(f"GONE-{tenant}") == []
    records._asked_at -= CLOSED_FOR_S
    (found,) = await records.lookup(f"GONE-{tenant}")
    assert found.network_id == f"GONE-{tenant}"


async def test_a_station_does_not_go_below_the_profile_that_it_once_came_with(
    central: Application, db: Database, tenant: int
) -> None:
    number = await station(db, tenant, f"LESS-{tenant}", current_security_profile=2)
    assert await status_of(central, f"LESS-{tenant}", PASSWORD) == 401
    await rows(
        db,
        tenant,
        "UPDATE charging.charge_point SET current_security_profile = 0 WHERE id = :id RETURNING id",
        id=number,
    )
    async with charger(central, f"LESS-{tenant}") as point:
        await point.boot()
    assert (await record(db, tenant, number))["current_security_profile"] == 1


async def test_a_wish_for_a_profile_is_fulfilled_by_coming_with_it(
    central: Application, db: Database, tenant: int
) -> None:
    wish = {"desired_security_profile": 1, "desired_security_profile_status": "pending"}
    number = await station(db, tenant, f"WISH-{tenant}", **wish)
    async with charger(central, f"WISH-{tenant}") as point:
        await point.boot()
        kept = await record(db, tenant, number)
    assert (kept["current_security_profile"], kept["desired_security_profile_status"]) == (1, "applied")


@pytest.mark.parametrize(
    ("desired", "current", "sealed", "least"),
    [
        (None, 0, b"x", 1), (0, 0, b"x", 1), (0, 0, None, 0), (0, 2, None, 0), (None, 0, None, 1), (2, 1, b"x", 1),
        (2, 2, b"x", 2), (1, 3, b"x", 3),
    ],
)  # fmt: skip
def test_the_least_profile_of_a_record(desired: int | None, current: int, sealed: bytes | None, least: int) -> None:
    record = Station(1, 2, 7, "A", "ocpp 1.6", "enabled", "direct_ocpp", desired, current, sealed)
    assert least_profile(record) == least


@pytest.mark.parametrize(
    ("columns", "counts"),
    [
        ({}, False), ({"desired_security_profile": 3}, True), ({"current_security_profile": 3}, True),
        ({"password": None}, True), ({"desired_security_profile": 2}, False),
    ],
)  # fmt: skip
async def test_a_certificate_counts_where_the_record_leaves_room_for_it(
    central: Application, db: Database, tenant: int, columns: dict[str, Any], counts: bool
) -> None:
    await station(db, tenant, f"CERT-{tenant}", **columns)
    (found,) = await Records(db, central.services.part(Sealer), Arrivals(1)).lookup(f"CERT-{tenant}")
    assert (found.certificate is not None) is counts
    assert found.certificate is None or found.certificate.common_name == f"CERT-{tenant}"


async def test_a_record_of_another_tenant_takes_no_station_by_its_certificate(
    central: Application, db: Database, tenant: int, other_tenant: int
) -> None:
    name = f"CAPTURED-{tenant}"
    ours = await station(db, tenant, name, current_security_profile=2)
    await station(db, other_tenant, name, password=None)
    found = await Records(db, central.services.part(Sealer), Arrivals(1)).lookup(name)
    shown = ClientCertificate(name, "ab")
    admitted = chosen(found, Proof(True, PASSWORD.encode(), shown))
    assert admitted is not None
    assert (admitted[0].key, admitted[1]) == (Key(tenant, ours), 1)
    assert chosen(found, Proof(True, None, shown)) is None


@pytest.mark.parametrize("columns", [{"status": "disabled"}, {"communication_mode": "none"}])
async def test_a_namesake_that_may_not_connect_makes_a_common_name_no_proof_either(
    central: Application, db: Database, tenant: int, other_tenant: int, columns: dict[str, Any]
) -> None:
    name = f"ALONE-{tenant}"
    ours = await station(db, tenant, name, password=None)
    records = Records(db, central.services.part(Sealer), Arrivals(1))
    proof = Proof(True, None, ClientCertificate(name, "ab"))
    admitted = chosen(await records.lookup(name), proof)
    assert admitted is not None
    assert (admitted[0].key, admitted[1]) == (Key(tenant, ours), 3)
    await station(db, other_tenant, name, **columns)
    assert chosen(await records.lookup(name), proof) is None


async def test_a_password_that_cannot_be_opened_proves_nothing(
    central: Application, db: Database, tenant: int, other_tenant: int
) -> None:
    stolen = seal_password(central.services.part(Sealer), other_tenant, PASSWORD)
    await station(db, tenant, f"STOLEN-{tenant}", network_password=stolen)
    (found,) = await Records(db, central.services.part(Sealer), Arrivals(1)).lookup(f"STOLEN-{tenant}")
    assert [each.proves(PASSWORD.encode()) for each in found.credentials] == [False]
    assert await status_of(central, f"STOLEN-{tenant}", PASSWORD) == 401


async def test_a_station_that_is_disabled_meanwhile_is_sent_away(
    central: Application, db: Database, tenant: int
) -> None:
    number = await station(db, tenant, f"BARRED-{tenant}")
    async with charger(central, f"BARRED-{tenant}") as point:
        await point.boot()
        await rows(
            db, tenant, "UPDATE charging.charge_point SET status = 'disabled' WHERE id = :id RETURNING id", id=number
        )
        await door_of(central).look()
        await until(lambda: door_of(central).listener.connection(Key(tenant, number)) is None)
        assert not point.online
    assert await network_log(db, tenant, number) == ["available", "temporarily_unavailable"]
