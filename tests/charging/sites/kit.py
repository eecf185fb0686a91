"""Locations to test with."""

from typing import Any

from tests.suites.client import Caller

URL = "/public-api/resources/locations/v2.0"

HOURS = {"monday": [{"start": "08:00", "end": "12:00"}, {"start": "13:00", "end": "18:30"}], "sunday": []}
SITE: dict[str, Any] = {
    "operatorId": 7,
    "externalId": "site-1",
    "name": [{"locale": "en", "translation": "Town hall"}, {"locale": "nl", "translation": "Stadhuis"}],
    "status": "disabled",
    "description": [{"locale": "en", "translation": "Behind the building"}],
    "shortDescription": [{"locale": "en", "translation": "Behind"}],
    "additionalDescription": [{"locale": "en", "translation": "Ring the bell at night"}],
    "geoposition": {"latitude": 37.8043722, "longitude": -122.2708026},
    "address": [{"locale": "en", "translation": "1 Frank H. Ogawa Plaza, Oakland"}],
    "streetAddress": [{"locale": "en", "translation": "1 Frank H. Ogawa Plaza"}],
    "city": "Oakland",
    "region": "Alameda",
    "state": "CA",
    "country": "US",
    "postCode": "94612",
    "timezone": "America/Los_Angeles",
    "parkingType": "PARKING_GARAGE",
    "accessMethods": ["TOKEN", "LICENSE_PLATE"],
    "facilities": ["WIFI", "CAFE"],
    "paymentOptions": ["EMV_CHIP_TERMINAL", "QR_CODE_PAYMENT"],
    "acceptedPaymentBrands": ["VISA", "OTHER"],
    "workingHours": {
        "isAlwaysOpen": False,
        "allowChargingOutsideWorkingHours": True,
        "stopSessionOutsideWorkingHours": None,
        "alwaysOpenForUserGroupIds": [3, 1],
        "hours": HOURS,
    },
    "tags": ["town", "24h"],
    "externalAppData": {"crm": {"id": 5, "seen": [1, 2]}},
}
PLAIN: dict[str, Any] = {
    "operatorId": 7,
    "name": [{"locale": "en", "translation": "Depot"}],
    "geoposition": {"latitude": 50.85, "longitude": 4.35},
    "address": [{"locale": "en", "translation": "Kaai 1, Brussels"}],
    "country": "BE",
}


async def make(caller: Caller, **changes: Any) -> dict[str, Any]:
    """A plain location with some fields said differently, as it was answered."""
    answer = await caller.post(URL, json={**PLAIN, **changes})
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()["data"]
    return made


async def change(caller: Caller, location: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The location after an update that must succeed."""
    answer = await caller.patch(f"{URL}/{location['id']}", json=changes)
    assert answer.status_code == 200, answer.text
    changed: dict[str, Any] = answer.json()["data"]
    return changed


async def stored(caller: Caller, location: dict[str, Any], **include: str) -> dict[str, Any]:
    """The location as it is read now."""
    answer = await caller.get(f"{URL}/{location['id']}", params=include)
    assert answer.status_code == 200, answer.text
    read: dict[str, Any] = answer.json()["data"]
    return read


async def refused(caller: Caller, location: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The field errors of an update that must be refused, and must change nothing."""
    before = await stored(caller, location)
    answer = await caller.patch(f"{URL}/{location['id']}", json=changes)
    assert answer.status_code == 422, answer.text
    assert await stored(caller, location) == before
    errors: dict[str, Any] = answer.json()["errors"]
    return errors
