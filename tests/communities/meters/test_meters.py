"""Registering, reading and removing meters."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.communities.kit import Community, Person, World, refused
from tests.communities.meters.samples import (
    ADDRESS,
    DATA,
    EAN,
    METER,
    OTHER_EAN,
    change,
    days,
    detail,
    done,
    listed,
    made,
    marks,
    new_member,
    new_operation,
    patch,
    read,
    register,
    remove,
    rows,
    with_data,
)

from gridloom.communities import dates
from gridloom.core.series import public as series
from gridloom.kernel import clock

NOON = datetime(2026, 5, 15, 10, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _may() -> Iterator[None]:
    with clock.at(NOON):
        yield


async def test_a_registered_meter_is_read_as_it_was_written(street: Community, ada: Person) -> None:
    member, operation = await new_member(street), await new_operation(street)
    body = with_data(
        end_date="2026-12-31T00:00:00.000Z", description="Behind the house", sampling_power=9.2, amperage=40, grd="ORES",
        injection_status=1, production_chain=1, total_generating_capacity=5.5, member_id=member,
        sharing_operation_id=operation,
    )  # fmt: skip
    manager = await street.add("MANAGER")
    done(await register(manager, street, body))
    found = await detail(manager, street)
    address = {"id": found["address"]["id"], **ADDRESS}
    holder = {"id": member, "name": "Lambert", "member_type": 1, "status": 1}
    sharing = {"id": operation, "name": "Roofs", "type": 2}
    assert found == {
        "EAN": EAN, "meter_number": "SN-1", "address": address, "holder": holder, "tarif_group": 1, "phases_number": 3,
        "reading_frequency": 2, "meter_data_history": [], "futur_meter_data": [],
        "meter_data": {
            "id": found["meter_data"]["id"], "description": "Behind the house", "sampling_power": 9.2, "status": 1,
            "amperage": 40.0, "rate": 1, "client_type": 1, "start_date": "2026-01-01T00:00:00Z",
            "end_date": "2026-12-31T00:00:00Z", "injection_status": 1, "production_chain": 1,
            "totalGenerating_capacity": 5.5, "member": holder, "grd": "ORES", "sharing_operation": sharing,
        },
    }  # fmt: skip
    assert await listed(manager, street) == [
        {
            "EAN": EAN, "meter_number": "SN-1", "address": address, "holder": holder, "status": 1,
            "sharing_operation": sharing,
        }
    ]  # fmt: skip
    assert await marks(street) == [(operation, date(2026, 1, 1), None)]


async def test_what_nobody_knows_is_zero_or_empty(street: Community, ada: Person) -> None:
    done(await register(ada, street))
    found = await detail(ada, street)
    assert "holder" not in found
    assert found["meter_data"] == {
        "id": found["meter_data"]["id"], "description": "", "sampling_power": 0, "status": 1, "amperage": 0, "rate": 1,
        "client_type": 1, "start_date": "2026-01-01T00:00:00Z", "injection_status": None, "production_chain": None,
        "totalGenerating_capacity": 0, "grd": "",
    }  # fmt: skip
    (row,) = await listed(ada, street)
    assert set(row) == {"EAN", "meter_number", "address", "status"}
    assert await marks(street) == []


async def test_a_meter_whose_data_begin_later_is_inactive_until_then(street: Community, ada: Person) -> None:
    done(await register(ada, street, with_data(start_date="2026-05-16")))
    found = await detail(ada, street)
    assert ("meter_data" in found, len(found["futur_meter_data"]), found["meter_data_history"]) == (False, 1, [])
    assert [row["status"] for row in await listed(ada, street)] == [2]
    with clock.at(datetime(2026, 5, 15, 22, tzinfo=UTC)):  # midnight in Brussels
        found = await detail(ada, street)
        assert ("meter_data" in found, found["futur_meter_data"]) == (True, [])
        assert [row["status"] for row in await listed(ada, street)] == [1]


async def test_an_ean_is_registered_once_in_a_community(street: Community, ada: Person) -> None:
    done(await register(ada, street))
    before = await street.everything()
    refused(await register(ada, street, METER | {"meter_number": "SN-2"}), 409, 60000)
    assert await street.everything() == before


async def test_of_two_who_register_one_ean_at_once_one_succeeds(street: Community, ada: Person) -> None:
    answers = await asyncio.gather(*(register(ada, street) for _ in range(4)))
    assert Counter(answer.status_code for answer in answers) == {200: 1, 409: 3}
    assert len(await days(street)) == 1


async def test_a_meter_belongs_to_one_community_at_a_time_and_is_one_point_in_all(
    world: World, street: Community, ada: Person
) -> None:
    grace = await world.person()
    moon = await world.community(grace, "Moon Street")
    done(await register(ada, street))
    before = await street.everything()
    refused(await register(grace, moon), 409, 60000)
    assert await street.everything() == before
    done(await remove(ada, street))
    done(await register(grace, moon))
    found = await rows(street, "SELECT count(*) AS meters, count(DISTINCT point_id) AS points FROM communities.meter")
    assert found == [{"meters": 2, "points": 1}]
    refused(await register(ada, street), 409, 60000)


async def test_a_community_that_is_deleted_sets_its_meters_free(world: World, street: Community, ada: Person) -> None:
    operation = await new_operation(street)
    done(await register(ada, street, with_data(sharing_operation_id=operation)))
    path = f"/communities/delete/{street.id}"
    done(await ada.call("DELETE", path, street, template="/communities/delete/{id_community}"))
    grace = await world.person()
    moon = await world.community(grace, "Moon Street")
    theirs, today = await new_operation(moon), str(dates.today())
    done(await register(grace, moon, with_data(sharing_operation_id=theirs, start_date=today)))
    assert (await detail(grace, moon))["meter_data"]["sharing_operation"]["id"] == theirs


async def test_a_sensor_with_the_same_number_is_the_same_meter(street: Community, ada: Person) -> None:
    async with street.world.database.tenant(street.tenant) as tx:
        sensor = await series.ensure_point(tx, eid=EAN, owner_cid=7)
    done(await register(ada, street))
    assert await rows(street, "SELECT point_id FROM communities.meter") == [{"point_id": sensor.id}]


@pytest.mark.parametrize("ean", ["541448820000000016", "5414488200008", "METER-7", "x" * 40, "0"])
async def test_any_number_of_letters_digits_and_dashes_is_taken(street: Community, ada: Person, ean: str) -> None:
    done(await register(ada, street, METER | {"EAN": ean}))
    assert (await detail(ada, street, ean))["EAN"] == ean


@pytest.mark.parametrize(
    ("ean", "number"),
    [
        ("", 5008), ("x" * 41, 5000), ("5414 4882", 5000), ("541448\n", 5000), ("a/b", 5000), ("é", 5000),
        (541448820000000015, 5000), (None, 5000), ("٣", 5000),
    ],
)  # fmt: skip
async def test_an_ean_of_anything_else_is_refused(street: Community, ada: Person, ean: Any, number: int) -> None:
    before = await street.everything()
    refused(await register(ada, street, METER | {"EAN": ean}), 422, number)
    assert await street.everything() == before


@pytest.mark.parametrize(
    ("wrong", "number"),
    [
        ({"tarif_group": 3}, 65005),
        ({"tarif_group": "1"}, 65005),
        ({"reading_frequency": 0}, 65006),
        ({"phases_number": 0}, 65007),
        ({"phases_number": "3"}, 5001),
        ({"phases_number": 101}, 5001),
        ({"meter_number": 5}, 5000),
        ({"address": "Rue Haute 12"}, 1),
        ({"address": {"street": "Rue Haute"}}, 1),
        ({"initial_data": None}, 1),
        ({"initial_data": DATA | {"status": 5}}, 1),
        ({"initial_data": DATA | {"start_date": "2026-02-30"}}, 5005),
        ({"initial_data": DATA | {"sampling_power": -1}}, 1),
        ({"initial_data": DATA | {"end_date": "2025-12-31"}}, 5005),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_written(
    street: Community, ada: Person, wrong: dict[str, Any], number: int
) -> None:
    before = await street.everything()
    refused(await register(ada, street, METER | wrong), 422, number)
    assert await street.everything() == before


@pytest.mark.parametrize("field", ["EAN", "meter_number", "address", "tarif_group", "phases_number", "initial_data"])
async def test_a_meter_needs_all_of_its_fields(street: Community, ada: Person, field: str) -> None:
    answer = await register(ada, street, {name: value for name, value in METER.items() if name != field})
    assert answer.status_code == 422
    assert field in answer.json()["error"]
    assert await listed(ada, street) == []


@pytest.mark.parametrize("whose", ["nobody", "another community", "another tenant", "removed"])
@pytest.mark.parametrize(("field", "number"), [("member_id", 50003), ("sharing_operation_id", 70009)])
async def test_member_and_operation_are_of_the_same_community(
    world: World, street: Community, ada: Person, whose: str, field: str, number: int
) -> None:
    make = new_member if field == "member_id" else new_operation
    table, column = ("member", "removed_at") if field == "member_id" else ("sharing_operation", "deleted_at")
    match whose:
        case "nobody":
            value = 2**62
        case "another community":
            value = await make(await world.community(await world.person()))
        case "another tenant":
            value = await make(await world.community(await world.person(tenant=world.other_tenant)))
        case _:
            value = await make(street)
            await rows(street, f"UPDATE communities.{table} SET {column} = now() WHERE id = :id RETURNING id", id=value)
    await made(street, OTHER_EAN)
    before = await street.everything()
    refused(await register(ada, street, with_data(**{field: value})), 400, number)
    refused(await change(ada, street, patch("2026-02-01", EAN=OTHER_EAN, **{field: value})), 400, number)
    assert await street.everything() == before


@pytest.mark.parametrize("whose", ["nobody", "another community", "another tenant", "removed"])
async def test_a_meter_of_elsewhere_is_not_found(world: World, street: Community, ada: Person, whose: str) -> None:
    match whose:
        case "another community":
            await made(await world.community(await world.person()))
        case "another tenant":
            await made(await world.community(await world.person(tenant=world.other_tenant)))
        case "removed":
            await made(street)
            done(await remove(ada, street))
    before = await street.everything()
    refused(await read(ada, street), 400, 60007)
    refused(await remove(ada, street), 400, 60007)
    refused(await change(ada, street, patch("2026-06-01")), 400, 60004)
    assert await listed(ada, street) == []
    assert await street.everything() == before


async def test_a_removed_meter_is_gone_and_its_ean_free_again(street: Community, ada: Person) -> None:
    member = await new_member(street)
    old = await made(street, member_id=member)
    done(await remove(ada, street))
    assert await days(street) == [(date(2026, 1, 1), date(2026, 5, 14), 1, None)]
    done(await register(ada, street, with_data(start_date="2026-05-15")))
    (new,) = await rows(street, "SELECT id, point_id FROM communities.meter WHERE removed_at IS NULL")
    assert (new["id"] != old.id, new["point_id"]) == (True, old.point_id)
    assert (await detail(ada, street))["meter_data_history"] == []


async def test_data_that_have_not_been_in_force_go_with_the_meter(street: Community, ada: Person) -> None:
    await made(street, start=date(2026, 5, 10))
    done(await change(ada, street, patch("2026-05-15", status=2)))
    done(await change(ada, street, patch("2026-06-01", status=1)))
    done(await remove(ada, street))
    assert await days(street) == [(date(2026, 5, 10), date(2026, 5, 14), 1, None)]


async def test_a_meter_that_begins_today_leaves_no_data(street: Community, ada: Person) -> None:
    await made(street, start=date(2026, 5, 15))
    done(await remove(ada, street))
    assert await days(street) == []
    done(await register(ada, street))


@pytest.mark.parametrize(
    ("start", "end"), [(date(2026, 1, 1), None), (date(2026, 1, 1), date(2026, 5, 15)), (date(2027, 1, 1), None)]
)
@pytest.mark.parametrize("status", [1, 3])
async def test_a_meter_in_an_operation_is_not_removed(
    street: Community, ada: Person, start: date, end: date | None, status: int
) -> None:
    operation = await new_operation(street)
    await made(street, start=start, end_date=end, sharing_operation_id=operation, status=status)
    before = await street.everything()
    refused(await remove(ada, street), 400, 60002)
    assert await street.everything() == before


async def test_a_meter_that_left_its_operation_is_removed_and_what_was_stays(street: Community, ada: Person) -> None:
    operation = await new_operation(street)
    await made(street, sharing_operation_id=operation)
    done(await change(ada, street, patch("2026-05-15")))
    done(await remove(ada, street))
    assert await days(street) == [(date(2026, 1, 1), date(2026, 5, 14), 1, operation)]


async def test_a_meter_that_is_removed_while_it_joins_an_operation_is_one_or_the_other(
    street: Community, ada: Person
) -> None:
    operation = await new_operation(street)
    await made(street)
    joins = patch("2026-05-15", sharing_operation_id=operation)
    gone, joined = await asyncio.gather(remove(ada, street), change(ada, street, joins))
    if gone.status_code == 200:
        refused(joined, 400, 60004)
        assert await listed(ada, street) == []
    else:
        refused(gone, 400, 60002)
        done(joined)


async def test_a_member_neither_reads_nor_writes_meters(street: Community) -> None:
    operation = await new_operation(street)
    await made(street)
    member, before = await street.add("MEMBER"), await street.everything()
    refused(await member.call("GET", "/meters/", street), 403, 4)
    refused(await read(member, street), 403, 4)
    refused(await register(member, street, METER | {"EAN": OTHER_EAN}), 403, 4)
    refused(await change(member, street, patch("2026-02-01", sharing_operation_id=operation)), 403, 4)
    refused(await remove(member, street), 403, 4)
    assert await street.everything() == before


@pytest.mark.parametrize(
    ("speech", "text"),
    [
        ("en", "This community has no such meter."),
        ("fr-BE", "Ce compteur n'existe pas dans cette communauté."),
        ("nl", "Deze meter bestaat niet in deze gemeenschap."),
        ("de", "Diesen Zähler gibt es in dieser Gemeinschaft nicht."),
    ],
)
async def test_a_refusal_speaks_the_language_of_the_caller(
    street: Community, ada: Person, speech: str, text: str
) -> None:
    answer = await ada.call("GET", "/meters/1", street, template="/meters/{id}", headers={"accept-language": speech})
    assert refused(answer, 400, 60007)["error"] == text
