"""What holds of a meter over time: changes, and what may not overlap."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from tests.communities.kit import Community, Person, World, refused
from tests.communities.meters.samples import (
    EAN,
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
    register,
    remove,
    rows,
    with_data,
)

from gridloom.kernel import clock

JANUARY, MARCH, MAY = date(2026, 1, 1), date(2026, 3, 1), date(2026, 5, 1)
TECHNICAL: dict[str, Any] = {
    "description": "Behind the house", "sampling_power": 9.2, "amperage": 40.0, "grd": "ORES", "injection_status": 3,
    "production_chain": 2, "total_generating_capacity": 5.5,
}  # fmt: skip


@pytest.fixture(autouse=True)
def _may() -> Iterator[None]:
    with clock.at(datetime(2026, 5, 15, 10, tzinfo=UTC)):
        yield


async def fields(street: Community) -> list[dict[str, Any]]:
    """The fields of every period that a change may leave out."""
    names = ", ".join([*TECHNICAL, "member_id"])
    return await rows(street, f"SELECT {names} FROM communities.period ORDER BY start_date")


async def test_a_later_change_ends_what_was_and_keeps_what_is_not_given(street: Community, ada: Person) -> None:
    member, operation = await new_member(street), await new_operation(street)
    await made(street, **TECHNICAL, member_id=member, sharing_operation_id=operation)
    done(await change(ada, street, patch("2026-03-01", status=2, sharing_operation_id=operation)))
    assert await days(street) == [(JANUARY, date(2026, 2, 28), 1, operation), (MARCH, None, 2, operation)]
    assert await fields(street) == [TECHNICAL | {"member_id": member}] * 2
    found = await detail(ada, street)
    assert [each["start_date"] for each in found["meter_data_history"]] == ["2026-01-01T00:00:00Z"]
    assert (found["meter_data"]["status"], found["holder"]["id"]) == (2, member)
    assert [row["status"] for row in await listed(ada, street)] == [2]


async def test_without_an_operation_the_meter_is_in_none_from_that_day_on(street: Community, ada: Person) -> None:
    operation = await new_operation(street)
    await made(street, sharing_operation_id=operation)
    done(await change(ada, street, patch("2026-03-01")))
    assert await days(street) == [(JANUARY, date(2026, 2, 28), 1, operation), (MARCH, None, 1, None)]
    done(await change(ada, street, patch("2026-03-01", sharing_operation_id=operation)))
    done(await change(ada, street, patch("2026-03-01", sharing_operation_id=None)))
    assert await days(street) == [(JANUARY, date(2026, 2, 28), 1, operation), (MARCH, None, 1, None)]


async def test_a_change_on_the_first_day_is_taken_in(street: Community, ada: Person) -> None:
    member = await new_member(street)
    await made(street, **TECHNICAL, member_id=member)
    (number,) = await rows(street, "SELECT id FROM communities.period")
    done(await change(ada, street, patch("2026-01-01", rate=3, grd="RESA", member_id=None, injection_status=None)))
    assert await days(street) == [(JANUARY, None, 1, None)]
    assert await fields(street) == [TECHNICAL | {"grd": "RESA", "injection_status": None, "member_id": None}]
    assert await rows(street, "SELECT id FROM communities.period") == [number]


async def test_the_same_change_twice_changes_nothing(street: Community, ada: Person) -> None:
    operation = await new_operation(street)
    await made(street)
    again = patch("2026-03-01", status=3, sharing_operation_id=operation, end_date="2026-12-31", description="")
    done(await change(ada, street, again))
    before = await street.everything()
    done(await change(ada, street, again))
    assert await street.everything() == before


@pytest.mark.parametrize("start", ["2025-12-31", "2026-02-28", "2026-02-28T22:59:59Z", "1900-01-01"])
async def test_nothing_changes_before_a_change_that_is_there(street: Community, ada: Person, start: str) -> None:
    await made(street)
    done(await change(ada, street, patch("2026-03-01", status=2)))
    before = await street.everything()
    refused(await change(ada, street, patch(start, status=4)), 400, 60006)
    assert await street.everything() == before


async def test_an_instant_means_the_day_on_the_grid(street: Community, ada: Person) -> None:
    await made(street)
    done(await change(ada, street, patch("2026-03-31T22:00:00Z", end_date="2026-05-01 00:30")))
    assert await days(street) == [(JANUARY, date(2026, 3, 31), 1, None), (date(2026, 4, 1), MAY, 1, None)]


async def test_a_last_day_that_is_to_come_stays_one_that_is_over_does_not(street: Community, ada: Person) -> None:
    await made(street, end_date=date(2026, 4, 30))
    done(await change(ada, street, patch("2026-03-01", status=2)))
    assert [each[:2] for each in await days(street)] == [(JANUARY, date(2026, 2, 28)), (MARCH, date(2026, 4, 30))]
    done(await change(ada, street, patch("2026-05-10")))
    assert [each[:2] for each in await days(street)] == [
        (JANUARY, date(2026, 2, 28)), (MARCH, date(2026, 4, 30)), (date(2026, 5, 10), None),
    ]  # fmt: skip
    done(await change(ada, street, patch("2026-05-10", end_date="2026-06-01")))
    done(await change(ada, street, patch("2026-05-10", end_date=None)))
    assert (await days(street))[-1][:2] == (date(2026, 5, 10), None)


async def test_what_is_over_what_is_and_what_comes_are_told_apart(street: Community, ada: Person) -> None:
    await made(street)
    for start in ("2026-03-01", "2026-05-15", "2026-05-16", "2026-07-01"):
        done(await change(ada, street, patch(start)))
    found = await detail(ada, street)
    assert [each["start_date"][:10] for each in found["meter_data_history"]] == ["2026-03-01", "2026-01-01"]
    assert [each["start_date"][:10] for each in found["futur_meter_data"]] == ["2026-05-16", "2026-07-01"]
    assert (found["meter_data"]["start_date"][:10], found["meter_data"]["end_date"][:10]) == (
        "2026-05-15",
        "2026-05-15",
    )


async def test_a_meter_changes_hands(street: Community, ada: Person) -> None:
    one, other = await new_member(street), await new_member(street)
    await made(street, member_id=one)
    done(await change(ada, street, patch("2026-05-16", member_id=other)))
    assert [row["holder"]["id"] for row in await listed(ada, street)] == [one]
    with clock.at(datetime(2026, 5, 16, tzinfo=UTC)):
        assert [row["holder"]["id"] for row in await listed(ada, street)] == [other]
        assert (await detail(ada, street))["meter_data_history"][0]["member"]["id"] == one


@pytest.mark.parametrize(
    ("wrong", "number"),
    [
        ({"start_date": "2026-02-30"}, 5005),
        ({"start_date": "tomorrow"}, 5005),
        ({"start_date": "1899-12-31"}, 5005),
        ({"start_date": 5}, 5000),
        ({"end_date": "2026-02-28"}, 5005),
        ({"status": 0}, 65000),
        ({"status": "1"}, 65000),
        ({"status": True}, 65000),
        ({"rate": 4}, 65001),
        ({"client_type": 4}, 65002),
        ({"injection_status": 5}, 65003),
        ({"production_chain": 8}, 65004),
        ({"sampling_power": -0.1}, 5006),
        ({"amperage": "40"}, 5006),
        ({"description": 5}, 5000),
        ({"description": "x" * 2001}, 5000),
        ({"grd": "a\x00"}, 5000),
        ({"member_id": "1"}, 5001),
        ({"sharing_operation_id": 1.5}, 5001),
        ({"EAN": None}, 5000),
    ],
)
async def test_a_wrong_field_is_named_and_nothing_is_written(
    street: Community, ada: Person, wrong: dict[str, Any], number: int
) -> None:
    await made(street)
    before = await street.everything()
    refused(await change(ada, street, patch("2026-03-01") | wrong), 422, number)
    assert await street.everything() == before


@pytest.mark.parametrize(("field", "number"), [("start_date", 5000), ("status", 65000), ("rate", 65001), ("EAN", 5000)])
async def test_a_change_needs_a_day_and_the_three_kinds(
    street: Community, ada: Person, field: str, number: int
) -> None:
    await made(street)
    body = {name: value for name, value in patch("2026-03-01").items() if name != field}
    refused(await change(ada, street, body), 422, number)


async def test_a_meter_is_in_one_operation_at_a_time_in_all_communities(
    world: World, street: Community, ada: Person
) -> None:
    """It goes to another community, which cannot share it on days on which the first one did."""
    grace = await world.person()
    moon = await world.community(grace, "Moon Street")
    here, there = await new_operation(street), await new_operation(moon)
    await made(street, sharing_operation_id=here, end_date=date(2026, 4, 30))
    done(await remove(ada, street))
    before = await street.everything()
    late = with_data(sharing_operation_id=there, start_date="2026-04-30")
    refused(await register(grace, moon, late), 400, 70006)
    assert await street.everything() == before
    done(await register(grace, moon, with_data(sharing_operation_id=there, start_date="2026-05-01")))


async def test_of_two_communities_that_register_one_meter_at_once_one_succeeds(
    world: World, street: Community, ada: Person
) -> None:
    grace = await world.person()
    moon = await world.community(grace, "Moon Street")
    answers = await asyncio.gather(register(ada, street), register(grace, moon))
    assert sorted((answer.status_code, answer.json()["error_code"]) for answer in answers) == [(200, 0), (409, 60000)]


async def test_changes_at_once_leave_no_overlap_and_no_gap(street: Community, ada: Person) -> None:
    await made(street)
    starts = [f"2026-0{month}-01" for month in range(2, 8)]
    answers = await asyncio.gather(*(change(ada, street, patch(start)) for start in starts))
    assert set(Counter(answer.json()["error_code"] for answer in answers)) <= {0, 60006}
    found = await days(street)
    assert len(found) == 1 + sum(answer.status_code == 200 for answer in answers)
    assert found[-1][1] is None
    for (_, end, *_), (start, *_) in itertools.pairwise(found):
        assert end is not None
        assert (start - end).days == 1


async def test_the_old_and_the_new_operation_are_shared_again(street: Community, ada: Person) -> None:
    old, new = await new_operation(street), await new_operation(street)
    await made(street, sharing_operation_id=old)
    assert await marks(street) == [(old, JANUARY, None)]
    done(await change(ada, street, patch("2026-03-01", sharing_operation_id=new)))
    assert await marks(street) == [(old, JANUARY, None), (old, MARCH, None), (new, MARCH, None)]
    done(await change(ada, street, patch("2026-05-01", sharing_operation_id=new, description="Another lamp")))
    assert len(await marks(street)) == 3
    done(await change(ada, street, patch("2026-05-01", sharing_operation_id=new, status=2)))
    assert (await marks(street))[3:] == [(new, MAY, None)]


async def test_an_operation_that_was_over_is_not_shared_again(street: Community, ada: Person) -> None:
    old = await new_operation(street)
    await made(street, sharing_operation_id=old, end_date=date(2026, 2, 28))
    done(await change(ada, street, patch("2026-03-01")))
    assert await marks(street) == [(old, JANUARY, None)]
    assert (await detail(ada, street, EAN))["meter_data"]["start_date"] == "2026-03-01T00:00:00Z"
