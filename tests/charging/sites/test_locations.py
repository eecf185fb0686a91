"""Locations: what every declared resource owes."""

from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from sqlalchemy import BigInteger, cast, func, select
from tests.charging.sites.kit import SITE
from tests.suites.client import Caller, Callers
from tests.suites.resource import ResourceSuite

from gridloom.charging.sites.partners import location_partners
from gridloom.charging.sites.resources import locations
from gridloom.charging.sites.tables import location

TEXT_LISTS = ("text", None, [5], [{"locale": "en"}], [{"translation": "x"}], [{"locale": "e", "translation": "x"}])
LATER, EARLIER = "2999-01-01T00:00:00Z", "1999-01-01T00:00:00+02:00"


@pytest.fixture
def partner_named_by_post_code() -> Iterator[None]:
    """Another part of the API says where partners are found; here the post code is the partner's number."""
    source = select(location.c.id, cast(func.nullif(location.c.post_code, ""), BigInteger))
    location_partners.add(source)
    locations.statements._built.clear()
    yield
    location_partners._sources.remove(source)
    location_partners._statement = None
    locations.statements._built.clear()


@pytest.mark.usefixtures("partner_named_by_post_code")
class TestLocations(ResourceSuite):
    resource = locations
    good: ClassVar = SITE
    changed: ClassVar = {
        "externalId": None, "name": [{"locale": "de", "translation": "Rathaus"}], "status": "enabled", "description": [],
        "geoposition": {"latitude": -90, "longitude": 180}, "city": None, "region": None, "state": "NSW", "country": "AU",
        "postCode": None, "timezone": None, "tags": [], "externalAppData": None,
        "workingHours": {"isAlwaysOpen": True, "allowChargingOutsideWorkingHours": False},
    }  # fmt: skip
    bad: ClassVar = {
        "operatorId": (0, -1, "x", 1.5, None),
        "externalId": (5, "x" * 256),
        "name": (*TEXT_LISTS, []),
        "address": (*TEXT_LISTS, []),
        "description": TEXT_LISTS,
        "shortDescription": TEXT_LISTS,
        "additionalDescription": TEXT_LISTS,
        "streetAddress": TEXT_LISTS,
        "status": ("on", None, True),
        "geoposition": (
            None, [], {}, {"latitude": 1}, {"latitude": 90.01, "longitude": 0}, {"latitude": -91, "longitude": 0},
            {"latitude": 0, "longitude": 180.5}, {"latitude": 0, "longitude": -181}, {"latitude": "1", "longitude": 1},
        ),
        "city": (5, "x" * 256),
        "region": (5, "x" * 256),
        "state": ("NSW", "ZZ", "ca", 5),
        "country": ("USA", "us", "", None, "ZZ"),
        "postCode": (5, "x" * 256),
        "timezone": ("Mars/Olympus", "+02:00", "", "../etc/passwd", 5),
        "parkingType": ("parking_lot", 5),
        "accessMethods": ("OPEN", ["open"], [None]),
        "facilities": ("WIFI", ["POOL"], [5]),
        "paymentOptions": ("CASH_PAYMENT", ["CARD"]),
        "acceptedPaymentBrands": ("VISA", ["DINERS"]),
        "workingHours": (
            None, [], {"isAlwaysOpen": None}, {"isAlwaysOpen": False}, {"isAlwaysOpen": False, "hours": None},
            {"hours": {"monday": [{"start": "8:00", "end": "12:00"}]}}, {"hours": {"monday": [{"start": "08:00"}]}},
            {"hours": {"monday": [{"start": "08:00", "end": "24:00"}]}}, {"alwaysOpenForUserGroupIds": ["x"]},
            {"hours": {"monday": [{"start": "12:00", "end": "12:00"}]}}, {"hours": {"monday": None}}, {"hours": []},
        ),
        "tags": ("town", [5], [""], None, ["x" * 256]),
        "externalAppData": ("text", [1], 5),
    }  # fmt: skip
    filtered: ClassVar = {
        "operatorId": (["7", "8"], ["8", "9"]),
        "country": ("US", "AU"),
        "state": ("CA", "NY"),
        "region": ("Alameda", "alameda"),
        "city": ("Oakland", "Oak"),
        "partnerId": ("94612", "94613"),
        "externalId": ("site-1", "site"),
        "tag": ("24h", "24"),
        "roaming": (False, True),
        "lastUpdatedAfter": (lambda row: row["lastUpdatedAt"], LATER),
        "lastUpdatedBefore": (lambda row: row["lastUpdatedAt"], EARLIER),
        "createdAfter": (EARLIER, LATER),
        "createdBefore": (LATER, EARLIER),
    }

    async def body_again(self, caller: Caller, number: int) -> dict[str, Any]:
        return {**SITE, "externalId": f"site-{number + 2}"}

    async def test_the_partners_of_a_location_are_included_once_each(self, callers: Callers) -> None:
        caller = await callers.owner(self.resource)
        row = await self.create(caller)
        answer = await caller.get(self.url(caller, "read", row), params={"include[]": "partnerIds"})
        assert answer.json()["data"] == {**row, "partnerIds": [94612]}
