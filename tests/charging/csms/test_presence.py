"""A station that comes, boots, tells its state and goes: what is stored of it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from ocpp.exceptions import OCPPError
from tests.charging.csms.support import BOOTS, charger, dialled, door_of, network_log, opened, record, rows, station
from tests.charging.ocpp.support import ask, until

from gridloom.app import Application
from gridloom.charging.csms.seats import Key
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.kernel.database.pool import Database

VERSIONS = pytest.mark.parametrize("version", list(Version))


@pytest.fixture(scope="module")
async def central(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Application]:
    """An application with a door, for all tests of this file."""
    async with opened(database_url, tmp_path_factory.mktemp("var")) as application:
        yield application


@VERSIONS
async def test_a_station_that_boots_is_kept_as_it_introduced_itself(
    central: Application, db: Database, tenant: int, version: Version
) -> None:
    number = await station(db, tenant, f"BOOT-{tenant}", version=version)
    async with charger(central, f"BOOT-{tenant}", version) as point:
        assert await point.boot() == "Accepted"
    kept = await record(db, tenant, number)
    serial = {"chargePointSerialNumber": f"BOOT-{tenant}"}
    reason = {} if version is Version.V16 else {"reason": "PowerUp"}
    assert kept["last_boot"] == {"model": "Simulated", "vendor": "Gridloom", "firmwareVersion": "1.0"} | serial | reason
    assert kept["current_security_profile"] == 1
    assert kept["first_contact_at"] is not None
    assert abs(kept["last_boot_at"] - datetime.now(UTC)) < timedelta(seconds=30)


@VERSIONS
async def test_connecting_and_going_are_noted_once_each(
    central: Application, db: Database, tenant: int, version: Version
) -> None:
    number = await station(db, tenant, f"NET-{tenant}", version=version)
    async with charger(central, f"NET-{tenant}", version) as point:
        await point.boot()
        assert await network_log(db, tenant, number) == ["available"]
        assert (await record(db, tenant, number))["network_status"] == "available"
    key = Key(tenant, number)
    await until(lambda: door_of(central).listener.connection(key) is None)
    assert await network_log(db, tenant, number) == ["available", "temporarily_unavailable"]
    assert (await record(db, tenant, number))["network_status"] == "temporarily_unavailable"


@VERSIONS
async def test_a_heartbeat_is_kept_before_it_is_answered(
    central: Application, db: Database, tenant: int, version: Version
) -> None:
    number = await station(db, tenant, f"BEAT-{tenant}", version=version)
    seat = "SELECT last_seen_at, version, profile, booted_at FROM charging.station_seat WHERE charge_point_id = :id"
    async with charger(central, f"BEAT-{tenant}", version) as point:
        await point.boot()
        (before,) = await rows(db, tenant, seat, id=number)
        told = await point.heartbeat()
        (after,) = await rows(db, tenant, seat, id=number)
    assert before["last_seen_at"] < after["last_seen_at"]
    assert abs(told - after["last_seen_at"]) < timedelta(milliseconds=1)
    assert (after["version"], after["profile"]) == (str(version), 1)
    assert after["booted_at"] is not None


@pytest.mark.parametrize(
    ("told", "kept"),
    [
        ("Available", "available"), ("Preparing", "preparing"), ("Charging", "charging"), ("SuspendedEV", "suspendedEV"),
        ("SuspendedEVSE", "suspendedEVSE"), ("Finishing", "finishing"), ("Reserved", "reserved"),
        ("Unavailable", "unavailable"), ("Faulted", "faulted"),
    ],
)  # fmt: skip
async def test_a_status_of_a_connector_becomes_the_state_of_its_evse(
    central: Application, db: Database, tenant: int, told: str, kept: str
) -> None:
    number = await station(db, tenant, f"STATUS-{tenant}", evses=2)
    async with charger(central, f"STATUS-{tenant}", plugs=2) as point:
        await point.boot()
        at = datetime.now(UTC)
        await point.send(
            "StatusNotification", connector_id=2, error_code="GroundFailure", status=told, info="a word",
            timestamp=at.isoformat(), vendor_id="vendor", vendor_error_code="E7",
        )  # fmt: skip
    states = await rows(
        db, tenant, "SELECT network_id, hardware_status FROM charging.evse WHERE charge_point_id = :id ORDER BY network_id",
        id=number,
    )  # fmt: skip
    assert states == [
        {"network_id": "1", "hardware_status": "available"}, {"network_id": "2", "hardware_status": kept}
    ]  # fmt: skip
    (newest,) = await rows(
        db, tenant, "SELECT status, error_code, info, vendor_id, vendor_error_code, at FROM charging.hardware_status_log "
        "WHERE charge_point_id = :id ORDER BY id DESC LIMIT 1", id=number,
    )  # fmt: skip
    assert newest == {
        "status": kept, "error_code": "GroundFailure", "info": "a word", "vendor_id": "vendor", "vendor_error_code": "E7",
        "at": at,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("told", "kept"), [("Available", "available"), ("Unavailable", "unavailable"), ("Faulted", "faulted")]
)
async def test_connector_0_is_the_station(
    central: Application, db: Database, tenant: int, told: str, kept: str
) -> None:
    number = await station(db, tenant, f"WHOLE-{tenant}")
    async with charger(central, f"WHOLE-{tenant}") as point:
        await point.boot()
        await point.send("StatusNotification", connector_id=0, error_code="NoError", status=told)
    assert (await record(db, tenant, number))["hardware_status"] == kept
    assert await rows(
        db, tenant, "SELECT status, evse_id FROM charging.hardware_status_log WHERE evse_id IS NULL AND charge_point_id = :id",
        id=number,
    ) == [{"status": kept, "evse_id": None}]  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "kept"),
    [
        ("Occupied", "Available", "occupied"),
        ("Occupied", "Unavailable", "occupied"),
        ("Available", "Unavailable", "available"),
        ("Faulted", "Available", "available"),
        ("Reserved", "Available", "reserved"),
        ("Faulted", "Unavailable", "unavailable"),
        ("Faulted", "Faulted", "faulted"),
    ],
)
async def test_an_evse_with_two_connectors_is_what_its_drivers_can_do_with_it(
    central: Application, db: Database, tenant: int, first: str, second: str, kept: str
) -> None:
    number = await station(db, tenant, f"TWO-{tenant}", version=Version.V201)
    async with charger(central, f"TWO-{tenant}", Version.V201) as point:
        await point.boot()
        for connector, word in ((1, first), (2, second)):
            await point.send(
                "StatusNotification", timestamp=point.at(), connector_status=word, evse_id=1, connector_id=connector
            )
    (row,) = await rows(db, tenant, "SELECT hardware_status FROM charging.evse WHERE charge_point_id = :id", id=number)
    assert row["hardware_status"] == kept


async def test_a_status_of_an_evse_that_nobody_knows_is_kept_as_suspect_and_changes_nothing(
    central: Application, db: Database, tenant: int
) -> None:
    number = await station(db, tenant, f"ODD-{tenant}")
    async with charger(central, f"ODD-{tenant}") as point:
        await point.boot()
        logged = "SELECT count(*) AS count FROM charging.hardware_status_log"
        before = await rows(db, tenant, logged)
        for _ in range(3):
            await point.send("StatusNotification", connector_id=9, error_code="NoError", status="Charging")
    assert await rows(db, tenant, logged) == before
    assert await rows(db, tenant, "SELECT count(*) AS count FROM charging.evse") == [{"count": 1}]
    assert await rows(
        db, tenant, "SELECT charge_point_id, action, reason, payload, count FROM charging.suspect_report"
    ) == [
        {
            "charge_point_id": number, "action": "StatusNotification", "reason": "no EVSE 9", "count": 3,
            "payload": {"connectorId": 9, "errorCode": "NoError", "status": "Charging"},
        }
    ]  # fmt: skip


@pytest.mark.parametrize(("off", "believed"), [(-86_400, True), (-86_400 * 400, False), (3_600, False)])
async def test_a_clock_that_cannot_be_right_is_not_believed(
    central: Application, db: Database, tenant: int, off: int, believed: bool
) -> None:
    await station(db, tenant, f"CLOCK-{tenant}")
    at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=off)
    async with charger(central, f"CLOCK-{tenant}") as point:
        await point.boot()
        await point.send(
            "StatusNotification", connector_id=1, error_code="NoError", status="Charging", timestamp=at.isoformat()
        )
    (newest,) = await rows(db, tenant, "SELECT at FROM charging.hardware_status_log ORDER BY id DESC LIMIT 1")
    if believed:
        assert newest["at"] == at
    else:
        assert abs(newest["at"] - datetime.now(UTC)) < timedelta(seconds=30)


@pytest.mark.parametrize(("version", "code"), [(Version.V16, "ProtocolError"), (Version.V201, "SecurityError")])
async def test_nothing_is_taken_before_the_first_boot_and_the_station_is_asked_for_it(
    central: Application, db: Database, tenant: int, version: Version, code: str
) -> None:
    await station(db, tenant, f"FIRST-{tenant}", version=version)
    async with dialled(central, f"FIRST-{tenant}", version=version) as socket:
        refused = await ask(socket, 2, "1", "Heartbeat", {})
        asked = await heard_call(socket)
        again = await ask(socket, 2, "2", "Heartbeat", {})
    assert refused[:3] == [4, "1", code]
    assert asked == ["TriggerMessage", {"requestedMessage": "BootNotification"}]
    assert again[:3] == [4, "2", code]
    assert await rows(db, tenant, "SELECT count(*) AS count FROM charging.hardware_status_log") == [{"count": 0}]


async def heard_call(socket: Any) -> list[Any]:
    """The next call of the central system: action and payload."""
    import json

    frame = json.loads(await asyncio.wait_for(socket.recv(), 10))
    assert frame[0] == 2
    return [frame[2], frame[3]]


@VERSIONS
async def test_a_station_that_only_lost_its_line_need_not_boot_again(
    central: Application, db: Database, tenant: int, version: Version
) -> None:
    await station(db, tenant, f"LINE-{tenant}", version=version)
    point = charger(central, f"LINE-{tenant}", version)
    async with point:
        await point.boot()
        await point.vanish()
        await point.connect()
        assert abs(await point.heartbeat() - datetime.now(UTC)) < timedelta(seconds=30)


@VERSIONS
async def test_data_of_a_vendor_is_told_and_the_vendor_is_unknown(
    central: Application, db: Database, tenant: int, version: Version
) -> None:
    number = await station(db, tenant, f"DATA-{tenant}", version=version)
    async with charger(central, f"DATA-{tenant}", version) as point:
        await point.boot()
        answer = await point.send("DataTransfer", vendor_id="org.example", message_id="m", data="7")
    assert answer.status == "UnknownVendorId"
    (told,) = await events(db, tenant, "charging.charge_point.data_transfer")
    assert {name: told[name] for name in ("charge_point_id", "vendor_id", "message_id", "data")} == {
        "charge_point_id": number, "vendor_id": "org.example", "message_id": "m", "data": "7",
    }  # fmt: skip


async def test_a_security_event_is_told_under_the_older_name(central: Application, db: Database, tenant: int) -> None:
    await station(db, tenant, f"SEC-{tenant}", version=Version.V201)
    async with charger(central, f"SEC-{tenant}", Version.V201) as point:
        await point.boot()
        for kind in ("InvalidCsmsCertificate", "TamperDetectionActivated"):
            await point.send("SecurityEventNotification", type=kind, timestamp=point.at(), tech_info="lid")
    told = await events(db, tenant, "charging.charge_point.security_event")
    assert [(each["type"], each["critical"], each["tech_info"]) for each in told] == [
        ("InvalidCentralSystemCertificate", False, "lid"), ("TamperDetectionActivated", True, "lid")
    ]  # fmt: skip


async def events(db: Database, tenant: int, name: str) -> list[dict[str, Any]]:
    """The payloads of the tenant's events of a name."""
    async with db.system() as tx:
        found = await tx.all(
            "SELECT payload FROM events.outbox WHERE tenant_id = :tenant AND name = :name ORDER BY id",
            tenant=tenant, name=name,
        )  # fmt: skip
    return [row["payload"] for row in found]


@pytest.mark.parametrize(
    ("version", "action", "payload", "answer"),
    [
        (Version.V16, "SignCertificate", {"csr": "x"}, {"status": "Rejected"}),
        (Version.V201, "SignCertificate", {"csr": "x"}, {"status": "Rejected"}),
        (Version.V201, "Get15118EVCertificate", {"iso15118SchemaVersion": "x", "action": "Install", "exiRequest": "x"},
         {"status": "Failed", "exiResponse": ""}),
        (Version.V201, "GetCertificateStatus", {"ocspRequestData": {"hashAlgorithm": "SHA256", "issuerNameHash": "a",
         "issuerKeyHash": "b", "serialNumber": "c", "responderURL": "http://x"}}, {"status": "Failed"}),
        (Version.V201, "ClearedChargingLimit", {"chargingLimitSource": "EMS"}, {}),
        (Version.V201, "PublishFirmwareStatusNotification", {"status": "Idle"}, {}),
    ],
)  # fmt: skip
async def test_what_is_switched_off_is_answered_as_the_standard_says(
    central: Application, db: Database, tenant: int, version: Version, action: str, payload: dict[str, Any],
    answer: dict[str, Any],
) -> None:  # fmt: skip
    await station(db, tenant, f"OFF-{tenant}", version=version)
    async with dialled(central, f"OFF-{tenant}", version=version) as socket:
        assert (await ask(socket, 2, "0", "BootNotification", BOOTS[version]))[2]["status"] == "Accepted"
        assert await ask(socket, 2, "1", action, payload) == [3, "1", answer]


async def test_an_unknown_action_is_not_implemented(central: Application, db: Database, tenant: int) -> None:
    await station(db, tenant, f"UNKNOWN-{tenant}")
    async with dialled(central, f"UNKNOWN-{tenant}") as socket:
        assert (await ask(socket, 2, "1", "Sing", {}))[:3] == [4, "1", "NotImplemented"]
        assert (await ask(socket, 2, "2", "Reset", {"type": "Soft"}))[:3] == [4, "2", "NotSupported"]


async def test_the_simulators_refusal_is_an_error_of_the_library(
    central: Application, db: Database, tenant: int
) -> None:
    await station(db, tenant, f"RAW-{tenant}")
    async with charger(central, f"RAW-{tenant}") as point:
        with pytest.raises(OCPPError):
            await point.heartbeat()
