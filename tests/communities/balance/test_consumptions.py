"""What clients read of an operation and of a meter."""

import asyncio
from datetime import UTC, date, datetime
from io import BytesIO
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook
from tests.communities.balance.street import Meter, Street, quarters
from tests.communities.kit import Community, Person, World, refused

from gridloom.communities.balance.consumption import of_operation
from gridloom.communities.balance.days import Span
from gridloom.communities.sharing import public as sharing
from gridloom.core.series import codes

DAY, NEXT = date(2026, 5, 4), date(2026, 5, 5)
OPERATION, METER = "/sharing_operations/{id}/consumptions", "/meters/{id}/consumptions"
NUMBERS = ("gross", "net", "shared", "inj_gross", "inj_net", "inj_shared")
MEDIA = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@pytest.fixture
async def pair(sun: Street) -> tuple[Meter, Meter]:
    """A house and a roof with two days of an hour each, and a key for the house."""
    house, roof = await sun.meter(DAY), await sun.meter(DAY, injects=True)
    await sun.key(DAY, [("1", {house.ean: "1"})])
    for day, taken in ((DAY, [1.0, 0.5, 0.1, 2.0]), (NEXT, [1.0, 1.0, 1.0, 1.0])):
        await sun.readings(house, codes.GROSS_CONSUMPTION, quarters(day)[:4], taken)
        await sun.readings(roof, codes.GROSS_INJECTION, quarters(day)[:4], [0.4, 0.6, 0.1, 0.0])
    return house, roof


def stamps(*days: date) -> list[str]:
    return [
        datetime.fromtimestamp(int(each) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        for day in days
        for each in quarters(day)[:4]
    ]


async def read(ada: Person, street: Community, path: str, which: object, **query: str) -> httpx.Response:
    template = path
    return await ada.call("GET", path.format(id=which), street, template=template, params=query)


async def data(ada: Person, street: Community, path: str, which: object, **query: str) -> dict[str, Any]:
    answer = await read(ada, street, path, which, **query)
    assert (answer.status_code, answer.json()["error_code"]) == (200, 0), answer.text
    found: dict[str, Any] = answer.json()["data"]
    return found


async def test_an_operation_shows_the_sums_of_its_meters(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter]
) -> None:
    assert await data(ada, street, OPERATION, sun.operation.id, date_start="2026-05-04", date_end="2026-05-04") == {
        "id": sun.operation.id,
        "timestamps": stamps(DAY),
        "gross": [1.0, 0.5, 0.1, 2.0],
        "net": [0.6, 0.0, 0.0, 2.0],
        "shared": [0.4, 0.5, 0.1, 0.0],
        "inj_gross": [0.4, 0.6, 0.1, 0.0],
        "inj_net": [0.0, 0.1, 0.0, 0.0],
        "inj_shared": [0.4, 0.5, 0.1, 0.0],
    }


async def test_a_meter_shows_its_own_part(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter]
) -> None:
    house, roof = pair
    nothing = [0.0] * 4
    assert await data(ada, street, METER, house.ean, date_end="2026-05-04") == {
        "EAN": house.ean, "timestamps": stamps(DAY),
        "gross": [1.0, 0.5, 0.1, 2.0], "net": [0.6, 0.0, 0.0, 2.0], "shared": [0.4, 0.5, 0.1, 0.0],
        "inj_gross": nothing, "inj_net": nothing, "inj_shared": nothing,
    }  # fmt: skip
    assert await data(ada, street, METER, roof.ean, date_end="2026-05-04") == {
        "EAN": roof.ean, "timestamps": stamps(DAY), "gross": nothing, "net": nothing, "shared": nothing,
        "inj_gross": [0.4, 0.6, 0.1, 0.0], "inj_net": [0.0, 0.1, 0.0, 0.0], "inj_shared": [0.4, 0.5, 0.1, 0.0],
    }  # fmt: skip


async def test_without_days_everything_there_is_comes(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter]
) -> None:
    for path, which in ((OPERATION, sun.operation.id), (METER, pair[0].ean)):
        assert (await data(ada, street, path, which))["timestamps"] == stamps(DAY, NEXT)
        assert (await data(ada, street, path, which, date_start="2026-05-05T00:00:00Z"))["timestamps"] == stamps(NEXT)
        assert (await data(ada, street, path, which, date_end="2026-05-04"))["timestamps"] == stamps(DAY)
        assert (await data(ada, street, path, which, date_start="1900-01-01", date_end="2200-12-31"))[
            "timestamps"
        ] == stamps(DAY, NEXT)


async def test_days_are_those_of_the_grid_and_both_are_included(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter]
) -> None:
    found = await data(ada, street, OPERATION, sun.operation.id, date_start="2026-05-05", date_end="2026-05-05")
    assert found["timestamps"][0] == "2026-05-04T22:00:00Z"
    assert found["timestamps"] == stamps(NEXT)


async def test_what_changed_is_in_the_next_answer(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter]
) -> None:
    await data(ada, street, OPERATION, sun.operation.id)
    await sun.readings(pair[1], codes.GROSS_INJECTION, quarters(DAY)[:1], [0.9])
    found = await data(ada, street, OPERATION, sun.operation.id, date_end="2026-05-04")
    assert (found["shared"][0], found["net"][0], found["inj_shared"][0]) == (0.9, 0.1, 0.9)
    own = await data(ada, street, METER, pair[0].ean, date_end="2026-05-04")
    assert (own["shared"][0], own["net"][0]) == (0.9, 0.1)


async def test_a_meter_read_first_lets_its_operation_catch_up(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter]
) -> None:
    assert (await data(ada, street, METER, pair[1].ean))["inj_shared"][:4] == [0.4, 0.5, 0.1, 0.0]


async def test_a_meter_shows_the_operators_numbers_where_there_are_some(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter]
) -> None:
    times = quarters(DAY)[:5]
    await sun.readings(pair[0], codes.SHARED_CONSUMPTION, times[[0, 1, 4]], [0.3, 0.2, 0.5])
    await sun.readings(pair[0], codes.NET_CONSUMPTION, times[[0, 2, 4]], [0.7, 0.05, 0.25])
    found = await data(ada, street, METER, pair[0].ean, date_end="2026-05-04")
    assert found["gross"] == [1.0, 0.5, 0.1, 2.0, 0.75]
    assert found["shared"] == [0.3, 0.2, 0.05, 0.0, 0.5]
    assert found["net"] == [0.7, 0.3, 0.05, 2.0, 0.25]
    sums = await data(ada, street, OPERATION, sun.operation.id, date_end="2026-05-04")
    assert [sums[name] for name in ("gross", "shared", "net")] == [found[name] for name in ("gross", "shared", "net")]


async def test_a_meter_outside_of_every_operation_shows_what_it_took(
    ada: Person, street: Community, sun: Street
) -> None:
    meter = await sun.meter(DAY, is_in=False)
    await sun.readings(meter, codes.GROSS_CONSUMPTION, quarters(DAY)[:2], [1.5, 2.5])
    found = await data(ada, street, METER, meter.ean)
    assert (found["gross"], found["net"], found["shared"]) == ([1.5, 2.5], [1.5, 2.5], [0.0, 0.0])


async def test_nothing_of_an_operation_is_refused_and_nothing_of_a_meter_is_empty(
    ada: Person, street: Community, sun: Street
) -> None:
    meter = await sun.meter(DAY)
    refused(await read(ada, street, OPERATION, sun.operation.id), 400, 70023)
    refused(await read(ada, street, OPERATION + "/download", sun.operation.id), 400, 70023)
    refused(await read(ada, street, METER + "/download", meter.ean), 400, 60003)
    empty: dict[str, Any] = {name: [] for name in ("timestamps", *NUMBERS)}
    assert await data(ada, street, METER, meter.ean) == {"EAN": meter.ean, **empty}


async def test_days_without_readings_are_nothing(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter]
) -> None:
    window = {"date_start": "2026-06-01", "date_end": "2026-06-30"}
    refused(await read(ada, street, OPERATION, sun.operation.id, **window), 400, 70023)
    assert (await data(ada, street, METER, pair[0].ean, **window))["timestamps"] == []


async def test_a_workbook_holds_the_same_numbers(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter]
) -> None:
    for path, which, name in (
        (OPERATION, sun.operation.id, f"consommations-{sun.operation.id}.xlsx"),
        (METER, pair[0].ean, "consumptions.xlsx"),
    ):
        found = await data(ada, street, path, which, date_end="2026-05-04")
        answer = await read(ada, street, path + "/download", which, date_end="2026-05-04")
        assert (answer.status_code, answer.headers["content-type"]) == (200, MEDIA)
        assert answer.headers["content-disposition"] == f'attachment; filename="{name}"'
        book = CalamineWorkbook.from_filelike(BytesIO(answer.content))
        assert book.sheet_names == ["Consommations"]
        head, *rows = book.get_sheet_by_name("Consommations").to_python()
        assert head == [
            "Timestamp", "Gross", "Net", "Shared", "Injection Gross", "Injection Net", "Injection Shared",
        ]  # fmt: skip
        assert [list(column) for column in zip(*rows, strict=True)] == [
            found[name] for name in ("timestamps", *NUMBERS)
        ]


@pytest.mark.parametrize("suffix", ["", "/download"])
async def test_what_belongs_to_others_is_not_found(
    world: World, ada: Person, sun: Street, street: Community, pair: tuple[Meter, Meter], suffix: str
) -> None:
    other = await world.community(ada, "Elsewhere")
    stranger = await world.person(tenant=world.other_tenant)
    abroad = await world.community(stranger)
    before = await street.everything()
    for person, community in ((ada, other), (stranger, abroad)):
        answers = [await read(person, community, OPERATION + suffix, sun.operation.id)]
        refused(answers[0], 400, 70009)
        unknown = await read(person, community, OPERATION + suffix, 999_999_999)
        assert unknown.json() == answers[0].json()
        refused(await read(person, community, METER + suffix, pair[0].ean), 400, 60007)
    refused(await read(ada, street, METER + suffix, "541448800099999999"), 400, 60007)
    assert await street.everything() == before


@pytest.mark.parametrize("path", [OPERATION, OPERATION + "/download", METER, METER + "/download"])
async def test_a_plain_member_reads_nothing(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter], path: str
) -> None:
    member = await street.add("MEMBER")
    before = await street.everything()
    which = sun.operation.id if "sharing" in path else pair[0].ean
    refused(await read(member, street, path, which), 403, 4)
    assert await street.everything() == before


@pytest.mark.parametrize("path", [OPERATION, OPERATION + "/download", METER, METER + "/download"])
async def test_wrong_days_are_refused(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter], path: str
) -> None:
    which = sun.operation.id if "sharing" in path else pair[0].ean
    before = await street.everything()
    for query in ({"date_start": "yesterday"}, {"date_end": "2026-02-30"}, {"date_end": ""}):
        refused(await read(ada, street, path, which, **query), 422, 5005)
    body = refused(
        await ada.call(
            "GET", path.format(id=which), street, template=path, headers={"accept-language": "fr"},
            params={"date_start": "2026-05-05", "date_end": "2026-05-04"},
        ), 422, 5005,
    )  # fmt: skip
    assert body["data"] == "date_end précède date_start."
    assert await street.everything() == before


async def test_an_operations_number_is_a_number(ada: Person, street: Community) -> None:
    refused(await read(ada, street, OPERATION, "sun"), 422, 5001)


async def test_more_than_three_years_are_refused_until_fewer_are_asked_for(
    ada: Person, street: Community, sun: Street
) -> None:
    meter = await sun.meter(date(2020, 1, 1))
    for day in (date(2020, 1, 1), date(2024, 1, 1)):
        await sun.readings(meter, codes.GROSS_CONSUMPTION, quarters(day)[:1], [1.0])
    for path, which in ((OPERATION, sun.operation.id), (METER, meter.ean)):
        body = refused(await read(ada, street, path, which), 422, 5005)
        assert "three years" in body["data"]
        assert len((await data(ada, street, path, which, date_start="2022-01-01"))["timestamps"]) == 1


async def test_the_refusal_of_nothing_speaks_dutch(ada: Person, street: Community, sun: Street) -> None:
    answer = await ada.call(
        "GET", OPERATION.format(id=sun.operation.id), street, template=OPERATION, headers={"accept-language": "nl"}
    )
    assert (
        refused(answer, 400, 70023)["data"]
        == "In deze energiedeling is in deze periode niets verbruikt of geïnjecteerd."
    )


async def test_many_who_read_at_once_share_once_and_all_see_the_same(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter]
) -> None:
    answers = await asyncio.gather(
        *(read(ada, street, OPERATION, sun.operation.id) for _ in range(4)),
        *(read(ada, street, METER, each.ean) for each in pair),
        return_exceptions=False,
    )
    assert [answer.status_code for answer in answers] == [200] * 6
    assert len({answer.content for answer in answers[:4]}) == 1
    async with sun.database.tenant(sun.tenant) as tx:
        twice = await tx.scalar(
            "SELECT count(*) FROM (SELECT FROM series.reading WHERE origin = 3 "
            "GROUP BY channel_id, cap_time HAVING count(*) > 1) again"
        )
    assert twice == 0
    assert await sun.stale() == []


async def test_readings_that_arrive_while_somebody_reads_are_not_lost(
    ada: Person, street: Community, sun: Street, pair: tuple[Meter, Meter]
) -> None:
    times = quarters(NEXT)
    for number in range(8):
        await asyncio.gather(
            sun.readings(pair[0], codes.GROSS_CONSUMPTION, times[10 + number : 11 + number], [1.0]),
            sun.readings(pair[1], codes.GROSS_INJECTION, times[10 + number : 11 + number], [0.5]),
            read(ada, street, OPERATION, sun.operation.id),
        )
    found = await data(ada, street, OPERATION, sun.operation.id, date_start="2026-05-05")
    assert found["shared"][4:] == [0.5] * 8
    assert found["gross"][4:] == [1.0] * 8


async def test_a_channel_that_is_made_while_somebody_shares_is_seen_afterwards(
    sun: Street, pair: tuple[Meter, Meter]
) -> None:
    third = await sun.meter(DAY)
    await sun.catch_up(DAY, NEXT)
    await asyncio.gather(
        *(sun.readings(third, codes.GROSS_CONSUMPTION, quarters(DAY)[n : n + 1], [1.0]) for n in range(4)),
        sun.readings(pair[0], codes.GROSS_CONSUMPTION, quarters(DAY)[:1], [0.25]),
        sun.catch_up(DAY, NEXT),
        sun.catch_up(DAY, NEXT),
    )
    await sun.catch_up(DAY, NEXT)
    sums = await sun.sums(codes.GROSS_CONSUMPTION, DAY, DAY)
    assert [sums[int(each)] for each in quarters(DAY)[:4]] == [1_250_000, 1_500_000, 1_100_000, 3_000_000]


async def test_reading_an_operation_in_which_nothing_changed_costs_four_statements(
    sun: Street, street: Community, pair: tuple[Meter, Meter]
) -> None:
    await sun.catch_up(DAY, NEXT)
    async with sun.database.tenant(sun.tenant) as tx:
        operation = await sharing.find(tx, street.id, sun.operation.id)
        assert operation is not None
        columns = await of_operation(tx, operation, Span(DAY, NEXT))
        assert (len(columns.time_ms), tx.statements) == (8, 4)
