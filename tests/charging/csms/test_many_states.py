"""States of many stations at once, by the rules of one."""

from datetime import UTC, datetime, timedelta
from typing import Any

from tests.charging.csms.support import evse, rows, station

from gridloom.charging.stations.public import HardwareStatus, append_hardware_statuses, evses_numbered
from gridloom.kernel.database.pool import Database

AT = datetime(2026, 11, 3, 12, tzinfo=UTC)
SHOWN = (
    "SELECT hardware_status AS status, hardware_status_at AS at, updated_at FROM charging.evse "
    "WHERE id = ANY(CAST(:ids AS bigint[])) ORDER BY id"
)


async def places(db: Database, tenant: int, *names: str) -> list[tuple[int, int]]:
    """(station, EVSE) of new stations with one EVSE each."""
    stations = [await station(db, tenant, name) for name in names]
    async with db.tenant(tenant) as tx:
        found = await evses_numbered(tx, [(each, 1) for each in stations])
    return [(each, found[each, 1].evse_id) for each in stations]


async def told(db: Database, tenant: int, states: list[HardwareStatus]) -> list[tuple[Any, ...]]:
    """Have them kept; gives (EVSE, status) of the events."""
    async with db.tenant(tenant) as tx:
        await append_hardware_statuses(tx, states)
        return [(each.payload["evse_id"], each.payload["status"]) for each in tx.outbox]


async def test_the_states_of_several_are_kept_and_each_change_is_told_once(db: Database, tenant: int) -> None:
    (first, one), (second, two) = await places(db, tenant, "MANY-1", "MANY-2")
    states = [
        HardwareStatus(second, two, "faulted", AT, "GroundFailure"),
        HardwareStatus(first, one, "charging", AT, "NoError"),
    ]
    assert await told(db, tenant, states) == [(one, "charging"), (two, "faulted")]
    assert await told(db, tenant, states) == []
    assert [row["status"] for row in await rows(db, tenant, SHOWN, ids=[one, two])] == ["charging", "faulted"]
    log = "SELECT evse_id, status, error_code FROM charging.hardware_status_log ORDER BY id"
    kept = [
        {"evse_id": one, "status": "charging", "error_code": "NoError"},
        {"evse_id": two, "status": "faulted", "error_code": "GroundFailure"},
    ]
    assert await rows(db, tenant, log) == kept * 2


async def test_a_repeated_state_is_heard_and_is_no_change_of_the_row(db: Database, tenant: int) -> None:
    ((number, evse),) = await places(db, tenant, "MANY-3")
    await told(db, tenant, [HardwareStatus(number, evse, "charging", AT, "NoError")])
    (before,) = await rows(db, tenant, SHOWN, ids=[evse])
    later = AT + timedelta(minutes=1)
    await told(db, tenant, [HardwareStatus(number, evse, "charging", later, "NoError")])
    (after,) = await rows(db, tenant, SHOWN, ids=[evse])
    assert (after["at"], after["updated_at"]) == (later, before["updated_at"])


async def test_an_older_state_among_new_ones_is_kept_and_changes_nothing(db: Database, tenant: int) -> None:
    (first, one), (second, two) = await places(db, tenant, "MANY-4", "MANY-5")
    await told(db, tenant, [HardwareStatus(first, one, "charging", AT, "NoError")])
    late = [
        HardwareStatus(first, one, "available", AT - timedelta(minutes=1), "NoError"),
        HardwareStatus(second, two, "available", AT, "NoError"),
    ]
    assert await told(db, tenant, late) == [(two, "available")]
    assert [row["status"] for row in await rows(db, tenant, SHOWN, ids=[one, two])] == ["charging", "available"]
    assert await rows(db, tenant, "SELECT count(*) AS count FROM charging.hardware_status_log") == [{"count": 3}]


async def test_stations_of_another_tenant_are_not_found(db: Database, tenant: int, other_tenant: int) -> None:
    ((number, _),) = await places(db, tenant, "MANY-6")
    async with db.tenant(other_tenant) as tx:
        assert await evses_numbered(tx, [(number, 1)]) == {}


async def test_an_evse_of_a_satellite_is_found_through_the_station_that_speaks_for_it(
    db: Database, tenant: int
) -> None:
    main = await station(db, tenant, "MANY-7")
    mode = {"communication_mode": "via_ocpp_connected_charge_point", "ocpp_connected_charge_point_id": main}
    satellite = await station(db, tenant, "MANY-8", evses=0, **mode)
    async with db.tenant(tenant) as tx:
        moved = await evse(tx, satellite, "MANY-8", 2)
        found = await evses_numbered(tx, [(main, 1), (main, 2), (main, 3)])
    assert (set(found), found[main, 2]) == ({(main, 1), (main, 2)}, (moved, satellite))
    assert await told(db, tenant, [HardwareStatus(satellite, moved, "charging", AT, "NoError")]) == [
        (moved, "charging")
    ]
