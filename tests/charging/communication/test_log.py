"""The log on a real database: written in batches, read with its filters, forgotten by the day."""

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.charging.communication.kit import Key, asked, exchange, station_at
from tests.charging.kit import caller_of
from tests.charging.stations.kit import evse_of, set_columns, station
from tests.suites.client import Caller, Callers

from gridloom.charging.communication import partitions
from gridloom.charging.communication.jobs import keep_days
from gridloom.charging.communication.public import Buffer
from gridloom.charging.communication.store import stations_named
from gridloom.charging.ocpp.public import Incident, Station
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database
from gridloom.kernel.jobs.context import Context
from gridloom.settings import Settings

LOG = "/public-api/logs/communication/v1.0"
MINUTE = timedelta(minutes=1)


@pytest.fixture
async def caller(callers: Callers) -> Caller:
    return await caller_of(callers)


@pytest.fixture
def buffer(db: Database) -> Buffer:
    return Buffer(db)


def of(caller: Caller, point: dict[str, Any]) -> Station:
    return station_at(caller.tenant, point["id"])


async def logged(caller: Caller, **filters: Any) -> list[dict[str, Any]]:
    pairs = [
        (f"filter[{name}]{'[]' if isinstance(value, list) else ''}", str(each))
        for name, value in filters.items()
        for each in (value if isinstance(value, list) else [value])
    ]
    answer = await caller.get(LOG, params=pairs)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


async def test_an_exchange_is_one_entry_with_its_place(caller: Caller, buffer: Buffer) -> None:
    point = await station(caller)
    evse = await evse_of(caller, point)
    at = clock.now()
    for each in exchange(of(caller, point), "StatusNotification", {"connectorId": 1}, {}, at=at):
        buffer.frame(each)
    await buffer.flush()
    (entry,) = await logged(caller)
    shown = dict(entry)
    assert UUID(shown.pop("id")).version == 7
    assert datetime.fromisoformat(shown.pop("createdAt")) == at
    assert shown == {
        "chargePointId": point["id"], "evseId": evse["id"], "locationId": point["locationId"], "direction": "in",
        "command": "StatusNotification", "commandParameters": '{"connectorId":1}', "responseBody": "{}",
    }  # fmt: skip
    answer = await caller.get(f"{LOG}/{entry['id']}")
    assert answer.json() == {"data": entry}


async def test_a_transaction_of_the_station_tells_the_session_and_another_stations_does_not(
    caller: Caller, buffer: Buffer
) -> None:
    point, neighbour = await station(caller), await station(caller, name="Quay 2")
    evse = await evse_of(caller, point)
    async with caller.application.database.tenant(caller.tenant) as tx:
        session = await tx.scalar(
            "INSERT INTO charging.session (tenant_id, operator_id, charge_point_id, evse_id, status, started_at, transaction_id) "
            "VALUES (:tenant, 7, :point, :evse, 'active', now(), '17') RETURNING id",
            tenant=caller.tenant, point=point["id"], evse=evse["id"],
        )  # fmt: skip
    for place in (point, neighbour):
        for each in exchange(of(caller, place), "StopTransaction", {"transactionId": 17}, {}, at=clock.now()):
            buffer.frame(each)
    await buffer.flush()
    (entry,) = await logged(caller, sessionId=session)
    assert (entry["chargePointId"], entry["evseId"], entry["sessionId"]) == (point["id"], evse["id"], session)
    (other,) = await logged(caller, chargePointId=neighbour["id"])
    assert "sessionId" not in other
    assert "evseId" not in other


async def test_the_narrowest_filter_counts(caller: Caller, buffer: Buffer) -> None:
    first, second = await station(caller), await station(caller, name="Quay 2")
    evse = await evse_of(caller, first)
    for place, number in ((first, 1), (second, 1)):
        for each in exchange(of(caller, place), "StatusNotification", {"connectorId": number}, {}, at=clock.now()):
            buffer.frame(each)
    await buffer.flush()

    async def points(**filters: Any) -> list[int]:
        return sorted(each["chargePointId"] for each in await logged(caller, **filters))

    here = first["locationId"]
    assert await points(locationId=here) == [first["id"], second["id"]]
    assert await points(locationId=here + 1000) == []
    assert await points(chargePointId=second["id"], locationId=here + 1000) == [second["id"]]
    assert await points(evseId=evse["id"], chargePointId=second["id"]) == [first["id"]]
    assert await points(sessionId=4711, evseId=evse["id"], chargePointId=first["id"]) == []


async def test_the_other_filters_narrow_it_further(caller: Caller, buffer: Buffer) -> None:
    point, foreign = await station(caller), await station(caller, name="Quay 2")
    await set_columns(caller, "charge_point", foreign["id"], partner_id=77)
    now = clock.now()
    for place, action, age in ((point, "Heartbeat", 3), (point, "BootNotification", 2), (foreign, "Authorize", 1)):
        for each in exchange(of(caller, place), action, {}, {}, at=now - age * MINUTE):
            buffer.frame(each)
    await buffer.flush()

    async def commands(**filters: Any) -> list[str]:
        return [each["command"] for each in await logged(caller, **filters)]

    assert await commands() == ["Authorize", "BootNotification", "Heartbeat"]
    assert await commands(command=["Heartbeat", "Authorize"]) == ["Authorize", "Heartbeat"]
    assert await commands(partnerId=77) == ["Authorize"]
    assert await commands(direction="out") == []
    assert await commands(direction="in", createdAfter=(now - 2 * MINUTE).isoformat()) == [
        "Authorize",
        "BootNotification",
    ]
    assert await commands(createdBefore=(now - 3 * MINUTE).isoformat()) == ["Heartbeat"]


async def test_a_window_of_more_than_thirty_days_is_refused(caller: Caller) -> None:
    now = clock.now()
    for age, status in ((30, 200), (40, 422)):
        bounds = {
            "filter[createdAfter]": (now - timedelta(days=age)).isoformat(),
            "filter[createdBefore]": now.isoformat(),
        }
        answer = await caller.get(LOG, params=bounds)
        assert answer.status_code == status, answer.text
    assert answer.json()["errors"] == {"filter.createdBefore": ["The instants are at most 30 days apart."]}
    reversed_bounds = {"filter[createdAfter]": "2026-02-01T00:00:00Z", "filter[createdBefore]": "2026-01-01T00:00:00Z"}
    assert (await caller.get(LOG, params=reversed_bounds)).status_code == 422


async def test_without_instants_the_last_thirty_days_are_shown(caller: Caller, buffer: Buffer) -> None:
    point = await station(caller)
    now = clock.now()
    for age in (29, 31):
        for each in exchange(of(caller, point), "Heartbeat", {"age": age}, {}, at=now - timedelta(days=age)):
            buffer.frame(each)
    await buffer.flush()
    assert [each["commandParameters"] for each in await logged(caller)] == ['{"age":29}']
    since = (now - timedelta(days=32)).isoformat()
    assert [each["commandParameters"] for each in await logged(caller, createdAfter=since)] == [
        '{"age":29}',
        '{"age":31}',
    ]
    until = (now - timedelta(days=30)).isoformat()
    assert [each["commandParameters"] for each in await logged(caller, createdBefore=until)] == ['{"age":31}']


async def test_the_list_is_walked_with_its_cursor_while_entries_come(caller: Caller, buffer: Buffer) -> None:
    point = await station(caller)
    now = clock.now()
    for number in range(5):
        for each in exchange(of(caller, point), "Heartbeat", {"n": number}, {}, at=now - number * MINUTE):
            buffer.frame(each)
    await buffer.flush()
    answer = await caller.get(LOG, params={"per_page": "2"})
    seen = [each["commandParameters"] for each in answer.json()["data"]]
    assert answer.json()["meta"]["per_page"] == 2
    for each in exchange(of(caller, point), "Heartbeat", {"n": -1}, {}, at=clock.now()):
        buffer.frame(each)
    await buffer.flush()
    while following := answer.json()["links"]["next"]:
        answer = await caller.get(following)
        seen += [each["commandParameters"] for each in answer.json()["data"]]
    assert seen == [f'{{"n":{number}}}' for number in range(5)]
    assert (await caller.get(LOG, params={"per_page": "501"})).status_code == 422


async def test_a_token_of_an_operator_sees_its_own_stations_only(
    callers: Callers, caller: Caller, buffer: Buffer
) -> None:
    mine, others = await station(caller), await station(caller, operatorId=8, name="Elsewhere")
    for place in (mine, others):
        for each in exchange(of(caller, place), "Heartbeat", {}, {}, at=clock.now()):
            buffer.frame(each)
    await buffer.flush()
    scoped = await caller_of(callers, operator=7)
    assert [each["chargePointId"] for each in await logged(scoped)] == [mine["id"]]
    assert await logged(scoped, chargePointId=others["id"]) == []
    by_point = {each["chargePointId"]: each["id"] for each in await logged(caller)}
    assert (await scoped.get(f"{LOG}/{by_point[mine['id']]}")).status_code == 200
    assert (await scoped.get(f"{LOG}/{by_point[others['id']]}")).status_code == 404


async def test_another_tenant_sees_nothing(callers: Callers, caller: Caller, buffer: Buffer, other_tenant: int) -> None:
    point = await station(caller)
    for each in exchange(of(caller, point), "Heartbeat", {}, {}, at=clock.now()):
        buffer.frame(each)
    await buffer.flush()
    (entry,) = await logged(caller)
    foreign = await callers.with_scopes("charging", ["*"], tenant=other_tenant)
    assert await logged(foreign) == []
    assert (await foreign.get(f"{LOG}/{entry['id']}")).status_code == 404


@pytest.mark.parametrize(
    "number", ["1", "x", "00000000-0000-0000-0000-000000000000", "0193e1b2-0000-7000-8000-000000000000"]
)
async def test_an_entry_that_is_not_there_is_not_found(caller: Caller, number: str) -> None:
    assert (await caller.get(f"{LOG}/{number}")).status_code == 404


async def test_who_may_not_read_logs_is_refused(callers: Callers) -> None:
    stranger = await callers.with_scopes("charging", ["charging.sessions:read"])
    assert (await stranger.get(LOG)).status_code == 403
    assert (await stranger.anonymous().get(LOG)).status_code == 401


async def test_incidents_are_entries_of_the_station_that_bears_the_name(caller: Caller, buffer: Buffer) -> None:
    name = f"CP-{caller.tenant}"
    point = await station(caller, network={"id": name})
    proven = Station(name, key=Key(caller.tenant, point["id"]))
    buffer.incident(Incident.CONNECT, name, "10.0.0.9", "ocpp1.6", proven)
    for _ in range(3):
        buffer.incident(Incident.AUTHENTICATE, name, "10.0.0.66", "refused")
    buffer.incident(Incident.AUTHENTICATE, "nobody\x00", "10.0.0.66", "unknown")
    await buffer.flush()
    found = {each["command"]: each for each in await logged(caller)}
    assert json.loads(found["Connect"]["commandParameters"]) == {"address": "10.0.0.9", "detail": "ocpp1.6"}
    refused = found["Authenticate"]
    assert json.loads(refused["commandParameters"]) == {"address": "10.0.0.66", "detail": "refused", "times": 3}
    assert (refused["chargePointId"], refused["direction"], "responseBody" in refused) == (point["id"], "in", False)
    assert buffer.lost == {"incidents_of_unknown_stations": 1}


async def test_a_name_that_stations_of_two_tenants_bear_is_nobodys(
    callers: Callers, caller: Caller, db: Database, other_tenant: int
) -> None:
    name = f"twin-{caller.tenant}"
    await station(caller, network={"id": name})
    assert len(await stations_named(db, [name])) == 1
    foreign = await callers.with_scopes("charging", ["*"], tenant=other_tenant)
    await station(foreign, network={"id": name})
    assert await stations_named(db, [name]) == {}


async def test_what_is_too_much_is_counted_and_the_rest_is_kept(caller: Caller, db: Database) -> None:
    point = await station(caller)
    buffer = Buffer(db, most_frames=2)
    for number in range(2):
        for each in exchange(of(caller, point), "Heartbeat", {}, {}, number=str(number), at=clock.now()):
            buffer.frame(each)
    assert buffer.lost == {"frames": 2}
    await buffer.flush()
    assert len(await logged(caller)) == 1
    small = Buffer(db, most_characters=100)
    small.frame(asked(of(caller, point), "DataTransfer", {"data": "x" * 200}))
    assert small.lost == {"frames": 1}


async def test_what_cannot_be_stored_does_not_hold_up_the_rest(caller: Caller, buffer: Buffer) -> None:
    point = await station(caller)
    station_ = of(caller, point)
    for action, payload in (("Be\x00at", {"transactionId": "a\x00b"}), ("Heartbeat", {"text": "\x00"})):
        for each in exchange(station_, action, payload, {}, at=clock.now()):
            buffer.frame(each)
    await buffer.flush()
    assert {each["command"] for each in await logged(caller)} == {"Be\ufffdat", "Heartbeat"}
    assert buffer.lost == {}


async def test_a_database_that_is_away_loses_nothing_that_fits(caller: Caller, db: Database) -> None:
    point = await station(caller)
    away = Database(db.url.rsplit("/", 1)[0] + "/nowhere")
    buffer = Buffer(away)
    for each in exchange(of(caller, point), "Heartbeat", {}, {}, at=clock.now()):
        buffer.frame(each)
    await buffer.flush()
    buffer._db = db
    await buffer.flush()
    assert len(await logged(caller)) == 1
    assert buffer.lost == {}


async def test_it_writes_by_itself_and_everything_at_the_end(caller: Caller, db: Database) -> None:
    point = await station(caller)
    async with Buffer(db, every_s=0.01) as buffer:
        buffer.frame(asked(of(caller, point), "Heartbeat", {}, at=clock.now()))
    (entry,) = await logged(caller)
    assert json.loads(entry["communicationError"]) == {"problem": "no answer"}
    assert "responseBody" not in entry


async def test_a_frame_that_cannot_be_taken_in_is_counted_and_takes_no_other_with_it(
    caller: Caller, buffer: Buffer
) -> None:
    point = await station(caller)
    for each in exchange(Station("CP-1", key="nobody's"), "Heartbeat", {}, {}, at=clock.now()):
        buffer.frame(each)
    for each in exchange(of(caller, point), "Heartbeat", {}, {}, at=clock.now()):
        buffer.frame(each)
    await buffer.flush()
    assert len(await logged(caller)) == 1
    assert buffer.lost == {"frames": 2}


async def test_an_end_in_the_middle_of_a_flush_loses_nothing_and_doubles_nothing(caller: Caller, db: Database) -> None:
    point = await station(caller)
    async with Buffer(db, every_s=0.01) as buffer:
        for number in range(3):
            for each in exchange(
                of(caller, point), "DataTransfer", {"data": "x" * 20_000}, {}, number=str(number), at=clock.now()
            ):
                buffer.frame(each)
        for _ in range(1000):
            if not buffer._frames:  # the flush has taken them, and reads them beside the loop
                break
            await asyncio.sleep(0.001)
    assert len(await logged(caller)) == 3
    assert buffer.lost == {}


async def parts(db: Database) -> set[str]:
    async with db.system() as tx:
        rows = await tx.all(partitions._PARTS, before="communication_9")
    return {row["name"] for row in rows}


async def test_old_days_are_dropped_and_coming_days_are_made(db: Database) -> None:
    old = [date(2020, 1, 1), date(2020, 1, 2)]
    async with db.system() as tx:
        await partitions.make(tx, old)
    assert {"communication_2020_01_01", "communication_2020_01_02"} <= await parts(db)
    assert await partitions.drop_before(db, date(2020, 1, 2)) == ["communication_2020_01_01"]
    with clock.at(datetime(2020, 1, 20, tzinfo=UTC)):
        settings = Settings(communication_log_days=5)
        await keep_days.function(Context(db, "test", 1, 1, resources={Settings: settings}))
    found = await parts(db)
    assert "communication_2020_01_02" not in found
    assert {f"communication_2020_01_{day}" for day in range(20, 28)} <= found
    await partitions.drop_before(db, date(2020, 2, 1))


async def test_a_tenant_can_neither_write_nor_reach_a_part_of_the_log(db: Database, tenant: int) -> None:
    name = partitions.name_of(partitions.day_of(clock.now()))
    for query in (
        "DELETE FROM charging.communication",
        "INSERT INTO charging.communication (tenant_id) VALUES (1)",
        f"SELECT 1 FROM charging.{name}",
    ):
        with pytest.raises(Exception, match="permission denied"):
            async with db.tenant(tenant) as tx:
                await tx.run(query)
