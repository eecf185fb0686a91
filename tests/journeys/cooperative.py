"""A cooperative that works through the APIs alone: the communities API as its administrator, the metering API for its meters."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.communities.kit import Community, Person
from tests.suites.client import Caller

BRUSSELS = ZoneInfo("Europe/Brussels")
QUARTER = timedelta(minutes=15)
ADDRESS = {"street": "Rue du Soleil", "number": 5, "city": "Namur", "postcode": "5000"}
PERIOD = {"status": 1, "rate": 1, "client_type": 1}
TAKEN, FED, SHARED = 132, 134, 148
OPERATION = "/sharing_operations/{id}/consumptions"
METER = "/meters/{id}/consumptions"


def begin(day: date) -> datetime:
    """Where a day begins in Brussels, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=BRUSSELS).astimezone(UTC)


def quarters(day: date) -> list[datetime]:
    """The beginnings of a day's 92, 96 or 100 quarter hours, in UTC."""
    start = begin(day)
    return [start + n * QUARTER for n in range((begin(day + timedelta(days=1)) - start) // QUARTER)]


def day_of(time: datetime) -> date:
    return time.astimezone(BRUSSELS).date()


def ms(time: datetime) -> int:
    return round(time.timestamp() * 1000)


def instant(time: datetime) -> str:
    """As the communities API writes it."""
    return f"{time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


class Cooperative:
    """A community with one sharing operation, by its administrator."""

    def __init__(self, admin: Person, community: Community, meters: Caller) -> None:
        self.admin = admin
        self.community = community
        self.meters = meters
        self.operation = 0

    async def call(self, method: str, path: str, template: str | None = None, **options: Any) -> Any:
        """What a successful answer holds; numbers exactly as they were written."""
        answer = await self.admin.call(method, path, self.community, template=template or path, **options)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_float=Decimal)["data"]

    async def file(self, path: str, template: str, **params: Any) -> bytes:
        answer = await self.admin.call("GET", path, self.community, template=template, params=params)
        assert answer.status_code == 200, answer.text
        return answer.content

    async def pages(self, path: str, template: str, **params: Any) -> list[Any]:
        """A whole list, page by page."""
        found: list[Any] = []
        for page in range(1, 100):
            query = {"page": page, "limit": 200, **params}
            answer = await self.admin.call("GET", path, self.community, template=template, params=query)
            assert answer.status_code == 200, answer.text
            body = json.loads(answer.text, parse_float=Decimal)
            found += body["data"]
            if page >= body["pagination"]["total_pages"]:
                break
        assert len(found) == body["pagination"]["total"]
        return found

    async def individual(self, name: str, email: str) -> int:
        """A member who is a person; its number."""
        return await self._member(name, {
            "member_type": 1, "first_name": "Ada", "NRN": "85.07.30-033.28", "email": email, "social_rate": False,
        })  # fmt: skip

    async def company(self, name: str) -> int:
        """A member who is a company; its number."""
        manager = {"NRN": "85.07.30-033.28", "name": "Grace", "surname": "Peeters", "email": "grace@example.org"}
        return await self._member(name, {"member_type": 2, "vat_number": "BE0403019261", "manager": manager})

    async def meter(self, ean: str, member: int, since: date, *, injects: bool = False, inside: bool = True) -> None:
        """A meter of a member from a day on; inside: at once in the sharing operation."""
        period = {"start_date": str(since), "member_id": member, **PERIOD}
        if inside:
            period["sharing_operation_id"] = self.operation
        if injects:
            period |= {"injection_status": 1, "production_chain": 1}
        body = {
            "EAN": ean, "meter_number": f"N-{ean[-4:]}", "address": ADDRESS, "tarif_group": 1, "phases_number": 1,
            "reading_frequency": 1, "initial_data": period,
        }  # fmt: skip
        await self.call("POST", "/meters/", json=body)

    async def hand_over(self, ean: str, member: int, since: date) -> None:
        """Somebody else has the meter from this day on."""
        change = {"start_date": str(since), "member_id": member, "sharing_operation_id": self.operation, **PERIOD}
        await self.call("PATCH", "/meters/data", json={"EAN": ean, **change})

    async def enter(self, ean: str, since: date) -> None:
        """A meter enters the operation and is active from the same day on."""
        await self.call(
            "POST", "/sharing_operations/meter",
            json={"id_sharing": self.operation, "date": str(since), "ean_list": [ean]},
        )  # fmt: skip
        change = {"id_meter": ean, "id_sharing": self.operation, "status": 1, "date": str(since)}
        await self.call("PATCH", "/sharing_operations/meter", json=change)

    async def leave(self, ean: str, since: date) -> None:
        """The first day without the meter."""
        body = {"id_meter": ean, "id_sharing": self.operation, "date": str(since)}
        path = f"/sharing_operations/{self.operation}/meter"
        await self.call("DELETE", path, "/sharing_operations/{id}/meter", json=body)

    async def found(self, name: str) -> None:
        """The sharing operation."""
        await self.call("POST", "/sharing_operations/", json={"name": name, "type": 2})
        (one,) = await self.call("GET", "/sharing_operations/", params={"name": name})
        self.operation = one["id"]

    async def agree(self, name: str, rounds: Sequence[tuple[float, Mapping[str, float]]], since: date) -> int:
        """A key of these rounds (share of the production, EAN -> share or -1), handed in and approved from this day on."""
        iterations = [
            {
                "number": number,
                "energy_allocated_percentage": share,
                "consumers": [{"name": ean, "energy_allocated_percentage": part} for ean, part in parts.items()],
            }
            for number, (share, parts) in enumerate(rounds)
        ]
        await self.call("POST", "/keys/", json={"name": name, "description": "", "iterations": iterations})
        (key,) = await self.call("GET", "/keys/", params={"name": name})
        both = {"id_key": key["id"], "id_sharing": self.operation}
        await self.call("POST", "/sharing_operations/key", json=both)
        await self.call("PATCH", "/sharing_operations/key", json={**both, "status": 1, "date": str(since)})
        number: int = key["id"]
        return number

    async def upload(self, rows: Iterable[tuple[str, str, str, Decimal]]) -> None:
        """A CSV of gross amounts as a spreadsheet of the country writes it: (timestamp, EAN, direction, kWh)."""
        lines = [f"{time};{ean};{way};{str(kwh).replace('.', ',')}" for time, ean, way, kwh in rows]
        raw = "\n".join(["timestamp;ean;direction;gross", *lines]).encode()
        assert await self.call(
            "POST", "/sharing_operations/consumptions", data={"id_sharing_operation": self.operation},
            files={"file": ("march.csv", raw, "text/csv")},
        ) == "success"  # fmt: skip

    async def settle(self, first: date, last: date) -> Any:
        body = {"date_start": str(first), "date_end": str(last), "id_sharing_operation": self.operation}
        (found,) = await self.call("POST", "/settlements/", json=body)
        return found

    async def lines(self, settlement: int) -> list[Any]:
        return await self.pages(f"/settlements/{settlement}/lines", "/settlements/{id}/lines")

    async def of_meter(self, ean: str, window: Mapping[str, str], *, checked: bool = True) -> Any:
        """Consumption. checked: compare the answer with the document, which takes longer than to get a month of it."""
        path = f"/meters/{ean}/consumptions"
        if checked:
            return await self.call("GET", path, METER, params=window)
        headers = {"authorization": f"Bearer {self.admin.token}", "x-community-id": self.community.auth_id}
        answer = await self.community.world.client.get(path, params=window, headers=headers)
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_float=Decimal)["data"]

    async def of_operation(self, **window: str) -> Any:
        path = f"/sharing_operations/{self.operation}/consumptions"
        return await self.call("GET", path, OPERATION, params=window)

    async def sensor(self, ean: str, name: str) -> dict[str, int]:
        """A sensor of the metering API with a meter's number."""
        answer = await self.meters.post("/api/sensors", params={"client_cid": 1, "name": name, "sensor_eid": ean})
        assert answer.status_code == 201, answer.text
        key: dict[str, int] = answer.json()
        return key

    async def measure(self, sensor: Mapping[str, int], moid: int, readings: Iterable[tuple[datetime, Decimal]]) -> None:
        """Readings as a meter sends them."""
        known = list(readings)
        data = {"time": [ms(time) for time, _ in known], "value": [float(value) for _, value in known]}
        body = [{**sensor, "signal_type_moid": moid, "unit": "kW.h", "data": data}]
        answer = await self.meters.put("/api/sensors/signals/data/v2", json=body)
        assert answer.status_code == 200, answer.text

    async def measured(self, sensor: Mapping[str, int], moid: int, since: datetime, till: datetime) -> Any:
        """What stands in the metering API, every acquisition; numbers exactly as they were written."""
        path = f"/api/sensors/{sensor['client_cid']}.{sensor['sensor_mid']}/signals/{moid}/data"
        answer = await self.meters.get(path, params={"since": ms(since), "till": ms(till)})
        assert answer.status_code == 200, answer.text
        return json.loads(answer.text, parse_float=Decimal)["data"]

    async def _member(self, name: str, fields: Mapping[str, Any]) -> int:
        body = {
            "name": name, "status": 1, "iban": "BE68539007547034", "home_address": ADDRESS, "billing_address": ADDRESS,
            **fields,
        }  # fmt: skip
        await self.call("POST", "/members/", json=body)
        found = await self.call("GET", "/members/", params={"name": name, "limit": 200})
        (number,) = [each["id"] for each in found if each["name"] == name]
        return int(number)
