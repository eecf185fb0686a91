"""The list of meters: its filters, its pages, its order."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from tests.communities.kit import Community, Person, World, refused
from tests.communities.meters.samples import listed, made, new_member, new_operation

from gridloom.kernel import clock


@pytest.fixture(autouse=True)
def _may() -> Iterator[None]:
    with clock.at(datetime(2026, 5, 15, 10, tzinfo=UTC)):
        yield


@pytest.fixture
async def three(street: Community) -> dict[str, int]:
    """Three meters: one shared, one that will be, one whose data are over."""
    member, operation = await new_member(street), await new_operation(street)
    place = {"street": "Rue Haute", "number": "12", "city": "Namur", "postcode": "5000", "supplement": "Box 3"}
    await made(street, "A-100", place=place, meter_number="SN-1", sharing_operation_id=operation, member_id=member)
    place = {"street": "Rue Basse", "number": "7A", "city": "Liège", "postcode": "4000"}
    soon = date(2026, 5, 16)
    await made(street, "b-200", soon, place=place, meter_number="SN_2", sharing_operation_id=operation, status=3)
    place = {"street": "Quai 100%", "number": "120", "city": "Namur", "postcode": "05000"}
    await made(street, "C-300", place=place, meter_number="X", end_date=date(2026, 5, 14), member_id=member)
    return {"member": member, "operation": operation}


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["A-100", "b-200", "C-300"]),
        ("street=rue", ["A-100", "b-200"]),
        ("street=100%25", ["C-300"]),
        ("street=%25", ["C-300"]),
        ("city=NAMUR", ["A-100", "C-300"]),
        ("city=li%C3%A8ge", ["b-200"]),
        ("postcode=5000", ["A-100", "C-300"]),
        ("postcode=05000", ["C-300"]),
        ("address_number=12", ["A-100", "C-300"]),
        ("address_number=7a", ["b-200"]),
        ("supplement=box", ["A-100"]),
        ("EAN=B-2", ["b-200"]),
        ("EAN=00", ["A-100", "b-200", "C-300"]),
        ("meter_number=sn", ["A-100", "b-200"]),
        ("meter_number=_", ["b-200"]),
        ("status=1", ["A-100"]),
        ("status=2", ["b-200", "C-300"]),
        ("status=3", []),
        ("sharing_operation_id={operation}", ["A-100"]),
        ("not_sharing_operation_id={operation}", ["b-200", "C-300"]),
        ("sharing_operation_id=0", []),
        ("not_sharing_operation_id=0", ["A-100", "b-200", "C-300"]),
        ("holder_id={member}", ["A-100"]),
        ("holder_id=0", []),
        ("city=namur&status=2", ["C-300"]),
        ("unknown=1", ["A-100", "b-200", "C-300"]),
    ],
)
async def test_a_filter_leaves_what_fits_today(
    street: Community, ada: Person, three: dict[str, int], query: str, found: list[str]
) -> None:
    assert [row["EAN"] for row in await listed(ada, street, query.format(**three))] == found


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("status=5", 65000),
        ("status=x", 65000),
        ("holder_id=x", 5001),
        ("sharing_operation_id=1.5", 5001),
        ("page=0", 5011),
        ("limit=x", 5001),
        ("city=" + "x" * 201, 5000),
    ],
)
async def test_a_wrong_filter_is_refused(street: Community, ada: Person, query: str, number: int) -> None:
    refused(await ada.call("GET", f"/meters/?{query}", street, template="/meters/"), 422, number)


async def test_pages_follow_the_order_of_registration(street: Community, ada: Person) -> None:
    eans = [f"M-{number}" for number in (5, 3, 4, 1, 2)]
    for ean in eans:
        await made(street, ean)
    seen = []
    for page in (1, 2, 3, 4):
        answer = await ada.call("GET", f"/meters/?page={page}&limit=2", street, template="/meters/")
        assert answer.json()["pagination"] == {"page": page, "limit": 2, "total": 5, "total_pages": 3}
        seen.append([row["EAN"] for row in answer.json()["data"]])
    assert seen == [eans[:2], eans[2:4], eans[4:], []]


async def test_a_meter_is_listed_in_its_own_community_only(world: World, street: Community, ada: Person) -> None:
    await made(await world.community(await world.person()))
    await made(await world.community(await world.person(tenant=world.other_tenant)))
    assert await listed(ada, street) == []
