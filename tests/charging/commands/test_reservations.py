"""Reservations: who gets one, what the station is told, and how each can end."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.charging.commands.kit import ACCEPTED, MUTE, POINT1, Point, hurried, on_record, stored, told
from tests.charging.commands.test_configuration import waiting_jobs
from tests.charging.csms.support import rows
from tests.charging.drivers.kit import driver_row
from tests.charging.kit import caller_of
from tests.suites.client import Caller, Callers

from gridloom.app import Application
from gridloom.charging.commands import reservations
from gridloom.charging.commands.public import reservation_of, use_reservation
from gridloom.charging.commands.reservations import Ask, refusal
from gridloom.charging.ocpp.messages.versions import Version
from gridloom.charging.stations.operators.store import DEFAULTS
from gridloom.charging.stations.public import change_settings
from gridloom.kernel import clock
from gridloom.kernel.database.pool import Database

V16, V201 = Version.V16, Version.V201
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
VERSIONS = pytest.mark.parametrize("version", list(Version))


async def reservable(db: Database, tenant: int, version: Version = V16) -> tuple[int, str]:
    number, name = await on_record(db, tenant, version)
    async with db.tenant(tenant) as tx:
        await tx.run("UPDATE charging.evse SET allows_reservation = true WHERE charge_point_id = :id", id=number)
    return number, name


async def tag_of(db: Database, tenant: int, driver: int, uid: str, **columns: Any) -> None:
    given = {
        "tenant_id": tenant,
        "operator_id": 7,
        "uid": uid,
        "uid_key": uid,
        "status": "enabled",
        "driver_id": driver,
    } | columns
    async with db.tenant(tenant) as tx:
        await tx.run(
            f"INSERT INTO charging.id_tag ({', '.join(given)}) VALUES ({', '.join(f':{n}' for n in given)})", **given
        )


async def settle(db: Database, tenant: int, **changes: Any) -> None:
    async with db.tenant(tenant) as tx:
        await change_settings(tx, **changes)


async def reserve(caller: Caller, number: int, driver: int, evse: int = 1, **body: Any) -> Any:
    return await caller.post(f"{POINT1}/{number}/reserve/{evse}", json={"userId": driver, **body})


async def kept(db: Database, tenant: int) -> list[dict[str, Any]]:
    return await rows(db, tenant, "SELECT * FROM charging.reservation ORDER BY id")


@VERSIONS
async def test_an_evse_is_held_for_a_driver(
    central: Application, db: Database, operators: Callers, tenant: int, version: Version
) -> None:
    caller, (number, name) = await caller_of(operators), await reservable(db, tenant, version)
    driver = await driver_row(caller)
    await tag_of(db, tenant, driver, "EXPIRED", expire_at=NOON)
    await tag_of(db, tenant, driver, "04A2B3")
    async with Point(central, name, version, {"ReserveNow": ACCEPTED}) as point:
        answer = await reserve(caller, number, driver, 2)
    assert (answer.status_code, answer.json()["success"]) == (202, True)
    (row,) = await kept(db, tenant)
    assert (row["id"], row["status"], row["driver_id"]) == (answer.json()["reservationId"], "active", driver)
    assert (row["reason"], row["id_token"]) == ("Activated via API", "04A2B3")
    assert timedelta(minutes=29) < row["expires_at"] - datetime.now(UTC) <= timedelta(minutes=30)
    until = row["expires_at"].strftime("%Y-%m-%dT%H:%M:%SZ")
    sent = {
        V16: {"connectorId": 2, "reservationId": row["id"], "idTag": "04A2B3", "expiryDate": until},
        V201: {
            "evseId": 2, "id": row["id"], "expiryDateTime": until, "idToken": {"idToken": "04A2B3", "type": "ISO14443"},
        },
    }  # fmt: skip
    assert point.heard == [("ReserveNow", sent[version])]
    assert await told(db, tenant, "reservation.changed") == [
        {"charge_point_id": number, "reservation_id": row["id"], "status": "active"}
    ]


async def test_a_driver_without_a_tag_is_held_a_place_by_a_made_one(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await reservable(db, tenant)
    driver = await driver_row(caller)
    async with Point(central, name, V16, {"ReserveNow": ACCEPTED}) as point:
        answer = await reserve(caller, number, driver, reason="by telephone")
    (row,) = await kept(db, tenant)
    assert (row["id_token"], row["reason"]) == (f"*R{answer.json()['reservationId']:07d}", "by telephone")
    assert point.heard[0][1]["idTag"] == row["id_token"]


@pytest.mark.parametrize("said", [{"status": "Occupied"}, {"status": "Rejected"}, MUTE, "NotSupported"], ids=str)
async def test_a_station_that_does_not_agree_holds_nothing(
    central: Application, db: Database, operators: Callers, tenant: int, said: Any
) -> None:
    caller, (number, name) = await caller_of(operators), await reservable(db, tenant)
    driver = await driver_row(caller)
    async with Point(central, name, V16, {"ReserveNow": said}) as point:
        before = await stored(db, tenant, number)
        with hurried(central):
            assert (await reserve(caller, number, driver)).status_code == 406
        assert len(point.heard) == 1
        assert await stored(db, tenant, number) == before
        point.answers["ReserveNow"] = ACCEPTED
        assert (await reserve(caller, number, driver)).status_code == 202


async def test_a_station_that_was_too_slow_is_told_to_forget_it(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await reservable(db, tenant)
    driver = await driver_row(caller)
    async with Point(central, name, V16, {"ReserveNow": MUTE}) as point:
        with hurried(central):
            assert (await reserve(caller, number, driver)).status_code == 406
        asked = point.heard[0][1]["reservationId"]
    undo = {"charge_point_id": number, "action": "CancelReservation", "payload": {"reservationId": asked}}
    assert await waiting_jobs(db, tenant) == [("charging.csms.call", undo)]


async def test_who_gets_no_reservation_is_told_why_and_the_station_nothing(
    central: Application, db: Database, operators: Callers, tenant: int, other_tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await reservable(db, tenant)
    plain, _ = await on_record(db, tenant)
    driver = await driver_row(caller)
    disabled = await driver_row(caller, email="off@example.org", status="disabled")
    foreign = await driver_row(caller, email="eight@example.org", operator=8)
    async with Point(central, name, V16, {"ReserveNow": ACCEPTED}) as point:
        before = await stored(db, tenant, number)
        assert (await reserve(caller, plain, driver)).status_code == 406
        assert (await reserve(caller, number, disabled)).status_code == 406
        assert (await reserve(caller, number, driver, 3)).status_code == 404
        for wrong in (foreign, 987654321):
            answer = await reserve(caller, number, wrong)
            assert (answer.status_code, list(answer.json()["errors"])) == (422, ["userId"])
        assert (await caller.post(f"{POINT1}/{number}/reserve/1", json={})).status_code == 422
        stranger = await operators.with_scopes("charging", ["*"], other_tenant)
        assert (await reserve(stranger, number, driver)).status_code == 404
        async with db.tenant(tenant) as tx:
            await tx.run("UPDATE charging.evse SET hardware_status = 'charging' WHERE charge_point_id = :id", id=number)
        assert (await reserve(caller, number, driver)).status_code == 406
        await settle(db, tenant, enable_reservations=False)
        assert (await reserve(caller, number, driver)).status_code == 406
        assert point.heard == []
        assert await stored(db, tenant, number) == before


async def test_one_driver_holds_one_place_and_one_place_is_held_once(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await reservable(db, tenant)
    first, second = await driver_row(caller), await driver_row(caller, email="two@example.org")
    async with Point(central, name, V16, {"ReserveNow": ACCEPTED}) as point:
        assert (await reserve(caller, number, first)).status_code == 202
        assert (await reserve(caller, number, second)).status_code == 406
        assert (await reserve(caller, number, first, 2)).status_code == 406
        assert (await reserve(caller, number, second, 2)).status_code == 202
        assert len(point.heard) == 2
    assert [row["status"] for row in await kept(db, tenant)] == ["active", "active"]


async def test_two_who_come_at_once_do_not_get_one_place_nor_one_two(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await reservable(db, tenant)
    first, second = await driver_row(caller), await driver_row(caller, email="two@example.org")

    async def slowly(_: dict[str, Any]) -> None:
        await asyncio.sleep(0.2)

    async with Point(central, name, V16, {"ReserveNow": ACCEPTED}) as point:
        point.before["ReserveNow"] = slowly
        race = await asyncio.gather(reserve(caller, number, first), reserve(caller, number, second))
        assert sorted(answer.status_code for answer in race) == [202, 406]
        async with db.tenant(tenant) as tx:
            await tx.run("UPDATE charging.reservation SET status = 'done'")
        both = await asyncio.gather(reserve(caller, number, first), reserve(caller, number, first, 2))
        assert sorted(answer.status_code for answer in both) == [202, 406]
        assert len(point.heard) == 2
    assert [row["status"] for row in await kept(db, tenant)] == ["done", "active"]


async def test_a_reservation_is_done_when_its_driver_charges_there(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await reservable(db, tenant)
    driver = await driver_row(caller)
    async with Point(central, name, V16, {"ReserveNow": ACCEPTED}):
        reservation = (await reserve(caller, number, driver)).json()["reservationId"]
    (row,) = await kept(db, tenant)
    async with db.tenant(tenant) as tx:
        held = await reservation_of(tx, row["evse_id"])
        assert held is not None
        assert (held.id, held.driver_id, held.id_token) == (reservation, driver, row["id_token"])
        assert await reservation_of(tx, row["evse_id"], row["expires_at"]) is None
        assert await use_reservation(tx, row["evse_id"], driver + 1, 5) is None
        assert await use_reservation(tx, row["evse_id"], None, 5) is None
        assert await use_reservation(tx, row["evse_id"], driver, 5) == reservation
        assert await use_reservation(tx, row["evse_id"], driver, 6) is None
    (after,) = await kept(db, tenant)
    assert (after["status"], after["session_id"], after["ended_at"] is None) == ("done", 5, False)


async def test_what_runs_out_expires_once_and_what_was_lost_is_forgotten(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await reservable(db, tenant)
    driver = await driver_row(caller)
    async with Point(central, name, V16, {"ReserveNow": ACCEPTED}):
        await reserve(caller, number, driver)
    async with central.database.tenant(tenant) as tx:
        assert await reservations.expire(tx) == 0
        await tx.run(
            "INSERT INTO charging.reservation (tenant_id, operator_id, charge_point_id, evse_id, driver_id, id_token, "
            "reason, expires_at) SELECT tenant_id, operator_id, charge_point_id, (SELECT max(id) FROM charging.evse "
            "WHERE charge_point_id = :id), driver_id, 'x', 'x', expires_at FROM charging.reservation",
            id=number,
        )
    with clock.travel(timedelta(minutes=31)):
        async with central.database.tenant(tenant) as tx:
            assert await reservations.expire(tx) == 1
        async with central.database.tenant(tenant) as tx:
            assert await reservations.expire(tx) == 0
    assert [row["status"] for row in await kept(db, tenant)] == ["expired"]
    assert [each["status"] for each in await told(db, tenant, "reservation.changed")] == ["active", "expired"]


@pytest.mark.parametrize(("said", "status"), [("Expired", "expired"), ("Removed", "canceled")])
async def test_a_station_ends_its_own_reservations_only(
    central: Application, db: Database, operators: Callers, tenant: int, said: str, status: str
) -> None:
    caller = await caller_of(operators)
    (number, name), (_, other) = await reservable(db, tenant, V201), await reservable(db, tenant, V201)
    driver = await driver_row(caller)
    async with Point(central, name, V201, {"ReserveNow": ACCEPTED}) as mine, Point(central, other, V201, {}) as theirs:
        reservation = (await reserve(caller, number, driver)).json()["reservationId"]
        update = {"reservationId": reservation, "reservationUpdateStatus": said}
        assert await theirs.send("ReservationStatusUpdate", update) == {}
        assert [row["status"] for row in await kept(db, tenant)] == ["active"]
        assert await mine.send("ReservationStatusUpdate", update) == {}
        assert await mine.send("ReservationStatusUpdate", update) == {}
    assert [row["status"] for row in await kept(db, tenant)] == [status]
    assert [each["status"] for each in await told(db, tenant, "reservation.changed")] == ["active", status]


async def test_after_the_day_s_share_and_after_one_that_ran_out_one_waits(
    central: Application, db: Database, operators: Callers, tenant: int
) -> None:
    caller, (number, name) = await caller_of(operators), await reservable(db, tenant)
    driver = await driver_row(caller)
    await settle(db, tenant, max_reservations_per_day_per_user=2, cooldown_time_between_reservations=10)

    async def again(ending: str) -> int:
        status = (await reserve(caller, number, driver)).status_code
        async with db.tenant(tenant) as tx:
            await tx.run(
                "UPDATE charging.reservation SET status = :status, ended_at = now() WHERE status = 'active'",
                status=ending,
            )
        return int(status)

    async with Point(central, name, V16, {"ReserveNow": ACCEPTED}) as point:
        assert await again("done") == 202
        assert await again("canceled") == 202
        assert await again("done") == 406
        await settle(db, tenant, max_reservations_per_day_per_user=5)
        assert await again("done") == 406
        await settle(db, tenant, cooldown_time_between_reservations=0)
        assert await again("done") == 202
        assert len(point.heard) == 3


def ask(**changes: Any) -> Ask:
    return Ask(**{"at": NOON, "today": 0, "ended_at": None, "is_open": False, "settings": DEFAULTS, **changes})


@given(
    today=st.integers(0, 20), most=st.integers(0, 20), rest=st.integers(0, 600), ago=st.integers(0, 1000),
    is_open=st.booleans(),
)  # fmt: skip
def test_more_patience_and_fewer_reservations_never_hurt(
    today: int, most: int, rest: int, ago: int, is_open: bool
) -> None:
    limits = {**DEFAULTS, "max_reservations_per_day_per_user": most, "cooldown_time_between_reservations": rest}
    one = ask(today=today, ended_at=NOON - timedelta(minutes=ago), is_open=is_open, settings=limits)
    allowed = not is_open and today < most and ago >= rest
    assert (refusal(one) is None) == allowed
